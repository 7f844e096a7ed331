"""The experiments: which programs are run in a round, and the figure that each run comes to."""

import csv
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

from compare_generators import environment
from judge_claims import measure

JOB_S = 0.02  # what a job that computes takes, alone
WAIT_MS = 10
MIXED_S = 0.0004  # CPU of a job that waits and computes
INTERVALS_MS = (5, 0.5)


class Line(NamedTuple):
    """What is measured: a pool of workers and its work, or an echo, or a client of `iomodels crawl`."""

    language: str
    way: str
    work: str
    workers: int

    def __str__(self):
        if self.work == "echo":
            return f"echo, {self.way}"
        if self.work in ("crawl", "crawl-cpu"):
            return self.way
        return f"{self.language} {self.way}, {self.work}, {self.workers} worker{'' if self.workers == 1 else 's'}"


class Row(NamedTuple):
    """A run of it. `value` is jobs a second, or a second of CPU; of an echo the median round trip in seconds."""

    experiment: str
    round: int
    line: Line
    value: float
    others: float  # of the CPUs, what other programs took; nan: not known
    disturbed: bool
    note: str = ""


def pool_command(o, line, jobs, size):
    program = [os.path.join(o.build, "bench", "pools")] if line.language == "C" else \
        [measure.PYTHON, "-B", os.path.join(measure.HERE, "pools.py")]
    return program + ["--way", line.way, "--work", line.work, "--workers", str(line.workers), "--jobs", str(jobs),
                      "--size", str(size), "--wait", f"{WAIT_MS}ms"]


def calibrate(o, language, work, seconds):
    """The size of a job that takes so long alone on a CPU."""
    size, found = 1, 0.0
    while found < seconds / 2:
        size *= 2 if found < seconds / 50 else max(2, int(seconds / found))
        line = Line(language, "threads", work, 1)
        found = min(measure.run(pool_command(o, line, 4, size))["cpu_s"] / 4 for _ in range(2))
    return max(1, round(size * seconds / found))


def run_pool(o, name, number, line, jobs, size, expected):
    said = measure.run(pool_command(o, line, jobs, size))
    if said["jobs"] != jobs or len(said["results"]) != 1 or \
            said["results"] != expected.setdefault((line.language, line.work), said["results"]):
        raise measure.Failed(f"{line}: {said['jobs']} of {jobs} jobs, results {said['results']}: not the same for all")
    return Row(name, number, line, jobs / said["wall_s"], said["others"], said["disturbed"])


def gil_lines(cpus):
    for workers in (1, cpus, 2 * cpus):
        yield Line("Python", "threads", "cpu", workers)
        yield Line("Python", "processes", "cpu", workers)
        yield Line("Python", "threads", "hash", workers)
        yield Line("Python", "threads", "hash-small", workers)
        yield Line("C", "threads", "cpu", workers)
        yield Line("C", "processes", "cpu", workers)


def run_echo(number, way):
    command = [measure.PYTHON, "-B", os.path.join(measure.HERE, "echo_beside.py"), "--seed", str(number)]
    command += ["--alone"] if way == "alone" else ["--interval", way.split()[0]]
    said = measure.run(command)
    if said["has_check_interval"]:
        raise measure.Failed(f"{measure.PYTHON} counts byte codes: it is not what is judged here")
    return Row("gil", number, Line("Python", way, "echo", 1), statistics.median(said["trips_s"]), said["others"],
               said["disturbed"])


def gil(o, say):
    """Jobs that compute, in threads and processes; an echo beside a thread that computes."""
    cpus = len(measure.cpus())
    lines = list(gil_lines(cpus))
    echoes = ["alone"] + [f"{ms} ms" for ms in INTERVALS_MS]
    sizes = {key: calibrate(o, *key, JOB_S) for key in sorted({(x.language, x.work) for x in lines})}
    say("sizes of a job: " + ", ".join(f"{language} {work} {n}" for (language, work), n in sizes.items()))
    rows, expected = [], {}
    for number, tasks in rounds(o, lines + echoes):
        for task in tasks:
            if isinstance(task, str):
                rows.append(run_echo(number, task))
            else:
                rows.append(run_pool(o, "gil", number, task, 4 * cpus, sizes[task.language, task.work], expected))
        say(f"gil: round {number} of {o.rounds} done")
    return rows


def iobound_lines(cpus):
    for workers in (1, cpus, 8 * cpus, 32 * cpus):
        for way in ("threads", "processes", "coroutines", "processes-coroutines"):
            if workers >= cpus or way != "processes-coroutines":
                yield Line("Python", way, "wait", workers)
        yield Line("C", "threads", "wait", workers)
        yield Line("C", "processes", "wait", workers)
    for way in ("threads", "processes", "coroutines", "processes-coroutines"):
        yield Line("Python", way, "mixed", 32 * cpus)


def iobound(o, say):
    """Jobs that wait, and jobs that wait and compute, in the same pools and in coroutines."""
    lines = list(iobound_lines(len(measure.cpus())))
    size = calibrate(o, "Python", "cpu", MIXED_S)
    say(f"a job that waits {WAIT_MS} ms, and one that computes {size} steps after that")
    rows, expected = [], {}
    for number, tasks in rounds(o, lines):
        for line in tasks:
            rows.append(run_pool(o, "iobound", number, line, 8 * line.workers, size, expected))
        say(f"iobound: round {number} of {o.rounds} done")
    return rows


def rounds(o, tasks):
    """What is compared stands in one round, in random order."""
    order = random.Random(o.seed)
    for number in range(1, o.rounds + 1):
        order.shuffle(tasks)
        yield number, tasks


OF_THE_MACHINE = "disturbed: "  # a reason of iomodels crawl
ORDER = ("gevent-requests", "twisted-agent", "tornado-simple", "tornado-curl", "aiohttp-client", "asyncio-streams")


def order(o, say):
    """The clients of the order that is taught, by `iomodels crawl`, at as many requests at once as they can
    hardly check."""
    driver = os.path.join(o.build, "bench", "iomodels")
    with tempfile.TemporaryDirectory(prefix="judge-claims-") as folder:
        out = os.path.join(folder, "run")
        command = [driver, "crawl", "--clients", ",".join(ORDER), "--concurrency", str(o.concurrency),
                   "--repetitions", str(o.rounds), "--seed", str(o.seed), "--out", out]
        say(" ".join(["iomodels", *command[1:-2]]))
        try:
            p = subprocess.run(command, stdout=sys.stderr, env=environment.clean(), check=False)
        except OSError as e:
            raise measure.Failed(f"{driver}: {e.strerror}") from e
        if not os.path.exists(os.path.join(out, "crawl.csv")):
            raise measure.Failed(f"iomodels crawl: status {p.returncode}, and no figures")
        with open(os.path.join(out, "crawl.csv"), encoding="utf-8", newline="") as f:
            return crawl_rows(csv.DictReader(f))


def crawl_rows(jobs):
    """Two of each job: requests a second, and requests a second of CPU. What other programs take spoils the first
    alone."""
    rows = []
    for r in jobs:
        if r["counting"] != "0" or r["status"] != "ok":
            continue
        requests, others, cpu_us = int(r["requests"]), r["other_client_cpu_fraction"], r["cpu_us_per_request"]
        busy = r["reason"].startswith(OF_THE_MACHINE)
        figures = [("crawl", requests / float(r["wall_s"]), r["verdict"] != "valid")]
        if cpu_us:
            figures.append(("crawl-cpu", 1e6 / float(cpu_us), r["verdict"] != "valid" and not busy))
        rows += [Row("order", int(r["repetition"]), Line("Python", r["client"], work, int(r["concurrency"])), value,
                     float(others) if others else math.nan, disturbed, r["reason"]) for work, value, disturbed in figures]
    return rows


ALL = {"gil": gil, "iobound": iobound, "order": order}
