"""httpx, asynchronous. First: its own limits, 100 connections of which 20 are kept, and 5 s for each
step, the wait for a connection among them. Tuned: C connections, all kept, C tasks."""

import asyncio

import httpx

from job import Job

job = Job()


async def get(client, url):
    r = await client.get(url)
    job.check(r.status_code, r.content)


async def worker(client, urls):
    for url in urls:
        await get(client, url)


async def main():
    if job.first:
        async with httpx.AsyncClient() as client:
            job.start()
            await asyncio.gather(*(get(client, url) for url in job.urls))
            job.end(at_once=httpx._config.DEFAULT_LIMITS.max_connections)
        return
    limits = httpx.Limits(max_connections=job.concurrency, max_keepalive_connections=job.concurrency)
    timeout = httpx.Timeout(job.timeout, pool=None)
    async with httpx.AsyncClient(limits=limits, timeout=timeout, trust_env=False) as client:
        urls = iter(job.urls)
        job.start()
        await asyncio.gather(*(worker(client, urls) for _ in range(job.concurrency)))
        job.end(at_once=job.concurrency)


asyncio.run(main())
