"""A rate that changes while the run goes on: -R with steps and ramps.

How many requests there are, and which step each belongs to, follows from the schedule alone, however
late they are sent: so a run may be INVALID here, as those of open_loop.py may."""

import csv
import math
import re
import signal
import tempfile
import time

from load.open_loop import all_of, run_open, started, undisturbed
from load.run import Run, consistent, load, named, stub_for, until
from load.watcher import Watcher
from load.stub_server import answer, late

SECOND = 1_000_000_000


def integral(segments, t, lead=0.0):
    """Requests due in the first `t` seconds, of (from, to, seconds) and what is held after them."""
    last = segments[-1][1]
    total = 0.0
    for begin, end, length in [(segments[0][0], segments[0][0], lead), *segments, (last, last, 1e9)]:
        part = min(t, length)
        if part > 0:
            total += part * (begin + (end - begin) * part / length / 2)
        t -= part
    return total


def due_between(segments, begin, end, lead=0.0):
    """The whole numbers k with begin <= t(k) < end: figures here are chosen so that no k falls on
    an end by rounding."""
    up_to = [math.ceil(round(integral(segments, x, lead), 6)) for x in (begin, end)]
    return up_to[1] - up_to[0]


def check_steps(j):
    """What must be true of every report with steps."""
    steps, o = j["steps"], j["outcomes"]
    assert sum(s["scheduled"] for s in steps) == j["scheduled"]
    for name in ("ok", "timeout", "reset", "refused", "eof", "corrupt", "non_2xx"):
        assert sum(s[name] for s in steps) == o[name], name
    assert sum(s["left"] for s in steps) == o["in_flight"] + o["unsent"]
    assert sum(s["response_time"]["count"] for s in steps if s["response_time"]) == \
        j["response_time"]["count"]
    longest = [s["response_time"]["max"] for s in steps if s["response_time"]]
    if longest:
        assert max(longest) == j["response_time"]["max"]
    assert steps[0]["begin_ns"] == 0 and steps[-1]["end_ns"] == j["window_ns"], steps[-1]
    for a, b in zip(steps, steps[1:]):
        assert a["end_ns"] == b["begin_ns"] > a["begin_ns"]
    for s in steps:
        assert s["left"] == s["scheduled"] - sum(s[name] for name in (
            "ok", "timeout", "reset", "refused", "eof", "corrupt", "non_2xx")) >= 0


def ramp_is_scheduled_exactly(t):
    """Its integral, however many threads."""
    segments = [(100, 300, 1.0)]
    for threads in ("1", "3"):
        stub = stub_for(t)
        j = run_open(t, "-R", "100..300/1s", "-c", "6", "-t", threads, stub.url).json
        assert j["scheduled"] == 200 == stub.requests and j["outcomes"] == all_of(j)
        assert j["window_ns"] == SECOND, "without -d it lasts as long as the profile"
        assert j["rate_asked"] == 200 and j["arrival"] == "constant"
        assert j["rate_profile"] == [{"from": 100, "to": 300, "length_ns": SECOND}]
        check_steps(j)
        assert len(j["steps"]) == 10
        for k, s in enumerate(j["steps"]):
            assert s["begin_ns"] == k * SECOND // 10
            assert s["scheduled"] == s["ok"] == due_between(segments, k / 10, (k + 1) / 10), s
            assert abs(s["rate_asked"] - (110 + 20 * k)) < 1e-6, s


def steps_are_scheduled_exactly(t):
    for threads in ("1", "4"):
        stub = stub_for(t)
        run = run_open(t, "-R", "40,0,80/250ms", "-c", "8", "-t", threads, stub.url)
        j = run.json
        assert stub.requests == 30 and [s["scheduled"] for s in j["steps"]] == [10, 0, 20]
        assert [s["rate_asked"] for s in j["steps"]] == [40, 0, 80]
        assert j["window_ns"] == 3 * SECOND // 4 and j["outcomes"] == all_of(j)
        check_steps(j)
        assert j["steps"][1]["response_time"] is None or \
            j["steps"][1]["response_time"]["count"] == 0
        assert "40,0,80/250ms asked, 40.00/s on average" in run.out, run.out
        rows = re.findall(r"^ +\S+ +\S+ +([\d.]+) +([\d.]+) +(\S+) +(\S+) +(\d+) +(\d+)$", run.out,
                          re.M)
        assert [r[0] for r in rows] == ["40.00", "0.00", "80.00"], run.out
        assert all(r[2:4] == ("-", "-") for r in rows if r[0] == "0.00"), rows
        assert all(r[4:] == ("0", "0") for r in rows)


def the_last_rate_is_held(t):
    j = run_open(t, "-R", "0..100/200ms", "-d", "0.5s", "-c", "6", stub_for(t).url).json
    assert j["scheduled"] == 40 and len(j["steps"]) == 11, j["steps"]
    assert j["steps"][-1]["scheduled"] == 30 and j["steps"][-1]["rate_asked"] == 100
    check_steps(j)
    # And a window that is shorter cuts the profile.
    j = run_open(t, "-R", "100,200/300ms", "-d", "0.4s", "-c", "6", stub_for(t).url).json
    assert [s["scheduled"] for s in j["steps"]] == [30, 20]
    assert [s["end_ns"] for s in j["steps"]] == [300_000_000, 400_000_000]
    check_steps(j)


def as_many_as_asked(t):
    """-n ends it before its time."""
    stub = stub_for(t)
    j = run_open(t, "-R", "50,100/500ms", "-n", "40", "-c", "4", "-t", "2", stub.url).json
    assert j["scheduled"] == stub.requests == 40 and [s["scheduled"] for s in j["steps"]] == [25, 15]
    check_steps(j)
    stub = stub_for(t)
    j = run_open(t, "-R", "50,0/200ms", "-n", "40", "-c", "4", stub.url).json
    assert j["scheduled"] == stub.requests == 10, "it ends though there will never be 40"


def warmup_is_at_the_first_rate(t):
    segments = [(100, 300, 0.5)]
    stub = stub_for(t)
    j = run_open(t, "-R", "100..300/500ms", "--warmup", "205ms", "-c", "6", "-t", "2", stub.url).json
    assert j["scheduled"] == due_between(segments, 0.205, 0.705, lead=0.205) == 100
    until(lambda: stub.requests >= 121, "the last request of the warm-up")
    assert stub.requests == math.ceil(integral(segments, 0.705, lead=0.205)) == 121
    check_steps(j)


def poisson_follows_the_profile(t):
    """The same seed, the same arrivals; the steps differ as their rates do."""
    arguments = ("-R", "40,400/400ms", "--arrival", "poisson", "-c", "20", "-t", "2")
    found = [run_open(t, *arguments, "--seed", seed, stub_for(t).url).json
             for seed in ("1", "1", "2")]
    counts = [[s["scheduled"] for s in j["steps"]] for j in found]
    assert counts[0] == counts[1] != counts[2], counts
    for low, high in counts:  # 16 and 160 are expected: within six standard deviations
        assert low < 16 + 6 * 4 and abs(high - 160) < 6 * 12.7, counts
    for j in found:
        check_steps(j)
        assert j["outcomes"] == all_of(j)


def the_stub_sees_the_ramp(t):
    """Request k comes when the integral is k, by as much later as the generator and the stub say
    that they were."""
    stubs = []

    def run():
        stubs.append(Watcher(t))
        return run_open(t, "-R", "20..180/1s", "-c", "30", stubs[-1].url).json
    j = undisturbed(run, 20_000_000, lambda j: j["service_time"]["max"] < 20_000_000)
    at = sorted(m for c in stubs[-1].conns for m in c.requests)
    assert len(at) == 100
    margin = (j["lateness"]["max"] + j["service_time"]["max"]) / 1e9
    due = [(math.sqrt(20 * 20 + 2 * 160 * k) - 20) / 160 for k in range(100)]
    wrong = [(k, a - at[0], d) for k, (a, d) in enumerate(zip(at, due))
             if abs(a - at[0] - d) > margin + 1e-6]
    assert not wrong, (margin, wrong[:5])
    # An even rate would not pass: its middle is elsewhere by more than the margin.
    assert abs(due[50] - 0.5) > 2 * margin


def outcomes_belong_to_their_step(t):
    """The first 20 requests go well, all others fail: one connection keeps them in order."""
    stub = stub_for(t, "404")
    count = stub.count
    stub.count = lambda request: count(request) and stub.requests > 20
    run = run_open(t, "-R", "40,80/500ms", "-c", "1", stub.url)
    check_steps(run.json)
    assert [s["ok"] for s in run.json["steps"]] == [20, 0]
    assert [s["non_2xx"] for s in run.json["steps"]] == [0, 40]
    assert re.search(r" 40 +0$", run.out, re.M), run.out


def too_much_shows_in_its_step(t):
    """One connection, 50 ms an answer: 20 a second is all there can be. What comes too late is a
    long response time of the step in which it was due."""
    run = Run(t, "-R", "10,60/1s", "-c", "1", "--timeout", "30s", "--drain", "30s",
              stub_for(t, "late").url)
    assert run.finish(60) == 3, run.status
    j = run.json
    consistent(j)
    check_steps(j)
    first, second = j["steps"]
    assert first["ok"] == 10 and second["ok"] == 60
    assert second["rate_asked"] == 60 and second["rate_achieved"] <= 21, second
    # The last of 60 waits for 3 s of answers, less the 1 s in which they were due.
    assert second["response_time"]["max"] >= 59 * 50_000_000 - SECOND, second
    assert second["response_time"]["p50"] >= 29 * 50_000_000 - SECOND // 2


def slow_stub(t):
    stub = stub_for(t)
    stub.treatment = lambda conn, _: late(conn, answer(), 0.2)
    return stub


def asked_rate_in_the_series(t):
    with tempfile.TemporaryDirectory(prefix="load-rates-") as directory:
        path = directory + "/x.csv"
        j = run_open(t, "-R", "100..300/400ms,50/200ms", "-c", "6", "-t", "2", "--interval", "100ms",
                     "--csv", path, stub_for(t).url).json
        with open(path, newline="") as f:
            rows = list(csv.DictReader(f))
        asked = [float(r["rate_asked"]) for r in rows]
        assert asked[:6] == [125, 175, 225, 275, 50, 50], asked
        assert all(a == 0 for a in asked[6:]), "after the window nothing is asked"
        assert abs(sum(float(r["rate_asked"]) * float(r["interval_s"]) for r in rows[:6]) -
                   j["scheduled"]) < 1
        run = run_open(t, "-R", "200", "-d", "0.2s", "-c", "4", "--interval", "100ms", "--csv", path,
                       stub_for(t).url)
        assert run.json["rate_profile"] is None and run.json["steps"] is None
        with open(path, newline="") as f:
            assert [r["rate_asked"] for r in csv.DictReader(f)][:2] == ["200.00", "200.00"]
        # -n ends the window before its time; the answer is late, so there are rows after that.
        undisturbed(lambda: run_open(t, "-R", "100", "-n", "10", "-c", "20", "--interval", "50ms",
                                     "--csv", path, slow_stub(t).url).json, 40_000_000)
        with open(path, newline="") as f:
            rows = [float(r["rate_asked"]) for r in csv.DictReader(f)]
        assert rows[:2] == [100, 100] and len(rows) >= 4 and not any(rows[2:]), rows
        load(t, "-d", "0.2s", "-c", "2", "--interval", "100ms", "--csv", path, stub_for(t).url)
        with open(path, newline="") as f:
            assert all(r["rate_asked"] == "" for r in csv.DictReader(f)), "a closed loop asks none"


def interrupted_ramp(t):
    """What was due by then is accounted for in its steps."""
    stub = stub_for(t)
    run, _ = started(t, "-R", "50..100/600s", "-c", "8", "-t", "2", stub.url)
    while stub.requests < 20 and run.process.poll() is None:
        time.sleep(0.005)
    run.process.send_signal(signal.SIGINT)
    assert run.finish() in (0, 3), run.err
    consistent(run.json)
    check_steps(run.json)
    assert run.json["interrupted"] is True and len(run.json["steps"]) == 1
    assert run.json["steps"][0]["scheduled"] >= 20


USAGE = [
    ("1k,2k", "how long"), ("1k..2k", "how long"), ("1k/1s,2k", "last step"), ("1k..x/1s", "'x'"),
    ("1k/x", "'x'"), ("0/1s", "above 0"), ("1,,2/1s", "''"), ("1..11M/1s", "10M"),
    ("1/13h,2/13h", "24h"), (",".join(["1"] * 65) + "/1s", "64"),
]


def usage(t):
    for value, part in USAGE:
        run = load(t, "-R", value, "http://127.0.0.1:1/", status=2, json_file=False)
        assert run.err.startswith("iomodels-load: --rate: ") and part in run.err, run.err
        assert len(run.err.splitlines()) == 2, run.err
    run = load(t, "-R", "1..5/1s", "--search", "p99<1ms", "http://127.0.0.1:1/", status=2)
    assert "--search" in run.err and "1..5/1s" in run.err, run.err
    run = load(t, "-R", "1..5/1s", "--think", "1ms", "http://127.0.0.1:1/", status=2)
    assert "--think" in run.err


def tests():
    usage.__name__ = "rates_usage"
    as_many_as_asked.__name__ = "as_many_as_asked_of_a_profile"
    return [named(f) for f in (
        ramp_is_scheduled_exactly, steps_are_scheduled_exactly, the_last_rate_is_held,
        as_many_as_asked, warmup_is_at_the_first_rate, poisson_follows_the_profile,
        the_stub_sees_the_ramp, outcomes_belong_to_their_step, too_much_shows_in_its_step,
        asked_rate_in_the_series, interrupted_ramp)] + [named(usage, once=True)]
