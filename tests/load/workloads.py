"""How connections are used: --pipeline, --requests-per-connection, --close, --think, --null."""

import shutil
import statistics
import tempfile

from load.engines import refuse
from load.outcomes import UNANNOUNCED, timeout_of
from load.run import (Run, consistent, load, named, stub_for, settings, skip, steady,
                      timed_out, unanswered, until_right)
from load.watcher import Watcher
from load.stub_server import answer, late, send


CONNECT, EADDRNOTAVAIL = 42, 99
TRIES = 4


def only(j, **expected):
    assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | expected, j["outcomes"]


def pipeline_fills_a_connection(t):
    """The stub answers only when so many requests are there: with fewer nothing would come."""
    for depth in (2, 7, 64):
        stub = Watcher(t, gather=depth)
        j = load(t, "-c", "1", "-n", str(depth * 10), "--pipeline", str(depth), stub.url).json
        only(j, ok=depth * 10)
        assert len(stub.conns) == 1 and stub.conns[0].most == depth, stub.conns[0].most
        assert j["pipeline"] == depth
    stub = Watcher(t)
    only(load(t, "-c", "1", "-n", "50", stub.url).json, ok=50)
    assert stub.conns[0].most == 1, "requests are pipelined though nobody asked for it"


def pipeline_in_few_calls(t):
    """The requests that a batch of answers gives rise to go out in one call."""
    stub = Watcher(t, gather=16)
    j = load(t, "-c", "1", "-n", "320", "--pipeline", "16", stub.url).json
    calls = j["generator"]["syscalls"]
    # And a wait now and then, where it takes longer.
    assert calls["send"] + calls["io_uring_enter"] <= 2 * 20 + 20 + j["window_ns"] / 20e6, calls


def timeouts_in_a_pipeline(t):
    """Answers come every 50 ms, the eighth never: the three behind it end with it, and none of them
    has waited as long as the timeout says."""
    def check(ns):
        stub = stub_for(t, "stall", every=8)
        stub.treatments = stub.treatments | {"ok": stub.treatments["late"]}
        j = load(t, "-c", "1", "-n", "11", "--pipeline", "4", *timeout_of(ns), stub.url).json
        only(j, ok=7, timeout=4)
        ages = [high for _, high, n in j["histogram"]["buckets"] for _ in range(n)][-4:]
        assert j["latency"]["max"] == ns, j["latency"]
        return ns - ages[0]

    def younger(ns):
        # Sent 50 ms one after another: about, for answers may be read in a bunch.
        found = until_right(lambda: check(ns), lambda ns: ns > 10_000_000)
        assert found[-1] > 10_000_000, found
    timed_out(t, 0.4, lambda ns: steady(t, 0.01, lambda: younger(ns)))


def pipelined_answers_in_pieces(t):
    for pieces in ([1], [3, 1, 7], [1000, 1], None):
        stub = Watcher(t, gather=8, pieces=pieces)
        only(load(t, "-c", "1", "-n", "80", "--pipeline", "8", stub.url).json, ok=80)
        stub = Watcher(t, gather=8, pieces=pieces, payload=50)
        only(load(t, "-c", "1", "-n", "80", "--pipeline", "8", "--payload", "50", stub.url).json,
             ok=80)


def pipelined_sends_that_do_not_fit(t):
    """Echo tells whether a byte was overtaken by another."""
    # 16 times 15,000: a send through the ring that takes more than a Unix-domain socket does.
    for size, family in ((15_000, "unix"), (200_000, "unix"), (64, "unix"), (262_144, "tcp4"),
                         (1 << 20, "tcp4")):
        stub = stub_for(t, "ok", "echo", payload=size, family=family)
        j = load(t, "-c", "2", "-n", "64", "--pipeline", "16", "--payload", str(size),
                 stub.url).json
        only(j, ok=64)
        assert j["bytes_in"] == j["bytes_out"] == 64 * size
        calls = j["generator"]["syscalls"]
        assert size != 15_000 or calls["eagain"] > 0, "they all fitted: nothing was tested"
    for size in (1000, 40_000):
        stub = Watcher(t, payload=size, pause=0.002)
        j = load(t, "-c", "1", "-n", "600", "--pipeline", "200", "--payload", str(size),
                 stub.url).json
        only(j, ok=600)
        assert j["bytes_out"] == 600 * size


def pipelined_requests_time_out(t, ns):
    stub = Watcher(t, gather=4, answers=2, after="stall")
    j = load(t, "-c", "1", "-n", "4", "--pipeline", "4", *timeout_of(ns), stub.url).json
    only(j, ok=2, timeout=2)
    assert j["latency"]["count"] == 4 and j["latency"]["max"] == ns


def pipelined_requests_are_lost_together(t):
    """Two of four are answered and the connection is closed: the others have ended so too."""
    stub = Watcher(t, gather=4, answers=2, after="close")
    j = load(t, "-c", "1", "-n", "4", "--pipeline", "4", stub.url).json
    only(j, ok=2, eof=2)
    timed_out(t, 0.4, lambda ns: pipelined_requests_time_out(t, ns))
    for mode, outcome in (("garbage", "corrupt"), ("reset", "reset")):
        stub = stub_for(t, mode, every=3)
        j = load(t, "-c", "1", "-n", "3", "--pipeline", "3", stub.url).json
        assert j["outcomes"]["ok"] == 2 and j["outcomes"][outcome] == 1, j["outcomes"]
    # One answer more than there were requests is no answer to a later one, also where that is
    # already being sent.
    stub = Watcher(t, gather=2, extra=1)
    j = load(t, "-c", "1", "-n", "9", "--pipeline", "2", stub.url).json
    only(j, ok=7, corrupt=2)
    stub = stub_for(t, "twice", every=3)
    j = load(t, "-c", "1", "-n", "3", "--pipeline", "3", stub.url).json
    only(j, ok=2, corrupt=1)


def pipelined_until_the_stub_says_close(t):
    """What was sent after a request whose answer ends the connection ends with it."""
    stub = stub_for(t, "close-after", every=2)
    j = load(t, "-c", "1", "-n", "2", "--pipeline", "2", stub.url).json
    only(j, ok=2)
    stub = stub_for(t, "close-after", every=5)
    j = load(t, "-c", "1", "-n", "100", "--pipeline", "4", stub.url).json
    o = j["outcomes"]
    assert o["ok"] + o["eof"] + o["reset"] == 100 and o["ok"] >= 40 and o["eof"] > 0, o


def flood(conn, _request):
    """Answer after answer, whatever is asked for: together they fill the client's buffer. Many in one
    send: one by one the client could keep up with this stub."""
    data = answer(b"x" * 60_000) * 16
    while not conn.stub.stopping.is_set():
        conn.send(data)


def answers_ahead_of_pipelined_requests(t):
    """What comes before its request was sent is no answer to it, however much of it there is."""
    for depth in (2, 3):
        for _ in range(TRIES):
            stub = stub_for(t)
            stub.treatment = flood
            j = load(t, "-c", "2", "-n", "200", "--pipeline", str(depth), stub.url).json
            o = j["outcomes"]
            assert o["ok"] + o["corrupt"] + o["reset"] == 200 + j["unsolicited"], o
            if o["corrupt"] > 0:
                break
        assert o["corrupt"] > 0, f"{o}: the client kept up with a stub that waits for nothing"


def requests_per_connection(t):
    for limit, depth in ((1, 1), (3, 1), (6, 3)):
        stub = Watcher(t)
        j = load(t, "-c", "4", "-t", "2", "-n", "240", "--requests-per-connection", str(limit),
                 "--pipeline", str(depth), stub.url).json
        only(j, ok=240)
        stub.wait_for_ends()
        seen = sorted(len(c.requests) for c in stub.conns)
        assert seen[-1] == limit, f"{seen[-1]} requests on a connection"
        assert sum(seen) == 240 and seen.count(limit) >= 240 / limit - 8, seen
        # What connects up front does so before the window.
        assert 240 / limit - 8 <= j["connects"] <= 240 / limit, (j["connects"], limit)
        assert j["connect_time"]["count"] in range(j["connects"] - 8, j["connects"] + 1)
        assert j["first_byte"]["count"] in range(240 - 4, 241)
        assert 0 < j["connect_time"]["p50"] and 0 < j["first_byte"]["p50"]
    j = load(t, "-c", "2", "-n", "20", Watcher(t).url).json
    assert j["connect_time"] is None and j["first_byte"] is None and j["connects"] == 0


def slow_tail(conn, _request):
    send(conn, answer()[:-5])
    return late(conn, answer()[-5:], 0.05)


def first_byte_is_before_the_last(t):
    def check():
        stub = stub_for(t)
        stub.treatment = slow_tail
        j = load(t, "-c", "1", "-n", "6", "--requests-per-connection", "2", stub.url).json
        only(j, ok=6)
        assert j["latency"]["min"] >= 50_000_000 > j["first_byte"]["p50"], j["first_byte"]
    steady(t, 0.02, check)


def no_local_port_is_told(t):
    """connect() fails so when all local ports to this stub are in use."""
    run = load(t, "-c", "2", "-n", "4", stub_for(t).url, status=1,
               preexec=refuse(CONNECT, EADDRNOTAVAIL))
    assert "cannot connect" in run.err and "no free local port" in run.err, run.err


def closed_as_asked(t):
    for how in ("fin", "rst"):
        stub = Watcher(t)
        j = load(t, "-c", "2", "-n", "40", "--requests-per-connection", "2", "--close", how,
                 stub.url).json
        only(j, ok=40)
        assert j["close"] == how
        stub.wait_for_ends()
        ends = [c.end for c in stub.conns]
        assert set(ends) == {how}, ends


def think_pauses(t):
    stub = Watcher(t)
    j = load(t, "-c", "3", "-n", "30", "--think", "20ms", stub.url).json
    only(j, ok=30)
    # The stub noted each answer before it sent it, and each request when it had come.
    gaps = [b - a for c in stub.conns for a, b in zip(c.answered, c.requests[1:])]
    assert len(gaps) == 27 and min(gaps) >= 0.02, min(gaps)
    assert 30 * j["latency"]["mean"] <= 3 * j["window_ns"] - 27 * 20_000_000, \
        "the pause is not part of the latency"
    assert j["think_ns"] == 20_000_000


def think_exponentially(t):
    def check():
        stub = Watcher(t)
        load(t, "-c", "10", "-n", "400", "--think", "10ms:exp", stub.url)
        gaps = sorted(b - a for c in stub.conns for a, b in zip(c.answered, c.requests[1:]))
        # 390 pauses with a mean of 10 ms; what is later than asked only makes them longer.
        assert 0.0075 < sum(gaps) / len(gaps), sum(gaps) / len(gaps)
        assert gaps[0] < 0.003 and gaps[-1] > 0.03, (gaps[0], gaps[-1])
    steady(t, 0.003, check)


def seed_decides_the_pauses(t):
    def gaps(seed):
        stub = Watcher(t)
        load(t, "-c", "1", "-n", "12", "--think", "40ms:exp", "--seed", seed, stub.url)
        (c,) = stub.conns
        return [b - a for a, b in zip(c.answered, c.requests[1:])]

    def distance(a, b):  # a median: a machine may stand still in one pause
        return statistics.median(abs(x - y) for x, y in zip(a, b))

    def check():
        first, again, other = gaps("1"), gaps("1"), gaps("2")
        # Of two independent pauses with that mean the difference has a median of 28 ms.
        assert distance(first, again) < 0.01 < distance(first, other), (first, again, other)
    steady(t, 0.01, check)


def first_requests_are_spread(t):
    """The connections begin one after the other, each its share of the time later."""
    def shortest_gap():
        stub = Watcher(t)
        j = load(t, "-c", "5", "-n", "5", "--think", "1h", "--spread", "500ms", stub.url).json
        only(j, ok=5)
        assert j["spread_ns"] == 500_000_000
        begun = sorted(c.requests[0] for c in stub.conns)
        return min(b - a for a, b in zip(begun, begun[1:]))

    def check():
        # Of 100 ms, a multiple of a step. One that comes late is nearer to the next one.
        found = until_right(shortest_gap, lambda gap: gap > 0.07)
        assert found[-1] > 0.07, found
    steady(t, 0.01, check)


def think_with_short_connections(t):
    """The pause is between an answer and the next request, also where that is on another
    connection; and a connection that is closed in its pause pauses no more."""
    stub = Watcher(t)
    j = load(t, "-c", "1", "-n", "10", "--think", "30ms", "--requests-per-connection", "1",
             stub.url).json
    only(j, ok=10)
    assert j["window_ns"] >= 9 * 30_000_000

    def check():
        stub = stub_for(t, "close-unannounced", every=2)
        only(load(t, "-c", "4", "-n", "40", "--think", "5ms:exp", stub.url).json, ok=40)
    steady(t, UNANNOUNCED, check)


def null_stub(t):
    """Nobody listens at the address, and nobody need."""
    for url in ([], ["http://127.0.0.1:1/x"], ["echo://127.0.0.1:1"]):
        for more in ([], ["--pipeline", "8"], ["-R", "5k"], ["-R", "5k", "--pipeline", "3"],
                     ["-R", "200k", "--pipeline", "3"],
                     ["--requests-per-connection", "3"], ["--think", "1ms"]):
            run = Run(t, "--null", "-n", "1000", "-c", "8", "-t", "2", *more, *url)
            run.finish()
            j = run.json
            consistent(j)
            only(j, ok=1000)
            assert j["engine"] == "null" and "answers from memory" in run.out
            assert j["generator"]["syscalls"]["send"] == 0
            # In an open loop all of it may come after a window of some milliseconds.
            assert j["bytes_in"] > 0 or "-R" in more
    run = Run(t, "--null", "-d", "0.2s", "-c", "4")
    if run.finish() == 1 and unanswered(run):
        skip("inconclusive: nothing was answered in so short a window")
    assert run.undisturbed_status() == 0, run.err
    assert run.json["window_ns"] == 200_000_000 and run.json["requests"] > 0


def null_makes_no_socket(t):
    strace = shutil.which("strace")
    if not strace or settings.sanitized:
        skip("no strace here, or a sanitizer")
    out = tempfile.NamedTemporaryFile(prefix="strace-", mode="r")
    t.defer(out.close)
    run = Run(t, "--null", "-n", "1000", "-c", "4",
              prefix=[strace, "-f", "-e", "trace=socket,connect,io_uring_setup,epoll_create1",
                      "-o", out.name])
    if run.finish() != 0 and "ptrace" in run.err.lower():
        skip("strace may not trace here")
    calls = [line for line in out if "(" in line and "exited" not in line]
    assert not calls, calls


USAGE = [
    (["-R", "0"], "--rate"), (["-R", "1x"], "1x"), (["-R", "2000M"], "2000M"),
    (["--arrival", "uniform", "-R", "1"], "uniform"), (["--arrival", "poisson"], "--rate"),
    (["--seed", "x"], "--seed"), (["--drain", "1s"], "--rate"),
    (["--drain", "soon", "-R", "1"], "soon"),
    (["--think", "0" * 29 + "1sx"], "1sx"), (["--think", "1ms:lin"], "1ms:lin"), (["--think", "x:exp"], "'x'"),
    (["--think", "1ms", "-R", "1"], "--think"), (["--think", "1ms", "--pipeline", "2"], "--think"),
    (["--spread", "1ms", "-R", "1"], "--spread"),
    (["--pipeline", "0"], "--pipeline"), (["--pipeline", "1025"], "1025"),
    (["--requests-per-connection", "-1"], "-1"), (["--close", "gently"], "gently"),
    (["--null", "--engine", "epoll"], "--null"),
]


def wrong_workloads(t):
    for arguments, part in USAGE:
        run = Run(t, *arguments, "http://127.0.0.1:1/", json_file=False)
        assert run.finish() == 2, f"{arguments}: exit status {run.status}"
        lines = run.err.splitlines()
        assert len(lines) == 2 and part in lines[0], f"{arguments}: {run.err}"
        assert "--help" in lines[1] and run.out == "", f"{arguments}: {run.err}"


def tests():
    return [named(f) for f in (
        pipeline_fills_a_connection, pipeline_in_few_calls, pipelined_answers_in_pieces,
        timeouts_in_a_pipeline,
        pipelined_sends_that_do_not_fit, pipelined_requests_are_lost_together,
        pipelined_until_the_stub_says_close, answers_ahead_of_pipelined_requests, requests_per_connection,
        first_byte_is_before_the_last, no_local_port_is_told, closed_as_asked, think_pauses,
        think_exponentially, seed_decides_the_pauses, first_requests_are_spread,
        think_with_short_connections)] + [
        named(f, once=True) for f in (null_stub, null_makes_no_socket, wrong_workloads)]
