"""How fast this machine is: measured once, when the tests begin, and said.

Tests wait for events. A wait that never ends is a failure, and how long "never" is depends on the
machine: 60 seconds times factor(). A test that takes a duration as its subject does not use this."""

import functools
import os
import resource
import socket
import statistics
import threading
import time

# A test that waits this long, times factor(), for one event has found a hang.
HANG = 60.0

# The costs of a quiet virtual machine on which the whole suite takes a quarter of an hour.
USUAL = {"fork and exec": 500e-6, "thread": 120e-6, "round trip": 15e-6}


def _fork_and_exec():
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def _thread():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def _round_trip(near, far):
    near.send(b"x")
    far.recv(1)
    far.send(b"x")
    near.recv(1)


def _median(times, function, *arguments):
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        function(*arguments)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


@functools.cache
def costs():
    """Seconds, by name: medians of a few dozen tries, a tenth of a second in all."""
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(listener.getsockname()) as near:
        far, _ = listener.accept()
        with far:
            return {"fork and exec": _median(21, _fork_and_exec), "thread": _median(51, _thread),
                    "round trip": _median(201, _round_trip, near, far)}


def locks_little():
    """May this user lock less in memory than some hundred servers with a ring of io_uring each do?"""
    with open("/proc/self/status", encoding="ascii") as f:
        effective = next(int(line.split()[1], 16) for line in f if line.startswith("CapEff:"))
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    return not effective >> 14 & 1 and soft != resource.RLIM_INFINITY and soft < 64 << 20  # CAP_IPC_LOCK


@functools.cache
def factor():
    """How many times slower than usual the slowest of these is; never less than 1."""
    return max(1.0, *(costs()[name] / usual for name, usual in USUAL.items()))


def hang():
    """Seconds after which a wait for an event has failed."""
    return HANG * factor()


def told():
    """A line of text."""
    each = ", ".join(f"{name} {seconds * 1e6:.0f} us" for name, seconds in costs().items())
    return f"this machine: {each}; time limits are multiplied by {factor():.1f}"
