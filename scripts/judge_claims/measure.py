"""One program run and watched: what it says, and what others took of the CPUs meanwhile."""

import json
import os
import resource
import subprocess
import sys
import time

from compare_generators import environment

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
DISTURBED = 0.15  # of the CPUs, as common/disturbed.h has it
LIMIT_S = 600  # what takes longer hangs


class Failed(Exception):
    """A program failed; the message says how."""


def cpus():
    return sorted(os.sched_getaffinity(0))


def busy_s(which):
    """CPU seconds of everybody, the hypervisor included, on these CPUs since the start of the system."""
    tick = os.sysconf("SC_CLK_TCK")
    total = 0
    with open("/proc/stat", encoding="ascii") as f:
        for line in f:
            words = line.split()
            if words[0].startswith("cpu") and words[0][3:].isdigit() and int(words[0][3:]) in which:
                user, nice, system, _, _, irq, softirq, steal = (int(x) for x in words[1:9])
                total += user + nice + system + irq + softirq + steal
    return total / tick


def own_s():
    """CPU seconds of this program and of the children that have ended."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(p.ru_utime + p.ru_stime for p in parts)


def run(argv):
    """What the program says as JSON, with `others`: the part of the CPUs that others took."""
    which = cpus()
    begin, busy, own = time.monotonic(), busy_s(which), own_s()
    try:
        p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                           timeout=LIMIT_S, env=environment.clean())
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Failed(f"{argv[0]}: {e}") from e
    took = time.monotonic() - begin
    others = busy_s(which) - busy - (own_s() - own)
    if p.returncode != 0:
        last = p.stderr.strip().splitlines()[-1:] or [f"status {p.returncode}"]
        raise Failed(f"{' '.join(argv)}: {last[0]}")
    try:
        said = json.loads(p.stdout)
    except ValueError as e:
        raise Failed(f"{' '.join(argv)}: said no JSON") from e
    ticks = others * os.sysconf("SC_CLK_TCK")
    share = max(0.0, others / took / len(which))
    # A tick or two of each CPU say nothing.
    return said | {"others": share, "disturbed": share > DISTURBED and ticks > 2 * len(which)}
