"""Interruption and going on."""

import csv
import os
import shutil
import signal
import time

from driver.bench import LONGER, TRIES, Bench, equal, expect, nothing_left
from lib import machine


def begun(b, p, rows):
    """Wait until a run has written so many rows."""
    seen = []
    while sum(line.startswith("[") for line in seen) < rows:
        line = p.stderr.readline()
        expect(line, f"the run ended early: {seen}")
        seen.append(line)
    return seen


def interrupt(b, number, rows, *args, repetitions=3, connections="1, 4", more="",
              yardstick="none"):
    """Begin a run, and send a signal when it has written so many rows; what it printed. Where it is
    over before the signal comes, once more with longer windows."""
    for i in range(TRIES):
        shutil.rmtree(b.out, ignore_errors=True)
        scenario = b.scenario(repetitions=repetitions, connections=connections, more=more,
                              yardstick=yardstick, duration=f"{0.1 * LONGER ** i:.1f}s")
        p = b.start("run", scenario, "--out", b.out, *args)
        begun(b, p, rows)
        p.send_signal(number)
        out, err = p.communicate()
        if p.returncode == 130 or "--resume" in err:
            break
    equal(p.returncode, 130, "exit status\n" + err)
    return out, err


def complete(b, out, seed):
    rows = b.rows()
    equal(sorted(int(r["trial"]) for r in rows), list(range(1, len(rows) + 1)), "trials")
    plan, _ = b.call("run", os.path.join(b.dir, "tiny.ini"), "--dry-run", "--seed", str(seed))
    plan = list(csv.DictReader(plan.splitlines()))
    equal(len(rows), len(plan), "rows of the whole run")
    by_trial = {r["trial"]: r for r in rows}
    for wanted in plan:
        found = by_trial[wanted["trial"]]
        equal({k: found[k] for k in wanted}, wanted, "a trial and its place in the plan")
    nothing_left(b)


def interrupted(t, number):
    b = Bench(t, models=("epoll-lt", "fork", "iterative"), pictures=False)
    _, err = interrupt(b, number, 3, "--seed", "5", connections="1, 8", yardstick=None)
    expect(f"--resume {b.out}" in err, f"no word on how to go on:\n{err}")
    before = b.rows()
    expect(3 <= len(before) < 18, f"{len(before)} rows")
    expect(all(r["status"] == "ok" for r in before), "an interrupted trial left a row")
    for name in ("summary.csv", "report.html"):
        expect(os.path.exists(os.path.join(b.out, name)), f"no {name} of what was measured")
    nothing_left(b)

    b.measure("--resume", b.out)
    equal(b.rows()[:len(before)], before, "rows from before")
    complete(b, b.out, 5)
    # Once more: nothing is left to do.
    count = len(b.rows())
    b.measure("--resume", b.out)
    equal(len(b.rows()), count, "rows after going on with a whole run")


def interrupted_by_ctrl_c(t):
    interrupted(t, signal.SIGINT)


def interrupted_by_sigterm(t):
    interrupted(t, signal.SIGTERM)


def killed(t):
    """SIGKILL leaves nothing running either, and a row cut in half is mended."""
    b = Bench(t, models=("epoll-lt", "thread"), pictures=False)
    p = b.start("run", b.scenario(repetitions=3), "--out", b.out, "--seed", "9")
    begun(b, p, 2)
    p.kill()
    p.communicate()
    deadline = time.monotonic() + machine.hang()
    while b.left() and time.monotonic() < deadline:
        time.sleep(0.01)  # the kernel is ending them; nothing tells when
    nothing_left(b)
    with open(os.path.join(b.out, "trials.csv"), "a", encoding="utf-8") as f:
        f.write("3,1,tiny,ht")
    b.measure("--resume", b.out)
    complete(b, b.out, 9)


def resume_refuses_another_plan(t):
    b = Bench(t, models=("epoll-lt", "poll"), pictures=False)
    b.measure(b.scenario(connections="1, 2, 4, 8", repetitions=1), "--out", b.out, "--seed", "1")
    b.change(None, "seed", "2")
    _, err = b.call("run", "--resume", b.out, status=1)
    expect("the run cannot go on" in err, err)
    b.change(None, "seed", "1")
    for group, name in (("placement", "server_cpus"), ("placement", "generator_cpus"),
                        ("build", "commit"), ("machine", "kernel_release")):
        before = b.change(group, name, "another")
        _, err = b.call("run", "--resume", b.out, status=1)
        equal(err, f"iomodels: cannot go on with {b.out}: its {name} was another, now it is "
              f"{before}\n", "refusal")
        b.change(group, name, before)
    b.measure("--resume", b.out)
    _, err = b.call("run", "--resume", os.path.join(b.dir, "nothing"), status=2)
    equal(err.count("\n"), 1, f"lines\n{err}")
    _, err = b.call("run", b.scenario(), "--out", b.out, status=1)
    expect("holds a run already" in err, err)


TESTS = [
    ("Ctrl-C keeps the rows, --resume goes on", interrupted_by_ctrl_c, 90),
    ("SIGTERM keeps the rows, --resume goes on", interrupted_by_sigterm, 90),
    ("SIGKILL leaves nothing running", killed, 90),
    ("--resume refuses another plan", resume_refuses_another_plan, 60),
]
