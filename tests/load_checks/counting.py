"""What is counted, what is timed, and what is sent."""

import collections
import os
import re
import signal
import time

from load_checks.run import (TIMEOUT, Run, consistent, load, named, peer_for, read_lines,
                             settings)
from load_peer import answer, late


def exact_requests(t):
    peer = peer_for(t)
    run = load(t, "-n", "101", "-t", "3", "-c", "7", peer.url)
    assert run.json["requests"] == run.json["started"] == peer.requests == 101
    assert run.json["outcomes"]["in_flight"] == 0


def fewer_requests_than_threads(t):
    peer = peer_for(t)
    run = load(t, "-n", "2", "-t", "4", "-c", "8", peer.url)
    assert run.json["requests"] == peer.requests == 2
    assert run.json["fairness"]["starved"] == 6
    run = load(t, "-n", "2", "-t", "4", "-c", "8", "--warmup", "0.1s", peer.url)
    assert run.json["requests"] >= 2


def duration_is_kept(t):
    peer = peer_for(t)
    run = load(t, "-d", "0.3s", "-t", "2", "-c", "4", peer.url)
    assert run.json["window_ns"] == 300_000_000
    assert run.json["outcomes"]["in_flight"] == 4
    assert 0.3 <= run.seconds < 0.3 + 3 * settings.slow_factor
    assert run.json["requests"] <= peer.requests <= run.json["started"]


def whichever_ends_first(t):
    peer = peer_for(t, "late")
    run = load(t, "-n", "100000", "-d", "0.2s", "-c", "2", peer.url)
    assert run.json["window_ns"] == 200_000_000 and run.json["requests"] < 20
    run = load(t, "-n", "2", "-d", "60s", "-c", "2", peer.url)
    assert run.json["requests"] == 2


def settled_when_all_are_answered(t):
    peer = peer_for(t, "late")
    run = load(t, "--settle", "10s", "-n", "8", "-c", "8", peer.url)
    assert run.json["settled"] == 8 and run.json["settle_ns"] == 10_000_000_000
    assert run.json["requests"] == 8 and peer.requests == 16, "settling was measured"
    # A peer that never answers is waited for until the time is over, and no longer.
    silent = peer_for(t, "stall")
    run = load(t, "--settle", "0.2s", "-d", "0.2s", "-c", "4", silent.url, status=1)
    assert run.json["settled"] == 0 and run.json["outcomes"]["in_flight"] == 4


def warmup_is_not_measured(t):
    peer = peer_for(t, "late")  # 50 ms each
    run = load(t, "--warmup", "0.3s", "-d", "0.3s", "-c", "2", peer.url)
    j = run.json
    assert j["warmup_ns"] == 300_000_000 and j["window_ns"] == 300_000_000
    assert j["in_flight_at_start"] == 2
    assert j["requests"] < peer.requests, "requests of the warm-up were counted"
    assert j["requests"] <= 2 * 6 + 2


def stalled_requests_in_flight(t):
    peer = peer_for(t, "stall")
    run = load(t, "-d", "0.3s", "-c", "5", "--timeout", "10s", peer.url, status=1)
    j = run.json
    assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"in_flight": 5}, j["outcomes"]
    assert 150_000_000 < j["oldest_in_flight_ns"] <= 300_000_000
    assert re.search(r"In flight +5 at the end", run.out)


def timeouts_are_samples(t):
    """Nine in ten fast, one in ten never: p95 must be the timeout, not the fast ones'."""
    peer = peer_for(t, "stall", every=10)
    run = load(t, "-n", "60", "-c", "1", "--timeout", TIMEOUT, peer.url)
    j = run.json
    assert j["outcomes"]["timeout"] == 6 and j["outcomes"]["ok"] == 54
    assert j["latency"]["count"] == 60
    assert j["latency"]["p95"] == j["latency"]["max"] == 300_000_000, j["latency"]
    assert j["latency"]["p50"] < 300_000_000


def latency_is_measured(t):
    peer = peer_for(t, "late")
    j = load(t, "-n", "10", "-c", "1", peer.url).json
    assert j["latency"]["min"] >= 50_000_000, j["latency"]
    assert j["latency"]["mean"] * 10 <= j["window_ns"]


def one_at_a_time_starves(t):
    peer = peer_for(t, one_at_a_time=True)
    j = load(t, "-d", "0.4s", "-c", "8", "--timeout", "10s", peer.url).json
    assert j["fairness"]["starved"] == 7 and j["fairness"]["min"] == 0
    assert abs(j["fairness"]["jain"] - 1 / 8) < 1e-6
    assert j["outcomes"]["in_flight"] == 8


def fairness_is_by_connection(t):
    """Each connection takes twice as long as the one before: by the peer's counts."""
    peer = peer_for(t)
    counts = collections.Counter()

    def treat(conn, _request):
        counts[conn] += 1
        return late(conn, answer(), 0.002 * 2 ** peer.all.index(conn))
    peer.treatment = treat
    f = load(t, "-n", "300", "-c", "5", "--timeout", "20s", peer.url).json["fairness"]
    seen = sorted(counts.values())
    assert sum(seen) == 300 and len(seen) == 5 and seen[0] < seen[-1], seen
    assert [f["min"], f["median"], f["max"], f["starved"]] == [seen[0], seen[2], seen[4], 0], seen
    assert abs(f["jain"] - 300 ** 2 / (5 * sum(n * n for n in seen))) < 1e-6, (f, seen)


def failing_connections_back_off(t):
    """A peer that always closes costs it a few attempts, not all its CPU."""
    peer = peer_for(t, "close-before")
    j = load(t, "-d", "0.5s", "-c", "1", peer.url, status=1).json
    assert 3 <= peer.accepted <= 10, f"{peer.accepted} connections in half a second"
    assert j["generator"]["cpu_fraction"] < 0.5


def recovers_after_back_off(t):
    peer = peer_for(t, "close-before", every=2)
    j = load(t, "-n", "200", "-c", "1", "--timeout", "5s", peer.url).json
    assert j["outcomes"]["ok"] == j["outcomes"]["eof"] == 100, j["outcomes"]


def headers_are_sent(t):
    peer = peer_for(t)
    load(t, "-n", "1", "-c", "1", "-H", "X-One: 1", "--header", "X-Two:2", peer.url + "/a?b#c")
    host = peer.address.encode()
    assert peer.last_request == (b"GET /a?b HTTP/1.1\r\nHost: " + host +
                                 b"\r\nX-One: 1\r\nX-Two:2\r\n\r\n"), peer.last_request
    load(t, "-n", "1", "-c", "1", "-H", "Host: example.org", peer.url)
    assert peer.last_request == b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", peer.last_request


def payloads(t):
    for size, text in ((1, "1"), (2, "2"), (4096, "4k"), (300000, "300000"), (4 << 20, "4M")):
        peer = peer_for(t, protocol="echo", payload=size)
        j = load(t, "-n", "6", "-c", "2", "--payload", text, "--timeout", "20s", peer.url).json
        assert j["outcomes"]["ok"] == 6 and j["payload"] == size, (size, j["outcomes"])
        assert j["bytes_in"] == j["bytes_out"] == 6 * size


def messages_differ(t):
    """No two messages of one run may be alike, or a mix-up would pass."""
    seen = []
    peer = peer_for(t, protocol="echo")
    count = peer.count

    def note(request):
        seen.append(request)
        return count(request)
    peer.count = note
    load(t, "-n", "500", "-c", "5", "-t", "2", peer.url)
    assert len(seen) == len(set(seen)) == 500


def unread_is_not_too_late(t):
    """Stopped for longer than the timeout: the answers came in time, only nobody read them."""
    # The latter are more than one wait tells of. A peer of so many threads is too slow beside what
    # a sanitizer does to the machine.
    for connections in ("4",) if settings.sanitized else ("4", "600"):
        peer = peer_for(t)
        peer.treatment = lambda conn, _request: late(conn, answer(), 0.5)
        begun, done = os.pipe()
        run = Run(t, "-c", connections, "-d", "3.5s", "--timeout", "2s", "--events-fd", str(done),
                  peer.url, pass_fds=(done,))
        os.close(done)
        read_lines(begun, 2, 20)
        time.sleep(0.3)
        run.process.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        run.process.send_signal(signal.SIGCONT)
        assert run.finish() == 3, run.err  # stopped for most of its window
        os.close(begun)
        consistent(run.json)
        o = run.json["outcomes"]
        assert o["timeout"] == 0 and o["ok"] >= int(connections), o
        assert run.json["latency"]["max"] >= 2_500_000_000


def tests():
    return [named(f) for f in (exact_requests, fewer_requests_than_threads, duration_is_kept,
                               whichever_ends_first,
                               settled_when_all_are_answered, warmup_is_not_measured,
                               stalled_requests_in_flight, timeouts_are_samples,
                               latency_is_measured, one_at_a_time_starves,
                               fairness_is_by_connection,
                               failing_connections_back_off, recovers_after_back_off,
                               headers_are_sent, payloads, messages_differ)] + [
        named(unread_is_not_too_late, limit=40)]
