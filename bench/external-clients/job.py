"""The job that every client here is given, and what it tells of it.

A client reads the command line of our own clients (build/clients/epoll --help):

    CLIENT [--first] -c C -n N --expect-body FILE --events-fd FD --json - --timeout TIME URL

It calls start() before its first request, check() with each answer, and end() when all have come.
start() and end() tell whoever watches, and wait until that one has read its counters. end() prints
one line of JSON. An error that nobody expected ends the client: its last line is the reason.

With --first a client is written as its users first write it, and knows nothing of C. It tells in
end() how many requests it makes at once then, as far as its library says that; else None."""

import argparse
import json
import os
import time


class Job:
    def __init__(self):
        p = argparse.ArgumentParser()
        p.add_argument("--first", action="store_true", help="as users first write it")
        p.add_argument("-c", "--concurrency", type=int, default=10)
        p.add_argument("-n", "--requests", type=int, default=100)
        p.add_argument("--timeout", default="60s", help="seconds, as 60s")
        p.add_argument("--expect-body", help="a file: what each body is")
        p.add_argument("--events-fd", type=int)
        p.add_argument("--json", default="-", choices=["-"])
        p.add_argument("--variant", default="", help="the client's own")
        p.add_argument("url")
        o = p.parse_args()
        self.first, self.concurrency, self.requests, self.variant = o.first, o.concurrency, o.requests, o.variant
        self.timeout = float(o.timeout.rstrip("s"))
        self.events = o.events_fd
        self.urls = [o.url.replace("{i}", str(i)) for i in range(1, o.requests + 1)]
        self.body = None
        if o.expect_body:
            with open(o.expect_body, "rb") as f:
                self.body = f.read()
        self.ok = self.non_2xx = self.corrupt = 0

    def _tell(self, line):
        if self.events is not None:
            os.write(self.events, line)
            os.read(self.events, 1)

    def start(self):
        self._tell(b"start\n")
        self.begun = self.ended = time.monotonic()

    def check(self, status, body):
        """An answer: its status, a number, and its whole body."""
        if not 200 <= status <= 299:
            self.non_2xx += 1
        elif self.body is not None and body != self.body:
            self.corrupt += 1
        else:
            self.ok += 1
        self.ended = time.monotonic()

    def end(self, at_once=None, after=None, **more):
        """`after` is called when the job is over for whoever watches; `more` is told besides."""
        self._tell(b"end\n")
        if after:
            after()
        print(json.dumps({"requests": self.requests, "concurrency": self.concurrency, "at_once": at_once,
                          "outcomes": {"ok": self.ok, "non_2xx": self.non_2xx, "corrupt": self.corrupt},
                          "wall_s": self.ended - self.begun, **more}), flush=True)
