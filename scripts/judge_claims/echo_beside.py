#!/usr/bin/env python3
"""A thread that echoes, beside a thread that computes: how long a round trip takes, as JSON. Whoever asks is
a process of its own, with a lock of its own, and asks some time after the last answer, never in step."""

import argparse
import json
import os
import random
import socket
import sys
import threading
import time

PAUSE_S = 0.012


def ask(end, trips, seed):
    """The round trips in seconds."""
    pauses = random.Random(seed)
    found = []
    for _ in range(trips):
        time.sleep(PAUSE_S * (0.5 + pauses.random()))
        begin = time.perf_counter()
        end.sendall(b"x" * 16)
        if end.recv(16, socket.MSG_WAITALL) != b"x" * 16:
            sys.exit("the echo is not what was sent")
        found.append(time.perf_counter() - begin)
    return found


def echo(end):
    while data := end.recv(16):
        end.sendall(data)


def compute(over):
    x = 1
    while not over.is_set():
        for _ in range(1000):
            x = x * 48271 % 2147483647


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--interval", type=float, metavar="MS", help="of sys.setswitchinterval() (as Python has it)")
    p.add_argument("--alone", action="store_true", help="no thread computes")
    p.add_argument("--trips", type=int, default=60, metavar="N")
    p.add_argument("--seed", type=int, default=1, metavar="N")
    o = p.parse_args()
    ours, theirs = socket.socketpair()
    told, tell = os.pipe()
    if os.fork() == 0:  # before there are threads
        ours.close()
        os.close(told)
        with open(tell, "w", encoding="utf-8") as f:
            json.dump(ask(theirs, o.trips, o.seed), f)
        os._exit(0)
    theirs.close()
    os.close(tell)
    if o.interval is not None:
        sys.setswitchinterval(o.interval / 1e3)
    over = threading.Event()
    threads = [threading.Thread(target=echo, args=(ours,))]
    if not o.alone:
        threads.append(threading.Thread(target=compute, args=(over,)))
    for t in threads:
        t.start()
    with open(told, encoding="utf-8") as f:
        text = f.read()
    over.set()
    for t in threads:
        t.join()
    if os.wait()[1] != 0:
        sys.exit("the process that asks has failed")
    print(json.dumps({"interval_s": sys.getswitchinterval(), "trips_s": json.loads(text),
                      "has_check_interval": hasattr(sys, "getcheckinterval")}))


if __name__ == "__main__":
    main()
