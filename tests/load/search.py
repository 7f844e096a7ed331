"""The search for the highest rate that keeps a goal."""

import re
import time

from load.engines import EPERM, IO_URING_SETUP, refuse
from load.run import (SEVERAL, Disturbed, Run, consistent, load, named, stub_for, reference_for,
                      skip, steady, until)

# Seconds beside the wait for its end: a search makes a few dozen runs.
LONG = 10 * SEVERAL


def search(t, goal, url, *arguments, limit_ns):
    """Search, and check what is said. Goals are '<'."""
    run = Run(t, "--search", goal, *arguments, url)
    run.finish(LONG)
    assert run.json, f"exit status {run.status}: {run.err}{run.out}"
    s = run.json["search"]
    t.note([(p["rate"], p["kept"], p["value_ns"], p["verdict"]) for p in s["probes"]])
    assert s["goal"] == goal and s["interrupted"] is False
    check_probes(s, limit_ns)
    assert run.status == (1 if s["low"] is None else 0), f"exit status {run.status}: {run.err}"
    return run, s


def check_probes(s, limit_ns):
    """Each probe is judged by its value and verdict, each rate by a majority, and the interval is
    what the probes say."""
    rates = {}
    for p in s["probes"]:
        rates.setdefault(p["rate"], []).append(p["kept"])
        good = p["value_ns"] is not None and p["value_ns"] < limit_ns
        assert p["kept"] == (good and p["verdict"] not in ("INVALID", "FAILED")), p
    kept = [r for r, k in rates.items() if sum(k) >= 2]
    lost = [r for r, k in rates.items() if len(k) - sum(k) >= 2]
    assert sorted(kept + lost) == sorted(rates), f"a rate was not decided: {rates}"
    assert all(2 <= len(k) <= 3 for k in rates.values()), rates
    assert s["low"] == (max(kept) if kept else None), (s["low"], kept)
    assert s["high"] == (min(lost) if lost else None), (s["high"], lost)


KNEE_NS = 40_000_000


def keeps(t, rate, *arguments):
    """The same rate without --search: is it kept?"""
    run = Run(t, "-R", str(rate), *arguments)
    run.finish()
    value = run.json["response_time"]["p90"]
    t.note(f"without --search: {rate}/s, p90 {value}, {run.json['verdict_reason']}")
    return run.status == 0 and value < KNEE_NS


def finds_the_knee(t):
    """One connection, 25 ms an answer: 40 a second is the most there can be. Above it the queue
    grows all the time, so the response time does; but in 0.25 s, of which the k-th request waits
    (k - 1) (25 ms - 1/R), not by enough to tell before 42.8/s. Noise can only lower what is found.
    Where a probe below the knee is INVALID the generator itself says that it was late. Else the
    rate that was lost is tried without --search. Where that is lost too it was the machine; if it
    is kept, time and again, --search is wrong."""
    arguments = ("-c", "1", "-d", "0.25s", reference_for(t, "--delay", "25ms").url)
    noisy = False
    for _ in range(3):
        run, s = search(t, "p90<40ms", arguments[-1], "-R", "20", *arguments[:-1],
                        limit_ns=KNEE_NS)
        if s["low"] and s["low"] >= 39:
            break
        late = any(p["rate"] < 39 and p["verdict"] == "INVALID" for p in s["probes"])
        noisy = late or not keeps(t, s["high"], *arguments) or noisy
    else:
        if noisy:
            skip("inconclusive: this machine is too busy to send on time")
    assert s["low"] and 39 <= s["low"] < s["high"] <= 44, (s["low"], s["high"])
    assert s["high"] <= 1.021 * s["low"], "not narrow enough"
    consistent(run.json)
    assert run.json["mode"] == "open" and run.json["rate_asked"] == s["low"], "not that of the best"
    assert re.search(r"p90<40ms is kept at [\d.]+ requests/s, not at [\d.]+", run.out), run.out
    assert len(re.findall(r"^ .*/s .* kept", run.out, re.M)) == len(s["probes"]), run.out


def begins_with_a_closed_loop(t):
    """The first rate is half of what the closed loop made, by the same account."""
    steady(t, 0.05, lambda: begins(t))


def begins(t):
    stub = stub_for(t, "late")
    run = Run(t, "--search", "mean<10s", "-c", "2", "-d", "1.2s", "--drain", "0s", stub.url)
    told = run.process.stdout.readline()
    while "kept" not in told:  # the first probe
        more = run.process.stdout.readline()
        assert more, told
        told += more
    run.interrupt()
    loop = float(re.search(r"closed loop: ([\d.]+) requests/s", told)[1])
    probes = run.json["search"]["probes"]
    assert 0 < loop <= 2 * 1000 / 50 and abs(probes[0]["rate"] - loop / 2) <= 0.1, (loop, probes)


def goal_never_kept(t):
    """50 ms an answer, and a goal of 1 ms: down to the lowest rate, none keeps it."""
    stub = stub_for(t, "late")
    run, s = search(t, "p50<1ms", stub.url, "-c", "2", "-R", "8", "-d", "0.3s",
                    limit_ns=1_000_000)
    assert s["low"] is None and s["high"] == min(p["rate"] for p in s["probes"])
    assert "at no rate" in run.out, run.out
    assert all(p["value_ns"] is None or p["value_ns"] >= 50_000_000 for p in s["probes"])


def interrupted(t):
    stub = stub_for(t)
    run = Run(t, "--search", "p99<10s", "-c", "2", "-R", "20", "-d", "0.4s", stub.url)
    until(lambda: stub.requests >= 12, "12 requests", run.process)
    run.interrupt()
    s = run.json["search"]
    assert s["interrupted"] is True and "(interrupted)" in run.out


def interrupted_in_a_drain(t):
    """The answers that are waited for never come, and no further rate is tried."""
    stub = stub_for(t, "stall")
    run = Run(t, "--search", "p99<10s", "-c", "2", "-R", "20", "-d", "0.2s", "--drain", "1h", stub.url)
    until(lambda: stub.requests == 2, "2 requests", run.process)
    time.sleep(1)  # by then the drain has begun, most likely; in the window the same is right
    run.interrupt()
    assert stub.requests == 2 and run.json["search"]["interrupted"] is True, run.json["search"]


def server_dies(t):
    """In the middle of a search: it ends, and what was found by then is told and written. Where
    nothing is sent on time, that may be the end of the search by itself."""
    steady(t, 0.05, lambda: server_dies_in_search(t))


def server_dies_in_search(t):
    stub = stub_for(t)
    run = Run(t, "--search", "p99<10s", "-c", "2", "-R", "20", "-d", "0.2s", stub.url)
    until(lambda: stub.requests >= 20, "20 requests", run.process)
    stub.close()
    assert run.finish() == 1
    s = run.json["search"]
    if not s["interrupted"] and s["low"] is None:
        raise Disturbed("the search had ended by itself: no rate was sent on time")
    assert run.err.count("\n") == 1 and "cannot connect to " + stub.address in run.err, run.err
    assert s["interrupted"] is True and s["probes"], s
    # At some rate, or, where the machine is too busy to send on time, at none.
    assert "p99<10s is kept at " in run.out, run.out
    run = load(t, "--search", "p99<10s", "-c", "2", "-R", "5", "-d", "0.3s", stub.url, status=1)
    assert run.json is None and run.err.count("\n") == 1 and stub.address in run.err, run.err


def one_line_for_the_engine(t):
    """That io_uring is not used is said once, not for each probe."""
    run = Run(t, "--search", "p99<10s", "-c", "1", "-R", "20", "-d", "20ms", stub_for(t).url,
              preexec=refuse(IO_URING_SETUP, EPERM))
    run.finish(LONG)
    assert len(run.json["search"]["probes"]) >= 2 and run.json["engine"] == "epoll"
    assert run.err.count("\n") == 1 and "using epoll" in run.err, run.err


USAGE = [
    (["--search", "p98<1ms"], "p98<1ms"), (["--search", "p99"], "p99"),
    (["--search", "p99>1ms"], "p99>1ms"), (["--search", "p99<fast"], "p99<fast"),
    (["--search", "p99<0"], "p99<0"), (["--search", "p99<1ms", "-n", "5"], "--requests"),
    (["--search", "p99<1ms", "--hold"], "--hold"),
    (["--search", "p99<1ms", "--interval", "1s", "--csv", "/tmp/x"], "--csv"),
    (["--search", "p99<1ms", "--think", "1ms"], "--think"),
]


def usage(t):
    for arguments, part in USAGE:
        run = Run(t, *arguments, "http://127.0.0.1:1/")
        assert run.finish() == 2 and part in run.err.splitlines()[0], (arguments, run.err)


def tests():
    found = [named(f, limit=2 * LONG) for f in (begins_with_a_closed_loop, goal_never_kept)]
    found.append(named(finds_the_knee, limit=6 * LONG, once=True, last=True))
    usage.__name__ = "search_usage"
    interrupted.__name__ = "search_interrupted"
    return found + [named(interrupted), named(interrupted_in_a_drain), named(server_dies),
                    named(one_line_for_the_engine, limit=2 * LONG, once=True),
                    named(usage, once=True)]
