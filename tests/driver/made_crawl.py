"""Directories of iomodels crawl that no run made: their figures are a test's."""

import csv
import json
import os
import re

from driver.bench import README

WAIT_MS, ROUNDS = 50, 20


def columns():
    """Those of crawl.csv, as results/README.md has them."""
    with open(README, encoding="utf-8") as f:
        table = f.read().split("## crawl.csv")[1].split("\nBeside ")[0]
    return [name for cell in re.findall(r"(?m)^\| (`[^|]*`) \|", table) for name in re.findall(r"`(\w+)`", cell)]


def row(trial, client, concurrency, wall_s, cpu_us, way="tuned", verdict="valid", reason="", **more):
    """A job of ROUNDS rounds: what it would be if nothing but its time and its CPU time were remarkable."""
    n = concurrency * ROUNDS
    ideal = ROUNDS * WAIT_MS / 1e3
    kind = "ours" if client in ("epoll", "thread", "serial") else "external"
    return {"trial": trial, "repetition": 1, "counting": 0, "started": "2026-11-27T12:00:00Z", "client": client,
            "kind": kind, "way": way, "concurrency": concurrency, "requests": n, "wait_ms": WAIT_MS, "status": "ok",
            "verdict": verdict, "reason": reason, "wall_s": wall_s, "ideal_s": ideal,
            "efficiency": round(ideal / wall_s, 5), "cpu_us_per_request": cpu_us, "start_s": 0.1,
            "start_cpu_s": 0.05, "switches_per_request": 1.5, "rss_kib": 20000, "pss_kib": 15000, "processes": 1,
            "threads": 1, "ok": n, "server_requests": n, "server_accepted": concurrency,
            "max_in_service": concurrency, "at_once": concurrency, "window_s": wall_s + 0.01,
            "client_cpu_fraction": 0.5, "server_cpu_fraction": 0.1, "other_client_cpu_fraction": 0.01,
            "other_server_cpu_fraction": 0.01, "stolen_client_cpu_fraction": 0,
            "stolen_server_cpu_fraction": 0, **more}


# Below the knee all tie; at 100 aiohttp-client takes half as long again, and httpx is not valid.
LIMIT = "the server was the limit: it used 97 % of its CPUs"
ROWS = [row(1, "epoll", 10, 1.002, 20), row(2, "aiohttp-client", 10, 1.01, 400), row(3, "httpx", 10, 1.05, 900),
        row(4, "epoll", 100, 1.005, 20), row(5, "aiohttp-client", 100, 1.5, 420),
        row(6, "httpx", 100, 2, 950, verdict="INVALID", reason=LIMIT),
        row(7, "aiohttp-client", 100, 3, 800, way="first", server_accepted=2000)]


def make(b, name, rows, scenario="crawl"):
    """The directory, below that of the bench."""
    place = os.path.join(b.dir, name)
    os.makedirs(place)
    levels = sorted({r["concurrency"] for r in rows})
    with open(os.path.join(place, "scenario.ini"), "w", encoding="utf-8") as f:
        f.write(f"[crawl]\nname = {scenario}\nquestion = Which <way> & why?\nexpect = They tie.\n"
                f"ways = first, tuned\nconcurrency = {', '.join(map(str, levels))}\nwait = {WAIT_MS}\n"
                f"rounds = {ROUNDS}\n")
    with open(os.path.join(place, "machine.json"), "w", encoding="utf-8") as f:
        json.dump({"machine": {"cpu": "A CPU of 1 GHz", "kernel_release": "6.1", "distribution": "Debian"},
                   "placement": {"server_cpus": "0", "client_cpus": "1", "shared_cpus": False}, "seed": "1"}, f)
    with open(os.path.join(place, "crawl.csv"), "w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, columns(), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return place
