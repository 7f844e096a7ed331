"""Servers that misbehave, and other things that spoil a trial."""

import json
import os
import re
import shutil
import subprocess
import sys

import tap
from driver.bench import (LATE, LONGER, NO_FIGURES, TINY, TRIES, UNANSWERED, Bench, equal, expect,
                          nothing_left, points)
from lib import machine


def one_bad_server(t, name, says, verdict="INVALID", status="failed", repetitions=1):
    """A run of a server that misbehaves and of one that does not: rows say so, the run goes on."""
    b = Bench(t, fakes=(name,), pictures=False)
    out, err = b.call("run", b.scenario(repetitions=repetitions, connections="1"), "--out", b.out,
                      status=1)
    rows = b.rows()
    bad = [r for r in rows if r["model"] == name]
    good = [r for r in rows if r["model"] == "epoll-lt"]
    equal(len(good), len(bad), "trials of each")
    for row in bad:
        equal(row["status"], status, "status")
        equal(row["verdict"], verdict, "verdict")
        if row["block"] == "0" and row["reason"] == UNANSWERED:
            continue  # that window is short whatever the scenario says
        expect(says in row["reason"], f"reason '{row['reason']}' does not say '{says}'")
    for row in good:
        equal(row["status"], "ok", f"the good server's status ({row['reason']})")
    expect(name in out, f"the table does not list it:\n{out}")
    expect("no usable trial; trials.csv" in err, f"no word of the point:\n{err}")
    if status == "failed":
        expect("FAILED" in err and "failed; trials.csv" in err, f"no word of the failure:\n{err}")
    line = next(r for r in b.rows("summary.csv") if r["model"] == name)
    equal((line["verdict"], line["requests_per_second"]), ("INVALID", ""), "its summary")
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        expect(says in f.read(), "the report does not give the reason")
    nothing_left(b)


def dies_in_load(t):
    one_bad_server(t, "dies-in-load", "server died during the load: exit status 7: out of cheese",
                   repetitions=2)


def dies_at_once(t):
    one_bad_server(t, "dies-at-once",
                   "server died before it was ready: exit status 5: cannot find my slippers")


def never_ready(t):
    one_bad_server(t, "never-ready", "not ready within 10 s")


def ignores_sigterm(t):
    one_bad_server(t, "ignores-sigterm", "did not end within 8 s of SIGTERM and was killed")


def leaves_a_process(t):
    one_bad_server(t, "leaves-a-process", "the server left 1 process behind; killed")


def wrong_answers(t):
    one_bad_server(t, "says-500", "a status other than 2xx", status="ok")


def half_hung(b, settle):
    text = TINY.format(protocols="http", connections=4, repetitions=1, duration="0.1s",
                       yardstick="yardstick = none\n")
    return b.scenario(text=text.replace("settle = 60s", "settle = " + settle) + "rank = 4\n")


def told(b):
    """The rows whose window was long enough for an answer: that of block 0 is always short."""
    return [r for r in b.rows() if r["block"] != "0" or r["reason"] != UNANSWERED]


def hangs(t):
    """A server that lets every second connection wait is not ranked, however fast the rest is."""
    b = Bench(t, models=(), fakes=("half-hangs",), pictures=True)
    for seconds in (0.5, 5, 30):  # the sound ones may be slow on a busy machine
        shutil.rmtree(b.out, ignore_errors=True)
        b.call("run", half_hung(b, f"{seconds * machine.factor():.1f}s"), "--out", b.out, status=1)
        if all(row["settled"] == "2" for row in told(b)):
            break
    for row in told(b):
        if row["reason"].startswith(LATE):
            raise tap.Skip(f"inconclusive: {row['reason']}")
        equal((row["verdict"], row["settled"]), ("INVALID", "2"), f"verdict, settled ({row['reason']})")
        equal(row["reason"], "only 2 of 4 connections had an answer before the load began", "reason")

    b.out = os.path.join(b.dir, "again")
    b.measure(half_hung(b, "0s"), "--out", b.out)
    for row in told(b):  # where others take the CPUs one of the good ones may starve too
        expect(row["starved"] == "2" or row["reason"].startswith(NO_FIGURES) or row["block"] == "0",
               f"{row['starved']} starved: {row['reason']}")
    if all(row["starved"] != "2" for row in told(b)):
        raise tap.Skip("inconclusive: something else took the CPUs in every trial")
    b.believe()
    out, _ = b.measure("--resume", b.out)
    line = b.rows("summary.csv")[0]
    equal(line["starves"], "1", "starves")
    expect(re.search("not ranked: half-hangs: [234] of 4 connections starved", out)
           or line["verdict"] == "generator-limited", f"it is ranked:\n{out}")
    if shutil.which("gnuplot"):
        with open(os.path.join(b.out, "plots", "throughput_http.svg"), encoding="utf-8") as f:
            expect("cross: starves connections" in f.read(), "no cross")
        with open(os.path.join(b.out, "plots", "latency_p99_http.svg"), encoding="utf-8") as f:
            expect("starves: not drawn" in f.read(), "its latency is drawn")


def disturbed(t):
    """What else runs on the load generator's CPU makes a trial INVALID."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise tap.Skip("only one CPU")
    pair = {cpus[0], cpus[-1]}
    b = Bench(t, pictures=False)
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                            preexec_fn=lambda: os.sched_setaffinity(0, {cpus[-1]}))
    t.ends(busy)
    for i in range(TRIES):
        shutil.rmtree(b.out, ignore_errors=True)
        scenario = b.scenario(connections="1", repetitions=2, duration=f"{0.3 * LONGER ** i:.1f}s")
        out, err = b.call("run", scenario, "--out", b.out, status=1,
                          preexec_fn=lambda: os.sched_setaffinity(0, pair))
        if not any(row["reason"].startswith("counters cover ") for row in b.rows()
                   if row["block"] != "0"):
            break  # in time to see who had the CPUs
    for row in b.rows():
        if row["block"] != "0":
            equal(row["verdict"], "INVALID", "verdict of a trial that was disturbed")
            if any(what in row["reason"] for what in ("the hypervisor took", "the CPU quota", "counters cover")):
                raise tap.Skip(f"inconclusive: {row['reason']}")
            expect(re.match(r"disturbed: other programs took \d+ % of the load generator's CPUs",
                            row["reason"]), row["reason"])
            expect(float(row["other_generator_cpu_fraction"]) > 0.15, "the fraction")
    expect("WARNING: 2 of" in err, f"no warning:\n{err}")
    expect("not ranked: epoll-lt: INVALID, 0 of 2 trials usable" in out, out)


def beyond_a_limit(t):
    b = Bench(t, fakes=("small",), pictures=False)
    _, err = b.measure(b.scenario(connections="1, 2, 4", repetitions=1), "--out", b.out)
    expect("skipped: http small, 4 connections: small holds at most 2 connections" in err, err)
    equal(max(c for _, m, c in points(b.rows()) if m == "small"), 2, "most connections of small")
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        skipped = json.load(f)["skipped"]
    equal([(s["model"], s["connections"]) for s in skipped], [("small", 4)], "skipped")


TESTS = [
    ("a server that dies under load", dies_in_load, 60),
    ("a server that dies at once", dies_at_once, 60),
    ("a server that is never ready", never_ready, 90),
    ("a server that ignores SIGTERM", ignores_sigterm, 90),
    ("a server that leaves a process", leaves_a_process, 60),
    ("a server that answers wrongly", wrong_answers, 60),
    ("a server that lets half of its connections wait", hangs, 60),
    ("a load generator that others disturb", disturbed, 300),
    ("a point beyond a model's limit", beyond_a_limit, 60),
]
