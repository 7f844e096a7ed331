"""--windows: short windows that are ordered one by one on standard input."""

import json
import os
import signal
import socket
import struct
import subprocess

from load.run import (Run, checked, consistent, hang, load, named, read_lines, reference_for, stub_for,
                      timed_out, until)
from load.schema import check

# What a window line says, and no more.
MEMBERS = ["window", "window_ns", "requests", "failed", "mean_ns", "p50_ns", "p90_ns", "p99_ns",
           "max_ns", "active_ns", "active_requests", "cpu_ns", "slept_ns"]


class Windowed:
    """A run that waits for its commands."""

    def __init__(self, t, *arguments, connected=True):
        self.t = t
        self.found = []
        self.events, into = os.pipe()
        t.defer(lambda: os.close(self.events))
        self.run = Run(t, "--windows", "--events-fd", str(into), *arguments,
                       stdin=subprocess.PIPE, pass_fds=[into])
        os.close(into)
        if connected:
            assert read_lines(self.events, 1)[0].startswith("connected "), self.run.err

    def command(self, *lines):
        self.run.process.stdin.write("".join(line + "\n" for line in lines))
        self.run.process.stdin.flush()

    def told(self):
        """What is told of the next window."""
        lines = read_lines(self.events, 3)
        assert [line.split()[0] for line in lines] == ["start", "end", "window"], lines
        self.t.note(lines[2])
        window = json.loads(lines[2].removeprefix("window "))
        assert list(window) == MEMBERS, window
        self.found.append(window)
        return window

    def window(self, line="window 30ms"):
        self.command(line)
        return self.told()

    def end(self, status=0):
        """The input ends; the report. Where the machine was so slow that no window had an answer, the
        exit status says just that."""
        if status == 0 and not any(one["requests"] for one in self.found):
            status = None
        self.run.process.stdin.close()
        self.run.process.stdin = None
        self.run.finish()
        assert read_lines(self.events, 1) == [], "something was told after the end"
        j = checked(self.t, self.run, status).json
        check(j)
        return j


def is_sum(windows, j):
    assert j["windows"] == len(windows) == windows[-1]["window"], j["windows"]
    assert j["window_ns"] == sum(w["window_ns"] for w in windows)
    assert j["requests"] == sum(w["requests"] for w in windows)
    failed = sum(n for name, n in j["outcomes"].items() if name not in ("ok", "in_flight"))
    assert failed == sum(w["failed"] for w in windows)
    assert (j["latency"]["max"] or 0) == max(w["max_ns"] or 0 for w in windows)


def windows_add_up(t):
    """The report is the sum of the windows, and each window is of its own requests."""
    server = reference_for(t)
    for arguments in (["-c", "4"], ["-c", "9", "-t", "3", "--idle", "2"],
                      ["-c", "4", "--pipeline", "3", "--requests-per-connection", "50"]):
        before = server.journal()["requests"]
        w = Windowed(t, *arguments, server.url)
        found = [w.window("window 20ms") for _ in range(4)] + [w.window("window 0.04s 1ms")]
        j = w.end()
        assert [one["window"] for one in found] == [1, 2, 3, 4, 5]
        assert [one["window_ns"] for one in found] == 4 * [20_000_000] + [40_000_000]
        is_sum(found, j)
        for one in found:
            assert one["active_ns"] >= one["window_ns"], one
            assert one["active_requests"] >= one["requests"], one
            assert one["requests"] == 0 or 0 < one["p50_ns"] <= one["p90_ns"] <= one["max_ns"], one
            asleep = one["slept_ns"] + one["cpu_ns"]
            assert asleep <= j["threads"] * one["active_ns"], one  # not judged: one and the same clock
        assert j["outcomes"]["in_flight"] == j["in_flight_at_start"] + j["started"] - j["requests"]
        answered = server.journal()["requests"] - before
        assert answered == sum(one["active_requests"] for one in found), answered


def silent_between(t):
    """What the server has seen are the requests of the windows, at any moment between them; and a
    generator that spins while it loads sleeps there."""
    for arguments in ([], ["--spin"]):
        stub = stub_for(t)
        w = Windowed(t, "-c", "3", *arguments, stub.url)
        sent = 0
        for _ in range(3):
            assert stub.requests == sent, "it sent without a command"
            sent += w.window()["active_requests"]
            assert stub.requests == sent, "it sent after the window"
            until(lambda: set(w.run._states()) == {"S"}, "all its threads sleep", w.run.process)
        w.end()
        assert stub.requests == sent


def every_protocol(t):
    for protocol, family in (("echo", "tcp4"), ("http", "unix"), ("echo", "abstract")):
        stub = stub_for(t, protocol=protocol, family=family)
        w = Windowed(t, "-c", "2", "--settle", "1h", stub.url)
        found = [w.window(), w.window()]
        is_sum(found, w.end())
        assert stub.requests == 2 + sum(one["active_requests"] for one in found)


def lost_between(t):
    """Connections that the server resets or closes between two windows are opened again."""
    stub = stub_for(t)
    w = Windowed(t, "-c", "4", stub.url)
    first = w.window()
    until(lambda: stub.accepted == 4, "4 connections", w.run.process)
    for i, conn in enumerate(list(stub.all)):
        if i % 2:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.sock.shutdown(socket.SHUT_RD)  # its thread ends, and closes it
    until(lambda: stub.accepted == 8 and stub.open_connections() == 4, "4 new ones", w.run.process)
    second = w.window()
    j = w.end()
    is_sum([first, second], j)
    assert first["failed"] == second["failed"] == 0
    assert j["connects"] == 4 and stub.accepted == 8, j["connects"]


def hangs_at_the_close(t):
    """Requests that are never answered time out after the window has closed, and belong to it. Their
    connections are replaced, and the next window is whole."""
    timed_out(t, 0.3, lambda ns: hanging(t, ns))


def answered_after_the_close(t):
    """The report says how old the oldest request was when a window closed over it, though it was answered
    before the window was told."""
    for _ in range(20):  # a machine that stands still can close a window when all is answered
        w = Windowed(t, "-c", "2", stub_for(t, "late").url)
        w.window("window 20ms 20ms")
        j = w.end()
        if j["outcomes"]["in_flight"] > 0 and j["oldest_in_flight_ns"] > 0:
            return
    raise AssertionError(j)


def hanging(t, timeout_ns):
    stub = stub_for(t, "stall", every=40)
    stalled = []

    def stall(conn, request):
        """Not the first of a connection: one that is lost again at once waits before it is replaced, and
        that may be after the last window."""
        if conn.requests == 1:
            return stub.treatments["ok"](conn, request)
        stalled.append(conn)
        return stub.treatments["stall"](conn, request)
    stub.treatment = stall
    w = Windowed(t, "-c", "4", "--timeout", f"{timeout_ns // 1000}us", stub.url)
    found = []
    while not stalled or len(found) < 2:
        found.append(w.window("window 50ms 0"))
        assert len(found) < 200
    j = w.end()
    is_sum(found, j)
    assert j["outcomes"]["timeout"] == len(stalled) == j["connects"], (j["outcomes"], len(stalled))
    assert j["outcomes"]["ok"] + j["outcomes"]["in_flight"] + len(stalled) == \
        j["started"] + j["in_flight_at_start"]
    late = [one for one in found if one["failed"]]
    assert all(one["max_ns"] == timeout_ns // 1000 * 1000 for one in late), late
    assert all(one["active_ns"] >= timeout_ns // 1000 * 1000 for one in late), late


def failures_count_wherever(t):
    """Answers that fail, inside a window and after it."""
    for mode, outcome in (("reset", "reset"), ("404", "non_2xx"), ("close-before", "eof")):
        stub = stub_for(t, mode, every=5)
        w = Windowed(t, "-c", "3", stub.url)
        found = []
        while len(found) < 3 or not any(one["failed"] for one in found):
            found.append(w.window("window 20ms 0"))
            assert len(found) < 200
        j = w.end(status=None)
        is_sum(found, j)
        # One that came before a window opened is of no window: the command and the opening are
        # two moments, with a lead of 0 as well.
        assert 0 < j["outcomes"][outcome] <= stub.faults, (j["outcomes"], stub.faults)


def several_commands_at_once(t):
    """They wait for one another; the last needs no newline."""
    stub = stub_for(t)
    w = Windowed(t, "-c", "2", stub.url)
    w.run.process.stdin.write("window 20ms\n  window\t10ms 1ms \nwindow 5ms 0")
    w.run.process.stdin.close()
    w.run.process.stdin = None
    found = [w.told() for _ in range(3)]
    w.run.finish()
    is_sum(found, checked(t, w.run, None).json)
    assert [one["window_ns"] for one in found] == [20_000_000, 10_000_000, 5_000_000]


BAD = ["", "windows 50ms", "window", "window 0", "window x", "window 50ms -1ms", "window 50ms 5ms 1",
       "window 25h", "window 50ms 25h", "50ms", "x" * 300]


def bad_commands(t):
    stub = stub_for(t)
    for line in BAD:
        w = Windowed(t, "-c", "2", stub.url)
        w.window()
        w.command(line)
        w.run.process.stdin.close()
        w.run.process.stdin = None
        assert w.run.finish() == 2, (line, w.run.status, w.run.err)
        assert len(w.run.err.splitlines()) == 1, w.run.err
        assert f"'{line[:250]}" in w.run.err and "--windows" in w.run.err, w.run.err


def nothing_ordered(t):
    w = Windowed(t, "-c", "2", stub_for(t).url)
    j = w.end(status=1)
    assert j["windows"] == j["window_ns"] == j["requests"] == 0 and j["verdict"] == "FAILED"


def signals(t):
    """In a window a signal cuts the window short; between two it only ends the run."""
    for number in (signal.SIGTERM, signal.SIGINT):
        for between in (True, False):
            stub = stub_for(t)
            w = Windowed(t, "-c", "4", "-t", "2", stub.url)
            first = w.window()
            windows = 1
            while first["requests"] == 0:
                first = w.window()
                windows += 1
            if not between:
                w.command("window 10h 0")
                assert read_lines(w.events, 1) == ["start"]
                seen = stub.requests
                until(lambda s=seen: stub.requests > s + 50, "some requests", w.run.process)
            w.run.process.send_signal(number)
            w.run.finish()
            lines = [line for line in read_lines(w.events, 2) if line != "end"]
            assert lines == [], "a window that was cut short is not told"
            j = checked(t, w.run).json
            assert j["interrupted"] is not between
            assert j["windows"] == windows + (not between)
            assert (j["window_ns"] == windows * first["window_ns"]) is between
            assert j["requests"] > first["requests"] or between


def interrupted_while_it_waits(t):
    """For an answer that never comes, after the window."""
    stub = stub_for(t, "stall")
    w = Windowed(t, "-c", "2", stub.url)
    w.command("window 10ms 3s")  # they are asked in the seconds before it
    assert read_lines(w.events, 2) == ["start", "end"]
    w.run.process.send_signal(signal.SIGTERM)
    w.run.finish()
    j = w.run.json
    consistent(j)
    assert w.run.status == 1 and j["outcomes"]["in_flight"] == 2 and j["interrupted"], j["outcomes"]


def none_came_up(t):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        run = load(t, "--windows", "--events-fd", "2", "http://127.0.0.1:%d/" % s.getsockname()[1],
                   status=1, pass_fds=[])
        assert "Connection refused" in run.err


USAGE = [
    (["-R", "10"], "--rate"), (["--search", "p50<1s"], "--search"), (["-n", "5"], "--requests"),
    (["-d", "1s"], "--duration"), (["--warmup", "1s"], "--warmup"), (["--hold"], "--hold"),
    (["--csv", "/tmp/x", "--interval", "1s"], "--csv"), (["--data", "@-"], "--data"),
    (["--urls", "-"], "--urls"),
]


def usage(t):
    url = "http://127.0.0.1:1/"
    for arguments, part in USAGE:
        run = Run(t, "--windows", "--events-fd", "2", *arguments, url, json_file=False)
        assert run.finish() == 2 and part in run.err.splitlines()[0], (arguments, run.err)
    run = Run(t, "--windows", url, json_file=False)
    assert run.finish() == 2 and "--events-fd" in run.err, run.err


def tests():
    return [named(f) for f in (windows_add_up, silent_between, every_protocol, lost_between,
                               hangs_at_the_close, answered_after_the_close, failures_count_wherever,
                               several_commands_at_once, signals, interrupted_while_it_waits)] + [
        named(f, once=True) for f in (bad_commands, nothing_ordered, none_came_up, usage)]
