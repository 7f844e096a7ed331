#!/usr/bin/env python3
"""Tests of the pages in a browser: the report, and the one that steps through a story. Prints TAP.

    python3 tests/browser --driver BUILD/bench/iomodels [--only PATTERN] [--whole]

They need chromium and chromedriver, and axe-core below build-browser/: scripts/setup --with-browser."""

import argparse
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from browser import page, stepper  # noqa: E402
from driver import bench  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="tests/browser")
    parser.add_argument("--driver", required=True)
    tap.add_only(parser)
    parser.add_argument("--verbose", action="store_true", help="how long each test took")
    parser.add_argument("--whole", action="store_true", help="only what takes minutes on a busy machine")
    arguments = parser.parse_args()
    bench.ARGS.driver = os.path.abspath(arguments.driver)
    bench.ARGS.loadgen = ""
    bench.ARGS.servers = os.path.join(os.path.dirname(os.path.dirname(bench.ARGS.driver)), "servers")
    tests = [tap.Test(*test) for test in (page.WHOLE if arguments.whole else page.TESTS + stepper.TESTS)]
    try:
        failed = tap.run(tap.only(tests, arguments.only), jobs=1, verbose=arguments.verbose)
    finally:
        page.Page.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
