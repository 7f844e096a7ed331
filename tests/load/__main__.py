#!/usr/bin/env python3
"""Tests of iomodels-load against servers that behave and stubs that do not. Prints TAP.

    python3 tests/load --load build/loadgen/iomodels-load [--servers build/servers]
                       [--reference build/tests/reference_server] [--only PATTERN]
                       [--engines epoll,io_uring] [--slow-factor N] [--sanitized]

The stubs are in stub_server.py. All tests but those of the command line are made once with each
engine.
"""

import argparse
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import tap  # noqa: E402
from lib.server import kill_all  # noqa: E402
from load import (addresses, background, closing_stubs, coalescing, counting,  # noqa: E402
                  disturbances, engines, fail_if, failures, files, gates, inherited, interface,
                  open_loop, outcomes, output, ports, rates, schema, search, servers, setup,
                  short_reads, spinning, targets, uploads, url_files, windows, workloads, zones)
from load.run import settings, with_engine  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="tests/load", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--load", required=True, help="path of iomodels-load")
    parser.add_argument("--servers", help="directory of our servers; without, they are left out")
    parser.add_argument("--reference", metavar="DIR", help="where reference-server and "
                        "slow-clock.so are; without, tests are left out")
    tap.add_only(parser)
    parser.add_argument("--engines", default="epoll,io_uring", help="those to test")
    parser.add_argument("--slow-factor", type=float, default=1.0, help="multiplies time limits")
    parser.add_argument("--sanitized", action="store_true", help="built with a sanitizer")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    settings.load = os.path.abspath(args.load)
    settings.servers = args.servers
    if args.reference:
        settings.reference = os.path.abspath(f"{args.reference}/reference-server")
        settings.slow_clock = os.path.abspath(f"{args.reference}/slow-clock.so")
    settings.slow_factor = args.slow_factor
    settings.sanitized = args.sanitized

    every = [t for part in (outcomes, counting, open_loop, workloads, targets, ports, background,
                            search, interface, setup, output, files, schema, servers,
                            addresses, closing_stubs, disturbances, failures, inherited, short_reads,
                            zones, uploads, fail_if, rates, url_files, windows, spinning, gates)
             for t in part.tests()]
    every = [t for t in every if t.once] + [
        with_engine(t, engine) for engine in args.engines.split(",") for t in every if not t.once]
    every += engines.tests() + coalescing.tests()
    chosen = tap.only(every, args.only)
    try:
        return 1 if tap.run(chosen, jobs=12, verbose=args.verbose) else 0
    finally:
        kill_all()


if __name__ == "__main__":
    sys.exit(main())
