#!/usr/bin/env python3
"""Does a client do what every client of the suite must do? Prints TAP; exit status 1 if not.

    python3 tests/client --client build/clients/epoll --servers build/servers [--only PATTERN]"""

import argparse
import os
import resource
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import tap  # noqa: E402
from client import answers, cli, counts, deaths, faults  # noqa: E402
from client.run import settings  # noqa: E402
from lib.server import kill_all  # noqa: E402


def main():
    p = argparse.ArgumentParser(prog="tests/client", description=__doc__.splitlines()[0])
    p.add_argument("--client", required=True, metavar="FILE", help="the client program")
    p.add_argument("--servers", required=True, metavar="DIR", help="where our servers are")
    p.add_argument("--cli", action="store_true", help="test also what all clients share: the command line")
    p.add_argument("--slow-factor", type=float, default=1.0, help="multiplies time limits")
    p.add_argument("--sanitized", action="store_true", help="built with a sanitizer")
    p.add_argument("--verbose", action="store_true")
    tap.add_only(p)
    args = p.parse_args()
    settings.use(os.path.abspath(args.client), os.path.abspath(args.servers), args.slow_factor)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tests = [t for part in (answers, counts, faults, deaths) for t in part.tests()]
    if args.cli:
        tests += cli.tests()
    try:
        return 1 if tap.run(tap.only(tests, args.only), jobs=8, verbose=args.verbose) else 0
    finally:
        kill_all()


if __name__ == "__main__":
    sys.exit(main())
