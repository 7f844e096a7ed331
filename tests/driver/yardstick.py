"""The yardstick: trials that alternate with windows of a reference server."""

import json
import os
import signal
import statistics
import time

import tap
from driver.bench import Bench, equal, expect, nothing_left
from lib import machine

NAMES = ("windows", "yardstick_rps", "yardstick_self_ratio", "yardstick_jumps")


def environment_of(b):
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        return json.load(f)


def measured(rows):
    return [r for r in rows if r["block"] != "0" and r["status"] == "ok"]


def columns_and_rate(t):
    b = Bench(t, models=("epoll-lt", "poll"), pictures=False)
    scenario = b.scenario(yardstick=None, connections="2, 4", duration="0.12s", more="windows = 3\n")
    b.measure(scenario, "--out", b.out)
    equal(environment_of(b)["yardstick"], "epoll-lt", "yardstick of the environment")
    rows, windows = b.rows(), b.rows("yardstick.csv")
    expect(measured(rows), "nothing was measured")
    for row in rows:
        own = [w for w in windows if w["trial"] == row["trial"]]
        if row not in measured(rows):
            equal(row["windows"], "", f"windows of {row}")
            continue
        equal(len(own), int(row["windows"]), "windows")
        jumps = sum(w["jumped"] == "1" for w in own)
        equal(jumps, int(row["yardstick_jumps"]), "jumps")
        expect(len(own) - jumps == 3 or len(own) == 5, f"{len(own)} windows, {jumps} jumped")
        ratios = [float(w["requests_per_second"]) /
                  (float(w["yardstick_before"]) * float(w["yardstick_after"])) ** 0.5
                  for w in own if w["jumped"] == "0" or jumps == len(own)]
        if not statistics.median(ratios):  # on a crowded machine half of the windows may be empty
            equal(row["yardstick_rps"], "", "yardstick where nothing was answered")
            continue
        wanted = float(row["requests_per_second"]) / statistics.median(ratios)
        # Rates are written with one decimal.
        rounded = 0.05 * sum(1 / max(1, float(rate)) for w in own for rate in
                             (w["requests_per_second"], w["yardstick_before"], w["yardstick_after"]))
        expect(abs(float(row["yardstick_rps"]) / wanted - 1) < 1e-3 + rounded,
               f"{row['yardstick_rps']}: {wanted}")
    b.call("verify", b.out)
    b.believe()
    b.summarise(b.out)
    expect(recompute(b) > 0, "no rate of summary.csv was held against the formula")
    b.call("report", b.out)
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        told = "noise: the yardstick against itself" in f.read()
    # On a crowded machine the yardstick may have jumped beside each window.
    calm = any(r["verdict"] != "INVALID" and r["yardstick_self_ratio"] for r in measured(b.rows()))
    equal(told, calm, "whether the report tells the noise")
    nothing_left(b)


def recompute(b):
    """The rates of summary.csv, by the formula of results/README.md."""
    rows = [r for r in measured(b.rows()) if r["verdict"] != "INVALID"]
    if 2 * sum(r["yardstick_rps"] != "" for r in rows) <= len(rows):
        raise tap.Skip("inconclusive: next to no window had an answer")
    rows = [r for r in rows if r["yardstick_rps"]]
    checked = 0
    for point in b.rows("summary.csv"):
        there = [r for r in rows if r["connections"] == point["connections"]]
        scale = statistics.median(float(r["yardstick_rps"]) for r in there) if there else 0
        rates = [float(r["requests_per_second"]) / float(r["yardstick_rps"]) * scale for r in there
                 if r["model"] == point["model"] and r["verdict"] == point["verdict"]]
        if point["verdict"] != "valid" or not rates:
            continue
        for name, wanted in (("rate", statistics.median(rates)), ("rate_low", min(rates)),
                             ("rate_high", max(rates))):
            expect(abs(float(point[name]) / wanted - 1) < 1e-3, f"{name} {point[name]}, not {wanted}")
            checked += 1
    return checked


def none_of_it(t):
    b = Bench(t, models=("epoll-lt",), pictures=False)
    b.measure(b.scenario(connections="2"), "--out", b.out)
    without(b)
    b = Bench(t, models=("poll",), pictures=False)
    b.measure(b.scenario(yardstick=None, connections="2"), "--out", b.out)
    without(b)


def without(b):
    equal(environment_of(b)["yardstick"], None, "yardstick of the environment")
    expect(not os.path.exists(os.path.join(b.out, "yardstick.csv")), "there is a yardstick.csv")
    for row in b.rows():
        equal([row[name] for name in NAMES], [""] * len(NAMES), "columns of the yardstick")


def unfit(t):
    b = Bench(t, models=("epoll-lt", "iterative"), pictures=False)
    for name in ("nobody", "iterative"):
        _, err = b.call("run", b.scenario(yardstick=name), "--out", b.out, status=2)
        expect(f"yardstick = '{name}'" in err and err.count("\n") == 1, err)


def process_of(b, program):
    found = []
    for pid in b.left():
        try:
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == program:
                found.append(pid)
        except OSError:
            pass
    return found


def wait_for(what, p):
    end = time.monotonic() + machine.hang()
    while time.monotonic() < end and p.poll() is None:
        found = what()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come")


def both(b, server):
    """The yardstick and the server of a trial, once the run has begun: before that the driver asks each
    what it is."""
    if os.path.exists(os.path.join(b.out, "environment.json")) and process_of(b, server):
        return process_of(b, "epoll-lt")
    return []


def it_dies(t):
    b = Bench(t, models=("epoll-lt", "poll"), pictures=False)
    scenario = b.scenario(yardstick=None, connections="2", repetitions=8, duration="0.4s")
    p = b.start("run", scenario, "--models", "poll", "--out", b.out)
    path = os.path.join(b.out, "yardstick.csv")
    wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 0, p)
    os.kill(wait_for(lambda: process_of(b, "epoll-lt"), p)[0], signal.SIGKILL)
    out, err = p.communicate()
    expect(p.returncode in (0, 1) and "FAILED" not in err, f"{p.returncode}\n{out}\n{err}")
    rows = measured(b.rows())
    equal(len(rows), 8, "trials")
    expect(rows[-1]["yardstick_rps"], "the last trial has no yardstick")
    nothing_left(b)


def it_is_held_up(t):
    """A yardstick that answers nothing for a while is no dead one: the windows that it missed are
    measured again."""
    b = Bench(t, models=("epoll-lt", "poll"), pictures=False)
    p = b.start("run", b.scenario(yardstick=None, connections="2", repetitions=1, duration="5s"), "--models", "poll",
                "--out", b.out)
    yardstick = wait_for(lambda: both(b, "poll"), p)[0]
    longest = 0.0
    for _ in range(3):
        # Long enough for some window of it to have nothing; where none has, nothing is tested.
        begin = time.monotonic()
        os.kill(yardstick, signal.SIGSTOP)
        time.sleep(0.3)
        os.kill(yardstick, signal.SIGCONT)
        longest = max(longest, time.monotonic() - begin)
        time.sleep(0.1)
    _, err = p.communicate()
    expect(p.returncode in (0, 1) and "FAILED" not in err, f"{p.returncode}\n{err}")
    if longest > 0.6:  # all its tries may fall into that
        raise tap.Skip(f"inconclusive: it was stopped for {longest:.1f} s")
    windows = b.rows("yardstick.csv")
    expect(windows and all(w["yardstick_before"] and w["yardstick_after"] for w in windows), windows)
    nothing_left(b)


def interrupted(t):
    b = Bench(t, models=("epoll-lt", "poll"), pictures=False)
    p = b.start("run", b.scenario(yardstick=None, connections="2", repetitions=50), "--models", "poll", "--out", b.out)
    wait_for(lambda: both(b, "poll"), p)
    p.send_signal(signal.SIGINT)
    p.communicate()
    equal(p.returncode, 130, "status")
    nothing_left(b)


def beside_one_that_spins(t):
    b = Bench(t, models=("epoll-lt", "nonblocking", "iterative"), pictures=False)
    scenario = b.scenario(yardstick=None, connections="2", repetitions=1, duration="0.4s", more="windows = 2\n")
    b.measure(scenario, "--models", "nonblocking,iterative", "--out", b.out)
    for row in measured(b.rows()):
        expect(float(row["yardstick_rps"]) > 0, row)
        if row["model"] == "iterative":
            equal(row["windows"], "1", "windows of a model that serves one connection")
    nothing_left(b)


TESTS = [(f"yardstick: {name}", function, 120) for name, function in (
    ("columns, rate and report", columns_and_rate), ("none of it", none_of_it),
    ("an unfit one", unfit), ("it dies in a run", it_dies),
    ("it is held up in a run", it_is_held_up), ("SIGINT", interrupted),
    ("beside a server that spins", beside_one_that_spins))]
