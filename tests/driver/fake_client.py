"""A client for the job of a crawler that lies, or fails: the first argument says how. Its figures are
what an honest client's would be."""

import os
import socket
import sys
import time
from urllib.parse import urlsplit

mode = sys.argv.pop(1)
sys.path.insert(0, sys.argv.pop(1))
from job import Job  # noqa: E402

job = Job()
address = urlsplit(job.urls[0])
if mode == "dies":
    sys.exit("nothing works")


def ask(url, method="GET"):
    s = socket.create_connection((address.hostname, address.port))
    s.sendall(f"{method} {url[url.index('/', 7):]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    return s


def take(s):
    with s, s.makefile("rb") as f:
        return f.read().partition(b"\r\n\r\n")[2]


urls = list(job.urls)
if mode == "twice":
    urls[1] = urls[0]
elif mode == "fewer":
    urls.pop()
at_once = 2 * job.concurrency if mode == "many" else job.concurrency
job.start()
while urls:
    taken, urls = urls[:at_once], urls[at_once:]
    for s in [ask(url, "HEAD" if mode == "head" else "GET") for url in taken]:
        body = take(s)
        job.check(200, b"" if mode == "wrong" else body)
if mode in ("head", "fewer"):  # as if all were right
    job.ok, job.corrupt = job.requests, 0
if mode == "clock":
    job.ended = job.begun + 0.001
if mode == "mute":
    job._tell(b"end\n")
    sys.exit(0)
if mode == "leaves" and os.fork() == 0:
    os.setsid()
    time.sleep(3600)
job.end(at_once=1 if mode == "one" else at_once)
