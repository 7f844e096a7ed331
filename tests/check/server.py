#!/usr/bin/env python3
"""server.py PORT http|echo [IDLE-SECONDS] [FAULT]: a server that passes all levels of `iomodels check`,
and can be told to make one mistake.

One thread over selectors. Each fault is a mistake that people make; what level it breaks stands in
FAULTS."""

import errno
import re
import selectors
import signal
import socket
import sys
import time

# Fault: the level that it breaks, and a case that must find it.
FAULTS = {
    "text-only": (1, "echo-every-byte"),        # takes bytes for a text that ends at a zero
    "one-client": (2, "echo-silent-beside"),    # serves the next client after this one
    "end-means-close": (3, "echo-half-close"),  # drops what is to be sent at the end of input
    "dies-of-reset": (3, "echo-leave-at-once"),  # lets an error of one connection end everything
    "short-send": (4, "echo-bounded"),          # believes that send() takes everything
    "whole-requests": (4, "http-byte-by-byte"),  # believes that recv() returns one request
    "reads-on": (4, "echo-bounded"),            # reads from a client that takes nothing back
    "dies-of-emfile": (5, "echo-no-descriptors"),
    "spins-on-emfile": (5, "echo-no-descriptors"),
    "leaks": (5, "echo-many-one-after-another"),
    "closes-after-answer": (6, "keep-alive"),
    "forgets-pipelined": (6, "two-in-one"),
    "believes-numbers": (7, "bad-length"),      # int() takes +5 and -5
    "no-drain": (8, "http-drain"),
    "never-cuts": (8, "http-idle"),
    "cuts-early": (8, "http-idle"),             # after three quarters of the time
}

HEAD_MAX, BODY_MAX, OUT_MAX = 16384, 1 << 20, 1 << 18
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") (\S+) HTTP/(\d)\.(\d)")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\r\n\0]*?)[ \t]*")


class Refused(Exception):
    """The status to answer with before the connection ends."""


class Request:
    def __init__(self, method, path, keep, body):
        self.method, self.path, self.keep, self.body = method, path, keep, body


def fields_of(lines):
    fields = {}
    for line in lines:
        m = FIELD.fullmatch(line)
        if not m:
            raise Refused(400)
        fields.setdefault(m[1].lower(), []).append(m[2])
    return fields


def length_of(fields, fault):
    lengths = set(fields.get(b"content-length", [b"0"]))
    if fault == "believes-numbers":
        try:
            return max(0, int(lengths.pop()))
        except ValueError:
            return 0
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,18}", min(lengths)):
        raise Refused(400)
    if int(min(lengths)) > BODY_MAX:
        raise Refused(413)
    return int(lengths.pop())


def read_chunks(data, at):
    """The body from `at` on and where it ends, or None where it is not whole."""
    body = b""
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", data[at:end]):
            raise Refused(400)
        size = int(data[at:end], 16)
        if len(body) + size > BODY_MAX:
            raise Refused(413)
        at = end + 2
        if len(data) < at + size + 2:
            return None
        body += data[at:at + size]
        if data[at + size:at + size + 2] != b"\r\n":
            raise Refused(400)
        at += size + 2
        if size == 0:
            return body, at


def parse(data, fault):
    """The first request and how many bytes it takes; None where it is not whole."""
    head = data.find(b"\r\n\r\n")
    if head < 0 and (len(data) > HEAD_MAX or b"\n\n" in data):
        raise Refused(431)
    if head < 0:
        return None
    line, *rest = data[:head].split(b"\r\n")
    m = REQUEST_LINE.fullmatch(line)
    if not m:
        raise Refused(400)
    if m[3] != b"1":
        raise Refused(505)
    fields = fields_of(rest)
    minor = int(m[4])
    if minor > 0 and len(fields.get(b"host", [])) != 1:
        raise Refused(400)
    options = b",".join(fields.get(b"connection", [])).lower()
    keep = b"close" not in options and (minor > 0 or b"keep-alive" in options)
    codings = fields.get(b"transfer-encoding")
    if codings:
        if codings != [b"chunked"] or b"content-length" in fields:
            raise Refused(400)
        found = read_chunks(data, head + 4)
        return found and (Request(m[1], m[2], keep, found[0]), found[1])
    size = length_of(fields, fault)
    if len(data) < head + 4 + size:
        return None
    return Request(m[1], m[2], keep, data[head + 4:head + 4 + size]), head + 4 + size


def answer(status, body, keep, head=False):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}",
             "Connection: " + ("keep-alive" if keep else "close"), "", ""]
    return "\r\n".join(lines).encode() + (b"" if head else body)


def respond(request):
    if request.path == b"/" and request.method in (b"GET", b"HEAD"):
        return answer(200, b"A page.\n", request.keep, request.method == b"HEAD")
    m = re.fullmatch(rb"/bytes/(\d{1,7})", request.path)
    if m and request.method == b"GET":
        return answer(200, b"x" * int(m[1]), request.keep)
    if request.path == b"/echo" and request.method == b"POST":
        return answer(200, request.body, request.keep)
    return answer(404, b"", request.keep)


class Connection:
    def __init__(self, sock):
        self.sock, self.received, self.out = sock, b"", bytearray()
        self.eof = False     # the client sends no more
        self.over = False    # nothing more is read: close when all is sent
        self.active = time.monotonic()


class Server:
    def __init__(self, port, http, idle, fault):
        self.http, self.idle, self.fault = http, idle, fault
        if fault == "cuts-early":
            self.idle *= 0.75
        self.selector = selectors.DefaultSelector()
        self.connections, self.lost, self.draining = set(), [], False
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.listener.setblocking(False)
        self.listens = False
        self.listen()
        if fault != "no-drain":
            self.wake, self.woken = socket.socketpair()
            self.wake.setblocking(False)
            signal.set_wakeup_fd(self.wake.fileno())
            signal.signal(signal.SIGTERM, lambda *_: None)
            self.selector.register(self.woken, selectors.EVENT_READ)

    def listen(self):
        if not self.listens and not self.draining:
            self.selector.register(self.listener, selectors.EVENT_READ)
        self.listens = not self.draining

    def deaf(self):
        if self.listens:
            self.selector.unregister(self.listener)
        self.listens = False

    def accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError as e:
            if e.errno in (errno.EMFILE, errno.ENFILE):
                if self.fault == "dies-of-emfile":
                    raise
                if self.fault != "spins-on-emfile":
                    self.deaf()  # until somebody leaves
            return
        sock.setblocking(False)
        c = Connection(sock)
        self.connections.add(c)
        self.selector.register(sock, selectors.EVENT_READ, c)
        if self.fault == "one-client":
            self.deaf()

    def close(self, c):
        self.connections.discard(c)
        self.selector.unregister(c.sock)
        if self.fault == "leaks":
            self.lost.append(c.sock)
            try:
                c.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client has gone
        else:
            c.sock.close()
            self.listen()

    def read(self, c):
        try:
            data = c.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            if self.fault == "dies-of-reset":
                raise
            self.close(c)
            return
        c.active = time.monotonic()
        c.eof = not data
        if self.fault == "end-means-close" and self.is_at_end(c):
            self.close(c)
            return
        if not self.http:
            c.out += data.split(b"\0")[0] if self.fault == "text-only" else data
        elif not c.over:
            c.received += data
            self.serve(c)
        self.write(c)

    @staticmethod
    def is_at_end(c):
        try:
            return not c.sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return False

    def serve(self, c):
        """Answer the requests that are whole, as long as the answers are taken."""
        try:
            while c.received and not c.over and len(c.out) < OUT_MAX:
                found = parse(c.received, self.fault)
                if found is None and self.fault == "whole-requests":
                    raise Refused(400)
                if found is None:
                    return
                request, used = found
                c.received = b"" if self.fault == "forgets-pipelined" else c.received[used:]
                if self.fault == "closes-after-answer" or self.draining:
                    request.keep = False
                c.out += respond(request)
                c.over = not request.keep
        except Refused as e:
            c.out += answer(e.args[0], b"", False)
            c.over = True

    def write(self, c):
        if c not in self.connections:
            return
        try:
            sent = c.sock.send(c.out) if c.out else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close(c)
            return
        if sent:
            c.active = time.monotonic()
        del c.out[:len(c.out) if self.fault == "short-send" else sent]
        if not c.out and self.http and not c.over:
            self.serve(c)
        self.next_wish(c)

    def next_wish(self, c):
        if not c.out and (c.eof or c.over or (self.draining and not c.received)):
            self.finish(c)
            return
        events = selectors.EVENT_WRITE if c.out else 0
        if not c.eof and (not c.out or self.fault == "reads-on"):
            events |= selectors.EVENT_READ
        self.selector.modify(c.sock, events, c)

    def finish(self, c):
        """A close with bytes unread is a reset, which can overtake the answer: read over them."""
        try:
            while c.over and c.sock.recv(65536):
                pass
        except OSError:
            pass
        self.close(c)

    def drain(self):
        self.woken.recv(100)
        self.draining = True
        self.deaf()
        self.listener.close()
        for c in list(self.connections):
            self.next_wish(c)

    def cut_idle(self):
        if self.idle and self.fault != "never-cuts":
            limit = time.monotonic() - self.idle
            for c in [c for c in self.connections if c.active <= limit]:
                self.close(c)

    def run(self):
        while not (self.draining and not self.connections):
            earliest = min((c.active for c in self.connections), default=None)
            wait = None
            if self.idle and earliest is not None and self.fault != "never-cuts":
                wait = max(0, earliest + self.idle - time.monotonic())
            for key, events in self.selector.select(wait):
                if key.fileobj is self.listener:
                    self.accept()
                elif key.data is None:
                    self.drain()
                elif key.data in self.connections:
                    (self.read if events & selectors.EVENT_READ else self.write)(key.data)
            self.cut_idle()


if __name__ == "__main__":
    Server(int(sys.argv[1]), sys.argv[2] == "http", float(sys.argv[3] if len(sys.argv) > 3 else 0),
           sys.argv[4] if len(sys.argv) > 4 else "").run()
