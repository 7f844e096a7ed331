"""How often the driver opens the files of a run."""

import os
import re
import shutil
import subprocess

import tap
from driver.bench import Bench, equal, expect
from driver.environment import copy_of_reference

READ = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)", O_RDONLY[|A-Z_]*\) = \d')


def reads(b, *args):
    """The files below the run directories of `b` that a command opens to read, in order."""
    strace = shutil.which("strace")
    if not strace:
        raise tap.Skip("strace is not installed")
    log = os.path.join(b.dir, "strace")
    # LeakSanitizer cannot stop threads that another program traces.
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    # Only what the driver itself opens: without -f.
    done = subprocess.run([strace, "-qq", "-e", "trace=open,openat", "-o", log, *b.command(*args)],
                          env=b.environment(ASAN_OPTIONS=sanitizer), cwd=b.dir,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if "PTRACE" in done.stderr:
        raise tap.Skip(f"strace cannot trace: {done.stderr.splitlines()[0]}")
    with open(log, encoding="utf-8") as f:
        found = [m.group(1) for m in map(READ.search, f) if m]
    return [os.path.basename(x) for x in found if x.startswith(b.dir)], done


def each_once(b, *args):
    seen, done = reads(b, *args)
    for name in ("environment.json", "trials.csv"):
        equal(seen.count(name), 1, f"{args[0]}: {name} is opened to read\n{done.stderr}\nfor")
    histograms = [x for x in seen if re.fullmatch(r"\d+\.csv", x)]
    equal(len(histograms), len(set(histograms)), f"{args[0]}: histograms")
    expect(histograms or args[0] != "plot", f"{args[0]}: no histogram is opened to read\n{done.stderr}")


def once(t):
    b = Bench(t)
    copy = copy_of_reference(b, "copy")
    each_once(b, "report", copy)
    each_once(b, "plot", copy)
    each_once(b, "run", b.scenario(connections="1", repetitions=1), "--out", b.out)
    expect(os.path.exists(os.path.join(b.out, "report.html")), "no report")


TESTS = [("a run's files are read once for its tables, its plots and its report", once, 120)]
