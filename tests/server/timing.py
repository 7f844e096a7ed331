"""Idle connections and clients that dawdle. A client that was itself kept waiting judges nothing
(lib/timed.py)."""

import os
import tempfile
import time

from lib.suite import check
from lib.timed import in_time
from lib.wire import request

IDLE = ("--idle-timeout", "0.3s")


def idle(span):
    """The options of a server whose idle timeout is this span."""
    return "--idle-timeout", f"{span.seconds:g}s"


def closed_at_its_time(c, begin, span):
    """`begin` is a moment before the last thing that the client did."""
    c.ends()
    span.at_least(begin)


@check("http", "idle timeout: a silent connection is closed without a byte", on=("tcp4", "unix"))
def silent_connection(s):
    def attempt(span):
        server = s.start(*idle(span))
        begin = time.monotonic()
        with s.http(server) as c:
            closed_at_its_time(c, begin, span)
        with s.http(server) as c:
            span.start()
            begin = time.monotonic()
            assert c.ask("/").status == 200
            span.end()
            closed_at_its_time(c, begin, span)
        final = server.stop()
        assert final["timeouts"] == 2, final
    in_time(s, attempt)


@check("http", "idle timeout: many connections, each at its own time")
def idle_many(s):
    s.needs_many()
    count = s.at_most(20)

    def attempt(span):
        server = s.start(*idle(span))
        span.start()
        conns = []
        for _ in range(count):
            begin = time.monotonic()
            c = s.http(server)
            assert c.ask("/").status == 200
            conns.append((c, begin))
            time.sleep(0.005)
        again = time.monotonic()
        assert conns[0][0].ask("/").status == 200
        span.end()
        for c, begin in conns[1:] + [(conns[0][0], again)]:
            closed_at_its_time(c, begin, span)
        assert server.stop()["timeouts"] == count
    in_time(s, attempt)


@check("http", "idle timeout: half a request gets 408, then the end", on=("tcp4", "unix"))
def half_a_request(s):
    def attempt(span):
        server = s.start(*idle(span))
        for half in (b"G", b"GET / HTTP/1.1\r\nHost: x\r\n",
                     request("/echo", "POST", body=b"0" * 10)[:-5],
                     request("/echo", "POST", ["Transfer-Encoding: chunked"]) + b"5\r\nhel"):
            span.start()
            begin = time.monotonic()
            with s.http(server) as c:
                c.send(half)
                span.end()
                a = c.answer("POST")
                assert a.status == 408 and a.closes, f"after {half!r}: {a}"
                closed_at_its_time(c, begin, span)
        span.start()
        with s.http(server) as c:
            c.send(request("/") + b"GET /")
            span.end()
            assert c.answer().status == 200
            assert c.answer().status == 408
    in_time(s, attempt, (0.3, 1.2, 4.8))


@check("http", "idle timeout: a head that trickles in is cut", on=("tcp4", "unix"))
def slowloris(s):
    def attempt(span):
        server = s.start(*idle(span))
        span.start()
        with s.http(server) as c:
            c.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
            give_up = time.monotonic() + c.patience
            while not c.readable(0.03):
                span.tick()
                assert time.monotonic() < give_up, "all the time a trickle, and not cut"
                c.send_anyway(b"a")
            span.end()
            a = c.answer()
            assert a.status == 408 and a.closes, a
            c.send_anyway(b"a" * 10)
            assert c.gone()
        assert not span.late, "it was no trickle"
    in_time(s, attempt)


@check("http", "idle timeout: signals do not prolong it")
def signals(s):
    # A call with a time limit is not restarted after a signal, SA_RESTART or not (signal(7)).
    # A caller that waits again with the whole limit waits for ever if signals keep coming.
    server = s.start(*IDLE)
    silent = s.http(server)
    give_up = time.monotonic() + s.patience
    while not silent.readable(0.05):
        assert time.monotonic() < give_up, "a silent connection is not cut"
        server.ask_counters()
    silent.ends()
    silent.close()
    stalled = s.http(server, receive_buffer=65536)
    stalled.send(request("/bytes/100000000"))
    server.until_counters(lambda n: n["closed"] == 2, "a reader that does not read is cut")


@check("http", "idle timeout: an active connection is not cut", on=("tcp4", "unix"))
def active(s):
    def attempt(span):
        server = s.start(*idle(span))
        span.start()
        with s.http(server) as c:
            end = time.monotonic() + 2.2 * span.seconds
            while time.monotonic() < end:
                assert c.ask("/").status == 200
                span.tick()
                time.sleep(span.seconds / 10)
    in_time(s, attempt)


@check("http", "idle timeout: waiting for the answer is not idling")
def waiting_is_not_idle(s):
    def attempt(span):
        server = s.start(*idle(span))
        span.start()
        with s.http(server) as c:
            # The second is there when the first is answered, so no client has to be quick.
            c.send(request(f"/wait/{span.seconds * 3000:.0f}") + request("/"))
            span.end()
            assert c.answer().status == 200
            assert c.answer().status == 200
    in_time(s, attempt, (0.3, 1.2, 4.8))


def read_slowly(c, size, span):
    """Read an answer of `size` bytes, for which its head has come, in steps that take longer than
    the span in all; then it all."""
    end, got = time.monotonic() + 2.2 * span.seconds, len(c.buffer)
    while time.monotonic() < end and got < size * 9 // 10:
        got += len(c.sock.recv(size // 35))
        span.tick()
        time.sleep(span.seconds / 10)
    c.take(len(c.buffer))
    c.take(size - got)


def slow_reader_is_not_cut(s, target, size, *arguments):
    def attempt(span):
        server = s.start(*idle(span), *arguments)
        span.start()
        with s.http(server) as c:
            c.send(request(target))
            c.until(b"\r\n\r\n")
            read_slowly(c, size, span)
            assert c.ask("/").status == 200
    in_time(s, attempt)


@check("http", "idle timeout: a reader that is slow but reads is not cut", on=("unix",))
def slow_but_reading(s):
    slow_reader_is_not_cut(s, "/bytes/10000000", 10_000_000)


@check("http", "idle timeout: a reader that does not read at all is cut", on=("tcp4", "unix"))
def stalled_reader(s):
    def attempt(span):
        server = s.start(*idle(span))
        span.start()
        c = s.http(server, receive_buffer=65536)
        c.send(request("/bytes/100000000"))
        c.until(b"\r\n\r\n")
        span.end()
        is_cut(s, server)
        c.close()
        server.stop()
    in_time(s, attempt)


def is_cut(s, server):
    give_up = time.monotonic() + s.patience
    found = server.ask_counters()
    while not found["closed"] and time.monotonic() < give_up:
        time.sleep(0.4)  # each look is a signal: another test has them come often
        found = server.ask_counters()
    assert found["closed"] == found["timeouts"] == 1, f"a stalled reader is not cut: {found}"


@check("echo", "idle timeout: a silent connection is closed, an active one is not",
       on=("tcp4", "unix"))
def echo_idle(s):
    def attempt(span):
        server = s.start(*idle(span))
        begin = time.monotonic()
        with s.connect(server) as c:
            closed_at_its_time(c, begin, span)
        span.start()
        with s.connect(server) as c:
            end = time.monotonic() + 2.2 * span.seconds
            while time.monotonic() < end:
                begin = time.monotonic()
                assert c.swap(b"hello", 5) == b"hello"
                span.tick()
                time.sleep(span.seconds / 10)
            span.end()
            closed_at_its_time(c, begin, span)
        assert server.stop()["timeouts"] == 2
    in_time(s, attempt)


@check("http", "--idle-timeout 0 is never")
def never(s):
    server = s.start("--idle-timeout", "0")
    with s.http(server) as c:
        assert c.ask("/").status == 200
        c.send(b"GET / HTTP/1.1\r\n")
        time.sleep(1)
        c.send(b"Host: x\r\n\r\n")
        assert c.answer().status == 200


@check("http", "idle timeout: an upload that goes on is not cut", on=("unix",))
def slow_upload(s):
    def attempt(span):
        server = s.start(*idle(span))
        span.start()
        with s.http(server) as c:
            c.send(request("/echo", "POST", ["Content-Length: 15"]))
            for piece in (b"abc", b"def", b"ghi", b"jkl", b"mno"):  # longer than the span in all
                time.sleep(0.3 * span.seconds)
                c.send(piece)
                span.tick()
            a = c.answer()
            assert a.status == 200 and a.body == b"abcdefghijklmno", a
    in_time(s, attempt)


@check("http", "idle timeout: a slow reader of a large file is not cut", on=("unix",), kind="files")
def slow_file(s):
    with tempfile.TemporaryDirectory() as root:
        with open(root + "/large", "wb") as f:
            f.write(bytes(20_000_000))
        slow_reader_is_not_cut(s, "/large", 20_000_000, "--root", root)


@check("http", "a machine that is paused at every moment does not stop the server", on=("tcp4", "unix"))
def leaping_clock(s):
    """A close lingers for two seconds, which are over at once here."""
    library = os.path.join(os.path.dirname(s.program), "../tests/leaping-clock.so")
    if s.sanitized:
        s.skip("a sanitizer's library has to be loaded before any other")
    if not os.path.exists(library):
        s.skip(f"{library} is not built")
    server = s.start("--idle-timeout", "0", wrap=["env", f"LD_PRELOAD={library}"])
    for _ in range(20):
        with s.http(server) as c:
            c.send(request("/", fields=["Connection: close"]) + b"XXXX")
            assert c.answer().status == 200
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()
