"""What a driver relies on: events, the hold, signals."""

import os
import re
import signal
import subprocess

from load.outcomes import timeout_of
from load.run import (Run, case, consistent, load, named, stub_for, read_lines,
                      timed_out, until)


def goes_on(run):
    """Does it run for a quarter of a second more? To end takes it a few milliseconds."""
    try:
        run.process.wait(0.25)  # not judged: a slow one passes
        return False
    except subprocess.TimeoutExpired:
        return True


def events_and_hold(t):
    stub = stub_for(t)
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, "-c", "6", "-t", "2", "-d", "0.2s", "--warmup", "0.05s", "--hold", "--events-fd",
              str(into), stub.url, stdin=subprocess.PIPE, pass_fds=[into])
    os.close(into)
    assert read_lines(out, 3) == ["connected 6", "start", "end"]
    assert goes_on(run) and not os.path.exists(run.path), "nothing was held"
    until(lambda: stub.open_connections() == 6, "6 connections that are held open")
    run.process.stdin.close()
    run.process.stdin = None
    run.finish()
    consistent(run.json)
    assert run.json["window_ns"] == 200_000_000, "the hold is not part of the window"
    assert read_lines(out, 1) == [], "an event came twice"


def threads_of(pid):
    """Without those by which io_uring works on behalf of others (iou-wrk-..., iou-sqp-...)."""
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm") as f:
                names.append(f.read())
        except OSError:
            pass  # one of those has just ended
    return sum(not name.startswith("iou-") for name in names)


def as_many_threads_as_asked(t):
    """Seen from outside: one for each of -t, and those that there always are."""
    counts = []
    for threads in (1, 4):
        out, into = os.pipe()
        t.defer(lambda fd=out: os.close(fd))
        run = Run(t, "-c", "8", "-t", str(threads), "-n", "40", "--hold", "--events-fd", str(into),
                  stub_for(t).url, stdin=subprocess.PIPE, pass_fds=[into])
        os.close(into)
        assert read_lines(out, 3)[-1] == "end"
        counts.append(threads_of(run.process.pid))
        run.process.stdin.close()
        run.process.stdin = None
        assert run.finish() == 0
        consistent(run.json)
    assert counts[1] - counts[0] == 3, counts


def replaced_connections_are_closed(t):
    """The stub must see the end of a connection that timed out, not only of the whole run."""
    timed_out(t, 0.4, lambda ns: replaced(t, ns))


def replaced(t, timeout_ns):
    stub = stub_for(t, "stall", every=2)
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, "-c", "4", "-n", "12", *timeout_of(timeout_ns), "--hold", "--events-fd", str(into),
              stub.url, stdin=subprocess.PIPE, pass_fds=[into])
    os.close(into)
    assert read_lines(out, 3) == ["connected 4", "start", "end"]
    until(lambda: stub.open_connections() <= 4, "the end of all but 4")
    run.process.stdin.close()
    run.process.stdin = None
    assert run.finish() == 0
    consistent(run.json)
    assert run.json["outcomes"]["timeout"] == stub.faults == 6, run.json["outcomes"]
    assert stub.accepted > 4, "none was replaced"


def hold_ended_by_signal(t):
    stub = stub_for(t)
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, "-c", "2", "-n", "4", "--hold", "--events-fd", str(into), stub.url,
              stdin=subprocess.PIPE, pass_fds=[into])
    os.close(into)
    assert read_lines(out, 3) == ["connected 2", "start", "end"]
    run.process.send_signal(signal.SIGTERM)
    assert run.finish() == 0
    assert run.json["interrupted"] is False and run.json["requests"] == 4


def driver_is_gone(t):
    """Nobody reads the events any more: the run goes on."""
    stub = stub_for(t)
    out, into = os.pipe()
    os.close(out)
    run = load(t, "-c", "2", "-n", "4", "--events-fd", str(into), stub.url, pass_fds=[into])
    os.close(into)
    assert run.json["requests"] == 4 and "--events-fd" in run.err


def interrupted(number):
    def test(t):
        stub = stub_for(t)
        out, into = os.pipe()
        t.defer(lambda: os.close(out))
        run = Run(t, "-c", "4", "-t", "2", "-d", "10h", "--events-fd", str(into), stub.url,
                  pass_fds=[into])
        os.close(into)
        assert read_lines(out, 2) == ["connected 4", "start"]
        until(lambda: stub.requests >= 20, "20 requests", run.process)
        run.process.send_signal(number)
        assert run.finish() == 0
        consistent(run.json)
        assert run.json["interrupted"] is True and run.json["requests"] >= 16
        assert run.json["window_ns"] <= run.seconds * 1e9
        assert "interrupted" in run.out
    return test


def interrupted_before_the_window(t):
    stub = stub_for(t)
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, "-c", "2", "--warmup", "10h", "--events-fd", str(into), stub.url, pass_fds=[into])
    os.close(into)
    assert read_lines(out, 1) == ["connected 2"]
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 1, "nothing was measured"
    consistent(run.json)
    assert run.json["interrupted"] is True and run.json["window_ns"] == 0


def interrupted_while_connecting(t):
    """Those whose turn had not come were not kept out by anything."""
    stub = stub_for(t)
    run = Run(t, "-c", "50", "--ramp", "5", stub.url)
    until(lambda: stub.accepted >= 2, "2 connections", run.process)
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 1
    consistent(run.json)
    assert run.json["interrupted"] is True
    assert re.fullmatch("[0-9]+ of 50 connections came up", run.json["verdict_reason"])


def tests():
    return [named(f) for f in (events_and_hold, as_many_threads_as_asked,
                               replaced_connections_are_closed, hold_ended_by_signal,
                               driver_is_gone, interrupted_before_the_window,
                               interrupted_while_connecting)] + [
        case("interrupted by SIGINT", interrupted(signal.SIGINT)),
        case("interrupted by SIGTERM", interrupted(signal.SIGTERM))]
