"""The open loop: what is due is sent, counted in exactly one class, and timed from when it was due.

Where the machine gives the generator or the stub no CPU for a while, the schedule slips or is not
kept, and the generator must say so: exit status 3. That is allowed here but where a test is about
the verdict; the counts must be exact all the same, so there is much time for the drain. Where only
the timing tells whether something is right, a run that was disturbed is made again, and after some
of those the test is inconclusive."""

import os
import re
import time

from load.engines import EPERM, refuse
from load.outcomes import BAD_ECHO, BAD_HTTP, timeout_of, with_timeouts
from load.run import (Disturbed, Run, case, consistent, load, load_until, named, stub_for,
                      read_lines, skip, steady, timed_out, until)
from load.watcher import Watcher
from load.stub_server import answer, late

EPOLL_PWAIT2 = 441


def run_open(t, *arguments, **more):
    """A run in which every request that is due is sent, in time or not."""
    run = Run(t, *arguments, **more)
    run.finish()
    t.note(f"{run.json and run.json['verdict_reason']} {run.json and run.json['outcomes']}")
    assert run.status == 0 or run.status == 3 and run.json["outcomes"]["unsent"] == 0, run.err
    consistent(run.json)
    assert run.json["mode"] == "open"
    return run


def undisturbed(function, limit_ns, quick=lambda j: True, tries=4):
    """The JSON of the first run, made by `function`, in which no request was sent later than so and
    the stub was `quick`."""
    for _ in range(tries):
        j = function()
        if j["lateness"]["max"] <= limit_ns and quick(j):
            return j
    return skip(f"inconclusive: requests were late by up to {j['lateness']['max'] / 1e6:.1f} ms")


def all_of(j):
    return dict.fromkeys(j["outcomes"], 0) | {"ok": j["scheduled"]}


def scheduled_exactly(t):
    """Rate times window, however many threads; nothing before and nothing after."""
    for threads in ("1", "3"):
        stub = stub_for(t)
        j = run_open(t, "-R", "400", "-d", "0.5s", "-c", "6", "-t", threads, stub.url).json
        assert j["scheduled"] == 200 and j["outcomes"] == all_of(j), j["outcomes"]
        assert stub.requests == 200 and j["window_ns"] == 500_000_000
        assert j["rate_asked"] == 400 and j["arrival"] == "constant"
        assert j["rate_delivered"] <= 400
        # One that had to wait for a connection may be in time and after the end.
        if j["verdict"] == "ok" and j["queue"]["waited"] == 0:
            assert j["rate_delivered"] >= 0.97 * 400, j["rate_delivered"]


def rate_is_of_all_threads(t):
    j = run_open(t, "-R", "0.4k", "-d", "250ms", "-c", "8", "-t", "4", stub_for(t).url).json
    assert j["scheduled"] == 100, j["scheduled"]


def as_many_as_asked(t):
    """-n: so many are scheduled, and that ends the window before its time."""
    for threads in ("1", "4"):
        for arrival in ("constant", "poisson"):
            stub = stub_for(t)
            j = run_open(t, "-R", "1k", "-n", "101", "-d", "10h", "-c", "8", "-t", threads,
                         "--arrival", arrival, stub.url).json
            assert j["scheduled"] == stub.requests == 101 and j["outcomes"] == all_of(j)
            if arrival == "constant":
                assert j["window_ns"] >= 100_000_000, j["window_ns"]
    stub = stub_for(t)
    j = run_open(t, "-R", "1k", "-n", "2", "-c", "8", "-t", "4", stub.url).json
    assert j["scheduled"] == stub.requests == 2


def seed_decides_the_arrivals(t):
    stub = stub_for(t)
    arguments = ("-R", "1k", "--arrival", "poisson", "-d", "0.2s", "-c", "8")
    found = [run_open(t, *arguments, "--seed", seed, stub.url).json
             for seed in ("1", "1", "2", "3", "4")]
    counts = [j["scheduled"] for j in found]
    assert counts[0] == counts[1] and len(set(counts)) > 1, counts
    assert [j["seed"] for j in found] == [1, 1, 2, 3, 4]
    assert found[0]["arrival"] == "poisson"
    default = run_open(t, *arguments, stub.url).json
    assert default["scheduled"] == counts[0], "the seed is 1 by default"


def warmup_is_not_counted(t):
    stub = stub_for(t)
    j = run_open(t, "-R", "200", "--warmup", "0.3s", "-d", "0.2s", "-c", "4", stub.url).json
    assert j["scheduled"] == 40 and j["outcomes"] == all_of(j)
    until(lambda: stub.requests >= 100, "the last request of the warm-up")
    assert stub.requests == 100, stub.requests


def longest_idle_first(t):
    j = undisturbed(lambda: run_open(t, "-R", "100", "-n", "40", "-c", "8", stub_for(t).url).json,
                    5_000_000, lambda j: j["service_time"]["max"] < 5_000_000)
    assert j["fairness"]["min"] == j["fairness"]["max"] == 5, j["fairness"]


def latency_counts_from_when_it_was_due(t):
    """One connection, 50 ms an answer, a request each 25 ms: the n-th waits n times 25 ms."""
    steady(t, 0.01, lambda: latency_of_those_that_wait(t))


def latency_of_those_that_wait(t):
    stub = stub_for(t, "late")
    run = run_open(t, "-R", "40", "-n", "10", "-c", "1", stub.url)
    j = run.json
    assert j["outcomes"] == all_of(j)
    assert j["service_time"]["min"] >= 50_000_000
    assert j["response_time"]["max"] >= 50_000_000 + 9 * 25_000_000, j["response_time"]
    assert j["response_time"]["mean"] >= 50_000_000 + 4.5 * 25_000_000
    assert j["lateness"]["max"] >= 9 * 25_000_000
    # Nine found the connection busy; none of that is the generator's fault.
    if j["queue"]["waited"] < 9 and j["own_lateness"]["max"] > 10_000_000:
        raise Disturbed(f"late by {j['own_lateness']['max'] / 1e6:.1f} ms")
    assert j["queue"]["waited"] == 9 and 4 <= j["queue"]["max"] <= 9, j["queue"]
    assert 1.5 < j["queue"]["mean"] <= j["queue"]["max"], j["queue"]
    assert j["lateness"]["p50"] >= 4 * 25_000_000, j["lateness"]
    assert "found no idle connection" in run.out


def rate_beyond_capacity(t):
    """40 a second can be served."""
    stub = stub_for(t, "late")
    run = Run(t, "-R", "1k", "-d", "0.5s", "-c", "2", "--drain", "1.5s", stub.url)
    run.finish()
    assert run.status == 3, run.status
    j = run.json
    consistent(j)
    assert j["scheduled"] == 500 and j["outcomes"]["unsent"] > 400, j["outcomes"]
    assert j["verdict"] == "INVALID" and "was not sent" in j["verdict_reason"]
    assert "INVALID" in run.out and "unsent" in run.out and j["verdict_reason"] in run.out
    # All of it is sent in the end, but much too late.
    run = Run(t, "-R", "200", "-d", "0.2s", "-c", "2", "--drain", "1h", stub.url)
    run.finish()
    assert run.status == 3, run.status
    consistent(run.json)
    assert run.json["outcomes"] == all_of(run.json)
    assert "rate was not delivered" in run.json["verdict_reason"], run.json["verdict_reason"]
    assert run.json["rate_delivered"] < 100


def drain_is_bounded(t):
    def check():
        stub = stub_for(t, "stall", every=2)
        run = Run(t, "-R", "100", "-d", "0.2s", "-c", "30", "--drain", "2s", stub.url)
        run.finish()
        j = run.json
        consistent(j)
        assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"ok": 10, "in_flight": 10}
        assert j["drain"]["left"] == 10 and j["drain"]["limit_ns"] == 2_000_000_000
        assert 2_000_000_000 <= j["drain"]["took_ns"] <= run.seconds * 1e9
        assert j["oldest_in_flight_ns"] > 2_000_000_000
        assert re.search(r"Drain .*10 left", run.out) and re.search(r"In flight +10 ", run.out)
    steady(t, 0.2, check)


def drain_lets_end_what_is_due(t):
    """Answers that come after the window still count, and it is over when they are there."""
    stub = stub_for(t, "late")
    run = run_open(t, "-R", "200", "-d", "0.1s", "-c", "40", "--drain", "1h", stub.url)
    j = run.json
    assert j["outcomes"] == all_of(j) and j["scheduled"] == 20
    assert 0 < j["drain"]["took_ns"] <= run.seconds * 1e9
    assert j["drain"]["left"] == 0 and j["requests_per_second"] < 200


def timeouts_end_within_the_drain(t):
    """Without --drain there is time for a request that was sent last thing in the window."""
    def check():
        stub = stub_for(t, "stall")
        run = Run(t, "-R", "100", "-d", "0.3s", "-c", "60", "--timeout", "400ms", stub.url)
        run.finish()
        j = run.json
        consistent(j)
        assert j["drain"]["limit_ns"] == 540_000_000, j["drain"]
        late = j["drain"]["took_ns"] > 545_000_000  # inconclusive: too late to see a timeout in it
        if late or j["lateness"]["max"] > 50_000_000:
            raise Disturbed("the generator was late")
        assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"timeout": 30}, j["outcomes"]
    steady(t, 0.05, check)


def timeouts_say_at_least(t):
    def check(ns):
        stub = stub_for(t, "stall", every=4)
        j = run_open(t, "-R", "100", "-n", "20", "-c", "20", *timeout_of(ns), "--drain", "1h",
                     stub.url).json
        assert j["outcomes"]["timeout"] == 5 and j["outcomes"]["ok"] == 15, j["outcomes"]
        assert j["response_time"]["count"] == j["service_time"]["count"] == 20
        assert j["response_time"]["max"] >= ns <= j["service_time"]["p90"]
    timed_out(t, 0.4, check)


def faults(mode, protocol, expect):
    """One request in five goes wrong. The sum is checked by the program and by consistent()."""
    outcome, _ = expect

    def check(t, timeout_ns=None):
        stub = stub_for(t, mode, protocol, every=5, sound=12)
        j = run_open(t, "-R", "400", "-n", "52", "-c", "12", "-t", "2", "--drain", "1h",
                     *timeout_of(timeout_ns), stub.url).json
        o = j["outcomes"]
        assert stub.faults == 8 and o[outcome] == 8 and o["ok"] == 44, o
    return with_timeouts(check) if outcome == "timeout" else check


def refused_requests(t):
    """The stub stops listening and closes: what then finds no connection is refused or unsent."""
    def check():
        stub = stub_for(t, "refuse", every=10)
        run = Run(t, "-R", "100", "-d", "0.6s", "-c", "2", "--drain", "2s", stub.url)
        run.finish()
        assert run.status == 3
        consistent(run.json)
        o = run.json["outcomes"]
        assert run.json["scheduled"] == 60 and o["refused"] >= 1 and o["unsent"] > 0, o
        assert "refused" in run.json["reasons"]["refused"].lower()
    steady(t, 0.05, check)


def unasked_answers_are_not_scheduled(t):
    def check():
        stub = stub_for(t, "unasked")
        run = Run(t, "-R", "0.5", "-n", "1", "-c", "3", stub.url)
        run.finish()
        consistent(run.json)
        # They come within the window of 2 s, or are not counted.
        assert run.json["unsolicited"] == 2, run.json["unsolicited"]
        assert run.json["outcomes"] == all_of(run.json), run.json["outcomes"]
    steady(t, 0.03, check)


def pipelined(t):
    """One connection that may carry four: the fifth waits."""
    stub = Watcher(t, gather=4)
    j = run_open(t, "-R", "100", "-n", "40", "-c", "1", "--pipeline", "4", stub.url).json
    assert j["outcomes"] == all_of(j) and stub.conns[0].most == 4


def idle_before_busy(t):
    """One of two connections never answers: the other one gets everything else. Each answer is to
    be there before the next request is due, 50 ms later, or both are busy."""
    def run():
        stub = stub_for(t, "stall")
        count = stub.count
        stub.count = lambda request: count(request) and stub.next_number() == 1
        return run_open(t, "-R", "20", "-n", "12", "-c", "2", "--pipeline", "4", "--timeout", "5s",
                        "--drain", "20s", stub.url).json
    # What never comes has waited for seconds.
    j = undisturbed(run, 20_000_000, lambda j: not any(
        25_000_000 <= high < 4_000_000_000 for _, high, _ in j["histograms"]["service_time"]["buckets"]))
    assert j["outcomes"]["timeout"] == 1 and j["outcomes"]["ok"] == 11, j["outcomes"]


def short_connections(t):
    stub = Watcher(t)
    j = run_open(t, "-R", "300", "-n", "90", "-c", "6", "--requests-per-connection", "3",
                 stub.url).json
    assert j["outcomes"] == all_of(j)
    assert max(len(c.requests) for c in stub.conns) == 3 and len(stub.conns) >= 30


def settles_first(t):
    stub = stub_for(t)
    j = run_open(t, "-R", "200", "-n", "20", "-c", "4", "--settle", "1h", stub.url).json
    assert j["settled"] == 4 and j["outcomes"] == all_of(j) and stub.requests == 24


def started(t, *arguments):
    """A run whose window has opened."""
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, *arguments[:-1], "--events-fd", str(into), arguments[-1], pass_fds=[into])
    os.close(into)
    assert read_lines(out, 2)[1] == "start"
    return run, out


def stop_and_go(t, stub, *arguments):
    """The JSON of a run that is stopped by a signal for 0.4 s in its window."""
    run, _ = started(t, *arguments, stub.url)
    until(lambda: stub.requests >= 5, "requests", run.process)
    run.stand_still()
    time.sleep(0.4)
    run.go_on()
    run.finish()
    assert run.status == 3, run.status
    consistent(run.json)
    return run.json


def stopped_generator(t):
    """Stopped by a signal, it says that its schedule slipped."""
    def check():
        j = stop_and_go(t, stub_for(t), "-R", "200", "-d", "1s", "-c", connections)
        assert j["scheduled"] == 200 and j["outcomes"] == all_of(j), j["outcomes"]
        assert j["verdict"] == "INVALID", j["verdict_reason"]
        # Or, where the machine makes more of it late: "the asked rate was not delivered".
        assert "late" in j["verdict_reason"], j["verdict_reason"]
        assert 350_000_000 < j["own_lateness"]["max"] <= j["lateness"]["max"]
        assert j["response_time"]["max"] > 350_000_000
    for connections in ("1", "20"):
        steady(t, 0.05, check)


def stopped_while_the_answer_came(t):
    """Nobody knows when the answer came, so none of that time is held against the server: the one
    connection was busy when the generator was stopped, and yet it was late by its own fault."""
    def check():
        j = stop_and_go(t, stub_for(t, "late"), "-R", "40", "-d", "0.8s", "-c", "1")
        assert 300_000_000 < j["own_lateness"]["max"] < j["lateness"]["max"]
    steady(t, 0.05, check)


def interrupted(t):
    stub = stub_for(t, "late")
    run = load_until(t, lambda: stub.requests >= 60, "60 requests", "-R", "200", "-c", "40", "-t",
                     "2", stub.url, status=None)
    j = run.json
    assert j["interrupted"] is True and j["outcomes"]["ok"] > 0
    assert j["window_ns"] <= run.seconds * 1e9
    assert stub.requests <= j["started"] <= j["scheduled"] <= 200 * run.seconds, j["scheduled"]


def drain_ended_by_signal(t):
    stub = stub_for(t, "stall", every=5)
    run, out = started(t, "-R", "100", "-d", "0.2s", "-c", "30", "--drain", "1h", stub.url)
    assert read_lines(out, 1) == ["end"]
    until(lambda: stub.requests >= 20, "20 requests", run.process)
    assert run.interrupt() in (0, 3)
    consistent(run.json)
    # Of the others' answers, some may still be on their way.
    o, left = run.json["outcomes"], run.json["drain"]["left"]
    assert stub.faults == 4 <= o["in_flight"] == left and o["ok"] + left == 20, (o, left)
    assert run.json["interrupted"] is False, "the window was whole"


def too_few_connections(t):
    """The listen queue is full and nobody accepts: also in a closed loop that is not what was
    asked for. On a Unix-domain socket, for with TCP the kernel lets the client believe that the
    connection is up (SYN cookies)."""
    for more in ([], ["-R", "50", "--drain", "0.3s"]):
        stub = Watcher(t, accept=2, backlog=1, unix=True)
        j = load_until(t, lambda p=stub: p.requests >= 4, "4 requests", "-c", "12", *more, stub.url,
                       status=3).json
        assert 2 <= j["connected"] < 12 and j["verdict"] == "INVALID", j["connected"]
        assert f"{j['connected']} of 12 connections" in j["verdict_reason"], j["verdict_reason"]


def without_epoll_pwait2(t):
    """A kernel before 5.11: waits are as precise by a timer."""
    stub = stub_for(t)
    j = run_open(t, "-R", "300", "-d", "0.5s", "-c", "4", stub.url,
                 preexec=refuse(EPOLL_PWAIT2, EPERM)).json
    assert j["outcomes"] == all_of(j) and j["scheduled"] == 150


def spin_is_told(t):
    """A slow rate costs a short spin for each request that it wakes up for in time, no rate at all
    costs none."""
    def check():
        run = run_open(t, "-R", "500", "-d", "0.4s", "-c", "8", stub_for(t).url)
        g = run.json["generator"]
        assert abs(g["spun_fraction"] - g["spun_ns"] / 400e6) < 1e-6 and g["spun_fraction"] <= 1
        if g["spun_ns"] == 0 and run.json["own_lateness"]["p50"] > 200_000:  # the longest spin
            raise Disturbed(f"half was late by {run.json['own_lateness']['p50'] / 1e6:.1f} ms")
        assert g["spun_ns"] > 0, g
        assert re.search(r"[\d.]+ % spinning", run.out)
    steady(t, 0.02, check)
    g = load(t, "-n", "20", stub_for(t).url).json["generator"]
    assert g["spun_ns"] == 0 and g["spun_fraction"] == 0


def late_in_a_short_window(t):
    """Of two requests in 30 ms the second is sent 6 ms after them, for want of a connection: that is
    not the rate that was asked for."""
    stub = stub_for(t)
    stub.treatments = stub.treatments | {"ok": lambda c, r: late(c, answer(), 0.036)}
    stub.treatment = stub.treatments["ok"]
    j = load(t, "-R", "50", "-d", "30ms", "-c", "1", stub.url, status=3).json
    assert j["scheduled"] == j["outcomes"]["ok"] == 2, j["outcomes"]
    # The first may be late as well, where the machine makes it so.
    assert re.search("(50|100).0 % of the schedule was sent too late", j["verdict_reason"]), \
        j["verdict_reason"]


def tests():
    found = [named(f) for f in (
        scheduled_exactly, rate_is_of_all_threads, as_many_as_asked, seed_decides_the_arrivals,
        warmup_is_not_counted, latency_counts_from_when_it_was_due, rate_beyond_capacity,
        drain_is_bounded, drain_lets_end_what_is_due, timeouts_end_within_the_drain,
        timeouts_say_at_least, refused_requests, unasked_answers_are_not_scheduled, pipelined,
        short_connections, settles_first, stopped_generator, stopped_while_the_answer_came,
        interrupted, drain_ended_by_signal, late_in_a_short_window, too_few_connections,
        without_epoll_pwait2, spin_is_told)]
    # Where only the timing tells: not beside the other tests, for then it seldom does.
    found += [named(f, last=True) for f in (longest_idle_first, idle_before_busy)]
    for protocol, modes in (("http", BAD_HTTP), ("echo", BAD_ECHO)):
        for mode, expect in modes.items():
            found.append(case(f"open loop, {protocol} stub, {mode} one time in five: {expect[0]}, "
                              "exactly", faults(mode, protocol, expect)))
    return found
