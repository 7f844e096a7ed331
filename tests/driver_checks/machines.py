"""Machines with less."""

import json
import os
import subprocess

import tap
from driver_checks.bench import ARGS, Bench, equal, expect, points


def one_cpu(t):
    b = Bench(t)
    cpu = min(os.sched_getaffinity(0))
    _, err = b.measure(b.scenario(repetitions=1), "--out", b.out,
                       preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    expect("WARNING: server and load generator share one CPU." in err, err)
    for row in b.rows():
        if row["block"] != "0" and not row["reason"].startswith(("disturbed: ", "counters cover ")):
            equal(row["verdict"], "generator-limited", "verdict")
            expect("share one CPU" in row["reason"], row["reason"])
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        placement = json.load(f)["placement"]
    expect("share one CPU" in placement["warning"] and placement["shared_cpus"] is True, placement)


def without_privileges(t):
    if os.geteuid() != 0:
        raise tap.Skip("only root can drop privileges")
    b = Bench(t)
    os.chmod(b.dir, 0o777)
    try:
        subprocess.run([ARGS.driver, "--version"], user=65534, group=65534, extra_groups=[],
                       stdout=subprocess.DEVNULL, check=True)
    except PermissionError:
        raise tap.Skip("the build directory is closed to other users") from None
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="utf-8") as f:
        paranoid = int(f.read())
    b.measure(b.scenario(repetitions=1), "--out", b.out, user=65534, group=65534,
              extra_groups=[])
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        sources = json.load(f)["sources"]
    for row in b.rows():
        equal(row["status"], "ok", row["reason"])
        expect(float(row["cpu_us_per_request"]) > 0, "no CPU time")
        expect(row["switches_per_request"] != "", "no context switches")
        expect(row["minor_faults_per_request"] != "", "no page faults")
    if paranoid > 1:
        expect("clock" in sources["cpu"] and sources["missing"], f"sources {sources}")


def page_faults(t, user=None):
    b = Bench(t, fakes=("takes-pages",))
    as_user = {}
    if user:
        os.chmod(b.dir, 0o777)
        as_user = {"user": user, "group": user, "extra_groups": []}
    b.measure(b.scenario(repetitions=1, connections="1"), "--out", b.out, **as_user)
    for row in b.rows():
        if float(row["requests"] or 0) < 50:  # one at either end of the window may count half
            raise tap.Skip(f"a busy machine: {row['requests'] or 0} answers in a window")
        each = float(row["minor_faults_per_request"])
        if row["model"] == "takes-pages":  # and those of Python itself
            expect(7 <= each < 50, f"{each} faults a request of a server that takes 8 pages for it")
        else:
            expect(each < 7, f"{each} faults a request of one that takes none")
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        return json.load(f)["sources"]["page_faults"]


def faults_by_perf(t):
    source = page_faults(t)
    if "perf" not in source:
        raise tap.Skip(f"no perf here: {source}")


def faults_by_proc(t):
    if os.geteuid() != 0:
        raise tap.Skip("only root can drop privileges")
    try:
        subprocess.run([ARGS.driver, "--version"], user=65534, group=65534, extra_groups=[],
                       stdout=subprocess.DEVNULL, check=True)
    except PermissionError:
        raise tap.Skip("the build directory is closed to other users") from None
    source = page_faults(t, user=65534)
    if "/proc" not in source:
        raise tap.Skip(f"perf is open to all here: {source}")


def few_descriptors(t):
    import resource
    b = Bench(t)
    _, err = b.measure(b.scenario(connections="1, 4, 400", repetitions=1), "--out", b.out,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    expect("400 connections: needs 464 descriptors, this machine's limit is 256" in err, err)
    equal(max(c for _, _, c in points(b.rows())), 4, "most connections measured")


TESTS = [
    ("one CPU is told and marked", one_cpu, 60),
    ("without privileges", without_privileges, 60),
    ("page faults a request, by perf", faults_by_perf, 60),
    ("page faults a request, by /proc", faults_by_proc, 60),
    ("few descriptors", few_descriptors, 60),
]
