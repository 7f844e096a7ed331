"""Connections that are there and are not measured."""

import os
import re
import subprocess
import threading

from lib.server import Server
from load.interface import threads_of
from load.run import (Run, consistent, hang, load, load_until, named, stub_for, read_lines,
                      reference_for, settings, skip, steady, until)
from load.stub_server import Stub


def held(t, *arguments):
    """A run that holds its connections open after its window; returns it and how to end it."""
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, *arguments, "--hold", "--events-fd", str(into), stdin=subprocess.PIPE,
              pass_fds=[into])
    os.close(into)
    assert read_lines(out, 3)[-1] == "end"

    def end():
        run.process.stdin.close()
        run.process.stdin = None
        assert run.finish() == 0
        consistent(run.json)
        return run
    return end


def idle(t):
    """In C: a server with a thread for each of so many connections would not keep up."""
    server = reference_for(t)
    end = held(t, "-n", "50", "-c", "2", "--idle", "300", server.url)
    seen = server.until(lambda j: j["accepted"] >= 302, "302 connections")
    assert seen["accepted"] == 302 and seen["closed"] == 0, seen
    assert seen["heard"] == 2, "an idle one spoke"
    run = end()
    j = run.json
    assert j["background"]["idle"] == {"asked": 300, "open": 300, "lost": 0}
    assert j["background"]["slow_readers"] == {"asked": 0, "open": 0, "lost": 0}
    assert j["background"]["cpu_us"] > 0
    assert server.finish()["requests"] == j["requests"] == 50
    assert j["connected"] == 2 and j["connections"] == 2
    assert "300 idle" in run.out, run.out


def slow_readers(t):
    """Of an answer of 4 MiB, a few bytes are read: none of them asks a second time."""
    stub = stub_for(t, "big")
    end = held(t, "-n", "5", "-c", "1", "--slow-readers", "3", stub.url)
    until(lambda: stub.open_connections() == 4 and stub.requests >= 8, "3 more requests")
    j = end().json
    assert j["background"]["slow_readers"] == {"asked": 3, "open": 3, "lost": 0}
    assert stub.requests == j["started"] + 3, (stub.requests, j["started"])
    assert j["outcomes"]["ok"] == 5


def slow_readers_read(t):
    """A small answer is read to its end, and then asked for again."""
    stub = stub_for(t)

    def again():
        return sorted(c.requests for c in stub.all)[:-1]
    # The one that is measured asks more often.
    run = load_until(t, lambda: len(stub.all) == 3 and again()[0] >= 2, "a second request",
                     "-c", "1", "--think", "20ms", "--slow-readers", "2", stub.url)
    # Each takes (82 bytes / 16) steps of 100 ms for an answer, at least.
    assert max(again()) <= run.seconds / 0.5 + 1, (again(), run.seconds)
    assert run.json["background"]["slow_readers"]["lost"] == 0


def slow_senders(t):
    """A byte now and then: there is a piece of a request, and no more, however long it takes."""
    for protocol, more in (("http", ["-H", "X: " + 3000 * "x"]), ("echo", ["--payload", "4k"])):
        stub = stub_for(t, protocol=protocol, payload=4096)
        end = held(t, "-n", "10", "-c", "2", "--slow-senders", "4", *more, stub.url)
        until(lambda: sorted(c.received for c in stub.all)[-6:-5] >= [2], "2 bytes of each")
        pieces = sorted(c.received for c in stub.all)[:4]
        run = end()
        # A byte each 100 ms.
        assert all(2 <= n <= run.seconds / 0.1 + 1 for n in pieces), (pieces, run.seconds)
        assert stub.requests == run.json["started"], "one of them was sent whole"
        assert run.json["background"]["slow_senders"] == {"asked": 4, "open": 4, "lost": 0}


def lost_ones_come_back(t):
    """A server that closes idle connections after 100 ms: they are opened again."""
    if not settings.servers or not os.path.exists(f"{settings.servers}/epoll-lt"):
        skip("no --servers given")
    for kind in ("idle", "slow_senders"):
        server = Server(f"{settings.servers}/epoll-lt", "tcp4", "http",
                        ("--idle-timeout", "100ms"), patience=hang())
        t.defer(server.kill)
        # A request now and then, for a measured one that is idle is closed as well.
        run = load_until(t, lambda s=server: s.ask_counters()["accepted"] >= 1 + 10 + 20, "20 lost",
                         "-c", "1", "--" + kind.replace("_", "-"), "10",
                         f"http://{server.address}/", status=None)
        # On a slow machine some are lost before the load begins, and the verdict says so.
        b = run.json["background"][kind]
        # Some of those accepted may be the measured one, or not yet known to be lost.
        assert b["lost"] >= 5 and b["asked"] == 10 and b["open"] <= 10, b
        o = run.json["outcomes"]
        # The measured one may be idle for too long as well.
        failed = sum(o.values()) - o["ok"] - o["in_flight"]
        assert failed <= run.json["connects"], f"their loss is in the results: {o}"
        assert f"{b['lost']} lost" in run.out, run.out


def queue_drains(t):
    """More of them than a Unix-domain socket's queue holds: the load begins when all are in."""
    def check():
        stub = stub_for(t, family="unix")
        stub._listener.listen(1)
        j = load(t, "-c", "1", "-n", "1", "--idle", "40", stub.url, status=None).json
        assert j["background"]["idle"] == {"asked": 40, "open": 40, "lost": 0}, j["background"]
        assert "came up" not in (j["verdict_reason"] or ""), j["verdict_reason"]
    steady(t, 0.05, check)  # the generator does not wait for ever


class Late(Stub):
    """Accepts nothing before it is told to."""

    def __init__(self, *arguments, **more):
        self.may_accept = threading.Event()
        super().__init__(*arguments, **more)

    def _accept(self):
        self.may_accept.wait()
        super()._accept()

    def close(self):
        self.may_accept.set()
        super().close()


def threads_of_sanitizer(pid):
    """ThreadSanitizer has a thread of its own in the program."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as f:
        return 1 if "libtsan" in f.read() else 0


def do_not_come_up(t):
    """Fewer than asked, when the generator has waited long enough, is not what was asked."""
    stub = Late(family="unix")
    t.defer(stub.close)
    stub._listener.listen(1)
    run = Run(t, "-c", "1", "-n", "5", "--idle", "20", stub.url)
    # The main one, that of the idle connections, and, once these were waited for, that of the load.
    until(lambda: threads_of(run.process.pid) == 3 + threads_of_sanitizer(run.process.pid),
          "the load begins", run.process)
    stub.may_accept.set()
    run.finish()
    assert run.status == 3, run.err
    consistent(run.json)
    assert run.json["outcomes"]["ok"] == 5, run.json["outcomes"]
    assert re.fullmatch(r"[0-9]+ of 20 idle connections came up", run.json["verdict_reason"])


def nobody_there(t):
    """The background does not hide that there is no server, nor keep the run from ending."""
    run = load(t, "--idle", "5", "-c", "1", "echo+unix:///nonexistent/socket", status=1)
    assert "/nonexistent/socket" in run.err


def tests():
    return [named(f) for f in (idle, slow_readers, slow_senders, lost_ones_come_back,
                               slow_readers_read, queue_drains, nobody_there)] + [
        named(do_not_come_up, once=True)]
