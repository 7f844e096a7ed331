#!/usr/bin/env python3
"""Tests of iomodels check and iomodels replay. Prints TAP.

    python3 tests/check --driver BUILD/bench/iomodels --servers BUILD/servers \\
        --loadgen BUILD/loadgen/iomodels-load [--burning PROGRAM] [--only PATTERN]

A server that is right is graded with the patience of a hang. One with a fault is graded twice: at the
level below the one that it breaks, where it must pass, and with little patience by the case that must
find the fault. With IOMODELS_TEST_EXTENT=full all models are graded, and all levels below the fault."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from check.server import FAULTS  # noqa: E402
from lib import machine  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ARGS = argparse.Namespace()
FULL = os.environ.get("IOMODELS_TEST_EXTENT") == "full"
# One of each drive, and the one that serves a client at a time.
MODELS = ("epoll-et", "thread", "iterative")
IN_PYTHON = ("epoll-et", "epoll-lt", "poll", "select", "nonblocking", "threads", "processes", "blocking")
LEVEL_8 = 8
SOON = "2s"  # for a server that is wrong: what must not come need not be waited for
# Faults that show when all has come: a server that stopped for as long as the patience would seem right.
TAKES_ALL = ("reads-on",)


def server(fault=""):
    return f"{sys.executable} -IES {HERE}/server.py {{port}} {{protocol}} {{idle}} {fault}"


def call(*arguments, status=0):
    p = subprocess.run([ARGS.driver, *arguments], capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, check=False)
    told = f"{' '.join(arguments)}: status {p.returncode}, not {status}\n{p.stdout}\n{p.stderr}"
    assert p.returncode == status, told
    return p.stdout, p.stderr


def grade(name, *arguments, patience=None, status=0):
    patience = patience or f"{machine.hang():.0f}s"
    out, _ = call("check", name, "--servers", ARGS.servers, "--json", "-", "--patience", patience,
                  *arguments, status=status)
    g = json.loads(out)
    counted = [c for c in g["cases"] if c["outcome"] != "skipped"]
    assert g["of"] == sum(c["points"] for c in counted), g
    assert g["points"] == sum(c["points"] for c in counted if c["outcome"] == "passed"), g
    assert g["passed"] == (status == 0), g
    return g


def failed(g):
    return [c["case"] for c in g["cases"] if c["outcome"] == "failed"]


def full_marks(g):
    """All levels passed; and left out is only what takes more clients than the server serves, or what
    this machine was too slow for."""
    assert g["level"] == LEVEL_8 and g["points"] == g["of"] > 50, g
    for c in g["cases"]:
        excused = c["outcome"] == "skipped" and ("at a time" in c["reason"] or
                                                 "cannot tell" in c["reason"])
        assert c["outcome"] == "passed" or excused, c


def model(name):
    def run(_):
        if not os.path.exists(os.path.join(ARGS.servers, name)):
            raise tap.Skip(f"no server {name} was built")
        full_marks(grade(name))
    return run


def in_python(name):
    """A server of bench/external/python: what is left out is what it does not have."""
    def run(_):
        g = grade(name)
        assert g["level"] == LEVEL_8 and g["points"] == g["of"] > 50, g
    return run


def right_server(_):
    full_marks(grade(server()))


def fault(name):
    level, case = FAULTS[name]

    def run(_):
        if level > 1:
            below = f"1-{level - 1}" if FULL else str(level - 1)
            g = grade(server(name), "--level", below)
            assert g["level"] == level - 1, g
        g = grade(server(name), "--level", str(level), "--case", case, status=1,
                  patience=None if name in TAKES_ALL else SOON)
        assert failed(g) == [case] and g["level"] == 0, g
        c = g["cases"][-1]
        assert c["level"] == level and c["reason"] and "# What happened:" in c["transcript"], c
    return run


def need_is_judged(_):
    """The answer that a case needs is cut: that is no reason to leave the case out."""
    case = "http-large-answer"
    g = grade(server("short-send"), "--level", "4", "--case", case, patience=SOON, status=1)
    assert failed(g) == [case], g


def directory(t):
    path = tempfile.mkdtemp(prefix="iomodels-check-")
    t.defer(lambda: shutil.rmtree(path, ignore_errors=True))
    return path


def transcript_is_a_case(t):
    """What check --save wrote fails again with the same server, and passes with one that is right."""
    path = directory(t)
    call("check", server("closes-after-answer"), "--level", "6", "--case", "two-in-one", "--save",
         path + "/failed", "--patience", SOON, status=1)
    assert os.listdir(path + "/failed") == ["two-in-one.case"]
    file = path + "/failed/two-in-one.case"
    out, _ = call("replay", file, server("closes-after-answer"), status=1)
    assert "nobody asked for" in out and 'a > ' in out, out
    out, _ = call("replay", file, server())
    assert out.splitlines()[-1] == "passed", out
    out, _ = call("replay", "two-in-one", server())
    assert out.splitlines()[-1] == "passed", out


def all_cases_can_be_shown(t):
    """Each case prints as a text that is a case."""
    listed, _ = call("check", "--list")
    names = [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]
    assert len(names) == len(set(names)) > 50, names
    texts = [call("replay", name, "--show")[0] for name in (names if FULL else names[::7])]
    path = directory(t) + "/all.case"
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(texts))
    assert call("replay", path, "--show")[0] == texts[0]


def what_the_server_says(_):
    """The last words of a server that does not start are in the reason."""
    g = grade("sh -c 'echo no such thing >&2; exit 3' {port}", "--service", "echo", "--case",
              "echo-hello", status=1)
    assert "exit status 3: no such thing" in g["cases"][0]["reason"], g


def silent_server_is_given_up(_):
    """One that passes nothing of level 1 is not tried any further."""
    g = grade("sleep 1000 {port}", "--service", "echo", "--level", "1-3", patience="10ms", status=1) \
        if FULL else grade("false {port}", "--service", "echo", status=1)
    assert len(failed(g)) == len(g["cases"]) and g["points"] == 0, g
    assert all("not tried" in c["reason"] for c in g["cases"] if c["level"] > 1), g


def tap_output(_):
    out, _ = call("check", server("closes-after-answer"), "--level", "6-9", "--service", "http",
                  "--tap", "--patience", SOON, status=1)
    lines = out.splitlines()
    assert lines[0] == "TAP version 13", out
    count = int(lines[1].removeprefix("1.."))
    results = [line for line in lines if line.startswith(("ok ", "not ok "))]
    assert [int(line.split(" - ")[0].split()[-1]) for line in results] == \
        list(range(1, count + 1)), out
    assert any(line.startswith("not ok") and "keep-alive" in line for line in results), out
    assert all(line.startswith(("ok ", "not ok ", "#", "1..", "TAP ")) for line in lines), out


BAD_CASES = (
    ("", "there is no case"),
    ("level 1\n", ":1: 'level' before the first case"),
    ("case a\ntitle b\ndo\nopen a\n", "case a has no level"),
    ("case a\ntitle b\nlevel 9\n", ":3: level '9' is not a number from 1 to 8"),
    ("case a\ntitle b\nlevel 1\n", "case a has no steps"),
    ("case a\ncolour red\n", ":2: unknown word 'colour'"),
    ("case a b\n", ":1: a case needs a name of one word"),
    ("case a\ntitle b\nlevel 1\ndo\njump a\n", ":5: unknown step 'jump'"),
    ("case a\ntitle b\nlevel 1\ndo\nsend a\n", ":5: no bytes"),
    ("case a\ntitle b\nlevel 1\ndo\nsend a \"x\n", ":5: a quote is not closed"),
    ("case a\ntitle b\nlevel 1\ndo\nsend a \"\\q\"\n", ":5: no such byte"),
    ("case a\ntitle b\nlevel 1\ndo\nsend a 99999999 * noise 1M\n", ":5: too many bytes"),
    ("case a\ntitle b\nlevel 1\ndo\nsend a noise 200M noise 200M\n", ":5: too many bytes"),
    ("case a\ntitle b\nlevel 1\ndo\nsend a get path\n", ":5: get takes a path"),
    ("case a\ntitle b\nlevel 1\ndo\nflood a \"\"\n", ":5: flood takes a byte or more"),
    ("case a\ntitle b\nlevel 1\ndo\nquiet a soon\n", ":5: 'soon' is not a time"),
    ("case a\ntitle b\nlevel 1\ndo\nanswer a 999\n", ":5: '999' is no status"),
    ("case a\ntitle b\nlevel 1\ndo\nend a now\n", ":5: 'end' takes no 'now'"),
    ("case a\ntitle b\nlevel 1\ndo\nrepeat 2\nopen a\n", "a repeat has no done"),
    ("case a\ntitle b\nlevel 1\ndo\ndone\n", "'done' at a wrong place"),
)


def bad_cases(t):
    path = directory(t) + "/bad.case"
    for text, what in BAD_CASES:
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        _, err = call("replay", path, "--show", status=2)
        assert what in err and path in err and len(err.splitlines()) == 2, (text, err)
    with open(path, "w", encoding="utf-8") as f:
        f.write("case a\ntitle b\nlevel 1\nservice echo\ndo\nsend nobody \"x\"\n")
    out, _ = call("replay", path, server(), status=1)
    assert "line 6 of the case: 'send nobody \"x\"' is about a client that is not open" in out, out


def usage(t):
    for arguments, what in (
            ((), "one server"), (("a", "b"), "one server"), (("no-such-model",), "no-such-model"),
            (("cat {port}",), "--service"), (("cat {port}", "--level", "10"), "--level: '10'"),
            (("cat {port}", "--level", "5-2"), "--level: '5-2'"),
            (("cat {port}", "--case", "nothing"), "no case 'nothing'"),
            (("cat {port}", "--level", "9", "--service", "echo"), "--like"),
            (("cat {port}", "--service", "smtp"), "http, echo or both"),
            (("cat {port}", "--service", "http", "--level", "1", "--case", "echo-hello"), "no case"),
            (("--list", "x"), "--list"), (("cat '{port}",), "quote"),
            (("cat {port} {colour}", "--service", "echo", "--case", "echo-hello"), None)):
        out, err = call("check", *arguments, status=2 if what else 1)
        assert what is None or what in err, (arguments, err)
        assert what or "colour" in out, out
    for arguments, what in (((), "a case and a server"), (("x", "cat {port}"), "no case 'x'"),
                            (("./nothing", "--show"), None)):
        _, err = call("replay", *arguments, status=2 if what else 1)
        assert (what or "cannot read ./nothing") in err, err
    call("check", server(), "--case", "echo-hello", "--json", directory(t) + "/no/such/dir",
         status=1)


def full_disk(_):
    if not os.path.exists("/dev/full"):
        raise tap.Skip("no /dev/full here")
    _, err = call("check", server(), "--case", "echo-hello", "--json", "/dev/full", status=1)
    assert "cannot write /dev/full" in err, err


def speed(program, *bad):
    """The outcome of a model beside epoll-lt; the noise of the machine may hide it."""
    def run(_):
        path = getattr(ARGS, program, None) or os.path.join(ARGS.servers, program)
        p = subprocess.run([ARGS.driver, "check", path, "--level", "9", "--like", "epoll-lt",
                            "--servers", ARGS.servers, "--loadgen", ARGS.loadgen, "--budget", "5s",
                            "--json", "-"], capture_output=True, text=True, check=False)
        assert p.returncode in (0, 1), p.stderr
        told = json.loads(p.stdout)["speed"]
        if told["outcome"] == "cannot tell" or "no request was answered" in told["text"]:
            raise tap.Skip("inconclusive: " + told["text"])
        wanted = "slow" if bad else "good"
        assert told["outcome"] == wanted and p.returncode == (1 if bad else 0), told
    return run


def tests():
    models = MODELS
    if FULL:
        models = sorted(m for m in os.listdir(ARGS.servers)
                        if os.path.isfile(os.path.join(ARGS.servers, m))
                        and os.access(os.path.join(ARGS.servers, m), os.X_OK))
    found = [(f"full marks: {m}", model(m)) for m in models]
    found += [("full marks: a server in Python", right_server)]
    found += [(f"all that it has: python-{name}", in_python(f"python-{name}"))
              for name in (IN_PYTHON if FULL else IN_PYTHON[:1])]
    found += [(f"fault: {name} breaks level {FAULTS[name][0]}", fault(name)) for name in FAULTS]
    if FULL:
        found += [("speed: a model beside itself", speed("epoll-lt"))]
    if ARGS.burning:
        found += [("speed: fault: slow breaks level 9", speed("burning", "slow"))]
    found += [("a fault in what a case needs is a failure", need_is_judged),
              ("replay: a transcript is a case", transcript_is_a_case),
              ("replay: each case is a text that is a case", all_cases_can_be_shown),
              ("what a server said last is told", what_the_server_says),
              ("one that passes nothing is not tried for long", silent_server_is_given_up),
              ("TAP", tap_output), ("cases that are wrong", bad_cases), ("usage", usage),
              ("a full disk", full_disk)]
    return [tap.Test(name, function, 900) for name, function in found]


def main():
    parser = argparse.ArgumentParser(prog="tests/check")
    for name in ("driver", "servers", "loadgen"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--burning", help="a server that burns a millisecond a request")
    tap.add_only(parser)
    parser.add_argument("--verbose", action="store_true", help="how long each test took")
    parser.parse_args(namespace=ARGS)
    for name in ("driver", "servers", "loadgen", "burning"):
        value = getattr(ARGS, name)
        setattr(ARGS, name, value and os.path.abspath(value))
    # They wait most of the time.
    jobs = 4 * min(2, len(os.sched_getaffinity(0)))
    sys.exit(1 if tap.run(tap.only(tests(), ARGS.only), jobs=jobs, verbose=ARGS.verbose) else 0)


if __name__ == "__main__":
    main()
