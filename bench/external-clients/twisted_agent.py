"""Twisted's Agent. First: without a pool, which means a connection for each request, all at once.
Tuned: a pool that keeps C connections (its own limit is 2, and does not bound the requests), and C
requests at once by a semaphore."""

from twisted.internet import reactor
from twisted.internet.defer import DeferredSemaphore, ensureDeferred, gatherResults
from twisted.internet.task import react
from twisted.web.client import Agent, HTTPConnectionPool, readBody

from job import Job

job = Job()


async def get(agent, url):
    response = await agent.request(b"GET", url.encode())
    job.check(response.code, await readBody(response))


async def main():
    if job.first:
        agent = Agent(reactor)
        job.start()
        await gatherResults([ensureDeferred(get(agent, url)) for url in job.urls])
        job.end()
        return
    pool = HTTPConnectionPool(reactor, persistent=True)
    pool.maxPersistentPerHost = job.concurrency
    agent = Agent(reactor, pool=pool)
    semaphore = DeferredSemaphore(job.concurrency)
    job.start()
    await gatherResults([semaphore.run(lambda u=url: ensureDeferred(get(agent, u))) for url in job.urls])
    job.end(at_once=job.concurrency)
    await pool.closeCachedConnections()


react(lambda _: ensureDeferred(main()))
