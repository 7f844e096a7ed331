"""Machines with less."""

import json
import os
import subprocess
import time

import tap
from driver.bench import (ARGS, NO_FIGURES, OF_THE_MACHINE, UNANSWERED, UNDER_WAY, Bench, equal, expect,
                          points)


def one_cpu(t):
    b = Bench(t, pictures=False)
    cpu = min(os.sched_getaffinity(0))
    _, err = b.measure(b.scenario(repetitions=1), "--out", b.out,
                       preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    expect("WARNING: server and load generator share one CPU." in err, err)
    for row in b.rows():
        if row["block"] != "0" and not row["reason"].startswith((*OF_THE_MACHINE, UNDER_WAY)):
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
        if float(row["requests"] or 0) < 50:
            raise tap.Skip(f"a busy machine: {row['requests'] or 0} answers in a window")
        each = float(row["minor_faults_per_request"])
        few, many = (4, 50) if row["model"] == "takes-pages" else (0, 4)
        if not few <= each < many and row["reason"].startswith(("disturbed: ", "counters cover ")):
            raise tap.Skip(f"inconclusive: {each} faults a request; {row['reason']}")
        # The counter is read a little after the window begins and after it ends: half may be missed.
        if row["model"] == "takes-pages":  # and those of Python itself
            expect(4 <= each < 50, f"{each} faults a request of a server that takes 8 pages for it")
        else:
            expect(each < 4, f"{each} faults a request of one that takes none")
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
    b = Bench(t, pictures=False)
    _, err = b.measure(b.scenario(connections="1, 4, 400", repetitions=1), "--out", b.out,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    expect("400 connections: needs 464 descriptors, this machine's limit is 256" in err, err)
    equal(max(c for _, _, c in points(b.rows())), 4, "most connections measured")


def cpu_quota(t):
    """A control group that has a fifth of a CPU for everything, of version 1 or 2."""
    group, limits = None, None
    for parent, file, text in (("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "20000"),
                               ("/sys/fs/cgroup", "cpu.max", "20000 100000")):
        if os.path.exists(os.path.join(parent, file)) or \
                "cpu" in read_or_nothing(os.path.join(parent, "cgroup.subtree_control")).split():
            group, limits = os.path.join(parent, f"iomodels-test-{os.getpid()}"), (file, text)
            break
    if not group:
        raise tap.Skip("no control groups for the CPU here")
    try:
        os.mkdir(group)
    except OSError as e:
        raise tap.Skip(f"no control group can be made: {e}") from None
    t.defer(lambda: remove_group(group))
    try:
        with open(os.path.join(group, limits[0]), "w", encoding="utf-8") as f:
            f.write(limits[1])
    except OSError as e:
        raise tap.Skip(f"no quota can be set: {e}") from None
    b = Bench(t)

    def join():
        with open(os.path.join(group, "cgroup.procs"), "w", encoding="utf-8") as f:
            f.write(str(os.getpid()))

    begin = time.monotonic()
    p, _, err = b.finish(("run", b.scenario(repetitions=2, connections="1", duration="0.5s"), "--out",
                          b.out), {"preexec_fn": join}, (UNANSWERED,))
    seconds = time.monotonic() - begin
    for row in b.rows():
        if row["block"] != "0":
            if throttled(group) < 0.3 * seconds:
                raise tap.Skip("inconclusive: others left the group no time to use its quota up")
            equal(row["verdict"], "INVALID", f"verdict under a quota ({row['reason']})")
            expect("the CPU quota of a control group stopped all programs" in row["reason"],
                   row["reason"])
            expect(int(row["throttled_periods"]) > 0, "periods")
    equal(p.returncode, 1, err)
    expect("WARNING: 2 of" in err, f"no warning:\n{err}")


def throttled(group):
    """Seconds that its processes stood still for want of quota (cpu.stat of either version)."""
    said = dict(line.split() for line in read_or_nothing(os.path.join(group, "cpu.stat")).splitlines())
    return int(said.get("throttled_usec", 0)) / 1e6 + int(said.get("throttled_time", 0)) / 1e9


def read_or_nothing(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except OSError:
        return ""


def remove_group(group):
    """Once the last process of it is gone."""
    while os.path.isdir(group):
        try:
            os.rmdir(group)
        except OSError:
            time.sleep(0.01)


def a_cpu_is_left_out(t):
    """/proc/stat of some containers tells of fewer CPUs than there are."""
    b = Bench(t)
    cpu = max(os.sched_getaffinity(0))
    fake = os.path.join(b.dir, "stat")
    with open("/proc/stat", encoding="utf-8") as real, open(fake, "w", encoding="utf-8") as f:
        f.writelines(line for line in real if not line.startswith(f"cpu{cpu} "))
    command = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /proc/stat && exec "$@"', fake]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise tap.Skip(f"no mount namespace here: {tried.stderr.strip()}")
    p = subprocess.run([*command, *b.command("run", b.scenario(repetitions=1, connections="1"),
                                             "--out", b.out)],
                       env=b.environment(), capture_output=True, text=True, check=False)
    expect("WARNING: /proc/stat leaves out a CPU" in p.stderr, p.stderr)
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        environment = json.load(f)
    equal(environment["sources"]["other_programs"], None, "what tells of other programs")
    for row in b.rows():
        told = [row[f"{what}_{whose}_cpu_fraction"] for what in ("other", "stolen")
                for whose in ("server", "generator")]
        expect("" in told, f"figures of a CPU that nothing tells of: {told}")


TESTS = [
    ("one CPU is told and marked", one_cpu, 60),
    ("without privileges", without_privileges, 60),
    ("page faults a request, by perf", faults_by_perf, 60),
    ("page faults a request, by /proc", faults_by_proc, 60),
    ("few descriptors", few_descriptors, 60),
    ("a CPU quota of a control group", cpu_quota, 60),
    ("a CPU that /proc/stat leaves out", a_cpu_is_left_out, 60),
]
