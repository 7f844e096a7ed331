"""requests called from coroutines, in threads. First: the loop's own executor, of
min(32, CPUs + 4) threads. Tuned: an executor of C threads, a Session for each."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from job import Job

job = Job()
local = threading.local()


def get(url):
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return local.session.get(url, timeout=job.timeout)


async def main():
    loop = asyncio.get_running_loop()
    executor = None if job.first else ThreadPoolExecutor(job.concurrency)
    call = requests.get if job.first else get

    async def one(url):
        r = await loop.run_in_executor(executor, call, url)
        job.check(r.status_code, r.content)

    job.start()
    await asyncio.gather(*(one(url) for url in job.urls))
    job.end(at_once=(executor or loop._default_executor)._max_workers)


asyncio.run(main())
