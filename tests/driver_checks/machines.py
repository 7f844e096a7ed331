"""Machines with less."""

import json
import os
import subprocess

import tap
from driver_checks.bench import ARGS, NO_FIGURES, OF_THE_MACHINE, Bench, equal, expect, points


def one_cpu(t):
    b = Bench(t, pictures=False)
    cpu = min(os.sched_getaffinity(0))
    _, err = b.measure(b.scenario(repetitions=1), "--out", b.out,
                       preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    expect("WARNING: server and load generator share one CPU." in err, err)
    for row in b.rows():
        if row["block"] != "0" and not row["reason"].startswith(OF_THE_MACHINE):
            equal(row["verdict"], "generator-limited", "verdict")
            expect("share one CPU" in row["reason"], row["reason"])
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        placement = json.load(f)["placement"]
    expect("share one CPU" in placement["warning"] and placement["shared_cpus"] is True, placement)


def without_privileges(t):
    if os.geteuid() != 0:
        raise tap.Skip("only root can drop privileges")
    b = Bench(t, pictures=False)
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
        if row["reason"].startswith(NO_FIGURES):
            continue
        expect(float(row["cpu_us_per_request"]) > 0, "no CPU time")
        expect(row["switches_per_request"] != "", "no context switches")
    if paranoid > 1:
        expect("clock" in sources["cpu"] and sources["missing"], f"sources {sources}")


def few_descriptors(t):
    import resource
    b = Bench(t, pictures=False)
    _, err = b.measure(b.scenario(connections="1, 4, 400", repetitions=1), "--out", b.out,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    expect("400 connections: needs 464 descriptors, this machine's limit is 256" in err, err)
    equal(max(c for _, _, c in points(b.rows())), 4, "most connections measured")


TESTS = [
    ("one CPU is told and marked", one_cpu, 60),
    ("without privileges", without_privileges, 60),
    ("few descriptors", few_descriptors, 60),
]
