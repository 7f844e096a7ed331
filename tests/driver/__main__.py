#!/usr/bin/env python3
"""Tests of the driver, iomodels. Prints TAP.

    python3 tests/driver --driver BUILD/bench/iomodels --servers BUILD/servers \\
        --loadgen BUILD/loadgen/iomodels-load [--only PATTERN] [--sanitized] [--slow-factor N]

Each test has a directory of its own, and a mark in the environment of all it starts, by which what
is left running is found wherever it hides."""

import argparse
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from driver import (axes, bench, cli, compare, crawl, crawl_report, damaged, duels, environment,  # noqa: E402
                    explain, externals, faults, inherited, machines, merge, names, old_names,
                    open_report, output, pictures, places, predictions, profile, queues, reading, reports,
                    requests, resume, scale, scenarios, timelines, traces, two_speeds, unit_costs,
                    verify, whole, yardstick)


def main():
    parser = argparse.ArgumentParser(prog="tests/driver")
    parser.add_argument("--driver", required=True)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--loadgen", required=True)
    parser.add_argument("--burning", help="a server that burns a millisecond a request")
    tap.add_only(parser)
    parser.add_argument("--verbose", action="store_true", help="how long each test took")
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--slow-factor", type=float, default=1)
    arguments = parser.parse_args()
    for name in ("driver", "servers", "loadgen"):
        setattr(bench.ARGS, name, os.path.abspath(getattr(arguments, name)))
    bench.ARGS.burning = arguments.burning and os.path.abspath(arguments.burning)
    # A test starts dozens of programs; ten minutes of them are a hang.
    tests = [tap.Test(name, function, max(limit, 600) * arguments.slow_factor)
             for module in (whole, faults, resume, machines, places, cli, externals, requests,
                            environment, inherited, names, damaged, old_names, output, reading,
                            two_speeds, unit_costs, explain, duels, compare, verify, yardstick,
                            predictions, timelines, profile, pictures, axes, open_report, reports,
                            scenarios, crawl, crawl_report, queues, scale, merge, traces)
             for name, function, limit in module.TESTS]
    # Several at once share the CPUs: no test here judges a speed.
    jobs = 4 * min(2, len(os.sched_getaffinity(0)))
    sys.exit(1 if tap.run(tap.only(tests, arguments.only), jobs=jobs, verbose=arguments.verbose) else 0)


if __name__ == "__main__":
    main()
