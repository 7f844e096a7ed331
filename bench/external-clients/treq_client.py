"""treq, which stands on Twisted's Agent. First: treq.get() for all URLs at once; its global pool
keeps 2 connections. Tuned: an agent whose pool keeps C, and C requests at once by a semaphore."""

import treq
from twisted.internet import reactor
from twisted.internet.defer import DeferredSemaphore, ensureDeferred, gatherResults
from twisted.internet.task import react
from twisted.web.client import Agent, HTTPConnectionPool

from job import Job

job = Job()


async def get(url, **options):
    response = await treq.get(url, **options)
    job.check(response.code, await treq.content(response))


async def main():
    if job.first:
        job.start()
        await gatherResults([ensureDeferred(get(url)) for url in job.urls])
        job.end()
        return
    pool = HTTPConnectionPool(reactor, persistent=True)
    pool.maxPersistentPerHost = job.concurrency
    agent = Agent(reactor, pool=pool)
    semaphore = DeferredSemaphore(job.concurrency)
    job.start()
    await gatherResults([semaphore.run(lambda u=url: ensureDeferred(get(u, agent=agent))) for url in job.urls])
    job.end(at_once=job.concurrency)
    await pool.closeCachedConnections()


react(lambda _: ensureDeferred(main()))
