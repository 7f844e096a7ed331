"""asyncio's own streams, HTTP written by hand. First: a task and a connection for each URL, all at
once. Tuned: C workers, each with a connection that it keeps, over one list of URLs."""

import asyncio
from urllib.parse import urlsplit

from job import Job

job = Job()
HOST, PORT = urlsplit(job.urls[0]).hostname, urlsplit(job.urls[0]).port


async def fetch(reader, writer, url, more):
    target = url[url.index("/", 7):]
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {HOST}:{PORT}\r\n{more}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    length = next(int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length:"))
    job.check(int(lines[0].split()[1]), await reader.readexactly(length))


async def one(url):
    reader, writer = await asyncio.open_connection(HOST, PORT)
    await fetch(reader, writer, url, "Connection: close\r\n")
    writer.close()


async def worker(urls):
    reader, writer = await asyncio.open_connection(HOST, PORT)
    for url in urls:
        await fetch(reader, writer, url, "")
    writer.close()


async def main():
    job.start()
    if job.first:
        await asyncio.gather(*(one(url) for url in job.urls))
    else:
        urls = iter(job.urls)
        await asyncio.gather(*(worker(urls) for _ in range(job.concurrency)))
    job.end(at_once=None if job.first else job.concurrency)


asyncio.run(main())
