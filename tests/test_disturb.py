#!/usr/bin/env python3
"""Does disturb take every CPU while its command runs, and leave nothing? Prints TAP.

    python3 tests/test_disturb.py --disturb BUILD/tests/disturb"""

import argparse
import os
import signal
import subprocess
import sys
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from lib import machine  # noqa: E402

PROGRAM = None


class Marked:
    """What carries a mark of this test in its environment."""

    def __init__(self, t):
        self.mark = "IOM_DISTURB=" + uuid.uuid4().hex
        t.defer(self.kill_all)

    def start(self, *command, **options):
        name, value = self.mark.split("=")
        return subprocess.Popen([PROGRAM, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.PIPE, text=True,
                                env=dict(os.environ, **{name: value}), **options)

    def call(self, *command):
        p = self.start(*command)
        out, err = p.communicate()
        return p.returncode, out, err

    def burners(self, of):
        """{pid: CPUs it may use} of the processes beside the command."""
        found = {}
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    marked = self.mark.encode() in f.read().split(b"\0")
                if marked and pid != of:
                    found[pid] = os.sched_getaffinity(pid)
            except OSError:
                continue
        return found

    def kill_all(self):
        for pid in self.burners(None):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass


def until(condition, what):
    deadline = time.monotonic() + machine.hang()
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def stat(pid):
    """The fields of /proc/PID/stat after the name: parent 1, user time 11."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        return f.read().rpartition(")")[2].split()


def ticks(pid):
    return int(stat(pid)[11])


def takes_every_cpu(t):
    m = Marked(t)
    p = m.start("cat")
    t.ends(p)
    cpus = [{cpu} for cpu in sorted(os.sched_getaffinity(0))]
    until(lambda: sorted(m.burners(p.pid).values(), key=min) == cpus, "no process on each CPU")
    before = {pid: ticks(pid) for pid in m.burners(p.pid)}
    for pid, n in before.items():
        until(lambda pid=pid, n=n: ticks(pid) >= n + 20, f"{pid} does not spin")
    # It sleeps as well: its own clock goes more slowly than the wall's, by this much at the least.
    pid = next(iter(m.burners(p.pid)))
    begin = time.monotonic()
    before = ticks(pid)
    until(lambda: ticks(pid) >= before + 40, f"{pid} does not spin")
    spun = (ticks(pid) - before) / os.sysconf("SC_CLK_TCK")
    assert time.monotonic() - begin > 1.5 * spun, "it does not pause"
    parents = {int(stat(pid)[1]) for pid in m.burners(p.pid)}
    assert p.pid not in parents, "the command has children that it did not start"
    out, err = p.communicate("through\n")
    assert (p.returncode, out, err) == (0, "through\n", ""), (p.returncode, out, err)
    until(lambda: not m.burners(None), "it goes on after its command")


def ends_with_a_killed_command(t):
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        m = Marked(t)
        p = m.start("cat")
        until(lambda: m.burners(p.pid), "nothing spins")
        p.send_signal(number)
        p.communicate()
        assert p.returncode == -number, p.returncode
        until(lambda: not m.burners(None), f"it goes on after {number!r}")


def hands_on_the_status(t):
    m = Marked(t)
    assert m.call("sh", "-c", "echo out; echo err >&2; exit 7") == (7, "out\n", "err\n")
    for command, status, text in (((), 2, "usage: disturb COMMAND"),
                                  (("/nonexistent",), 127, "cannot run /nonexistent: "),
                                  (("/",), 126, "cannot run /: ")):
        found = m.call(*command)
        assert found[0] == status and text in found[2] and found[2].count("\n") == 1, found
    p = m.start("true", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert p.communicate() == ("", "") and p.returncode == 0, "SIGCHLD ignored"
    until(lambda: not m.burners(None), "it goes on")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--disturb", required=True)
    PROGRAM = os.path.abspath(parser.parse_args().disturb)
    tests = [tap.Test(name, function) for name, function in (
        ("on each CPU something spins and sleeps by turns", takes_every_cpu),
        ("it ends with a command that is killed", ends_with_a_killed_command),
        ("the status is the command's", hands_on_the_status))]
    sys.exit(1 if tap.run(tests, jobs=1) else 0)
