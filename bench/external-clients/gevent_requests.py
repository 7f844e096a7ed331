"""requests in greenlets, the standard library patched before anything else is imported. First: a
greenlet for each URL, all at once. Tuned: C greenlets, and a Session whose pool keeps C connections."""

from gevent import monkey
monkey.patch_all()

import gevent  # noqa: E402
import gevent.pool  # noqa: E402
import requests  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402

from job import Job  # noqa: E402

job = Job()
session = requests.Session()
session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=job.concurrency))


def get_first(url):
    r = requests.get(url)
    job.check(r.status_code, r.content)


def get(url):
    return session.get(url, timeout=job.timeout)


job.start()
if job.first:
    gevent.joinall([gevent.spawn(get_first, url) for url in job.urls], raise_error=True)
else:
    for r in gevent.pool.Pool(job.concurrency).imap_unordered(get, job.urls):
        job.check(r.status_code, r.content)
job.end(at_once=None if job.first else job.concurrency)
