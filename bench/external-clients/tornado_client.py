"""Tornado's AsyncHTTPClient. First: as it is, 10 requests at once, whose time in the queue counts in
the 20 s of a request. Tuned: C at once, no such limit. --variant curl: over libcurl."""

import asyncio

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from job import Job

job = Job()
IMPLEMENTATION = "tornado.curl_httpclient.CurlAsyncHTTPClient" if job.variant == "curl" else None


async def get(client, request):
    response = await client.fetch(request)
    job.check(response.code, response.body)


async def main():
    if job.first:
        AsyncHTTPClient.configure(IMPLEMENTATION)
        client, requests = AsyncHTTPClient(), job.urls
    else:
        AsyncHTTPClient.configure(IMPLEMENTATION, max_clients=job.concurrency)
        client = AsyncHTTPClient()
        requests = [HTTPRequest(url, connect_timeout=0, request_timeout=0) for url in job.urls]
        if job.variant == "curl":
            import pycurl
            client._multi.setopt(pycurl.M_MAXCONNECTS, job.concurrency)
    job.start()
    await asyncio.gather(*(get(client, r) for r in requests))
    job.end(at_once=len(client._curls) if job.variant == "curl" else client.max_clients)


asyncio.run(main())
