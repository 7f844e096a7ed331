"""Stopping a server with workers: at any moment, and all at once."""

import os
import signal
import socket
import time

from server.workers import children
from lib.suite import check
from lib.wire import request, sockaddr

MANY = 1024


def caught_while_starting(s, *arguments):
    """A server, stopped by SIGSTOP while it has started some of its workers and not all, and how many
    those are; inconclusive if it was always too quick."""
    for _ in range(20):
        server = s.start("--workers", str(MANY), "--drain", "600s", *arguments)
        server.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + s.patience
        while state(server.pid) != "T":
            assert time.monotonic() < deadline, "SIGSTOP has no effect"
        found = len(children(server))
        if 0 < found < MANY - 100:
            return server, found
        server.kill()
    s.skip(f"{MANY} workers are started before SIGSTOP comes")


def state(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0]


@check("http", "SIGTERM while workers are being started: no further one is", limit=60,
       models=("prefork",))
def while_starting(s):
    server, found = caught_while_starting(s)
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGCONT)
    final = server.finished()
    started = sum(w["started"] for w in final["workers"])
    assert started <= found + 1, f"{started} workers were started, {found} before the signal"
    assert final["aborted"] == 0 and not any(w["alive"] for w in final["workers"])


@check("http", "SIGTERM while workers are being started: a request in flight is told to close",
       on=("unix",), limit=60, models=("prefork",))
def in_flight_while_starting(s):
    server, found = caught_while_starting(s)
    c = s.http(server)
    whole = request("/")
    c.send(whole[:9])
    s.until_read(server, c)  # by one of the workers
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGCONT)
    family, target = sockaddr(server.address)
    while True:  # until nobody listens
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(target)
            except (ConnectionRefusedError, FileNotFoundError):
                break
    c.send(whole[9:])
    a = c.answer()
    assert a.status == 200 and a.closes, a
    c.close()
    final = server.finished()
    started = sum(w["started"] for w in final["workers"])
    assert started <= found + 1, f"{started} workers were started, {found} before the signal"


@check("http", "SIGTERM: who is refused knows that no worker goes on", limit=60, on=("tcp4", "unix"))
def all_at_once(s):
    s.needs_many()
    several = s.traits["workers"] is not None and (
        s.transport == "tcp4" or s.model not in ("epoll-multi", "coroutine"))
    server = s.start("--drain", "60s", *(["--workers", "8"] if several else []))
    conns = [s.http(server) for _ in range(8)]
    for c in conns:
        c.send(request("/")[:9])
    server.until_counters(lambda n: n["bytes_in"] >= 9 * len(conns), "half a request each is read")
    server.send_signal(signal.SIGTERM)
    family, target = sockaddr(server.address)
    # Until the first is refused; who came before is served with a close, or is reset.
    late = []
    while True:
        c = socket.socket(family, socket.SOCK_STREAM)
        s.t.defer(c.close)
        c.settimeout(s.patience)
        try:
            c.connect(target)
            c.sendall(request("/"))
        except BlockingIOError:  # the queue of a Unix-domain socket is full
            c.close()
            time.sleep(0.005)
            continue
        except (ConnectionError, FileNotFoundError):
            break
        late.append(c)
        if len(late) > 500:  # whom the signal is for has no CPU: not all descriptors for that
            time.sleep(0.005)
    for c in conns:
        c.send(request("/")[9:])
        a = c.answer()
        assert a.status == 200 and a.closes, a
        c.close()
    for c in late:
        try:
            text = b"".join(iter(lambda: c.recv(4096), b""))
        except ConnectionError:
            continue
        assert not text or text.startswith(b"HTTP/1.1 200 "), text
        c.close()
    assert server.finished()["aborted"] == 0


@check("http", "64 idle workers: one SIGTERM, and none is left", limit=60, on=("tcp4", "unix"),
       models=("prefork", "thread-pool", "epoll-multi", "coroutine", "reactor-pool"))
def many_idle(s):
    if s.transport == "unix" and s.model in ("epoll-multi", "coroutine"):
        s.skip("these cannot have several workers on one Unix-domain socket")
    server = s.start("--workers", "64")
    server.until_counters(lambda n: all(w["alive"] for w in n["workers"]), "all are alive")
    final = server.stop()
    assert not any(w["alive"] for w in final["workers"]), final


@check("http", "SIGTERM: a worker process that cannot run holds up none of the others", limit=60,
       on=("tcp4", "unix"), models=("prefork",))
def one_cannot_run(s):
    if "--accept=lock" in s.arguments:
        s.skip("who has the lock to accept holds up all others: that is this way of accepting")
    for which in (0, -1):
        server = s.start("--workers", "64", "--drain", "10000s")
        server.until_counters(lambda n: all(w["alive"] for w in n["workers"]), "all are alive")
        stuck = sorted(children(server))[which]
        os.kill(stuck, signal.SIGSTOP)
        deadline = time.monotonic() + s.patience
        while state(stuck) != "T":
            assert time.monotonic() < deadline, "SIGSTOP has no effect"
        server.send_signal(signal.SIGTERM)
        while (left := children(server)) != [stuck]:
            assert time.monotonic() < deadline, f"{len(left)} are left, {stuck} is stopped"
            time.sleep(0.01)
        os.kill(stuck, signal.SIGCONT)
        final = server.finished()
        assert [w["started"] for w in final["workers"]] == [1] * 64, final
