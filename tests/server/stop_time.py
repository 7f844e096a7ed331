#!/usr/bin/env python3
"""How long a server with idle workers takes to stop, beside what its machine takes to end as many bare
processes. Prints; judges nothing.

    python3 tests/server/stop_time.py [--workers 64] [--repeats 11] SERVER [ARGUMENT]...

It alternates: the server, started with so many workers that are all alive, from SIGTERM to its end; and
so many children of a small process, from the first SIGTERM to the last wait."""

import argparse
import os
import signal
import statistics
import sys
import time

# The folder of all tests instead of this one, whose http.py would hide the library's.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lib import machine  # noqa: E402
from lib.server import Server  # noqa: E402


def of_server(o):
    server = Server(os.path.abspath(o.server), arguments=("--workers", str(o.workers), *o.arguments),
                    patience=machine.hang())
    try:
        server.until_counters(lambda n: all(w["alive"] for w in n["workers"]), "all are alive")
        begin = time.perf_counter()
        server.send_signal(signal.SIGTERM)
        server.wait()
        return time.perf_counter() - begin
    finally:
        server.kill()


# A process of its own, as small as Python is: what it forks is what a server would.
def of_bare_processes(count):
    children = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        children.append(pid)
    time.sleep(0.05)  # they are asleep then
    begin = time.perf_counter()
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    for pid in children:
        os.waitpid(pid, 0)
    return time.perf_counter() - begin


def fork_and_wait():
    begin = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return time.perf_counter() - begin


def told(name, values):
    values = sorted(values)
    print(f"{name:44} median {statistics.median(values) * 1e3:8.2f} ms, "
          f"least {values[0] * 1e3:8.2f}, most {values[-1] * 1e3:8.2f}")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--workers", type=int, default=64)
    p.add_argument("--repeats", type=int, default=11)
    p.add_argument("server")
    p.add_argument("arguments", nargs="*")
    o = p.parse_args()
    pairs = [(of_server(o), of_bare_processes(o.workers)) for _ in range(o.repeats)]
    cost = [fork_and_wait() for _ in range(51)]
    told(f"{os.path.basename(o.server)}, {o.workers} workers: SIGTERM to end", [a for a, _ in pairs])
    told(f"{o.workers} bare processes: SIGTERM to the last wait", [b for _, b in pairs])
    told("one fork and wait", cost)
    ratio = statistics.median(a for a, _ in pairs) / statistics.median(cost)
    print(f"the stop is {ratio:.1f} times one fork and wait, "
          f"{ratio / o.workers:.2f} times one for each worker")


if __name__ == "__main__":
    main()
