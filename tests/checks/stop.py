"""The end of a server: what is in flight is finished, what is idle is closed, nothing is left.

Most of it is over Unix-domain sockets, where a client can know that the server has read a request
before the signal is sent."""

import os
import signal
import socket
import time

from http_cases import HELLO
from lib.server import session_members
from lib.suite import check
from lib.wire import chunked, request, sockaddr


def in_flight(s, server, data):
    """A connection whose bytes the server has read."""
    c = s.http(server)
    c.send(data)
    assert c.consumed(), "the server did not read the request"
    return c


def has_read(server, c):
    """Wait until the server has read what was sent on `c`, its only connection."""
    server.until_counters(lambda n: n["bytes_in"] >= c.sent, "the request was read")


def told_to_stop(s, server):
    """Send SIGTERM, and wait for the first sign that it has arrived: nobody listens any more."""
    server.send_signal(signal.SIGTERM)
    family, target = sockaddr(server.address)
    deadline = time.monotonic() + s.patience
    while time.monotonic() < deadline:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(target)
            except (ConnectionRefusedError, ConnectionResetError, FileNotFoundError):
                break  # refused; or taken up by the kernel at the last moment, and dropped
        time.sleep(0.01)
    time.sleep(0.2 * s.slow)


@check("http", "SIGTERM: idle connections are closed promptly", on=("tcp4", "unix"))
def idle_closed(s):
    server = s.start("--drain", "30s")
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
    final = server.finished(5 * s.slow)
    assert final["aborted"] == 0, final


@check("http", "SIGINT with nothing to do ends at once", on=("tcp4", "unix"))
def interrupt(s):
    server = s.start("--drain", "30s")
    assert server.stop(signal.SIGINT, 5 * s.slow)["accepted"] == 0


@check("http", "SIGTERM the moment it is ready, and while clients arrive", on=("tcp4", "unix"))
def at_any_moment(s):
    for i in range(20):
        server = s.start("--drain", "30s")
        family, target = sockaddr(server.address)
        clients = [socket.socket(family, socket.SOCK_STREAM) for _ in range(i % 4)]
        for c in clients:
            s.t.defer(c.close)
            c.connect(target)
            c.close()
        server.send_signal(signal.SIGTERM)
        server.finished(5 * s.slow)
        server.kill()


@check("http", "SIGTERM: a request in flight is answered, and told to close", on=("unix",))
def in_flight_answered(s):
    server = s.start("--drain", "20s")
    c = in_flight(s, server, request("/wait/1500"))
    server.send_signal(signal.SIGTERM)
    a = c.answer()
    assert a.status == 200 and a.closes, a
    c.ends()
    final = server.finished(5 * s.slow)
    assert final["requests"] == 1 and final["aborted"] == 0, final


@check("http", "SIGTERM: many requests in flight are answered", on=("unix",))
def many_in_flight(s):
    s.needs_many()
    server = s.start("--drain", "20s")
    conns = [in_flight(s, server, request(f"/wait/{2000 + i}")) for i in range(30)]
    server.send_signal(signal.SIGTERM)
    for c in conns:
        a = c.answer()
        assert a.status == 200 and a.closes, a
        c.ends()
        c.close()
    assert server.finished(5 * s.slow)["requests"] == 30


@check("http", "SIGTERM: half a request may be completed", on=("unix",))
def half_completed(s):
    post = request("/echo", "POST", body=b"0123456789")
    slow = request("/echo", "POST", ["Transfer-Encoding: chunked"]) + chunked(b"hello", 2)
    for whole, body, cut in ((request("/"), HELLO, 20), (post, b"0123456789", len(post) - 5),
                             (slow, b"hello", len(slow) - 9)):
        server = s.start("--drain", "20s")
        c = in_flight(s, server, whole[:cut])
        told_to_stop(s, server)
        c.send(whole[cut:])
        a = c.answer()
        assert a.status == 200 and a.body == body and a.closes, a
        c.ends()
        c.close()  # or the server waits for it, as the test before this one has it do
        server.finished(5 * s.slow)


@check("http", "SIGTERM: a large answer on its way arrives whole", on=("tcp4", "unix"))
def large_answer(s):
    server = s.start("--drain", "20s")
    with s.http(server, receive_buffer=65536) as c:
        c.send(request("/bytes/20000000"))
        c.until(b"\r\n\r\n")
        told_to_stop(s, server)
        c.take(20000000)
        c.ends()
    server.finished(5 * s.slow)


@check("http", "SIGTERM: new connections are not served", on=("tcp4", "unix"))
def no_new(s):
    server = s.start("--drain", "20s")
    c = s.http(server)
    assert c.ask("/").status == 200
    c.send(request("/wait/1500"))
    has_read(server, c)
    server.send_signal(signal.SIGTERM)
    family, target = sockaddr(server.address)
    # Workers may take connections until the process that got the signal has told them all; then
    # it shuts the socket down.
    refused, stopped = False, s.traits["workers"] is None
    while not c.readable(0.02):
        with socket.socket(family, socket.SOCK_STREAM) as late:
            late.settimeout(0.1)
            try:
                late.connect(target)
                late.sendall(request("/"))
                got = late.recv(100)
                assert not got or not stopped, f"a connection made during the drain got {got!r}"
            except socket.timeout:
                pass
            except (ConnectionRefusedError, FileNotFoundError):
                refused = stopped = True
            except (ConnectionResetError, BrokenPipeError):
                pass
    assert c.answer().status == 200
    assert refused or not s.many, "connections are taken although nobody will serve them"
    c.ends()
    c.close()
    server.finished(5 * s.slow)


@check("http", "--drain: what is not finished then is cut", on=("tcp4", "unix"))
def drain_limit(s):
    server = s.start("--drain", "0.3s")
    c = s.http(server)
    assert c.ask("/").status == 200
    c.send(request("/wait/20000"))
    has_read(server, c)
    begin = time.monotonic()
    server.send_signal(signal.SIGTERM)
    assert c.gone(), "an answer that nobody waited for"
    final = server.finished(5 * s.slow)
    took = time.monotonic() - begin
    assert 0.25 < took < 5 * s.slow, f"the end came after {took:.2f} s"
    assert final["aborted"] == 1, final


@check("http", "--drain: a reader that does not read is cut too")
def drain_limit_slow_reader(s):
    server = s.start("--drain", "0.3s")
    c = s.http(server, receive_buffer=65536)
    c.send(request("/bytes/500000000"))
    c.until(b"\r\n\r\n")
    server.send_signal(signal.SIGTERM)
    assert server.finished(5 * s.slow)["aborted"] == 1


@check("http", "a second SIGTERM ends it at once", on=("tcp4",))
def second_signal(s):
    server = s.start("--drain", "60s")
    c = s.http(server)
    assert c.ask("/").status == 200
    c.send(request("/wait/50000"))
    has_read(server, c)
    deadline = time.monotonic() + 5 * s.slow
    server.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert server.alive(), "the first signal did not leave time for the request in flight"
    while server.alive():
        assert time.monotonic() < deadline, "still there"
        server.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    server.nothing_left()


@check("http", "SIGKILL leaves no process behind", on=("tcp4",))
def killed(s):
    server = s.start()
    conns = [s.http(server) for _ in range(5 if s.many else 1)]
    for c in conns:
        assert c.ask("/").status == 200
    conns[-1].send(request("/wait/30000"))
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.nothing_left()
    for c in conns:
        assert c.gone()


@check("echo", "SIGTERM: idle connections are closed, what was read is echoed", on=("tcp4", "unix"))
def echo_stops(s):
    server = s.start("--drain", "20s")
    conns = [s.connect(server) for _ in range(5 if s.many else 1)]
    for c in conns:
        assert c.swap(b"hello", 5) == b"hello"
    server.send_signal(signal.SIGTERM)
    for c in conns:
        c.ends()
    assert server.finished(5 * s.slow)["bytes_out"] == 5 * len(conns)


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
    server = s.start("--drain", "20s")
    c = in_flight(s, server, request("/wait/500"))
    os.killpg(server.pid, signal.SIGTERM)
    a = c.answer()
    assert a.status == 200 and a.closes, a
    final = server.finished(5 * s.slow)
    assert final["aborted"] == 0 and final["requests"] == 1, final


@check("http", "SIGTERM with no descriptor left ends the idle connections", on=("tcp4", "unix"))
def full_and_stopped(s):
    server = s.start("--drain", "30s", nofile=64)
    conns = [s.http(server) for _ in range(100 if s.many else 2)]
    most = min(len(conns), s.traits["concurrency"] or len(conns))
    server.until_counters(lambda n: n["accept_errors"] or n["accepted"] >= most
                          or not s.many or s.model == "libuv", "it has taken all it can")
    server.send_signal(signal.SIGTERM)
    assert server.finished(5 * s.slow)["aborted"] == 0


@check("http", "SIGTERM: an empty line after a request is no request", on=("unix",))
def empty_line_is_idle(s):
    server = s.start("--drain", "30s")
    c = in_flight(s, server, request("/") + b"\r\n")
    assert c.answer().status == 200
    server.send_signal(signal.SIGTERM)
    c.ends()
    assert server.finished(5 * s.slow)["aborted"] == 0
