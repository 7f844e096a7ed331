#!/usr/bin/env python3
"""Does iomodels-load tell the truth? Held against a server whose delays and faults are known by
request. Prints TAP; docs/accuracy.md explains each test.

    python3 tests/accuracy --load build/loadgen/iomodels-load \\
        --reference build/tests/reference_server [--only PATTERN] [--engines epoll,io_uring] \\
        [--slow-factor N] [--sanitized] [--attempts N] [--figures FILE]

The tests run one after the other, generator and server on a CPU each. A test of timing that finds
the machine too noisy is inconclusive and says so: TAP calls it skipped.
"""

import argparse
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import tap  # noqa: E402
from accuracy import (closed_loop, disturbed, faults, framing, instruments, lab,  # noqa: E402
                      noise, open_loop)
from load import run as load_run  # noqa: E402


def write_figures(path, tests):
    with open(path, "w", encoding="utf-8") as f:
        f.write("| test | figure | found | expected | tolerance |\n|---|---|---|---|---|\n")
        for test in tests:
            for row in noise.found_figures.get(test.name, ()):
                f.write(f"| {' | '.join((test.name, *row))} |\n")
            if test.outcome.startswith("skip "):
                f.write(f"| {test.name} | {test.outcome[5:]} | | | |\n")


def main():
    parser = argparse.ArgumentParser(prog="tests/accuracy", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--load", required=True, help="path of iomodels-load")
    parser.add_argument("--reference", required=True, metavar="DIR",
                        help="where reference-server, spin-jitter and wall-clock.so are")
    tap.add_only(parser)
    parser.add_argument("--engines", default="epoll,io_uring", help="those to test")
    parser.add_argument("--slow-factor", type=float, default=1.0, help="multiplies time limits")
    parser.add_argument("--sanitized", action="store_true",
                        help="built with a sanitizer: what depends on timing is left out")
    parser.add_argument("--attempts", type=int, default=3,
                        help="how often a test of timing is made while the machine is noisy (3)")
    parser.add_argument("--figures", metavar="FILE",
                        help="write what the tests that passed found, as a table in Markdown")
    parser.add_argument("--list", action="store_true", help="only name the tests")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    directory = os.path.abspath(args.reference)
    lab.settings.reference = os.path.join(directory, "reference-server")
    lab.settings.probe = os.path.join(directory, "spin-jitter")
    lab.settings.wall_clock = os.path.join(directory, "wall-clock.so")
    lab.settings.engines = args.engines.split(",")
    lab.settings.attempts = args.attempts
    load_run.settings.load = os.path.abspath(args.load)
    for settings in (lab.settings, load_run.settings):
        settings.slow_factor, settings.sanitized = args.slow_factor, args.sanitized

    every = [t for part in (instruments, closed_loop, open_loop, faults, framing, disturbed) for t in part.tests()]
    chosen = tap.only(every, args.only)
    if args.list:
        print("\n".join(t.name for t in chosen))
        return 0
    failed = tap.run(chosen, jobs=1, verbose=args.verbose)
    if args.figures:
        write_figures(args.figures, chosen)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
