#!/usr/bin/env python3
"""iomodels lesson: predictions, measurements, marks, a group, and whether the lessons say what is so. Prints TAP.

    python3 tests/test_lessons.py --driver BUILD/bench/iomodels --servers BUILD/servers \\
        --loadgen BUILD/loadgen/iomodels-load [--only PATTERN] [--sanitized] [--slow-factor N]

Some lessons are measured with short windows. With IOMODELS_TEST_EXTENT=full all are, as long as they say."""

import argparse
import json
import math
import os
import pty
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from driver.bench import ARGS, Bench, equal, expect, nothing_left  # noqa: E402

FULL = os.environ.get("IOMODELS_TEST_EXTENT") == "full"
# Those whose measurement is of waits, and so the same on each machine, and one of counters.
SOME = ("iterative", "pools", "coroutines")
SHORT = ("--rounds", "6", "--window", "60ms")
MARKS = {"full": 10, "partial": 5, "far": 0, "wrong side": 0, "cannot tell": 0}

LESSON = """[lesson]
number = 42
name = mine
title = Waits side by side
page = Clients <wait> & "wait".
read = servers/models/thread.c: a thread for each
question = {clients} clients: how many times the answers of one?
answer = rate(many) / rate(one)
explain = One made {rate(one)}, many made {rate(many)}.
claim = rate(many) / rate(one) > 0.000001: waits add up
claim = tasks(many) / tasks(one) > CLAIMED: each has a thread
[vary]
clients = 3, 5
[side:one]
server = thread
load = -c 1
paths = /wait/5
[side:many]
server = thread
load = -c {clients}
paths = /wait/5 /wait/4@2
"""
# Of a count of threads, so that no machine is too restless to say so.
FALSE, TRUE = "1000", "1"


class School(Bench):
    """A bench with a lesson of its own."""

    def __init__(self, t, claimed=TRUE, models=("thread",), **more):
        super().__init__(t, models=models, **more)
        self.lesson = os.path.join(self.dir, "mine.lesson")
        with open(self.lesson, "w", encoding="utf-8") as f:
            f.write(LESSON.replace("CLAIMED", claimed))

    def command(self, *args):
        return [ARGS.driver, args[0], "--servers", self.servers, "--loadgen", self.loadgen, *args[1:]]

    def hold(self, *args, status=0):
        return self.call("lesson", self.lesson, *SHORT, *args, status=status)

    def note_seeds(self):
        """A load generator that writes its seeds down; a function that takes them."""
        self.loadgen = os.path.join(self.dir, "noting-load")
        notes = os.path.join(self.dir, "notes")
        with open(self.loadgen, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\necho "$*" >> "{notes}"\nexec "{ARGS.loadgen}" "$@"\n')
        os.chmod(self.loadgen, 0o755)

        def take():
            with open(notes, encoding="utf-8") as f:
                words = f.read().split()
            os.remove(notes)
            return [int(word[7:]) for word in words if word.startswith("--seed=")]
        return take


def marked(r):
    """The mark that a result ought to have, by what it says itself (bench/lesson/value.h)."""
    predicted, middle, low, high = (r[k] for k in ("prediction", "measured", "low", "high"))
    if None in (middle, high) or high > 4 * low:  # infinite, or a machine that stood still
        return "cannot tell"
    far = abs(math.log(predicted / middle))
    if low <= predicted <= high or far <= math.log(1 + r["near_percent"] / 100):
        return "full"
    if (high < 1 < predicted) or (low > 1 > predicted):
        return "wrong side"
    return "partial" if far <= math.log(2) else "far"


def right(r):
    equal((r["mark"], r["points"]), (marked(r), MARKS[r["mark"]]), "mark and points")
    if None not in (r["measured"], r["high"]):
        expect(r["low"] <= r["measured"] <= r["high"], f"the interval of {r}")
    equal(r["of"], 0 if r["mark"] == "cannot tell" else 10, "points at most")


def lessons_are_listed(t):
    out, _ = School(t).call("lesson")
    listed = [line.split()[:2] for line in out.splitlines() if re.match(r"[ \d]\d ", line)]
    equal([int(number) for number, _ in listed], list(range(1, 11)), "numbers")
    expect(set(SOME) <= {name for _, name in listed}, out)
    # What the completions offer.
    told = subprocess.run([ARGS.driver, "lesson", "--describe-options"], capture_output=True, text=True, check=True)
    operand = re.search(r"^operand\t(.*)$", told.stdout, re.M).group(1)
    equal(operand.split("|"), [name for _, name in listed] + ["FILE"], "names to complete")


def from_page_to_board(t):
    """A prediction that is measured, marked, explained, kept, and shown beside another."""
    b = School(t, pictures=True)
    seeds = b.note_seeds()
    group = os.path.join(b.dir, "group")
    path = os.path.join(b.dir, "r.json")
    out, _ = b.hold("--answer", "4", "--seed", "3", "--class", group, "--name", "bert", "--json", path)
    with open(path, encoding="utf-8") as f:
        r = json.load(f)
    right(r)
    first_seeds = seeds()
    equal((r["lesson"], r["seed"], r["rounds"], r["prediction"]), (42, "3", 6, 4), "a result")
    expect(r["question"].startswith(r["variables"]["clients"] + " clients"), f"{r}")
    verdicts = [c["verdict"] for c in r["claims"]]
    expect(verdicts[0] in ("holds", "cannot tell") and verdicts[1] == "holds", f"{verdicts}")
    # Each client has a thread, and the main thread accepts.
    equal(r["claims"][1]["value"], (int(r["variables"]["clients"]) + 1) / 2, "a count of threads")
    for text in ("Waits side by side", 'Clients <wait> & "wait".', "servers/models/thread.c",
                 r["question"], "answers/s", "holds", "Predicted: 4: "):
        expect(text in " ".join(out.split()), f"not told: {text}\n{out}")
    told, _ = b.hold("--answer", "0.001", "--seed", "3", "--class", group, "--name", "anna", "--json", "-")
    second = json.loads(told)  # and nothing else is on standard output
    right(second)
    # One for each round, and the same when the lesson is held again. (A window is measured again at times.)
    again = seeds()
    equal(set(again), set(first_seeds), "seeds of the rounds when the lesson is held again")
    equal(len(set(again)), 6, "different seeds")
    expect(all(again.count(seed) >= 2 for seed in set(again)), f"a round draws one seed: {again}")
    equal(sorted(os.listdir(group)), ["anna.json", "bert.json"], "files of the group")
    drawn = shutil.which("gnuplot") is not None
    out, _ = b.call("lesson", "--board", group, status=0 if drawn else 1)
    lines = [line.split() for line in out.splitlines()]
    equal(lines[0][:3], ["Lesson", "42,", "mine"], "the board")
    expect([line[0] for line in lines[1:3]] == ["anna", "bert"] and "predicted" in lines[2], out)
    expect(["bert", str(r["points"]), "of", str(r["of"]), "points"] in lines, out)
    if drawn:
        with open(os.path.join(group, "board.svg"), encoding="utf-8") as f:
            picture = f.read()
        described = re.search(r"<desc>(.*?)</desc>", picture, re.DOTALL).group(1)
        expect("bert predicted 4, measured" in described and "GNUPLOT" not in described, described)
        expect("42 mine" in picture and "bert" in picture.replace(described, ""), "nobody is on the picture")
    nothing_left(b)


def claims_are_checked(t):
    """What no measurement can bear out is found."""
    b = School(t, FALSE)
    out, _ = b.call("lesson", "--check-all", b.lesson, *SHORT, status=1)
    expect(re.search(r"contradicted +tasks\(many\)", out) and "1 contradicted or failed" in out, out)
    expect(re.search(r"(holds|cannot tell) +rate", out), out)
    nothing_left(b)


def lessons_say_what_is_so(t):
    """Not the whole extent: some lessons, with short windows."""
    b = School(t, models=("iterative", "thread", "thread-pool", "coroutine"))
    args = () if FULL else (*SOME, *SHORT)
    if FULL:
        b.servers = ARGS.servers
    out, _ = b.call("lesson", "--check-all", *args)
    count = 10 if FULL else len(SOME)
    expect(re.search(rf"^{count} lessons, seed \d+: 0 contradicted or failed$", out, re.M), out)
    missing = re.findall(r"not measured +(.*)", out)
    expect(all(text.startswith("uring: ") for text in missing), f"{missing}")
    expect(len(re.findall(r"^  (?:holds|cannot tell) ", out, re.M)) >= 2 * count, out)
    nothing_left(b)


def as_an_ordinary_user(t):
    """Without a home, without the right to count with perf, in a directory that belongs to somebody else."""
    b = School(t)
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        subprocess.run([ARGS.driver, "--version"], capture_output=True, check=True, **user)
    except OSError as e:
        raise tap.Skip(f"an ordinary user cannot run the driver: {e}") from e
    os.chmod(b.dir, 0o755)
    home = {"HOME": "/nonexistent"}
    out, _ = b.call("lesson", b.lesson, *SHORT, "--answer", "25%", "--json", "-", env=home, **user)
    right(json.loads(out))
    equal(json.loads(out)["prediction"], 0.25, "25%")


def a_terminal_is_asked(t):
    """Until the answer is a number."""
    b = School(t)
    near, far = pty.openpty()
    t.defer(lambda: os.close(near))
    p = subprocess.Popen(b.command("lesson", b.lesson, *SHORT, "--seed", "1"), stdin=far, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, env=b.environment(), cwd=b.dir)
    os.close(far)
    os.write(near, b"many\n1,000\n")
    out, err = p.communicate()
    equal(p.returncode, 0, f"status, {err}")
    expect("'many' is not a number" in out and out.count("Your prediction: ") == 2, out)
    expect("Predicted: 1,000" in out, out)


def read_once_speaks_http_alone(t):
    b = School(t)
    program = os.path.join(os.path.dirname(ARGS.driver), "read-once")
    for protocol, status in (("http", 0), ("echo", 2)):
        p = subprocess.run([program, "--protocol", protocol, "--describe"], capture_output=True, text=True,
                           env=b.environment(), check=False)
        equal(p.returncode, status, f"status of {protocol}, {p.stderr}")
    expect("'echo' is not " in p.stderr and not p.stdout, p.stdout + p.stderr)


def nobody_is_asked(t):
    b = School(t)
    out, err = b.call("lesson", b.lesson, status=2)
    expect(not out and err.startswith("iomodels: standard input is no terminal") and "--answer" in err, err)


def wrong_command_lines(t):
    b = School(t)
    bad = os.path.join(b.dir, "bad.lesson")
    with open(bad, "w", encoding="utf-8") as f:
        f.write(LESSON.replace("rate(one) >", "rate(two) >"))
    for args, status, text in (
            (["11"], 2, "no lesson '11'; 'iomodels lesson' lists"), (["no-such"], 2, "no lesson 'no-such'"),
            (["1", "2"], 2, "one lesson at a time; '2' is one too many"),
            (["1", "--answer", "many"], 2, "'many' is not a number from 0 on"),
            (["1", "--answer", "-1"], 2, "'-1' is not a number from 0 on"),
            (["1", "--answer", "2", "--name", "x"], 2, "--name: it is that of a file of --class"),
            (["1", "--answer", "2", "--class", "g", "--name", "../x"], 2, "'../x' is not a name"),
            (["1", "--answer", "2", "--class", "g", "--name", ".x"], 2, "'.x' is not a name"),
            (["--answer", "3", "--seed", "5"], 2, "no lesson is named"),
            (["--rounds", "6"], 2, "no lesson is named"),
            (["--json", "-"], 2, "no lesson is named"),
            (["1", "--answer", "2", "--seed", "x"], 2, "'x' is not a number from 0"),
            (["1", "--answer", "2", "--rounds", "5"], 2, "'5' is not a number from 6"),
            (["--check-all", "--answer", "2"], 2, "--check-all: there is nobody who predicts"),
            (["--board", "g", "1"], 2, "--board: it shows what was collected"),
            (["--board", "g", "--json", "f"], 2, "--board: it shows what was collected"),
            (["--board", "g", "--answer", "2"], 2, "--board: it shows what was collected"),
            (["--board", "g", "--seed", "2"], 2, "--board: it shows what was collected"),
            (["--board", "g", "--rounds", "6"], 2, "--board: it shows what was collected"),
            (["--board", "g", "--window", "60ms"], 2, "--board: it shows what was collected"),
            ([b.lesson, "--answer", "2", "--json", b.dir + "/none/r.json"], 1,
             f"cannot write {b.dir}/none/r.json: No such file"),
            (["--board", b.dir + "/none"], 1, f"cannot read {b.dir}/none: No such file"),
            (["--board", b.servers], 1, f"{b.servers} has no results"),
            ([b.dir + "/none.lesson", "--answer", "2"], 1, f"cannot read {b.dir}/none.lesson: No such file"),
            ([bad, "--answer", "2"], 1, f"{bad}:10: claim: no side 'two'")):
        out, err = b.call("lesson", *args, status=status)
        lines = [line for line in err.splitlines() if "--help" not in line]
        expect(not out and len(lines) == 1 and text in err, f"{args}: {out}{err}")


def a_server_that_is_not_there(t):
    """Told before the page where the answer needs that server; else its side alone is not measured."""
    b = School(t, models=("poll",))
    out, err = b.hold("--answer", "1", "--json", b.dir + "/r.json", status=1)
    expect("lesson 42 cannot be measured here: no model and no external server 'thread'" in err, err)
    expect(not out and len(err.splitlines()) == 1, out + err)
    expect(not os.path.exists(b.dir + "/r.json"), "a result without a measurement")
    out, _ = b.call("lesson", "--check-all", b.lesson, *SHORT, status=1)
    expect(out.count("not measured") == 2 and out.count("cannot tell") == 2, out)
    expect("1 contradicted or failed" in out, out)
    with open(b.lesson, "w", encoding="utf-8") as f:
        text = LESSON.replace("CLAIMED", "0.5").replace("server = thread", "server = poll")
        f.write(text + "[side:more]\nserver = no-such\n")
    out, _ = b.call("lesson", "--check-all", b.lesson, *SHORT)
    expect("not measured  more: no model and no external server 'no-such'" in out, out)
    expect("holds         tasks" in out and "0 contradicted or failed" in out, out)


def interrupted(t):
    b = School(t)
    p = b.start("lesson", b.lesson, "--answer", "1", "--rounds", "100", "--class", b.dir + "/group")
    # With one CPU a warning comes first.
    expect(any("lesson 42: 200 windows" in line for line in iter(p.stderr.readline, "")), "no measurement began")
    p.send_signal(signal.SIGINT)
    p.communicate()
    equal(p.returncode, 130, "status")
    expect(not os.path.exists(b.dir + "/group"), "a result of a measurement that was given up")
    nothing_left(b)


def results_that_cannot_be_kept(t):
    """What is no file of results stays what it is."""
    b = School(t)
    group = os.path.join(b.dir, "group")
    os.mkdir(group)
    with open(group + "/anna.json", "w", encoding="utf-8") as f:
        f.write("mine")
    out, err = b.hold("--answer", "1", "--class", group, "--name", "anna", status=1)
    expect("anna.json: not a file of results" in err and "Measured:" in out, err)
    with open(group + "/anna.json", encoding="utf-8") as f:
        equal(f.read(), "mine", "the file")
    if os.path.exists("/dev/full"):
        _, err = b.hold("--answer", "1", "--json", "/dev/full", status=1)
        expect("cannot write /dev/full: No space left on device" in err, err)


TESTS = (
    ("the lessons that are there are right, and say what is so", lessons_say_what_is_so),
    ("a lesson from its page to the board", from_page_to_board),
    ("a claim that the measurement contradicts", claims_are_checked),
    ("as an ordinary user without a home", as_an_ordinary_user),
    ("a terminal is asked until the answer is a number", a_terminal_is_asked),
    ("without a terminal and without --answer", nobody_is_asked),
    ("a list of the lessons", lessons_are_listed),
    ("wrong command lines and files", wrong_command_lines),
    ("a server that is not there", a_server_that_is_not_there),
    ("the server of lesson 6 speaks HTTP alone", read_once_speaks_http_alone),
    ("an interrupt", interrupted),
    ("results that cannot be kept", results_that_cannot_be_kept),
)


def main():
    parser = argparse.ArgumentParser(prog="tests/test_lessons.py")
    for name in ("driver", "servers", "loadgen"):
        parser.add_argument("--" + name, required=True)
    tap.add_only(parser)
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--slow-factor", type=float, default=1)
    arguments = parser.parse_args()
    for name in ("driver", "servers", "loadgen"):
        setattr(ARGS, name, os.path.abspath(getattr(arguments, name)))
    limit = (3600 if FULL else 600) * arguments.slow_factor
    tests = [tap.Test(name, function, limit) for name, function in TESTS]
    sys.exit(1 if tap.run(tap.only(tests, arguments.only), jobs=4) else 0)


if __name__ == "__main__":
    main()
