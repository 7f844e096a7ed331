"""What a scenario can measure besides axes: variants of a model, CPUs of the server, memory of the kernel."""

import ctypes
import json
import os
import re

import tap
from driver.bench import OF_THE_MACHINE, README, Bench, equal, expect, nothing_left
from driver.spy import Spy

VARIANTS = """[scenario]
name = tiny
expect = value(processes epoll-lt+needless-ctl, connections=2) >= 1: It runs.
[sweep]
models = epoll-lt, epoll-lt+needless-ctl, {more}
protocols = echo
connections = 2
repetitions = 1
duration = 0.1s
warmup = 0.02s
settle = 60s
timeout = 60s
yardstick = none
[model:epoll-lt+needless-ctl]
options = --needless-ctl
reason = four calls that nobody needs.
"""
CORES = """[scenario]
name = tiny
[sweep]
models = epoll-lt
protocols = http
axis = cores
connections = 2
at = 1, 2
repetitions = 1
duration = 0.1s
"""
KERNEL = ("kernel_kib_per_connection", "kernel_stack_kib_per_connection", "mapped_kib_per_connection")


def variants(t):
    """A variant is a server beside its model, with its own options, to the end of a run and in its check."""
    b = Bench(t, pictures=False)
    text = VARIANTS.format(more="epoll-lt")
    b.measure(b.scenario(text), "--out", b.out)
    rows = {r["model"]: r for r in b.rows() if r["block"] == "1"}
    equal(set(rows), {"epoll-lt", "epoll-lt+needless-ctl"}, "models")
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        models = {m["name"]: m for m in json.load(f)["models"]}
    equal({name: m["options"] for name, m in models.items()},
          {"epoll-lt": None, "epoll-lt+needless-ctl": "--needless-ctl"}, "options")
    counted = {r["model"]: float(r["syscalls_per_request"] or 0) for r in b.rows() if r["block"] == "0"}
    first = [r for r in b.rows() if r["block"] == "0"]
    # Of a few requests those under way at both ends are too large a part; and counters that were read
    # late miss calls.
    if first and all(int(r["ok"] or 0) >= 100 and not r["reason"].startswith(OF_THE_MACHINE) for r in first):
        more = counted["epoll-lt+needless-ctl"] - counted["epoll-lt"]
        expect(more > 2, f"{more} system calls a request more than epoll-lt; {counted}")
    out, _ = b.call("verify", b.out)
    expect("WRONG" not in out, out)
    _, err = b.call("run", b.scenario(VARIANTS.format(more="epoll-lt+nothing")), "--dry-run", status=2)
    expect("tiny.ini" in err and "epoll-lt+nothing" in err, err)


def cores(t):
    """Where one CPU is left for the server, nothing is compared, and one line says so."""
    b = Bench(t, pictures=False)
    few = sorted(os.sched_getaffinity(0))[:2]
    _, err = b.call("run", b.scenario(CORES), "--out", b.out, status=1,
                    preexec_fn=lambda: os.sched_setaffinity(0, few))
    lines = err.splitlines()
    equal(len(lines), 1, f"lines of {err}")
    expect("needs 3 CPUs or more" in lines[0] and "tiny" in lines[0], err)
    expect(not os.path.exists(b.out), f"{b.out} is there")


def memory(t):
    """The columns of the kernel's memory are there; a thread maps a stack, of which a loop has none."""
    b = Bench(t, models=("epoll-lt", "thread"), pictures=False)
    b.measure(b.scenario(protocols="http", connections="50", repetitions=1), "--out", b.out)
    rows = {r["model"]: r for r in b.rows() if r["block"] == "1"}
    for row in rows.values():
        for column in KERNEL:
            expect(row[column] != "", f"{row['model']} has no {column}")
    mapped = {name: float(r["mapped_kib_per_connection"]) for name, r in rows.items()}
    expect(mapped["thread"] > 64 > mapped["epoll-lt"], f"mapped: {mapped}")
    b.summarise(b.out)
    for row in b.rows("summary.csv"):
        expect(set(KERNEL) <= set(row), f"summary.csv has {list(row)}")


NAMESPACES = """[scenario]
name = tiny
[sweep]
models = epoll-lt
protocols = http
axis = transport
connections = 2
at = 0, 2
repetitions = 1
duration = 0.1s
warmup = 0.02s
settle = 60s
timeout = 60s
yardstick = none
"""
CAP_SYS_ADMIN, PR_CAPBSET_DROP = 21, 24


def network(process):
    return os.readlink(f"/proc/{process}/ns/net")


def namespaces(t):
    """TCP between two namespaces: the load generator is not in ours, and the server's address is of no
    device of this machine. With root alone."""
    b = Bench(t, pictures=False)
    spy = Spy(os.path.join(b.dir, "spy"), b.loadgen, links=["/proc/self/ns/net"])
    b.loadgen = spy.path
    _, err = b.measure(b.scenario(NAMESPACES), "--out", b.out)
    if "needs root" in err or "'ip " in err:
        raise tap.Skip(next(x for x in err.splitlines() if x.startswith("skipped: ")))
    rows = [r for r in b.rows() if r["at"] == "2"]
    expect(rows and all(r["status"] == "ok" and float(r["connected"]) == 2 for r in rows), rows)
    seen = [s for s in spy.seen() if s["arguments"][-1].startswith("http://10.213.7.1:")]
    # A run that was too slow was made once more.
    expect(len(seen) >= len(rows), f"{len(seen)} load generators went to the server's namespace, for {len(rows)} rows")
    inside = {s["links"][0] for s in seen[-len(rows):]}
    equal(len(inside), 1, "namespaces of the load generator")
    expect(inside != {network("self")}, inside)
    for process in (p for p in os.listdir("/proc") if p.isdigit()):
        try:
            expect(network(process) not in inside, f"process {process} is still there")
        except OSError:
            continue
    out, _ = b.call("verify", b.out)
    expect("WRONG" not in out, out)


def no_namespaces(t):
    """Without the right to make them those points are skipped, with the reason, and the run is good."""
    b = Bench(t, pictures=False)
    libc = ctypes.CDLL(None, use_errno=True)
    _, err = b.measure(b.scenario(NAMESPACES), "--out", b.out,
                       preexec_fn=lambda: libc.prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0))
    expect(re.search(r"^skipped: http epoll-lt, namespaces: .*needs root: Operation not permitted$", err, re.M), err)
    equal({r["at"] for r in b.rows()}, {"0"}, "points")
    out, _ = b.call("verify", b.out)
    expect("WRONG" not in out, out)


def slow_clients(t):
    """A pool that slow clients fill answers nobody else; a loop goes on."""
    b = Bench(t, models=("epoll-lt", "thread-pool"), pictures=False)
    for after in ("1s", "5s", "25s"):
        out, _ = b.call("run", "slow-clients", "-c", "3", "--slow", "20", "--before", "0.5s", "--after", after,
                        "--out", f"{b.out}-{after}")
        rows = {r["server"]: r for r in b.rows("slow-clients.csv", f"{b.out}-{after}")}
        # Where the driver stood still when they were to come, there is no time after it.
        if all(float(r["rate_before"] or 0) > 0 and r["rate_after"] for r in rows.values()) \
                and float(rows["thread-pool"]["rate_after"]) == 0 < float(rows["epoll-lt"]["rate_after"]):
            break
    equal(sorted(rows), ["epoll-lt", "thread-pool"], "servers")
    equal(float(rows["thread-pool"]["answered_after"]), 0, f"answers of a full pool: {rows}")
    expect(float(rows["epoll-lt"]["rate_after"]) > 0, rows)
    with open(os.path.join(f"{b.out}-{after}", "finding.txt"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    expect("20 clients come that hardly read; thread-pool then answers nobody else" in lines[0], lines)
    expect(len(lines) == 3 and lines[0] in out, out)
    with open(README, encoding="utf-8") as f:
        section = f.read().split("## slow-clients.csv")[1].split("\n## ")[0]
    equal(list(rows["epoll-lt"]), re.findall(r"^\| `(\w+)` \|", section, re.M), "columns of slow-clients.csv")
    nothing_left(b)


TESTS = [
    ("scenarios: between two network namespaces", namespaces, 60),
    ("scenarios: no right to make network namespaces", no_namespaces, 60),
    ("scenarios: a pool that slow clients fill", slow_clients, 120),
    ("scenarios: a variant of a model", variants, 60),
    ("scenarios: cores on a machine that has too few", cores, 60),
    ("scenarios: memory of the kernel", memory, 60),
]
