"""Time that is taken from the generator while it measures: in a closed loop nothing else shows it."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
import time

from lib import machine
from load.run import (Run, consistent, load, named, stub_for, read_lines, skip, steady,
                      until)

V1 = "/sys/fs/cgroup/cpu"
V2 = "/sys/fs/cgroup"


def stopped_for_most_of_the_window(t):
    """Stopped soon after its window opened, until that is over."""
    stub = stub_for(t)
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    window = 3 * min(machine.factor(), 4)
    run = Run(t, "-c", "2", "-d", f"{window:.3f}s", "--events-fd", str(into), stub.url,
              pass_fds=[into])
    os.close(into)
    assert read_lines(out, 2)[1] == "start"
    until(lambda: stub.requests >= 6, "requests after the first answers", run.process)
    run.stand_still()
    time.sleep(window)  # whatever is left of it
    run.go_on()
    run.finish()
    assert run.status == 3, (run.status, run.err)
    consistent(run.json)
    assert run.json["verdict"] == "INVALID", run.json["verdict_reason"]
    reason = run.json["verdict_reason"]  # the first of those that hold
    assert "stood still for" in reason or "quota" in reason or "hypervisor" in reason, reason
    assert run.json["disturbance"]["still_ns"] > 500_000_000, run.json["disturbance"]


def stopped_before_the_window(t):
    """That is not the window's."""
    stub = stub_for(t)
    run = Run(t, "-c", "2", "-d", "0.2s", "--warmup", f"{2 * min(machine.factor(), 4):.3f}s", stub.url)
    until(lambda: stub.requests > 0, "the first request", run.process)
    run.stand_still()
    time.sleep(0.5)  # longer than the window is
    run.go_on()
    run.finish()
    consistent(run.json)
    assert run.json["disturbance"]["still_ns"] <= run.json["window_ns"] == 200_000_000


def held_up_by_a_reader(t):
    """The rows of --csv go into a pipe that nobody reads until the window is over. The workers go on
    meanwhile, so the generator did not stand still."""
    def attempt():
        with tempfile.TemporaryDirectory(prefix="load-fifo-") as directory:
            path = directory + "/rows"
            os.mkfifo(path)
            reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
                return read_late(t, path, reader)
            finally:
                os.close(reader)
    j = steady(t, 0.05, attempt)
    assert j["outcomes"]["ok"] > 0


def read_late(t, path, reader):
    """Run with --csv into a full pipe; its report."""
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, "-c", "2", "-d", "3s", "--interval", "10ms", "--csv", path, "--events-fd",
              str(into), stub_for(t).url, pass_fds=[into])
    os.close(into)
    assert read_lines(out, 3)[2] == "end"
    os.set_blocking(reader, True)
    rows = b""
    while data := os.read(reader, 65536):
        rows += data
    run.finish()
    assert len(rows) > 2 * 4096, "the rows fit into the pipe"
    # Not for the time in which it could not write, which is most of the window.
    assert run.json["disturbance"]["still_ns"] < run.json["window_ns"] / 2, run.json["disturbance"]
    return run.json


def group_with_quota(t, share):
    """The directory of a new control group that gets this share of a CPU; its file of processes."""
    v1 = os.path.exists(V1 + "/cpu.cfs_quota_us")
    path = f"{V1 if v1 else V2}/iomodels-test-{os.getpid()}-{threading.get_ident()}"
    try:
        os.mkdir(path)
        t.defer(lambda: os.rmdir(path))
        with open(path + ("/cpu.cfs_quota_us" if v1 else "/cpu.max"), "w") as f:
            f.write(str(int(100000 * share)) + ("" if v1 else " 100000"))
    except OSError as error:
        skip(f"no control group with a CPU quota can be made here: {error}")
    return path


def quota(t):
    """A fiftieth of a CPU is used up in every period, whatever else runs."""
    path = group_with_quota(t, 0.02)
    run = load(t, "--null", "-c", "2", "-d", "1s", status=3,
               prefix=["sh", "-c", f'echo $$ >{path}/cgroup.procs && exec "$@"', "sh"])
    j = run.json
    assert j["verdict_reason"].startswith("disturbed: the CPU quota"), j["verdict_reason"]
    d = j["disturbance"]
    assert 0 < d["quota_throttled"] <= d["quota_periods"] and d["quota_throttled_ns"] > 0, d


def no_quota(t):
    j = load(t, "-c", "2", "-n", "50", stub_for(t).url).json
    d = j["disturbance"]
    assert d["cpus"] == len(os.sched_getaffinity(0)) and d["cpus_seen"] <= d["cpus"], d


class Stat:
    """A /proc/stat in which stolen time grows."""

    def __init__(self, t, cpus):
        directory = tempfile.mkdtemp(prefix="load-stat-")
        t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
        self.path, self.cpus, self.stolen = directory + "/stat", cpus, 0
        self.fd = os.open(self.path, os.O_CREAT | os.O_WRONLY)
        t.defer(lambda: os.close(self.fd))
        self.write()
        self.prefix = ["unshare", "-m", "sh", "-c",
                       'mount --bind "$0" /proc/stat && exec "$@"', self.path]
        if not shutil.which("unshare") or \
                subprocess.run([*self.prefix, "true"], capture_output=True,
                               check=False).returncode:
            skip("a /proc/stat of its own needs root and unshare")

    def write(self):
        """Half of what passes is stolen. Always the same number of bytes: who reads meanwhile finds
        whole lines."""
        text = "".join(f"cpu{n} 0 0 0 {self.stolen:012} 0 0 0 {self.stolen:012} 0 0\n"
                       for n in self.cpus)
        os.pwrite(self.fd, text.encode(), 0)

    def grow_while(self, process):
        while process.poll() is None:
            self.stolen += 10
            self.write()
            time.sleep(0.002)


def stolen(t):
    stat = Stat(t, sorted(os.sched_getaffinity(0)))
    run = Run(t, "-c", "2", "-d", "3s", stub_for(t).url, prefix=stat.prefix)
    stat.grow_while(run.process)
    run.finish()
    assert run.status == 3, run.err
    consistent(run.json)
    assert 0.4 < run.json["disturbance"]["stolen_fraction"] < 0.6, run.json["disturbance"]
    reason = run.json["verdict_reason"]
    assert "hypervisor" in reason or "stood still" in reason or "quota" in reason, reason


def cpu_not_in_proc_stat(t):
    """The first of its CPUs, or all."""
    cpus = sorted(os.sched_getaffinity(0))
    for seen in (cpus[1:], []):
        stat = Stat(t, seen)
        run = load(t, "-c", "2", "-n", "50", stub_for(t).url, prefix=stat.prefix)
        d = run.json["disturbance"]
        assert (d["cpus"], d["cpus_seen"]) == (len(cpus), len(seen)), d
        assert f"no line for {len(cpus) - len(seen)} of the {len(cpus)} CPUs" in run.out, run.out


def tests():
    return [named(f) for f in (stopped_for_most_of_the_window, stopped_before_the_window)] + [
        named(f, once=True) for f in (held_up_by_a_reader, quota, no_quota, stolen, cpu_not_in_proc_stat)]
