"""The search for the highest rate that keeps a goal."""

import re
import signal
import time

from load_checks.run import Run, consistent, named, peer_for, settings


def search(t, goal, url, *arguments, status=0, limit=60.0):
    run = Run(t, "--search", goal, *arguments, url)
    run.finish(limit)
    assert run.status == status, f"exit status {run.status}: {run.err}{run.out}"
    s = run.json["search"]
    t.note([(p["rate"], p["kept"], p["value_ns"]) for p in s["probes"]])
    assert s["goal"] == goal and s["interrupted"] is False
    check_probes(s)
    return run, s


def check_probes(s):
    """Each rate judged by a majority, and the interval is what the probes say."""
    rates = {}
    for p in s["probes"]:
        rates.setdefault(p["rate"], []).append(p["kept"])
        assert not p["kept"] or p["verdict"] != "INVALID", p
    kept = [r for r, k in rates.items() if sum(k) >= 2]
    lost = [r for r, k in rates.items() if len(k) - sum(k) >= 2]
    assert sorted(kept + lost) == sorted(rates), f"a rate was not decided: {rates}"
    assert all(2 <= len(k) <= 3 for k in rates.values()), rates
    assert s["low"] == (max(kept) if kept else None), (s["low"], kept)
    assert s["high"] == (min(lost) if lost else None), (s["high"], lost)


def finds_the_knee(t):
    """One connection, 50 ms an answer: 20 a second is the most there can be. Above it the queue
    grows all the time, so the response time does."""
    peer = peer_for(t, "late")
    run, s = search(t, "p90<80ms", peer.url, "-c", "1", "-R", "8", "-d", "1s", "--timeout", "5s",
                    limit=200)
    assert s["high"] <= 32 and s["low"] <= 22, (s["low"], s["high"])
    late = [p for p in s["probes"] if p["rate"] <= 16 and not p["kept"]]
    assert s["low"] >= 12 or late, (s["low"], s["high"])  # late: on a noisy machine
    assert s["high"] <= 1.021 * s["low"], "not narrow enough"
    consistent(run.json)
    assert run.json["mode"] == "open" and run.json["rate_asked"] == s["low"], "not that of the best"
    assert re.search(r"p90<80ms is kept at [\d.]+ requests/s, not at [\d.]+", run.out), run.out
    assert len(re.findall(r"^ .*/s .* kept", run.out, re.M)) == len(s["probes"]), run.out


def begins_with_a_closed_loop(t):
    peer = peer_for(t, "late")
    run, s = search(t, "mean<=10s", peer.url, "-c", "2", "-d", "0.3s", "--timeout", "100ms",
                    "--drain", "0s", status=0, limit=200)
    assert re.search(r"closed loop: \d+", run.out), run.out
    first = s["probes"][0]["rate"]
    assert 5 <= first <= 20, f"half of some 40/s is not {first}"


def goal_never_kept(t):
    """50 ms an answer, and a goal of 1 ms: down to the lowest rate, none keeps it."""
    peer = peer_for(t, "late")
    run, s = search(t, "p50<1ms", peer.url, "-c", "2", "-R", "8", "-d", "0.3s", status=1)
    assert s["low"] is None and s["high"] == min(p["rate"] for p in s["probes"])
    assert "at no rate" in run.out, run.out
    assert all(p["value_ns"] is None or p["value_ns"] >= 50_000_000 for p in s["probes"])


def interrupted(t):
    peer = peer_for(t)
    run = Run(t, "--search", "p99<10s", "-c", "2", "-R", "20", "-d", "0.4s", peer.url)
    deadline = time.monotonic() + 20 * settings.slow_factor
    while peer.requests < 12:
        assert time.monotonic() < deadline, "it does not begin"
        time.sleep(0.02)
    run.process.send_signal(signal.SIGINT)
    run.finish()
    s = run.json["search"]
    assert s["interrupted"] is True and "(interrupted)" in run.out
    assert run.seconds < 15 * settings.slow_factor


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
    found = [named(f, limit=220) for f in (finds_the_knee, begins_with_a_closed_loop,
                                           goal_never_kept)]
    usage.__name__ = "search_usage"
    interrupted.__name__ = "search_interrupted"
    return found + [named(interrupted, limit=40), named(usage, once=True)]
