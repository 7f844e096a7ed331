#!/usr/bin/env python3
"""Does a server do what every server of the suite must do? Prints TAP; exit status 1 if not.

    python3 tests/server --server build/servers/epoll-lt [--only PATTERN]"""

import argparse
import atexit
import importlib
import importlib.util
import os
import resource
import sys

# The folder of all tests instead of this one, whose http.py would hide the library's.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import tap  # noqa: E402
# What waits longest comes first, so that nothing waits for it at the end.
from server import (timing, workers, workers_stop, stop, storm, limits, http, body,  # noqa: E402,F401
                    echo, faults, addresses, inherited, pieces, counters, cli, files,  # noqa: F401
                    crash, table)  # noqa: F401
from lib import server, suite  # noqa: E402


def options():
    p = argparse.ArgumentParser(prog="tests/server", description=__doc__.splitlines()[0])
    p.add_argument("--server", required=True, metavar="FILE", help="the server program")
    p.add_argument("--model", help="the name it must give itself (default: that of the file)")
    p.add_argument("--with", metavar="ARGUMENT", action="append", default=[], dest="arguments",
                   help="give this argument to every server too; as in --with=--workers=4")
    tap.add_only(p)
    p.add_argument("--skip", metavar="PATTERN", action="append", default=[],
                   help="report tests whose name has PATTERN in it as skipped")
    p.add_argument("--without", metavar="KIND", action="append", default=[],
                   choices=(*suite.KINDS, *server.TRANSPORTS),
                   help="leave out what another model proves with the same code, or a transport: "
                   + ", ".join((*suite.KINDS, *server.TRANSPORTS)))
    p.add_argument("--slow-factor", type=float, default=1.0, metavar="X",
                   help="wait X times as long for what must happen before it has failed")
    p.add_argument("--sanitized", action="store_true",
                   help="the server is built with a sanitizer: do not judge its memory")
    p.add_argument("--jobs", type=int, metavar="N",
                   default=8 * min(2, len(os.sched_getaffinity(0))),
                   help="tests at a time (default: 8, or 16 where there is more than one CPU; at most 3 of "
                   "a model that locks memory where little may be locked)")
    p.add_argument("--list", action="store_true", help="print the names and end")
    p.add_argument("--verbose", action="store_true", help="print how long each took")
    return p.parse_args()


def left_out(_):
    raise tap.Skip("left out with --skip")


def main():
    o = options()
    program = os.path.abspath(o.server)
    # A thousand connections are held at once, and the servers inherit the limit.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20000 if hard == resource.RLIM_INFINITY else min(hard, 20000)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

    try:
        settings = suite.Settings(program, o.slow_factor, o.sanitized, o.arguments)
    except (OSError, RuntimeError) as e:
        print(f"Bail out! {e}")
        return 1
    model = o.model or os.path.basename(program)
    if settings.traits["model"] != model:
        print(f"Bail out! {program} is {settings.traits['model']}, not {model}")
        return 1
    own = "server.own_" + model.replace("-", "_")
    if importlib.util.find_spec(own):  # what only this model promises
        importlib.import_module(own)

    tests = tap.only(suite.tests(settings, o.without), o.only)
    for test in tests:
        if tap.has(test.name, o.skip):
            test.function = left_out
    if o.list:
        print("\n".join(t.name for t in tests))
        return 0

    atexit.register(server.kill_all)
    jobs = min(o.jobs, 3) if settings.locks_memory else o.jobs
    failed = tap.run(tests, jobs=jobs, verbose=o.verbose)
    server.kill_all()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
