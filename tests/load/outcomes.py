"""How requests end: every class, exact to the request."""

import math
import os
import re
import tempfile

from load.run import (Run, case, consistent, load, load_until, named, stub_for, series_sum,
                      skip, steady, timed_out, until)
from load.stub_server import ECHO, HTTP

GOOD_HTTP = ("ok", "split", "split-3", "late", "chunked", "informational", "close-after",
             "close-unannounced", "announce-close", "to-eof", "http-1.0", "no-content", "by-path", "big", "no-reason", "urgent",
             "padded-chunk", "same-length-twice")
GOOD_ECHO = ("ok", "split", "split-3", "late", "close-unannounced", "urgent")

# The kernel keeps the answer back for the end of the stream, but for 200 ms only (tcp(7), TCP_CORK).
# The answer of a stub that is later than that comes first, and a request may follow it.
UNANNOUNCED = 0.05

# Mode: the class it must be counted as, what the reason must say.
BAD_HTTP = {
    "404": ("non_2xx", None), "stall": ("timeout", "answer"),
    "stall-mid-head": ("timeout", "answer"), "stall-mid-body": ("timeout", "answer"),
    "short": ("timeout", "answer"), "long": ("corrupt", "more bytes"),
    "other-length": ("corrupt", "another length"), "mixed-up": ("corrupt", "right length"),
    "other-body": ("corrupt", "right length"), "other-body-split": ("corrupt", "right length"),
    "other-body-chunked": ("corrupt", "right length"),
    "endless-head": ("corrupt", "head too large"), "long-line": ("corrupt", "line too long"),
    "only-informational": ("timeout", "answer"), "twice": ("corrupt", "more bytes"),
    "close-before": ("eof", "before the answer"), "close-mid-head": ("eof", "middle of the head"),
    "close-mid-body": ("eof", "middle of the body"), "reset": ("reset", "reset"),
    "reset-mid-body": ("reset", "reset"), "garbage": ("corrupt", "status line"),
    "bare-lf": ("corrupt", "bare LF"), "bad-chunk": ("corrupt", "chunk"),
    "two-lengths": ("corrupt", "more than one Content-Length"),
}
BAD_ECHO = {
    "stall": ("timeout", "answer"), "short": ("timeout", "answer"),
    "long": ("corrupt", "more bytes"), "twice": ("corrupt", "more bytes"),
    "wrong-byte": ("corrupt", "not sent"), "lost-byte": ("corrupt", "not sent"),
    "stale": ("corrupt", "not sent"), "swapped": ("corrupt", "not sent"),
    "close-before": ("eof", "before the answer"), "close-mid-body": ("eof", "middle of a message"),
    "reset": ("reset", "reset"),
}


def good(mode, protocol, family="tcp4"):
    def check(t):
        stub = stub_for(t, mode, protocol, family=family)
        run = load(t, "-n", "30", "-c", "3", stub.url)
        assert run.json["outcomes"] == dict.fromkeys(run.json["outcomes"], 0) | {"ok": 30}, \
            run.json["outcomes"]
        assert stub.requests == 30, f"the stub saw {stub.requests}"
        if protocol == "echo":
            assert run.json["bytes_in"] == run.json["bytes_out"] == 30 * 64
    if mode == "close-unannounced":
        return lambda t: steady(t, UNANNOUNCED, lambda: check(t))
    return check


def timeout_of(ns):
    """The option; nothing where `ns` is None."""
    return ["--timeout", f"{ns // 1000}us"] if ns else []


def samples_of(j, ns):
    """How many latencies are in the bucket that has `ns`."""
    return sum(n for low, high, n in j["histogram"]["buckets"] if low <= ns <= high)


def with_timeouts(check):
    """A test whose `check(t, timeout in ns)` lets requests time out."""
    return lambda t: timed_out(t, 0.6, lambda ns: check(t, ns))


def some_bad(mode, protocol, expect):
    """One request in five goes wrong: that many are counted so, all others are ok."""
    outcome, reason = expect

    def check(t, timeout_ns=None):
        stub = stub_for(t, mode, protocol, every=5, sound=9)
        # A connection for each that goes wrong, and one more: they time out side by side.
        run = load(t, "-n", "49", "-c", "9", "-t", "2", *timeout_of(timeout_ns), stub.url)
        o = run.json["outcomes"]
        assert stub.faults == 8
        assert o[outcome] == stub.faults, f"{o}, faults made: {stub.faults}"
        assert o["ok"] == 49 - stub.faults, o
        if reason:
            assert reason in run.json["reasons"][outcome], run.json["reasons"]
        # The summary for people must tell it too.
        assert re.search(rf"Failed +8 {'not 2xx' if outcome == 'non_2xx' else outcome}", run.out)
        if timeout_ns:
            # Exactly the timeout, though the generator may find an answer later that came in time.
            assert samples_of(run.json, timeout_ns) >= 8, run.json["latency"]
    return with_timeouts(check) if outcome == "timeout" else check


def all_bad(mode, protocol, expect):
    """No request succeeds: exit status 1, and the run still ends."""
    outcome, _ = expect

    def test(t):
        stub = stub_for(t, mode, protocol)
        patience = ["--timeout", "100ms"] if outcome == "timeout" else []
        run = load(t, "-n", "6", "-c", "2", *patience, stub.url, status=1)
        o = run.json["outcomes"]
        assert o == dict.fromkeys(o, 0) | {outcome: 6}, o
        assert run.json["requests_per_second"] == 0
    return test


def other_length_first(t):
    """Which answer is right is decided by the first one of the run, whichever thread got it."""
    stub = stub_for(t, "other-length", every=2)
    run = load(t, "-n", "40", "-c", "4", "-t", "4", stub.url)
    o = run.json["outcomes"]
    assert o["ok"] + o["corrupt"] == 40 and o["ok"] > 0 and o["corrupt"] > 0, o


def refused_later(t):
    """The stub stops listening in mid-run: its closed connections cannot be opened again."""
    stub = stub_for(t, "refuse", every=10)
    directory = tempfile.TemporaryDirectory(prefix="load-refused-")
    t.defer(directory.cleanup)
    rows = directory.name + "/x.csv"
    # Settled, both are accepted before it stops.
    before = []

    def refused_once_more():
        # The generator has seen both ends, which is later than that the stub made them.
        if series_sum(rows, "eof") == 2:
            before.append(series_sum(rows, "refused"))
        return before and before[-1] > before[0]
    run = load_until(t, refused_once_more, "it is refused", "--settle", "1h", "-c", "2",
                     "--interval", "10ms", "--csv", rows, stub.url)
    o = run.json["outcomes"]
    assert o["ok"] == 16 and o["eof"] == 2, \
        "the tenth request of all, two of which settled, ends one connection, and so on"
    assert "refused" in run.json["reasons"]["refused"].lower(), o
    # Each connection tries again after 10, 20, 40... ms.
    most = 2 * (math.log2(run.seconds / 0.01 + 1) + 2)
    assert 1 <= o["refused"] <= most, f"retries without restraint: {o}, {run.seconds:.2f} s"


def unasked_answer(t):
    stub = stub_for(t, "unasked")
    run = load(t, "-n", "1", "-c", "3", stub.url)
    assert run.json["unsolicited"] == 2, run.json["unsolicited"]
    assert run.json["outcomes"]["corrupt"] == 2 and run.json["outcomes"]["ok"] == 1
    assert "no request" in run.json["reasons"]["corrupt"]


def speaks_before_it_is_asked(t):
    """A greeting, as a server of another protocol sends it, is no answer."""
    stub = stub_for(t)
    stub.greeting = b"220 mail.example.org ESMTP\r\n"
    run = Run(t, "-d", "10h", "-c", "2", stub.url)
    until(lambda: stub.ended >= 6 or run.process.poll() is not None, "6 connections")
    assert run.interrupt() == 1, run.status
    if run.json is None:  # both were greeted, and closed, before the load could begin
        assert "no request asked for" in run.err, run.err
    else:
        consistent(run.json)
        o = run.json["outcomes"]
        assert o["ok"] == 0 and o["corrupt"] >= 2, o


def tests():
    found = []
    for protocol, modes in (("http", GOOD_HTTP), ("echo", GOOD_ECHO)):
        for mode in modes:
            found.append(case(f"{protocol} stub, {mode}: every answer is ok",
                              good(mode, protocol)))
    for family in ("tcp6", "unix", "abstract"):
        for protocol in ("http", "echo"):
            here = family != "tcp6" or os.path.exists("/proc/net/if_inet6")
            found.append(case(f"{protocol} over {family}", good("ok", protocol, family) if here
                              else lambda t: skip("no IPv6 here")))
    for protocol, modes in (("http", BAD_HTTP), ("echo", BAD_ECHO)):
        for mode, expect in modes.items():
            found.append(case(f"{protocol} stub, {mode} one time in five: {expect[0]}, exactly",
                              some_bad(mode, protocol, expect)))
            # For these the first answer has nothing to be compared with.
            if not mode.startswith("other-") and mode not in ("swapped", "mixed-up"):
                found.append(case(f"{protocol} stub, {mode} always: exit 1, on time",
                                  all_bad(mode, protocol, expect)))
    assert set(GOOD_HTTP) | set(BAD_HTTP) | {"refuse", "unasked"} == set(HTTP), "an untested mode"
    assert set(GOOD_ECHO) | set(BAD_ECHO) == set(ECHO), "an untested mode"
    return found + [named(f) for f in (other_length_first, refused_later, unasked_answer,
                                       speaks_before_it_is_asked)]
