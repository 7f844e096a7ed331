"""What happens to the generator itself: stopped for a while; a wall clock that jumps."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import tap
from accuracy.lab import Reference, both, case, cpus, only, pin, samples_above, settings
from accuracy.noise import timed, within
from load import run as load_run

MS = 1_000_000


def stopped(t):
    """SIGSTOP for 500 ms in the middle of an open loop. The requests due meanwhile are sent late,
    and that is the generator's fault: it must say so, count their response times from when they
    were due, and call the run INVALID."""
    load_run.steady(t, 0.1, lambda: stopped_once(t))


def stopped_once(t):
    rate, seconds = 1000, 2
    reference = Reference(t)
    read_fd, write_fd = os.pipe()
    place = cpus()
    run = load_run.Run(t, "-c", "16", "-R", str(rate), "-d", f"{seconds}s", "--events-fd",
                       str(write_fd), reference.url, pass_fds=(write_fd,),
                       preexec=pin(place[1]) if place else None)
    os.close(write_fd)
    with os.fdopen(read_fd) as events:
        while events.readline() != "start\n":
            assert run.process.poll() is None, run.process.communicate()[1]
        time.sleep(0.5)  # into the window; how far does not matter
        os.kill(run.process.pid, signal.SIGSTOP)
        begin = time.monotonic()
        time.sleep(0.5)
        os.kill(run.process.pid, signal.SIGCONT)
        stopped_s = time.monotonic() - begin
        run.finish()
    journal = reference.finish()
    j = run.json
    t.note(f"exit status {run.status}, verdict {j['verdict']}: {j['verdict_reason']}, "
           f"{j['outcomes']}, lateness {j['lateness']}")
    load_run.consistent(j)
    assert run.status == 3, f"exit status {run.status}"
    assert j["verdict"] == "INVALID" and "lat" in j["verdict_reason"], j["verdict_reason"]
    only(j["outcomes"], ok=rate * seconds)
    assert j["scheduled"] == journal["requests"] == rate * seconds, "requests were left out"
    for what in ("lateness", "own_lateness", "response_time"):
        assert j[what]["max"] >= 480 * MS, f"{what}: {j[what]}"
    # Requests due while it stood still: rate x time. Those of its last 50 ms were late by less.
    late = samples_above(j["histograms"]["lateness"], 50 * MS)
    assert late >= 0.95 * rate * 0.45, f"{late} late, {stopped_s:.3f} s stopped at {rate} a second"
    # What those due had to wait is not the server's time. Only what was under way when it was
    # stopped looks as if the server had taken so long: one a connection at the most.
    if journal["delay"]["max"] > 100 * MS:
        raise load_run.Disturbed(f"the server took {journal['delay']['max'] / MS:.0f} ms")
    assert samples_above(j["histograms"]["service_time"], 400 * MS) <= 16, j["service_time"]


def under_jumping_clock(log):
    return ["env", f"LD_PRELOAD={settings.wall_clock}", f"WALL_CLOCK_LOG={log}"]


def the_clock_does_jump(t):
    """The wall clock that the next test uses: does a program see it jump, and a timer on it fail?"""
    if settings.sanitized:
        raise tap.Skip("a sanitizer does not share the functions that are replaced")
    with tempfile.NamedTemporaryFile("r", prefix="iomodels-clock-") as log:
        out = subprocess.run(
            [*under_jumping_clock(log.name), sys.executable, "-c",
             "import time; a = time.time(); b = time.time(); m = time.monotonic();"
             "print(abs(b - a), time.monotonic() - m)"],
            capture_output=True, text=True, check=True, timeout=load_run.hang()).stdout
        wall, monotonic = map(float, out.split())
        assert wall > 7000 and 0 <= monotonic < 3000, out
        assert json.loads(log.readline())["readings"] >= 2


def wall_clock(*arguments):
    """The wall clock jumps by an hour, to and fro, whenever it is read: nothing may change."""
    @timed
    def test(t, measure):
        with tempfile.NamedTemporaryFile("r", prefix="iomodels-clock-") as log:
            j, journal, *_ = measure(
                ["--delay", "10ms"],
                [*arguments, "-c", "8", "-d", "1s", "--warmup", "100ms", "--timeout", "30m"],
                prefix=under_jumping_clock(log.name))
            line = log.readline()
        assert line, "the clock was not replaced"
        assert json.loads(line)["waits"] == 0, "something waits for the wall clock"
        assert j["window_ns"] >= 1000 * MS, f"window {j['window_ns']} ns"
        within("window", j["window_ns"], 1000 * MS, 100 * MS, noise_adds=True)
        outcomes = j["outcomes"]
        assert outcomes["ok"] > 0 and outcomes["timeout"] == 0, outcomes
        # Half of the smallest jump: what is shorter can be noise.
        assert 10 * MS <= j["latency"]["p50"] <= j["latency"]["max"] < 1800 * 1000 * MS, \
            j["latency"]
        assert journal["answered"] >= outcomes["ok"]
    return test


def tests():
    found = both("stopped for 500 ms in an open loop: late, and INVALID", stopped)
    found.append(case("the wall clock of the next tests jumps", the_clock_does_jump,
                      settings.engines[0]))
    found += both("the wall clock jumps, closed loop: nothing changes", wall_clock())
    found += both("the wall clock jumps, open loop: nothing changes", wall_clock("-R", "400"))
    return found
