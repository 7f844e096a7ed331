#!/usr/bin/env python3
"""Tests of tap.py: what ends a suite ends all that its tests started."""

import os
import signal
import subprocess
import sys

import tap
from lib import machine

# Tests that each start a child, which says so and stays. The children hold the pipe open.
SUITE = """
import subprocess, sys
import tap

def stays(t):
    child = subprocess.Popen(["sh", "-c", "echo up; exec sleep 3600"])
    t.ends(child)
    child.wait()

tap.run([tap.Test(str(i), stays) for i in range(50)], jobs=3, out=sys.stderr)
"""


def ended_by(number):
    def ended(t):
        suite = subprocess.Popen([sys.executable, "-c", SUITE], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True,
                                 env={**os.environ, "PYTHONPATH": os.path.dirname(tap.__file__)})
        t.ends(suite)
        for _ in range(3):
            line = suite.stdout.readline()
            assert line == "up\n", f"{line!r}"
        suite.send_signal(number)
        # The end of the pipe: the suite is gone, and so is each child.
        begun = suite.stdout.read()
        assert begun == "", f"a test began after the signal: {begun!r}"
        assert suite.wait(machine.hang()) != 0
    return ended


def started_too_late(t):
    """A test can be ended between the start of a process and the line that says what ends it."""
    over = tap.T("over")
    over.finish()
    child = subprocess.Popen(["sleep", "3600"])
    t.ends(child)
    over.ends(child)
    assert child.returncode == -signal.SIGKILL, child.returncode


TESTS = [tap.Test(f"{s.name} ends a suite and all that it started", ended_by(s))
         for s in (signal.SIGTERM, signal.SIGINT)]
TESTS.append(tap.Test("a process that a test starts when it is over ends at once", started_too_late))

if __name__ == "__main__":
    sys.exit(1 if tap.run(TESTS, jobs=1) else 0)
