"""The jobs as Celery has them. A job is acknowledged when it is done, and given to another worker where its
own dies."""

import os

from celery import Celery

import work

app = Celery("iomodels", broker=os.environ["IOM_BROKER"])
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Celery's own, 4, and no limit where the workers are threads or greenlets: what acknowledges does not wake
    # the loop that asks the broker for more (docs/queues.md).
    worker_prefetch_multiplier=4 if os.environ["IOM_POOL"] == "prefork" else 0,
    task_default_queue="jobs",
    broker_transport_options={"confirm_publish": True} if os.environ["IOM_BROKER"].startswith("pyamqp") else {},
)


@app.task(name="do")
def do(kind, number, url):
    work.do(kind, number, url)
