"""What is printed, and what it costs in system calls."""

import json
import os
import re
import shutil
import tempfile

from load.run import Run, consistent, load, named, stub_for, settings, skip
from load.stub_server import BODY
from tap import TESTS_DIR


def help_and_version(t):
    for option, part in (("--help", "Usage: iomodels-load"), ("-h", "Usage: iomodels-load"),
                         ("--version", "iomodels-load ")):
        run = Run(t, option, json_file=False)
        assert run.finish() == 0 and part in run.out and run.err == ""


def help_is_about_all_options(t):
    """Each option that the source has is in --help, and the other way round."""
    run = Run(t, "--help", json_file=False)
    run.finish()
    told = set(re.findall(r"--([a-z][a-z-]+)", run.out))
    with open(f"{TESTS_DIR}/../loadgen/cli/options.c") as f:
        taken = set(re.findall(r'\{OPTION_[A-Z]+, (?:0|\'.\'), "([a-z-]+)"', f.read()))
    taken |= {"help", "version"}
    assert told == taken, told ^ taken
    assert max(map(len, run.out.splitlines())) <= 96


def summary_for_people(t):
    stub = stub_for(t)
    run = load(t, "-n", "50", "-c", "2", "-t", "2", "--latency", stub.url, json_file=False)
    for pattern in (r"of http://127\.0\.0\.1:\d+", r"2 threads and 2 connections",
                    r"mean +stdev +p50 +p99 +max", r"50 requests in ", r" 99\.9% +\d", r" 50% +\d",
                    r"Fairness .*Jain [01]\.\d+", r"Generator +CPU .*per request",
                    r"Requests/sec: +\d", r"Transfer/sec: +\d"):
        assert re.search(pattern, run.out), f"no '{pattern}' in:\n{run.out}"
    assert "Failed" not in run.out
    run = load(t, "-n", "5", "-c", "1", stub.url, json_file=False)
    assert "99.9%" not in run.out, "the table comes with --latency only"


def json_to_standard_output(t):
    stub = stub_for(t)
    run = load(t, "-n", "5", "-c", "1", "--json", "-", stub.url, json_file=False)
    j = json.loads(run.out)
    consistent(j)
    assert j["requests"] == 5 and j["url"] == stub.url and j["engine"] == t.engine
    assert j["mode"] == "closed" and j["protocol"] == "http"
    assert j["verdict"] in ("ok", "generator-limited") or j["verdict_reason"].startswith("disturbed: "), j["verdict_reason"]
    assert set(j) >= {"version", "connections", "threads", "payload", "interrupted", "connected",
                      "window_ns", "warmup_ns", "bytes_in", "bytes_out", "requests_per_second"}
    assert j["bytes_in"] == 5 * (len(BODY) + len(b"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"))


def url_that_is_no_text(t):
    """The path of a Unix-domain socket may have bytes that JSON cannot have."""
    stub = stub_for(t, family="unix")
    path = os.fsencode(stub.url.split("://", 1)[1])
    os.rename(path, path + b"\xff\xc3\xa4")
    t.defer(lambda: os.rename(path + b"\xff\xc3\xa4", path))
    j = load(t, "-n", "5", "-c", "1", os.fsencode(stub.url) + b"\xff\xc3\xa4").json
    assert j["url"] == j["urls"][0]["url"] == stub.url + "%FF%C3%A4", j["url"]


def cpu_of_a_short_run(t):
    """A thread has one CPU and no more, however short the window is."""
    stub = stub_for(t)
    for _ in range(3):
        for arguments in (["-n", "1"], ["-n", "20"], ["-R", "1k", "-n", "2"]):
            g = load(t, "-c", "1", *arguments, stub.url, status=None).json["generator"]
            assert 0 < g["max_thread_cpu_fraction"] <= 1.02, g
            assert 0 < g["cpu_fraction"] <= 1.02, g


def timers(j):
    """The waits that may end without an answer: where a run takes longer, more of them."""
    return 50 + j["window_ns"] / 20e6


def calls_by_own_count(t):
    """In the window, per request: with epoll one send, one recv, and never epoll_ctl; with io_uring
    no more than one io_uring_enter."""
    for family in ("tcp4", "unix"):
        for protocol in ("http", "echo"):
            stub = stub_for(t, "ok", protocol, family=family)
            j = load(t, "-n", "400", "-c", "8", "--warmup", "0.05s", stub.url).json
            calls = j["generator"]["syscalls"]
            answers = j["outcomes"]["ok"]
            assert set(calls) == {"send", "recv", "epoll_wait", "epoll_ctl", "io_uring_enter",
                                  "eagain"}
            if t.engine == "io_uring":
                entered = calls.pop("io_uring_enter")
                assert 0 < entered <= answers + timers(j), (family, protocol, entered, answers)
                assert set(calls.values()) == {0}, (family, protocol, calls)
                continue
            assert calls["io_uring_enter"] == 0
            assert calls["send"] == j["started"], (family, protocol, calls)
            # The answer that is the first of the window was read just before it opened.
            assert answers - 1 <= calls["recv"] <= answers, (family, protocol, calls, answers)
            assert calls["epoll_ctl"] == 0 and calls["eagain"] == 0, (family, protocol, calls)
            assert calls["epoll_wait"] <= answers + timers(j), (family, protocol, calls)


def calls_by_strace(t):
    """What the kernel saw agrees with what the generator says of itself."""
    strace = shutil.which("strace")
    if not strace:
        skip("no strace here")
    if settings.sanitized:
        skip("a sanitizer makes calls of its own")
    stub = stub_for(t)
    out = tempfile.NamedTemporaryFile(prefix="strace-", mode="r")
    t.defer(out.close)
    run = Run(t, "-n", "500", "-c", "4", "-t", "2", stub.url,
              prefix=[strace, "-f", "-c", "-o", out.name])
    if run.finish() != 0 and "ptrace" in run.err.lower():
        skip("strace may not trace here")
    assert run.status in (0, 3), run.err  # strace may disturb it
    counts = {}
    for line in out:
        fields = line.split()
        if len(fields) >= 5 and fields[3].isdigit():
            counts[fields[-1]] = int(fields[3])
    t.note(counts)
    work = ("io_uring_enter",) if t.engine == "io_uring" else \
        ("sendto", "recvfrom", "epoll_wait")
    # Where a clock cannot be read without the kernel, each reading is a call.
    others = {name: n for name, n in counts.items()
              if name not in work and name not in ("total", "clock_gettime", "gettimeofday")}
    assert max(others.values()) < 250 + timers(run.json), f"called again and again: {others}"
    if t.engine == "io_uring":
        assert counts["io_uring_enter"] <= 500 + timers(run.json), "one a request at most"
        return
    assert counts["sendto"] == 500, "one send a request"
    assert counts["recvfrom"] == 500, "one recv a request"
    assert counts["epoll_ctl"] == 4 + 2, "one a connection and one a thread, none a request"
    assert counts["epoll_wait"] <= 500 + timers(run.json), "one a request at most"


def tests():
    return [named(help_and_version, once=True), named(help_is_about_all_options, once=True)] + [
        named(f) for f in (summary_for_people, json_to_standard_output,
                           url_that_is_no_text, cpu_of_a_short_run, calls_by_own_count)] + [
        named(calls_by_strace)]
