"""The system calls of a server, counted by strace while something is done with it."""

import collections
import re
import shutil
import signal
import subprocess
import time

import tap

CALL = re.compile(r"^(?:\d+ +)?([a-z_0-9]+)\(")

# What malloc does when it wants memory, or gives it back, says nothing of a model. Nor does what the
# machine decides: whether a clock can be read without a call (vdso(7)), and what follows a signal.
NOT_OF_MODEL = {"brk", "mmap", "munmap", "madvise", "clock_gettime", "gettimeofday", "time",
                "restart_syscall", "rt_sigreturn"}


def counted(server, do):
    """Call `do` and return how often the server made each system call meanwhile, by name, those that
    are not of its model left out. Skips the test where strace is missing or may not attach."""
    if not shutil.which("strace"):
        raise tap.Skip("strace is not installed")
    server.until_asleep()  # it listens before its loop is made
    path = f"{server._dir}/strace"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", path, "-p", str(server.pid)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + server.patience
        while not traced(server.pid):
            if tracer.poll() is not None:
                raise tap.Skip(f"strace cannot attach: {tracer.stderr.read().decode().strip()}")
            assert time.monotonic() < deadline, "strace does not attach"
            time.sleep(0.01)
        server.until_asleep()  # to be traced is to be stopped first
        do()
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)  # it detaches, and the server goes on
        tracer.wait(server.patience)
        tracer.stderr.close()
    with open(path) as f:
        return collections.Counter(m.group(1) for m in map(CALL.match, f)
                                   if m and m.group(1) not in NOT_OF_MODEL)


def traced(pid):
    with open(f"/proc/{pid}/status") as f:
        return [x for x in f if x.startswith("TracerPid:")][0].split()[1] != "0"
