#!/usr/bin/env python3
"""A load generator that finds fault with itself: the real one (IOMODELS_FAKE_LOAD), whose verdict on each
measurement becomes INVALID with exit status 3, and which has --null."""

import json
import os
import subprocess
import sys


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


if "--null" in sys.argv:
    with open(option("--json"), "w", encoding="utf-8") as f:
        json.dump({"requests_per_second": 1234567.0, "generator": {"cpu_us_per_request": 0.81}}, f)
    sys.exit(0)
if "--help" in sys.argv:
    print("      --null                no server")
    sys.exit(0)
status = subprocess.run([os.environ["IOMODELS_FAKE_LOAD"]] + sys.argv[1:], pass_fds=[3],
                        check=False).returncode
if "--json" in sys.argv and status == 0:
    with open(option("--json"), encoding="utf-8") as f:
        results = json.load(f)
    results["verdict"], results["verdict_reason"] = "INVALID", "the schedule slipped: say the moon"
    with open(option("--json"), "w", encoding="utf-8") as f:
        json.dump(results, f)
    status = 3
sys.exit(status)
