"""--gate: the load begins when a line on standard input says so."""

import os
import signal
import subprocess
import time

from load.run import Run, checked, load, named, read_lines, reference_for, skip
from load.schema import check


class Gated:
    """A run that has its connections and waits."""

    def __init__(self, t, *arguments):
        self.t = t
        self.events, into = os.pipe()
        t.defer(lambda: os.close(self.events))
        self.run = Run(t, "--gate", "--events-fd", str(into), *arguments, stdin=subprocess.PIPE,
                       pass_fds=[into])
        os.close(into)
        told = read_lines(self.events, 1)
        assert told[0].startswith("connected "), (told, self.run.err)

    def start(self, moment):
        self.run.process.stdin.write(f"start {moment}\n")
        self.run.process.stdin.flush()

    def end(self):
        """Its results, whatever else ran here: the verdict is not the subject."""
        self.run.process.stdin.close()
        self.run.process.stdin = None
        self.run.finish()
        return checked(self.t, self.run, None)


def gate_waits_for_the_line(t):
    """Every connection is there, and no request comes before the line."""
    server = reference_for(t)
    for arguments in (["-c", "4", "-t", "2"], ["-c", "3", "-R", "100"], ["-c", "1", "--warmup", "20ms"]):
        before = server.journal()["requests"]
        g = Gated(t, *arguments, "-d", "100ms", server.url)
        assert server.journal()["requests"] == before, "a request came before the line"
        began = time.time_ns()
        g.start(0)
        j = g.end().json
        check(j)
        assert server.journal()["requests"] >= before + j["requests"]
        if j["requests"] == 0:
            skip("inconclusive: nothing was answered in so short a window")
        assert j["opened"]["unix_ns"] >= began - 1_000_000, "the window opened before the line came"


def gate_opens_at_the_moment(t):
    """The window is as the line says to the nanosecond, whenever the threads came to it."""
    server = reference_for(t)
    each = []
    for i in range(2):
        each.append(Gated(t, "-c", "2", "-d", "50ms", "--seed", str(i + 1), server.url))
    moment = time.time_ns() + 1_000_000_000
    for g in each:
        g.start(moment)
    if time.time_ns() > moment - 100_000_000:
        skip("inconclusive: the machine was too slow to tell both in time")
    for g in each:
        opened = g.end().json["opened"]
        assert opened["unix_ns"] >= moment
        if opened["unix_ns"] != moment:
            skip(f"inconclusive: it began {opened['unix_ns'] - moment} ns later")


def gate_with_hold(t):
    """What follows the line is left for --hold."""
    server = reference_for(t)
    g = Gated(t, "-c", "2", "-d", "50ms", "--hold", server.url)
    g.start(0)
    assert read_lines(g.events, 2) == ["start", "end"]
    assert g.run.process.poll() is None, "it did not hold"
    g.end()


def gate_ends_without_a_load(t):
    """A wrong line, no line, no connection, a signal."""
    server = reference_for(t)
    for line, says in (("begin 5\n", "'begin 5'"), ("start soon\n", "'start soon'"),
                       ("start -1\n", "'start -1'"), ("x" * 100 + "\n", "is not 'start NS'"),
                       ("", "ended before a line"), ("\n", "ended before a line")):
        g = Gated(t, "-c", "2", "-d", "50ms", server.url)
        g.run.process.stdin.write(line)
        g.run.process.stdin.close()
        g.run.process.stdin = None
        g.run.finish()
        assert g.run.status == 1 and g.run.json is None, (g.run.status, g.run.out)
        assert says in g.run.err and g.run.err.count("\n") == 1, g.run.err
        assert read_lines(g.events, 1) == [], "a window opened"
    # Nobody has to tell a generator that has no connection.
    run = Run(t, "--gate", "-d", "50ms", "echo+unix:///nonexistent/socket", stdin=subprocess.PIPE)
    assert run.process.wait(timeout=60) == 1  # not judged: a hang
    for sent in (signal.SIGINT, signal.SIGTERM):
        for moment, hold in ((None, ()), (time.time_ns() + 10 ** 15, ()),
                             (time.time_ns() + 10 ** 15, ("--hold",))):
            g = Gated(t, "-c", "2", "-d", "50ms", *hold, server.url)
            if moment:
                g.start(moment)
            g.run.process.send_signal(sent)
            g.run.finish()
            assert g.run.status == 1 and g.run.json["requests"] == 0, g.run.status
            assert g.run.json["interrupted"] and g.run.json["verdict"] == "FAILED"


def gate_usage(t):
    for arguments, says in ((["--windows", "--events-fd", "1"], "--windows"),
                            (["--search", "p99<1ms"], "--search"), (["--data", "-"], "--data")):
        run = load(t, "--gate", *arguments, "http://127.0.0.1:1/", status=2)
        assert "--gate" in run.err and says in run.err.splitlines()[0], run.err


def tests():
    return [named(gate_waits_for_the_line), named(gate_opens_at_the_moment), named(gate_with_hold),
            named(gate_ends_without_a_load), named(gate_usage, once=True)]
