"""Idle connections and clients that dawdle. All bounds are wide: a slow machine fails nothing."""

import tempfile
import time

from lib.suite import check
from lib.wire import request

IDLE = ("--idle-timeout", "0.3s")


def ends_in_time(c, begin, s, least=0.25):
    c.ends()
    took = time.monotonic() - begin
    assert took > least, f"closed after {took:.2f} s already"
    assert took < 3 * s.slow, f"closed after {took:.2f} s only"


@check("http", "idle timeout: a silent connection is closed without a byte", on=("tcp4", "unix"))
def idle(s):
    server = s.start(*IDLE)
    with s.http(server) as c:
        ends_in_time(c, time.monotonic(), s)
    with s.http(server) as c:
        assert c.ask("/").status == 200
        ends_in_time(c, time.monotonic(), s)
    final = server.stop()
    assert final["timeouts"] == 2, final


@check("http", "idle timeout: many connections, each at its own time")
def idle_many(s):
    s.needs_many()
    server = s.start("--idle-timeout", f"{s.pace:g}s")
    conns = []
    for i in range(20):
        c = s.http(server)
        assert c.ask("/").status == 200
        conns.append((c, time.monotonic()))
        time.sleep(0.02)
    if time.monotonic() - conns[0][1] > 0.8 * s.pace:
        s.skip("inconclusive: the machine took too long to open twenty connections")
    assert conns[0][0].ask("/").status == 200
    conns[0] = conns[0][0], time.monotonic()
    for c, begin in conns[1:] + conns[:1]:
        c.ends()
        assert 0.9 * s.pace < time.monotonic() - begin < 4 * s.slow
    assert server.stop()["timeouts"] == 20


@check("http", "idle timeout: half a request gets 408, then the end", on=("tcp4", "unix"))
def half_a_request(s):
    server = s.start(*IDLE)
    for half in (b"G", b"GET / HTTP/1.1\r\nHost: x\r\n",
                 request("/echo", "POST", body=b"0" * 10)[:-5],
                 request("/echo", "POST", ["Transfer-Encoding: chunked"]) + b"5\r\nhel"):
        with s.http(server) as c:
            begin = time.monotonic()
            c.send(half)
            a = c.answer("POST")
            assert a.status == 408 and a.closes, f"after {half!r}: {a}"
            ends_in_time(c, begin, s)
    with s.http(server) as c:
        c.send(request("/") + b"GET /")
        assert c.answer().status == 200
        assert c.answer().status == 408


@check("http", "idle timeout: a head that trickles in is cut", on=("tcp4", "unix"))
def slowloris(s):
    server = s.start(*IDLE)
    with s.http(server) as c:
        begin = time.monotonic()
        c.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
        while not c.readable(0.03):
            assert time.monotonic() - begin < 5 * s.slow, "5 s of trickle, and not cut"
            c.send_anyway(b"a")
        a = c.answer()
        assert a.status == 408 and a.closes, a
        c.send_anyway(b"a" * 10)
        assert c.gone()


@check("http", "idle timeout: signals do not prolong it")
def signals(s):
    # A call with a time limit is not restarted after a signal, SA_RESTART or not (signal(7)).
    # Whoever calls again with the whole limit waits for ever if signals keep coming.
    server = s.start(*IDLE)
    silent = s.http(server)
    begin = time.monotonic()
    while not silent.readable(0.05):
        assert time.monotonic() - begin < 4 * s.slow, "a silent connection is not cut"
        server.ask_counters()
    silent.ends()
    silent.close()
    stalled = s.http(server, receive_buffer=65536)
    stalled.send(request("/bytes/100000000"))
    begin = time.monotonic()
    while server.ask_counters()["closed"] < 2:
        assert time.monotonic() - begin < 4 * s.slow, "a reader that does not read is not cut"
        time.sleep(0.05)


@check("http", "idle timeout: an active connection is not cut", on=("tcp4", "unix"))
def active(s):
    server = s.start("--idle-timeout", f"{s.pace:g}s")
    with s.http(server) as c:
        end = time.monotonic() + 2.2 * s.pace
        while time.monotonic() < end:
            assert c.ask("/").status == 200
            time.sleep(0.1)


@check("http", "idle timeout: waiting for the answer is not idling")
def waiting_is_not_idle(s):
    server = s.start(*IDLE)
    with s.http(server) as c:
        assert c.ask("/wait/900").status == 200
        assert c.ask("/").status == 200


@check("http", "idle timeout: a reader that is slow but reads is not cut", on=("unix",))
def slow_but_reading(s):
    server = s.start("--idle-timeout", f"{s.pace:g}s")
    with s.http(server) as c:
        c.send(request("/bytes/10000000"))
        c.until(b"\r\n\r\n")
        end, got = time.monotonic() + 2.2 * s.pace, len(c.buffer)
        while time.monotonic() < end and got < 9000000:
            got += len(c.sock.recv(int(300000 / s.pace)))
            time.sleep(0.1)
        c.take(len(c.buffer))
        c.take(10000000 - got)
        assert c.ask("/").status == 200


@check("http", "idle timeout: a reader that does not read at all is cut", on=("tcp4", "unix"))
def stalled_reader(s):
    server = s.start(*IDLE)
    c = s.http(server, receive_buffer=65536)
    c.send(request("/bytes/100000000"))
    deadline = time.monotonic() + 5 * s.slow
    found = server.ask_counters()
    while not found["closed"] and time.monotonic() < deadline:
        time.sleep(0.4)  # each look is a signal: another test has them come often
        found = server.ask_counters()
    assert found["closed"] == found["timeouts"] == 1, f"a stalled reader is not cut: {found}"
    c.close()
    with s.http(server) as c:
        assert c.ask("/").status == 200


@check("echo", "idle timeout: a silent connection is closed, an active one is not",
       on=("tcp4", "unix"))
def echo_idle(s):
    server = s.start(*IDLE)
    with s.connect(server) as c:
        ends_in_time(c, time.monotonic(), s)
    with s.connect(server) as c:
        begin = time.monotonic()
        assert c.swap(b"hello", 5) == b"hello"
        ends_in_time(c, begin, s)
    assert server.stop()["timeouts"] == 2
    server = s.start("--idle-timeout", f"{s.pace:g}s")
    with s.connect(server) as c:
        end = time.monotonic() + 2.2 * s.pace
        while time.monotonic() < end:
            assert c.swap(b"hello", 5) == b"hello"
            time.sleep(0.1)


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
    server = s.start("--idle-timeout", f"{s.pace:g}s")
    with s.http(server) as c:
        c.send(request("/echo", "POST", ["Content-Length: 12"]))
        for piece in (b"abc", b"def", b"ghi", b"jkl"):  # longer than the timeout in all
            time.sleep(0.45 * s.pace)
            c.send(piece)
        a = c.answer()
        assert a.status == 200 and a.body == b"abcdefghijkl", a


@check("http", "idle timeout: a slow reader of a large file is not cut", on=("unix",))
def slow_file(s):
    with tempfile.TemporaryDirectory() as root:
        with open(root + "/large", "wb") as f:
            f.write(bytes(20_000_000))
        server = s.start("--idle-timeout", f"{s.pace:g}s", "--root", root)
    with s.http(server) as c:
        c.send(request("/large"))
        c.until(b"\r\n\r\n")
        end, got = time.monotonic() + 2.2 * s.pace, len(c.buffer)
        while time.monotonic() < end and got < 19_000_000:
            got += len(c.sock.recv(int(600_000 / s.pace)))
            time.sleep(0.1)
        c.take(len(c.buffer))
        c.take(20_000_000 - got)
        assert c.ask("/").status == 200
