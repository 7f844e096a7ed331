"""The end of a server: what is in flight is finished, what is idle is closed, nothing is left.

Most of it is over Unix-domain sockets, where a client can know that the server has read a request
before the signal is sent."""

import os
import signal
import socket
import time

from server.http_cases import HELLO
from lib.server import session_members
from lib.suite import check
from lib.timed import in_time
from lib.wire import chunked, request, sockaddr

# Longer than any wait of a test: what ends, ends of itself.
NEVER_CUT = ("--drain", "10000s", "--idle-timeout", "0")


def in_flight(s, server, data):
    """A connection whose bytes the server has read."""
    c = s.http(server)
    c.send(data)
    s.until_read(server, c)
    return c


def before_a_signal(s, server):
    """ThreadSanitizer can lose a signal that comes on the way into accept(): there the signal waits
    until the server sleeps."""
    if s.sanitized:
        s.until_asleep(server)


def has_read(s, server, c):
    """Wait until the server has read what was sent on `c`, its only connection."""
    before_a_signal(s, server)
    server.until_counters(lambda n: n["bytes_in"] >= c.sent, "the request was read")


def told_to_stop(s, server):
    """Send SIGTERM, and wait until all of the server have done what they do about it."""
    before_a_signal(s, server)
    server.send_signal(signal.SIGTERM)
    s.until_asleep(server)


@check("http", "SIGTERM: idle connections are closed promptly", on=("tcp4", "unix"))
def idle_closed(s):
    server = s.start(*NEVER_CUT)
    conns = [s.http(server) for _ in range(5 if s.many else 1)]
    for c in conns:
        assert c.ask("/").status == 200
    silent = s.http(server) if s.many else None
    if silent:
        server.until_counters(lambda n: n["accepted"] == 6, "six connections")
    server.send_signal(signal.SIGTERM)
    for c in conns:
        c.ends()
    if silent:
        silent.ends()
    final = server.finished()
    assert final["aborted"] == 0, final


@check("http", "SIGINT with nothing to do ends at once", on=("tcp4", "unix"))
def interrupt(s):
    server = s.start(*NEVER_CUT)
    server.stop(signal.SIGINT)


@check("http", "SIGTERM the moment it is ready, and while clients arrive", on=("tcp4", "unix"))
def at_any_moment(s):
    for i in range(8):
        server = s.start(*NEVER_CUT)
        family, target = sockaddr(server.address)
        clients = [socket.socket(family, socket.SOCK_STREAM) for _ in range(i % 4)]
        for c in clients:
            s.t.defer(c.close)
            c.connect(target)
            c.close()
        server.send_signal(signal.SIGTERM)
        server.finished()
        server.kill()


@check("http", "SIGTERM: a request in flight is answered, and told to close", on=("unix",))
def in_flight_answered(s):
    def attempt(span):
        server = s.start(*NEVER_CUT)
        span.start()
        c = in_flight(s, server, request(f"/wait/{span.seconds * 1000:.0f}"))
        told_to_stop(s, server)
        span.end()
        a = c.answer()
        assert a.status == 200 and a.closes, a
        c.ends()
        final = server.finished()
        assert final["requests"] == 1 and final["aborted"] == 0, final
    in_time(s, attempt)


@check("http", "SIGTERM: many requests in flight are answered", on=("unix",))
def many_in_flight(s):
    s.needs_many()
    count = s.at_most(30)

    def attempt(span):
        server = s.start(*NEVER_CUT)
        wait = int(span.seconds * 1000)
        span.start()
        conns = [in_flight(s, server, request(f"/wait/{wait + i}")) for i in range(count)]
        told_to_stop(s, server)
        span.end()
        for c in conns:
            a = c.answer()
            assert a.status == 200 and a.closes, a
            c.ends()
            c.close()
        assert server.finished()["requests"] == count
    in_time(s, attempt, (1.0, 4.0, 16.0))


@check("http", "SIGTERM: half a request may be completed", on=("unix",))
def half_completed(s):
    post = request("/echo", "POST", body=b"0123456789")
    slow = request("/echo", "POST", ["Transfer-Encoding: chunked"]) + chunked(b"hello", 2)
    for whole, body, cut in ((request("/"), HELLO, 20), (post, b"0123456789", len(post) - 5),
                             (slow, b"hello", len(slow) - 9)):
        server = s.start(*NEVER_CUT)
        c = in_flight(s, server, whole[:cut])
        told_to_stop(s, server)
        c.send(whole[cut:])
        a = c.answer()
        assert a.status == 200 and a.body == body and a.closes, a
        c.ends()
        c.close()  # or the server waits for it, as the test before this one has it do
        server.finished()


@check("http", "SIGTERM: a large answer on its way arrives whole", on=("tcp4", "unix"))
def large_answer(s):
    server = s.start(*NEVER_CUT)
    with s.http(server, receive_buffer=65536) as c:
        c.send(request("/bytes/20000000"))
        c.until(b"\r\n\r\n")
        told_to_stop(s, server)
        c.take(20000000)
        c.ends()
    server.finished()


def try_late(s, server):
    """Connect during the drain: None where that is refused, else the bytes of an answer that came
    within a moment, of which there should be none."""
    family, target = sockaddr(server.address)
    late = socket.socket(family, socket.SOCK_STREAM)
    s.t.defer(late.close)
    late.settimeout(s.patience)
    try:
        late.connect(target)
        late.settimeout(0.02)  # not judged: silence is as good
        late.sendall(request("/"))
        return late.recv(100)
    except (ConnectionRefusedError, FileNotFoundError):
        return None
    except (socket.timeout, BlockingIOError, ConnectionResetError, BrokenPipeError):
        return b""


@check("http", "SIGTERM: new connections are not served", on=("tcp4", "unix"))
def no_new(s):
    server = s.start(*NEVER_CUT)
    c = s.http(server)
    assert c.ask("/").status == 200
    c.send(request("/")[:-2])  # keeps the server until the rest of it comes
    has_read(s, server, c)
    told_to_stop(s, server)
    for _ in range(10):
        got = try_late(s, server)
        assert not got, f"a connection made during the drain got {got!r}"
        assert got is None or not s.many, "connections are taken although nobody will serve them"
    c.send(b"\r\n")
    a = c.answer()
    assert a.status == 200 and a.closes, a
    c.ends()
    c.close()
    server.finished()


@check("http", "--drain: what is not finished then is cut", on=("tcp4", "unix"))
def drain_limit(s):
    server = s.start("--drain", "0.3s")
    c = s.http(server)
    assert c.ask("/").status == 200
    c.send(request("/wait/60000"))
    has_read(s, server, c)
    begin = time.monotonic()
    server.send_signal(signal.SIGTERM)
    assert c.gone(), "an answer that nobody waited for"
    final = server.finished()
    took = time.monotonic() - begin
    assert took > 0.25, f"the end came after {took:.2f} s already"
    assert final["aborted"] == 1, final


@check("http", "--drain: a reader that does not read is cut too")
def drain_limit_slow_reader(s):
    server = s.start("--drain", "0.3s")
    c = s.http(server, receive_buffer=65536)
    c.send(request("/bytes/500000000"))
    c.until(b"\r\n\r\n")
    server.send_signal(signal.SIGTERM)
    assert server.finished()["aborted"] == 1


@check("http", "a second SIGTERM ends it at once", on=("tcp4",))
def second_signal(s):
    server = s.start(*NEVER_CUT)
    c = s.http(server)
    assert c.ask("/").status == 200
    c.send(request("/")[:-2])
    has_read(s, server, c)
    told_to_stop(s, server)
    assert server.alive(), "the first signal did not leave time for the request in flight"
    server.send_signal(signal.SIGTERM)
    assert c.gone()
    server.wait()
    server.nothing_left()


@check("http", "SIGKILL leaves no process behind", on=("tcp4",))
def killed(s):
    server = s.start()
    conns = [s.http(server) for _ in range(5 if s.many else 1)]
    for c in conns:
        assert c.ask("/").status == 200
    conns[-1].send(request("/wait/60000"))
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.nothing_left()
    for c in conns:
        assert c.gone()


@check("echo", "SIGTERM: idle connections are closed, what was read is echoed", on=("tcp4", "unix"))
def echo_stops(s):
    server = s.start(*NEVER_CUT)
    conns = [s.connect(server) for _ in range(5 if s.many else 1)]
    for c in conns:
        assert c.swap(b"hello", 5) == b"hello"
    server.send_signal(signal.SIGTERM)
    for c in conns:
        c.ends()
    assert server.finished()["bytes_out"] == 5 * len(conns)


@check("http", "a process ended by its client leaves no zombie", on=("tcp4",))
def reaped(s):
    server = s.start()
    workers = s.traits["workers"] or 0  # as processes or as threads; these stay
    for _ in range(50):
        with s.http(server) as c:
            assert c.ask("/", fields=["Connection: close"]).status == 200
            c.ends()
    deadline = time.monotonic() + s.patience
    while True:
        with open(f"/proc/{server.pid}/task/{server.pid}/children") as f:
            children = f.read().split()
        alive = [pid for pid, _ in session_members(server.pid)]
        with open(f"/proc/{server.pid}/status") as f:
            threads = int([x for x in f if x.startswith("Threads:")][0].split()[1])
        if len(children) <= workers and threads < 10 + workers \
                and all(int(pid) in alive for pid in children):
            break
        assert time.monotonic() < deadline, f"{len(children)} children and {threads} threads left"
        time.sleep(0.02)


@check("http", "SIGTERM to the whole process group answers what is in flight", on=("unix",))
def whole_group(s):
    # What an init system does: every process of the server gets the signal itself.
    def attempt(span):
        server = s.start(*NEVER_CUT)
        span.start()
        c = in_flight(s, server, request(f"/wait/{span.seconds * 1000:.0f}"))
        os.killpg(server.pid, signal.SIGTERM)
        s.until_asleep(server)
        span.end()
        a = c.answer()
        assert a.status == 200 and a.closes, a
        final = server.finished()
        assert final["aborted"] == 0 and final["requests"] == 1, final
    in_time(s, attempt)


@check("http", "SIGTERM with no descriptor left ends the idle connections", on=("tcp4", "unix"))
def full_and_stopped(s):
    server = s.start(*NEVER_CUT, nofile=64)
    conns = [s.http(server) for _ in range(100 if s.many else 2)]
    most = min(len(conns), s.traits["concurrency"] or len(conns))
    server.until_counters(lambda n: n["accept_errors"] or n["accepted"] >= most
                          or not s.many or s.model == "libuv", "it has taken all it can")
    server.send_signal(signal.SIGTERM)
    assert server.finished()["aborted"] == 0


@check("http", "SIGTERM: an empty line after a request is no request", on=("unix",))
def empty_line_is_idle(s):
    server = s.start(*NEVER_CUT)
    c = in_flight(s, server, request("/") + b"\r\n")
    assert c.answer().status == 200
    server.send_signal(signal.SIGTERM)
    c.ends()
    assert server.finished()["aborted"] == 0
