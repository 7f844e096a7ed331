"""What is counted, what is timed, and what is sent."""

import math
import re
import threading
import time

from load.outcomes import samples_of, timeout_of
from load.run import (Disturbed, Run, consistent, load, load_until, named, stub_for,
                      reference_for, skip, timed_out, until_right, window_is_missed)
from load.stub_server import answer, send
from load.watcher import Watcher


def exact_requests(t):
    stub = stub_for(t)
    run = load(t, "-n", "101", "-t", "3", "-c", "7", stub.url)
    assert run.json["requests"] == run.json["started"] == stub.requests == 101
    assert run.json["outcomes"]["in_flight"] == 0


def fewer_requests_than_threads(t):
    stub = stub_for(t)
    run = load(t, "-n", "2", "-t", "4", "-c", "8", stub.url)
    assert run.json["requests"] == stub.requests == 2
    assert run.json["fairness"]["starved"] == 6
    run = load(t, "-n", "2", "-t", "4", "-c", "8", "--warmup", "0.1s", stub.url)
    assert run.json["requests"] >= 2


def duration_is_kept(t):
    stub = stub_for(t)
    run = load(t, "-d", "0.3s", "-t", "2", "-c", "4", stub.url, status=None)
    assert run.json["window_ns"] == 300_000_000
    if window_is_missed(run):
        skip("inconclusive: the generator came to so short a window when it was over")
    assert run.json["outcomes"]["in_flight"] == 4
    assert run.seconds >= 0.3
    assert run.json["requests"] <= stub.requests <= run.json["started"]


def whichever_ends_first(t):
    stub = stub_for(t, "late")
    run = load(t, "-n", "100000", "-d", "0.2s", "-c", "2", stub.url, status=None)
    assert run.json["window_ns"] == 200_000_000 and run.json["requests"] <= 2 * 200 / 50
    run = load(t, "-n", "2", "-d", "10h", "-c", "2", stub.url)
    assert run.json["requests"] == 2


def settled_when_all_are_answered(t):
    stub = stub_for(t, "late")
    run = load(t, "--settle", "1h", "-n", "8", "-c", "8", stub.url)
    assert run.json["settled"] == 8 and run.json["settle_ns"] == 3600 * 10**9
    assert run.json["requests"] == 8 and stub.requests == 16, "settling was measured"
    # A stub that never answers is waited for until the time is over, and no longer.
    silent = stub_for(t, "stall")
    run = load(t, "--settle", "0.2s", "-d", "0.2s", "-c", "4", silent.url, status=1)
    assert run.json["settled"] == 0 and run.json["outcomes"]["in_flight"] == 4


def comes_up_while_others_settle(t):
    """The listen queue is full until the attempts of most connections are given up, after 4 s. They
    are made again, and then all are there before the load begins."""
    stub = Watcher(t, backlog=1, unix=True, late=4.5)
    j = load(t, "--settle", "1h", "-n", "6", "-c", "6", stub.url).json
    assert (j["connected"], j["settled"]) == (6, 6), j
    # What else ran here in those seconds may disturb a window of a millisecond.
    assert j["verdict"] in ("ok", "generator-limited") or j["verdict_reason"].startswith("disturbed: "), j


def warmup_is_not_measured(t):
    stub = stub_for(t, "late")  # 50 ms each

    def under_way():
        j = load(t, "--warmup", "0.3s", "-d", "0.3s", "-c", "2", stub.url, status=None).json
        assert j["warmup_ns"] == 300_000_000 and j["window_ns"] == 300_000_000
        assert j["requests"] <= 2 * 300 / 50 + 2, "requests of the warm-up were counted"
        return j["in_flight_at_start"]
    # A generator that is late for the whole warm-up has none under way then.
    found = until_right(under_way, lambda requests: requests == 2)
    assert found[-1] == 2, found


def stalled_requests_in_flight(t):
    stub = stub_for(t, "stall")
    run = load(t, "-d", "0.3s", "-c", "5", stub.url, status=1)
    j = run.json
    assert j["window_ns"] == 300_000_000
    if window_is_missed(run):
        skip("inconclusive: the generator came to so short a window when it was over")
    assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"in_flight": 5}, j["outcomes"]
    assert 0 < j["oldest_in_flight_ns"] <= j["window_ns"]
    assert re.search(r"In flight +5 at the end", run.out)


def timeouts_are_samples(t):
    """Nine in ten fast, one in ten never: p95 must be the timeout, not the fast ones'."""
    def check(ns):
        stub = stub_for(t, "stall", every=10)
        j = load(t, "-n", "30", "-c", "1", *timeout_of(ns), stub.url).json
        assert j["outcomes"]["timeout"] == 3 and j["outcomes"]["ok"] == 27
        assert j["latency"]["count"] == 30
        assert samples_of(j, ns) == 3 and j["latency"]["p50"] < ns <= j["latency"]["p95"]
    timed_out(t, 0.4, check)


def latency_is_measured(t):
    stub = stub_for(t, "late")
    j = load(t, "-n", "10", "-c", "1", stub.url).json
    assert j["latency"]["min"] >= 50_000_000, j["latency"]
    assert j["latency"]["mean"] * 10 <= j["window_ns"]


def one_at_a_time_starves(t):
    stub = stub_for(t, one_at_a_time=True)
    j = load_until(t, lambda: stub.requests >= 20, "20 requests", "-c", "8", stub.url).json
    assert j["fairness"]["starved"] == 7 and j["fairness"]["min"] == 0
    assert abs(j["fairness"]["jain"] - 1 / 8) < 1e-6
    assert j["outcomes"]["in_flight"] == 8


def fairness_is_by_connection(t):
    """Each connection is answered twice as often as the one before, and then not until all requests
    have been sent."""
    shares = (10, 20, 40, 80, 150)
    stub = stub_for(t)
    all_sent = threading.Event()

    def treat(conn, _request):
        if stub.requests == sum(shares):
            all_sent.set()
        if conn.requests == shares[stub.all.index(conn)]:
            all_sent.wait()
        return send(conn, answer())
    stub.treatment = treat
    t.defer(all_sent.set)
    f = load(t, "-n", str(sum(shares)), "-c", "5", stub.url).json["fairness"]
    assert sorted(c.requests for c in stub.all) == list(shares)
    assert [f["min"], f["median"], f["max"], f["starved"]] == [10, 40, 150, 0], f
    assert abs(f["jain"] - 300 ** 2 / (5 * sum(n * n for n in shares))) < 1e-6, f


def failing_connections_back_off(t):
    """A stub that always closes costs it a few attempts: the pauses double, from 10 ms."""
    stub = stub_for(t, "close-before")
    run = load_until(t, lambda: stub.accepted >= 6, "6 connections", "-c", "1", stub.url, status=1)
    # The first is opened at once, and replaced at once, then pauses of 10, 20, 40... ms.
    assert stub.accepted <= math.log2(run.seconds / 0.01 + 1) + 3, (stub.accepted, run.seconds)


def recovers_after_back_off(t):
    stub = stub_for(t, "close-before", every=2)
    j = load(t, "-n", "200", "-c", "1", stub.url).json
    assert j["outcomes"]["ok"] == j["outcomes"]["eof"] == 100, j["outcomes"]


def headers_are_sent(t):
    stub = stub_for(t)
    load(t, "-n", "1", "-c", "1", "-H", "X-One: 1", "--header", "X-Two:2", stub.url + "/a?b#c")
    host = stub.address.encode()
    assert stub.last_request == (b"GET /a?b HTTP/1.1\r\nHost: " + host +
                                 b"\r\nX-One: 1\r\nX-Two:2\r\n\r\n"), stub.last_request
    load(t, "-n", "1", "-c", "1", "-H", "Host: example.org", stub.url)
    assert stub.last_request == b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", stub.last_request


def payloads(t):
    for size, text in ((1, "1"), (2, "2"), (4096, "4k"), (300000, "300000"), (4 << 20, "4M")):
        stub = stub_for(t, protocol="echo", payload=size)
        j = load(t, "-n", "6", "-c", "2", "--payload", text, stub.url).json
        assert j["outcomes"]["ok"] == 6 and j["payload"] == size, (size, j["outcomes"])
        assert j["bytes_in"] == j["bytes_out"] == 6 * size


def messages_differ(t):
    """No two messages of one run may be alike, or a mix-up would pass."""
    seen = []
    stub = stub_for(t, protocol="echo")
    count = stub.count

    def note(request):
        seen.append(request)
        return count(request)
    stub.count = note
    load(t, "-n", "500", "-c", "5", "-t", "2", stub.url)
    assert len(seen) == len(set(seen)) == 500


def unread_is_not_too_late(t):
    """Stopped for longer than the timeout: the answers came in time, only nobody read them."""
    # The latter are more than one wait tells of.
    for connections in (4, 600):
        timed_out(t, 1.0, lambda ns, c=connections: unread(t, c, ns))


def unread(t, connections, timeout_ns):
    server = reference_for(t, "--delay", "200ms")
    run = Run(t, "-c", str(connections), "-d", "10h", *timeout_of(timeout_ns), server.url)
    server.until(lambda j: j["requests"] >= connections, "all have asked", run.process)
    run.stand_still()
    begin = time.monotonic()
    seen = server.until(lambda j: j["answered"] == j["requests"], "all are answered")
    late = seen["delay"]["max"] - timeout_ns / 2
    time.sleep(max(0, timeout_ns / 1e9 + 0.1 - (time.monotonic() - begin)))
    stopped = time.monotonic() - begin
    run.go_on()
    server.until(lambda j: j["requests"] >= seen["requests"] + connections, "they ask again")
    assert run.interrupt() == 0, run.err
    consistent(run.json)
    if late > 0:
        raise Disturbed(f"the server was {late / 1e6:.0f} ms late")
    o = run.json["outcomes"]
    assert o["timeout"] == 0 and o["ok"] >= connections, o
    assert run.json["latency"]["max"] >= (stopped - 0.2) * 1e9, (run.json["latency"], stopped)


def tests():
    return [named(f) for f in (exact_requests, fewer_requests_than_threads, duration_is_kept,
                               whichever_ends_first, settled_when_all_are_answered,
                               comes_up_while_others_settle, warmup_is_not_measured,
                               stalled_requests_in_flight, timeouts_are_samples,
                               latency_is_measured, one_at_a_time_starves,
                               fairness_is_by_connection,
                               failing_connections_back_off, recovers_after_back_off,
                               headers_are_sent, payloads, messages_differ,
                               unread_is_not_too_late)]
