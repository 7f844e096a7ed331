#!/usr/bin/env python3
"""A pool of workers that do jobs, each job the same work; what it took, as JSON. `pools.c` is the same in C.

The works:
    cpu         `size` steps of a generator of random numbers (Lehmer's)
    hash        SHA-256 of 1 MiB, `size` times: hashlib gives the lock up while it computes
    hash-small  SHA-256 of 1 KiB, `size` times: too little for hashlib to give the lock up (2,047 bytes)
    wait        nothing but the wait
    mixed       the wait, and then the steps

The workers are there, and have done a job each, before the clock starts."""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor

LARGE, SMALL = bytes(1 << 20), bytes(1 << 10)


def steps(size):
    x = 1
    for _ in range(size):
        x = x * 48271 % 2147483647
    return x


def digest(buffer, size):
    h = hashlib.sha256()
    for _ in range(size):
        h.update(buffer)
    return int.from_bytes(h.digest()[:4], "big")


def compute(work, size):
    if work in ("cpu", "mixed"):
        return steps(size)
    if work == "wait":
        return 0
    return digest(LARGE if work == "hash" else SMALL, size)


def job(o):
    """What it came to, and the CPU time of the thread that did it."""
    begin = time.thread_time()
    if o.work in ("wait", "mixed"):
        time.sleep(o.wait / 1e3)
    return compute(o.work, o.size), time.thread_time() - begin


async def coroutine(o, jobs):
    found = []
    for _ in jobs:
        begin = time.thread_time()
        await asyncio.sleep(o.wait / 1e3 if o.work in ("wait", "mixed") else 0)
        own = time.thread_time()
        found.append((compute(o.work, o.size), time.thread_time() - own))
    return found


async def coroutines(o, workers, count):
    """So many coroutines in this thread, over one list of jobs."""
    jobs = iter(range(count))
    return sum(await asyncio.gather(*(coroutine(o, jobs) for _ in range(workers))), [])


def share(args):
    """What one of several processes does with its coroutines."""
    return asyncio.run(coroutines(*args))


def shares(total, parts):
    return [total // parts + (i < total % parts) for i in range(parts)]


def warm(_):
    time.sleep(0.01)  # so that no worker does two of these


def run(o):
    """The results of all jobs, and the seconds from the first begun to the last ended."""
    if o.way == "threads":
        with ThreadPoolExecutor(o.workers) as pool:
            list(pool.map(warm, range(o.workers)))
            return timed(lambda: list(pool.map(lambda _: job(o), range(o.jobs))))
    if o.way == "processes":
        with multiprocessing.Pool(o.workers) as pool:
            pool.map(warm, range(o.workers), chunksize=1)
            return timed(lambda: list(pool.imap_unordered(job, [o] * o.jobs, chunksize=1)))
    if o.way == "coroutines":
        return timed(lambda: asyncio.run(coroutines(o, o.workers, o.jobs)))
    cpus = len(os.sched_getaffinity(0))
    parts = list(zip([o] * cpus, shares(o.workers, cpus), shares(o.jobs, cpus)))
    with multiprocessing.Pool(cpus) as pool:
        pool.map(warm, range(cpus), chunksize=1)
        return timed(lambda: sum(pool.imap_unordered(share, parts, chunksize=1), []))


def timed(function):
    begin = time.monotonic()
    found = function()
    return found, time.monotonic() - begin


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--way", required=True, choices=("threads", "processes", "coroutines", "processes-coroutines"))
    p.add_argument("--workers", type=int, required=True, metavar="N", help="workers at once")
    p.add_argument("--jobs", type=int, required=True, metavar="N")
    p.add_argument("--work", required=True, choices=("cpu", "hash", "hash-small", "wait", "mixed"))
    p.add_argument("--size", type=int, default=0, metavar="N", help="of a job")
    p.add_argument("--wait", type=lambda text: float(text.removesuffix("ms")), default=0, metavar="TIME",
                   help="of a job, as 10ms")
    o = p.parse_args()
    found, wall = run(o)
    print(json.dumps({"jobs": len(found), "results": sorted({result for result, _ in found}), "wall_s": wall,
                      "cpu_s": sum(cpu for _, cpu in found)}))


if __name__ == "__main__":
    main()
