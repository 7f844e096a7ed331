"""What grequests does, in our own lines: requests in greenlets with a new Session, so a new
connection, for each request. First: map() without a size, all at once. Tuned: with size C."""

from gevent import monkey
monkey.patch_all(thread=False, select=False)

import gevent  # noqa: E402
import gevent.pool  # noqa: E402
import requests  # noqa: E402

from job import Job  # noqa: E402

job = Job()
pool = gevent.pool.Pool(None if job.first else job.concurrency)


def get(url):
    r = requests.Session().get(url, timeout=None if job.first else job.timeout)
    job.check(r.status_code, r.content)


job.start()
gevent.joinall([pool.spawn(get, url) for url in job.urls], raise_error=True)
job.end(at_once=None if job.first else job.concurrency)
