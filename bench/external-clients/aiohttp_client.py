"""aiohttp: one session. First: its connector's own limit, 100 connections, and a task for each URL.
Tuned: a limit of C, no time limit for the whole job, C tasks. --variant uvloop: on that event loop."""

import asyncio

import aiohttp

from job import Job

job = Job()


async def get(session, url):
    async with session.get(url) as r:
        job.check(r.status, await r.read())


async def worker(session, urls):
    for url in urls:
        await get(session, url)


async def main():
    if job.first:
        async with aiohttp.ClientSession() as session:
            job.start()
            await asyncio.gather(*(get(session, url) for url in job.urls))
            job.end(at_once=session.connector.limit)
        return
    connector = aiohttp.TCPConnector(limit=job.concurrency)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=job.timeout)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        urls = iter(job.urls)
        job.start()
        await asyncio.gather(*(worker(session, urls) for _ in range(job.concurrency)))
        job.end(at_once=session.connector.limit)


if job.variant == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(main())
