"""iomodels run two-speeds: one server under alternating windows."""

import os
import re
import signal
import subprocess
import time

import tap
from driver.bench import ARGS, README, Bench, equal, expect, nothing_left
from lib import machine

CONDITIONS = ["sleep", "spin", "neighbour", "idle-server", "idle-generator"]


def run(b, *args):
    """A small experiment; its standard output."""
    out, err = b.call("run", "two-speeds", "--window", "20ms", "--out", b.out, *args)
    return out, err


def windows_are_labelled(t):
    b = Bench(t, models=("epoll-lt", "io-uring"), pictures=False)
    out, err = run(b, "--models", "epoll-lt", "--rounds", "3", "--connections", "2,5")
    rows = b.rows("windows.csv")
    equal([(r["connections"], r["round"]) for r in rows],
          [(n, str(k)) for n in ("2", "5") for k in (1, 2, 3) for _ in CONDITIONS], "rounds")
    for i in range(0, len(rows), len(CONDITIONS)):
        equal(sorted(r["condition"] for r in rows[i:i + len(CONDITIONS)]), sorted(CONDITIONS),
              "conditions of a round")
    for row in rows:
        equal(row["model"], "epoll-lt", "model")
        expect(float(row["active_s"]) >= 0.02, f"shorter than its window: {row}")
        # On a crowded machine a generator may get no CPU before its window is over.
        asked = float(row["requests"]) > 0
        expect(not asked or float(row["server_cpu_us_per_request"]) > 0, row)
        expect(asked or row["server_cpu_us_per_request"] == "", row)
        spins = row["condition"] == "spin"
        expect(float(row["generator_slept_fraction"]) == 0 or not spins, row)
        crowded = float(row["other_generator_cpu_fraction"] or 0) > 0.5
        if row["wakings_per_request"] and not crowded:
            # A thread that never sleeps while it loads is woken once, by the command.
            woken = float(row["wakings_per_request"]) * float(row["requests"])
            expect(woken <= 2 if spins else woken >= 0, row)
    expect(any(float(r["requests"]) > 0 for r in rows), "no window had an answer")
    with open(os.path.join(b.out, "finding.txt"), encoding="utf-8") as f:
        equal(f.read(), out, "what is told and what is kept")
    for label in ("generator sleeps", "generator spins", "beside a neighbour"):
        equal(len(re.findall(f"^  {label}  ", out, re.M)), 2, "a table for each number of connections")
    # On a crowded machine most windows may be empty, and that is what is told then.
    equal(len(re.findall(r"^  (?:(?:Two speeds|One speed) with the generator as it is|"
                         r"In half of the windows nothing was answered)", out, re.M)), 2,
          "a finding for each")
    expect("no picture" in err, "gnuplot is hidden here, and that is told")
    nothing_left(b)


def columns_are_documented(t):
    b = Bench(t, pictures=False)
    run(b, "--models", "epoll-lt", "--rounds", "1", "--connections", "1")
    with open(README, encoding="utf-8") as f:
        section = f.read().split("## windows.csv")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", section, re.M)
    with open(os.path.join(b.out, "windows.csv"), encoding="utf-8") as f:
        equal(f.readline().strip().split(","), documented, "columns of windows.csv")
    before = b.rows("windows.csv")
    _, err = b.call("run", "two-speeds", "--models", "epoll-lt", "--out", b.out, status=1)
    expect("windows.csv" in err and b.rows("windows.csv") == before, "an old run is overwritten")


def pictures(t):
    b = Bench(t, pictures=True)
    run(b, "--models", "epoll-lt", "--rounds", "2", "--connections", "3")
    with open(os.path.join(b.out, "plots", "two_speeds_epoll-lt_3.svg"), encoding="utf-8") as f:
        expect("generator spins" in f.read(), "no key in the picture")


def interrupted(t):
    """What was measured is kept, and nothing goes on burning."""
    b = Bench(t, pictures=False)
    p = b.start("run", "two-speeds", "--models", "epoll-lt", "--rounds", "1000", "--connections", "2",
                "--window", "20ms", "--out", b.out)
    path = os.path.join(b.out, "windows.csv")
    found, deadline = 0, 0
    while found < 7:
        rows = len(b.rows("windows.csv")) if os.path.exists(path) else 0
        if rows > found or not deadline:
            found, deadline = rows, time.monotonic() + machine.hang()
        expect(p.poll() is None, "it ended")
        expect(time.monotonic() < deadline, f"no window comes after {found}")
        time.sleep(0.01)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate()
    equal(p.returncode, 130, f"status {err}")
    expect("generator sleeps" in out and len(b.rows("windows.csv")) >= 7, out)
    nothing_left(b)


def usage(t):
    b = Bench(t, models=("epoll-lt", "iterative"))
    for args, word in ((("--connections", "0"), "--connections"), (("--connections", "1,x"), "1,x"),
                       (("--rounds", "0"), "--rounds"), (("quick",), "quick"),
                       (("--models", "nope"), "nope"), (("--models", "iterative"), "iterative")):
        _, err = b.call("run", "two-speeds", *args, "--out", b.out, status=2)
        expect(word in err.splitlines()[0] and not os.path.exists(b.out), err)
    p = subprocess.run([ARGS.driver, "run", "two-speeds", "--help"], capture_output=True, text=True,
                       check=False)
    expect(p.returncode == 0 and "--rounds" in p.stdout, p.stdout)


def wakings_of_a_trial(t):
    """Block 0 counts how often the server woke the generator; no other does."""
    b = Bench(t, pictures=False)
    b.measure(b.scenario(connections="1", repetitions=1), "--out", b.out)
    rows = b.rows()
    counted = [r for r in rows if r["block"] == "0"]
    if not counted or not counted[0]["wakings_per_request"]:
        raise tap.Skip("wake-ups cannot be counted here")
    if int(counted[0]["requests"]) < 20:  # those at both ends of the window are too large a part
        raise tap.Skip(f"inconclusive: {counted[0]['requests']} requests were counted")
    # With one connection the generator may sleep once a request, and not more often.
    expect(0 <= float(counted[0]["wakings_per_request"]) < 1.5, counted[0])
    expect(all(r["wakings_per_request"] == "" for r in rows if r["block"] != "0"), rows)
    expect(all(0 <= float(r["generator_slept_fraction"]) <= 1 for r in rows), rows)


TESTS = [("two speeds: windows are labelled", windows_are_labelled, 60),
         ("two speeds: columns are documented", columns_are_documented, 60),
         ("two speeds: pictures", pictures, 60), ("two speeds: interrupted", interrupted, 60),
         ("two speeds: usage", usage, 60), ("two speeds: wakings of a trial", wakings_of_a_trial, 60)]
