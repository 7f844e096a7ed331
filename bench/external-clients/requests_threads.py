"""requests in a pool of threads. First: the pool's own size, min(32, CPUs + 4), and requests.get().
Tuned: C threads, a Session for each, since a Session is not documented to be safe for threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from job import Job

job = Job()
local = threading.local()


def get_first(url):
    return requests.get(url)


def get(url):
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return local.session.get(url, timeout=job.timeout)


with ThreadPoolExecutor(None if job.first else job.concurrency) as pool:
    job.start()
    for r in pool.map(get_first if job.first else get, job.urls):
        job.check(r.status_code, r.content)
    job.end(at_once=pool._max_workers)
