"""What the servers of this folder say: echo, and pages over HTTP/1.1. Bytes in, bytes out: no socket
is known here.

Each connection has an object of its own. hear(data) takes what came and yields, one after the other,
what is to be sent; after the last of it `done` says whether the connection is to be closed."""

import mimetypes
import os
import re
import urllib.parse

HEAD_LIMIT = 8192

# A request line and fields, each as RFC 9112 has it: a space before the colon or a lone line break
# makes it no request.
HEAD = re.compile(rb"([A-Z]+) (/[!-~]*) HTTP/1\.([01])"
                  rb"((?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*)*)\r\n\r\n")
CLOSE = re.compile(rb"\r\nconnection:[ \t]*close")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*(?=\r\n|$)")
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found",
           431: "Request Header Fields Too Large", 501: "Not Implemented"}


class Echo:
    done = False

    def hear(self, data):
        yield data


class Pages:
    """The files below a directory, as answers. They are read once, so no path leads out of it."""

    def __init__(self, directory):
        self.at = {}
        for folder, _, names in os.walk(directory):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    self.add("/" + os.path.relpath(f.name, directory), f.read())

    def add(self, path, body):
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        self.at[path] = answer(200, body, kind)
        if path.endswith("/index.html"):
            self.at[path[:-len("index.html")]] = self.at[path]


class HttpServer:
    """One connection's side of it: GET and HEAD, kept connections, pipelining. A body is passed over."""

    def __init__(self, pages):
        self.pages = pages
        self.heard = b""
        self.body = 0  # bytes of it that are still to come
        self.done = False

    def hear(self, data):
        self.heard += data
        while not self.done:
            passed = min(self.body, len(self.heard))
            self.heard, self.body = self.heard[passed:], self.body - passed
            end = self.heard.find(b"\r\n\r\n") + 4
            if end < 4:
                break
            request, self.heard = self.heard[:end], self.heard[end:]
            yield self.say(HEAD.fullmatch(request))
        if not self.done and len(self.heard) > HEAD_LIMIT:
            yield self.refuse(431)

    def say(self, request):
        if not request:
            return self.refuse(400)
        method, target, minor, fields = request.groups()
        fields = fields.lower()
        if minor == b"1" and fields.count(b"\r\nhost:") != 1:
            return self.refuse(400)
        if method not in (b"GET", b"HEAD") or b"\r\ntransfer-encoding:" in fields:
            return self.refuse(501)
        if b"\r\ncontent-length:" in fields:
            lengths = LENGTH.findall(fields)
            if len(lengths) != 1 or fields.count(b"\r\ncontent-length:") != 1:
                return self.refuse(400)
            self.body = int(lengths[0])
        self.done = minor == b"0" or bool(CLOSE.search(fields))
        path = urllib.parse.unquote(target.partition(b"?")[0].decode("ascii"))
        whole, head = self.pages.at.get(path, MISSING)
        return head if method == b"HEAD" else whole

    def refuse(self, status):
        self.done = True
        return answer(status, b"", "text/plain", "Connection: close\r\n")[0]


def answer(status, body, kind="text/plain", more=""):
    """The whole of it, and its head alone."""
    head = (f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n{more}\r\n").encode()
    return head + body, head


MISSING = answer(404, b"")
