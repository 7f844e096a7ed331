"""Connections that are there and are not measured."""

import os
import re
import subprocess
import time

from lib.server import Server
from load_checks.run import Run, consistent, load, named, peer_for, read_lines, settings, skip
from load_peer import Peer


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
    peer = peer_for(t)
    end = held(t, "-n", "50", "-c", "2", "--idle", "300", peer.url)
    assert peer.accepted == peer.open_connections() == 302
    assert sum(c.received == 0 for c in peer.all) == 300, "an idle one spoke"
    run = end()
    j = run.json
    assert j["background"]["idle"] == {"asked": 300, "open": 300, "lost": 0}
    assert j["background"]["slow_readers"] == {"asked": 0, "open": 0, "lost": 0}
    assert j["background"]["cpu_us"] > 0
    assert peer.requests == j["requests"] == 50 and j["connected"] == 2 and j["connections"] == 2
    assert "300 idle" in run.out, run.out


def slow_readers(t):
    """Of an answer of 4 MiB, a few bytes are read: none of them asks a second time."""
    peer = peer_for(t, "big")
    end = held(t, "-d", "0.7s", "-c", "1", "--slow-readers", "3", "--timeout", "10s", peer.url)
    assert peer.open_connections() == 4
    j = end().json
    assert j["background"]["slow_readers"] == {"asked": 3, "open": 3, "lost": 0}
    assert peer.requests == j["started"] + 3, (peer.requests, j["started"])
    assert j["outcomes"]["ok"] > 0


def slow_readers_read(t):
    """A small answer is read to its end, and then asked for again."""
    peer = peer_for(t)
    j = load(t, "-d", "2.5s", "-c", "1", "--slow-readers", "2", peer.url, limit=20).json
    again = peer.requests - j["started"]
    # Each takes about (82 bytes / 16) steps of 100 ms for an answer.
    assert 4 <= again <= 10, again
    assert j["background"]["slow_readers"]["lost"] == 0


def slow_senders(t):
    """A byte now and then: after half a second there is a piece of a request, and no more."""
    for protocol in ("http", "echo"):
        peer = peer_for(t, protocol=protocol)
        end = held(t, "-d", "0.6s", "-c", "2", "--slow-senders", "4", peer.url)
        pieces = sorted(c.received for c in peer.all)[:4]
        j = end().json
        assert all(2 <= n <= 20 for n in pieces), pieces
        assert peer.requests == j["started"], "one of them was sent whole"
        assert j["background"]["slow_senders"] == {"asked": 4, "open": 4, "lost": 0}


def lost_ones_come_back(t):
    """A server that closes idle connections after 200 ms: they are opened again."""
    server = f"{settings.servers}/epoll-lt"
    if not settings.servers or not os.path.exists(server):
        skip("no --servers given")
    server = Server(server, "tcp4", "http", ("--idle-timeout", "200ms"),
                    patience=10 * settings.slow_factor)
    t.defer(server.kill)
    run = load(t, "-d", "1.5s", "-c", "1", "--idle", "10", "--slow-senders", "5",
               f"http://{server.address}/")
    b = run.json["background"]
    assert b["idle"]["lost"] >= 20 and b["slow_senders"]["lost"] >= 5, b
    assert b["idle"]["asked"] == 10 and b["idle"]["open"] <= 10, b
    o = run.json["outcomes"]
    assert sum(o.values()) == o["ok"] + o["in_flight"], f"their loss is in the results: {o}"
    assert f"{b['idle']['lost']} lost" in run.out, run.out


def queue_drains(t):
    """More of them than a Unix-domain socket's queue holds: the load begins when all are in."""
    peer = peer_for(t, family="unix")
    peer._listener.listen(1)
    j = load(t, "-c", "1", "-n", "1", "--idle", "40", peer.url).json
    assert j["background"]["idle"] == {"asked": 40, "open": 40, "lost": 0}, j["background"]
    assert j["verdict"] != "INVALID"


class Late(Peer):
    """Accepts nothing for longer than the generator waits for its idle connections."""

    def _accept(self):
        self.stopping.wait(5.5)
        super()._accept()


def do_not_come_up(t):
    """Fewer than asked is not what was asked."""
    peer = Late(family="unix")
    t.defer(peer.close)
    peer._listener.listen(1)
    run = load(t, "-c", "1", "-n", "5", "--timeout", "5s", "--idle", "20", peer.url, status=3)
    assert run.json["outcomes"]["ok"] == 5, run.json["outcomes"]
    assert re.fullmatch(r"[0-9]+ of 20 idle connections came up", run.json["verdict_reason"])


def nobody_there(t):
    """The background does not hide that there is no server, nor keep the run from ending."""
    began = time.monotonic()
    run = load(t, "--idle", "5", "-c", "1", "echo+unix:///nonexistent/socket", status=1)
    assert "/nonexistent/socket" in run.err and time.monotonic() - began < 5 * settings.slow_factor


def tests():
    return [named(f) for f in (idle, slow_readers, slow_senders, lost_ones_come_back,
                               queue_drains, nobody_there)] + [
        named(do_not_come_up, limit=25, once=True)] + [named(slow_readers_read, limit=30)]
