#!/usr/bin/env python3
"""Add up what meson's test runs say, what failed and why, and which programs took longest. The last
line is `N passed, N failed`; the exit status is 1 if any failed or none ran.

    python3 tests/summary.py [--failed WHAT]... BUILD-DIR...

Every test inside a TAP program counts as one; so does a program that ended badly, and whatever else
--failed names."""

import argparse
import json
import os
import sys
import xml.etree.ElementTree as ET


def outcome(case):
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in kinds else "passed"


NOTES_MAX = 5


def notes(suite, name):
    """What a program said of a failed test: the comments that follow its line of TAP."""
    lines = (suite.findtext("system-out") or "").splitlines()
    found, mine = [], False
    for line in lines:
        if line.startswith(("ok ", "not ok ")):
            mine = line == f"not ok {name}"
        elif mine and line.startswith("#"):
            found.append(line.lstrip("# "))
    return found[:NOTES_MAX]


def last_words(suite):
    """The end of what a program said that died."""
    lines = [x for x in (suite.findtext("system-err") or "").splitlines() if x.strip()]
    return lines[-NOTES_MAX:]


def programs(build):
    """What meson says of each program of one run."""
    try:
        with open(os.path.join(build, "meson-logs", "testlog.json"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]
    except (OSError, ValueError):
        return []  # the other log is missing as well then, and that is told


def died(build):
    """The names, as the other log has them behind the project's, of programs that did not end well.
    That log does not tell of one that died after a test that passed (meson 1.0)."""
    return {p["name"] for p in programs(build)
            if p.get("result") in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS")}


def durations(build):
    """[(seconds, build, name)] of the programs of one run."""
    return [(p["duration"], os.path.basename(os.path.normpath(build)), p["name"].split(" / ")[-1])
            for p in programs(build)]


def print_slowest(builds, most=10):
    slowest = sorted((d for build in builds for d in durations(build)), reverse=True)[:most]
    if slowest:
        print("slowest test programs:")
    for seconds, build, name in slowest:
        print(f"{seconds:8.1f} s  {build}: {name}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--failed", action="append", default=[])
    p.add_argument("builds", nargs="*")
    options = p.parse_args()

    total = {"passed": 0, "failed": len(options.failed), "skipped": 0}
    for what in options.failed:
        print(f"failed: {what}")
    for build in options.builds:
        log = os.path.join(build, "meson-logs", "testlog.junit.xml")
        try:
            suites = list(ET.parse(log).getroot().iter("testsuite"))
        except (OSError, ET.ParseError) as e:
            print(f"{log}: {e}")
            total["failed"] += 1
            continue
        ended_badly = died(build)
        for suite in suites:
            count = {"passed": 0, "failed": 0, "skipped": 0}
            for case in suite.iter("testcase"):
                result = outcome(case)
                count[result] += 1
                if result == "failed":
                    print(f"failed: {os.path.basename(build)}: {suite.get('name')}: "
                          f"{case.get('name')}")
                    for line in notes(suite, case.get("name")):
                        print(f"    {line}")
            # A program that died after its last test has no test case that says so.
            bad = (int(suite.get("errors", 0)) + int(suite.get("failures", 0)) or
                   suite.get("name").partition(".")[2] in ended_badly)
            if bad and not count["failed"]:
                print(f"failed: {os.path.basename(build)}: {suite.get('name')}: the program itself")
                for line in last_words(suite):
                    print(f"    {line}")
                count["failed"] += 1
            for kind in total:
                total[kind] += count[kind]
    print_slowest(options.builds)
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
