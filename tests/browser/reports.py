"""Reports to look at: of runs whose figures are known, and of the committed run."""

import os
import shutil

from driver.bench import Bench
from driver.environment import REFERENCE
from driver.made_run import MadeRun

MODELS = ("fork", "select", "poll", "epoll-lt", "libuv")
# Requests/s at 64 connections: of fork half that of epoll-lt; libuv lies within the noise of epoll-lt.
RATES = {"fork": 5e4, "select": 8e4, "poll": 9e4, "epoll-lt": 1e5, "libuv": 1e5}
# By block: up and down for libuv against the rest, so that no interval is on one side of 1.
NOISE = (1.01, 1.02, 0.99, 1.0, 0.98)


def rate(falling=()):
    def of(model, connections, block):
        noise = NOISE[block % len(NOISE)] if model == "libuv" else 1
        falls = 0.25 if model in falling and connections > 64 else 1
        return RATES[model] * noise * falls * (1 + 0.05 * block)
    return of


def two_runs(t):
    """The address of a report of two runs, one below the other's directory; select falls in the second."""
    b = Bench(t, models=())
    top = os.path.join(b.dir, "all")
    os.mkdir(top)
    more = {"models": MODELS, "connections": (1, 64, 256)}
    MadeRun(b, "all/first", rate(), scenario="first", **more)
    MadeRun(b, "all/second", rate(falling=("select",)), scenario="second", date="2026-11-27T12:00:00Z", **more)
    b.call("report", top)
    return "file://" + os.path.join(top, "report.html")


def reference(t):
    """The address of a report of the committed run, with its pictures."""
    b = Bench(t, models=())
    place = os.path.join(b.dir, "reference")
    shutil.copytree(REFERENCE, place)
    b.call("report", place)
    return "file://" + os.path.join(place, "report.html")
