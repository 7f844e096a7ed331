"""Request bodies: both framings, 100-continue, the limits, and errors that reach the client."""

import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from server.http_cases import HELLO
from lib.suite import check
from lib.timed import in_time
from lib.wire import chunked, request, sockaddr

# Seconds that a lingering close waits for a client to read on (LINGER_TIME in servers/app/session.c).
LINGER = 2.0

EVERYWHERE = ("tcp4", "tcp6", "unix", "abstract")
CHUNKED = ["Transfer-Encoding: chunked"]


def noise(n):
    return random.Random(n).randbytes(n)


def post(body, fields=(), version="1.1"):
    return request("/echo", "POST", fields, body, version)


def post_chunked(body, fields=(), **how):
    return request("/echo", "POST", CHUNKED + list(fields)) + chunked(body, **how)


@check("http", "POST /echo with Content-Length", on=EVERYWHERE)
def content_length(s):
    with s.http() as c:
        for n in (0, 1, 100, 65536, 1000000):
            c.send(post(noise(n)))
            a = c.answer()
            assert a.status == 200 and a.body == noise(n), f"{n} bytes: {a}"
        a = c.ask("/echo", "POST", body=b"x")
        assert a.value("content-type") == "application/octet-stream", a
        a = c.ask("/echo", "POST", ["Content-Type: text/x-test; a=b"], b"x")
        assert a.value("content-type") == "text/x-test; a=b", a


@check("http", "POST /echo in chunks", on=EVERYWHERE)
def in_chunks(s):
    with s.http() as c:
        for n, size in ((0, 1), (1, 1), (100, 1), (1000, 999), (65536, 1000), (1000000, 65536),
                        (1000000, 1000000)):
            c.send(post_chunked(noise(n), size=size))
            a = c.answer()
            assert a.status == 200 and a.body == noise(n), f"{n} bytes in chunks of {size}: {a}"
        c.send(post_chunked(noise(500), size=7, extension=b';n="v"', trailers=b"A: b\r\nC: d\r\n"))
        assert c.answer().body == noise(500)


@check("http", "a chunked body cut at every byte", on=("tcp4", "unix"))
def cut_chunks(s):
    whole = post_chunked(b"hello world!", size=5, extension=b";a=b", trailers=b"T: u\r\n")
    start = whole.index(b"\r\n\r\n")
    with s.http() as c:
        c.send_pieces(whole)
        assert c.answer().body == b"hello world!"
        for cut in range(start, len(whole)):
            c.send_pieces(whole, [cut])
            assert c.answer().body == b"hello world!", cut


@check("http", "a body on GET is drained, the next request is still found")
def body_on_get(s):
    tricky = request("/bytes/99")
    with s.http() as c:
        c.send(request("/", body=tricky) + request("/bytes/1"))
        assert c.answer().body == HELLO
        a = c.answer()
        assert len(a.body) == 1, f"the body was taken for a request: {a}"
        c.send(request("/", fields=CHUNKED) + chunked(tricky, 10) + request("/bytes/2"))
        assert c.answer().body == HELLO
        assert len(c.answer().body) == 2
        c.send(request("/", body=noise(500000)) + request("/bytes/3"))
        assert c.answer().body == HELLO
        assert len(c.answer().body) == 3
        c.send(request("/nothing", "POST", body=tricky) + request("/bytes/4"))
        a = c.answer()
        assert a.status == 404, a
        assert a.closes or len(c.answer().body) == 4


@check("http", "100-continue: asked for, given, then the body", on=EVERYWHERE)
def continue_asked(s):
    with s.http() as c:
        for _ in range(2):
            body = noise(5000)
            c.send(request("/echo", "POST", ["Expect: 100-continue", "Content-Length: 5000"]))
            assert c.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 "), "no 100"
            c.send(body)
            a = c.answer()
            assert a.status == 200 and a.body == body, a
        c.send(request("/echo", "POST", ["Expect: 100-continue"] + CHUNKED))
        assert c.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 "), "no 100 for a chunked body"
        c.send(chunked(b"hello"))
        assert c.answer().body == b"hello"


@check("http", "100-continue: a body too large is refused before it is sent")
def continue_refused(s):
    with s.http() as c:
        c.send(request("/echo", "POST", ["Expect: 100-continue", "Content-Length: 99999999"]))
        a = c.answer(interim=True)
        assert a.status == 413 and a.closes, a
        c.ends()
    with s.http() as c:
        c.send(request("/echo", "POST", ["Expect: 100-continue", "Content-Length: 5"],
                       version="1.0"))
        assert not c.readable(0.1), "an HTTP/1.0 client got an interim answer"
        c.send(b"hello")
        assert c.answer(interim=True).body == b"hello"


@check("http", "--max-body: as much as allowed and not a byte more", on=("tcp4", "unix"))
def max_body(s):
    server = s.start("--max-body", "1000")
    with s.http(server) as c:
        c.send(post(noise(1000)) + post_chunked(noise(1000), size=300))
        assert c.answer().body == noise(1000)
        assert c.answer().body == noise(1000)
        c.send(post(noise(1001)))
        a = c.answer()
        assert a.status == 413 and a.closes, a
        c.ends()
    for size in (1, 300, 1000, 1001):
        with s.http(server) as c:
            c.send_anyway(post_chunked(noise(1001), size=size))
            a = c.answer()
            assert a.status == 413 and a.closes, f"chunks of {size}: {a}"
            c.ends()
    with s.http(server) as c:
        c.send(request("/echo", "POST", CHUNKED) + b"400\r\n")
        assert c.answer().status == 413, "the chunk's size alone says that it is too much"


@check("http", "a large body that is refused does not eat the answer", on=("tcp4", "tcp6", "unix"))
def lingering_close(s):
    # A close with bytes unread sends a reset, and a reset drops what the client has not read yet
    # (RFC 9112, section 9.6). So the server has to close its side, and read on for a while.
    body = noise(1 << 20) * 4
    refused = ((post(body), 413), (b"GET / HTTP/1.1\nHost: x\r\n\r\n" + b"x" * 500000, 400))

    def attempt(span):
        for what, status in refused:
            with s.http() as c:
                span.start()
                c.send_anyway(what)
                a = c.answer()
                assert a.status == status and a.closes, a
                c.ends()
    for _ in range(3):
        in_time(s, attempt, 3 * (LINGER,))


@check("http", "who leaves in the lingering harms nobody who comes after", on=("tcp4", "unix"))
def left_in_lingering(s):
    # What the server still does to the connection that was left must not reach the next one,
    # which may have got its descriptor or its slot.
    s.needs_many()
    server = s.start()

    def ask(what):
        with socket.socket(sockaddr(server.address)[0]) as client:  # bare: nothing may take long
            client.settimeout(s.patience)
            client.connect(sockaddr(server.address)[1])
            client.sendall(what)
            return client.recv(1000)

    # The io-uring model has slots, whose use again is a race that takes many tries to lose.
    times = 250 if s.model == "io-uring" else 50

    def leave_and_come():
        for _ in range(times):
            ask(b"GET / HTTP/9.9\r\nHost: x\r\n\r\n" + b"x" * 100)
            assert ask(request("/")).startswith(b"HTTP/1.1 200 ")
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(leave_and_come) for _ in range(8)]:
            done.result()


@check("http", "a client that never stops sending a refused body is cut")
def lingering_ends(s):
    with s.http() as c:
        c.send(request("/echo", "POST", [f"Content-Length: {1 << 40}"]))
        assert c.answer().status == 413
        give_up = time.monotonic() + s.patience
        try:
            while time.monotonic() < give_up:
                c.send(b"x" * 20000)
                time.sleep(0.05)
            raise AssertionError("it goes on reading what it refused")
        except (ConnectionResetError, BrokenPipeError):
            pass
    with s.http() as c:
        assert c.ask("/").status == 200


@check("http", "bodies answered to a reader that does not read cost bounded memory")
def slow_reader(s):
    server = s.start()
    body = noise(1000000)
    with s.http(server, receive_buffer=65536) as c:
        assert c.ask("/echo", "POST", body=body).body == body
        before = server.settled_resident()
        sent = c.push(post(body) * 64, blocked=0.5)
        grown = server.resident() - before
        assert s.sanitized or grown < (12 << 20), \
            f"resident memory grew by {grown >> 20} MiB for {sent >> 20} MiB of bodies"
        for i in range(sent // len(post(body))):
            assert c.answer().body == body, f"answer {i}"
