"""Duels: who is told to be faster, and what ends a duel. No test judges a speed: one side burns a
millisecond a request (Meson's option burn_ns), or both sides are the same."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess

import tap
from driver.bench import ARGS, Bench, equal, expect, nothing_left
from driver.externals import Externals

# A machine that stands still for a window says nothing, so windows are not the shortest.
SHORT = ("--window", "30ms", "--pairs", "2")
UNTOLD = "inconclusive: the machine is too restless to tell a millisecond a request"
# Twenty times: no wonder where dozens of programs want each CPU.
STOOD_STILL = "no request was answered in a window"
SIDES = {"A": "a-faster", "B": "b-faster"}


def burning():
    if not ARGS.burning or not os.path.exists(ARGS.burning):
        raise tap.Skip("no server that burns was built")
    return ARGS.burning


def fought(b, *args, status=0):
    """What a duel printed; inconclusive where a server that works answered nothing in a window."""
    out, err = "", ""
    try:
        out, err = b.call("duel", *args, status=status)
    except AssertionError as e:
        err = str(e)
        if STOOD_STILL not in err:
            raise
    if STOOD_STILL in err:
        raise tap.Skip("inconclusive: " + STOOD_STILL)
    return out, err


class Duel:
    """One call of the driver, and the files it wrote."""

    def __init__(self, b, *args, status=0, plot=False):
        self.files = {name: os.path.join(b.dir, "duel." + name) for name in ("json", "csv", "svg")}
        files = ["--json", self.files["json"], "--windows", self.files["csv"]]
        files += ["--plot", self.files["svg"]] if plot else []
        self.out, self.err = fought(b, *args, *files, status=status)
        with open(self.files["csv"], newline="", encoding="utf-8") as f:
            self.windows = list(csv.DictReader(f))
        with open(self.files["json"], encoding="utf-8") as f:
            self.json = json.load(f)
        self.duels = self.json["duels"]

    def order(self):
        """The sides of each session, as ABBABAAB."""
        sessions = {}
        for w in self.windows:
            key = (w["duel"], w["session"])
            sessions[key] = sessions.get(key, "") + w["side"]
        return list(sessions.values())


def told(b, winner, *args, plot=False):
    d = Duel(b, *args, *SHORT, "--budget", "120s", plot=plot)
    verdict = d.duels[0]["verdict"]
    if verdict in ("open", "same"):
        raise tap.Skip(UNTOLD)
    equal(verdict, SIDES[winner], "verdict")
    nothing_left(b)
    return d


def slow_side_is_told(t):
    b = Bench(t, pictures=True)
    drawn = shutil.which("gnuplot") is not None
    d = told(b, "A", "epoll-lt", burning(), "--at", "http,4", plot=drawn)
    duel = d.duels[0]
    expect(duel["ratio"] > 1.2, f"a millisecond a request is a ratio of {duel['ratio']}")
    low, high = duel["interval_always_valid"]
    expect(1 < low < duel["ratio"] < high, f"{duel['ratio']} [{low}, {high}]")
    expect(duel["sessions"] >= 5 and duel["pairs"] == 2 * duel["sessions"], f"{duel}")
    equal(len(d.windows), 2 * duel["pairs"], "windows in the table")
    expect(set(d.order()) <= {"ABBA", "BAAB"}, f"order {d.order()}")
    for w in d.windows:
        expect(int(w["requests"]) > 0 and int(w["failed"]) == 0, f"a window of {w}")
        expect(int(w["server_cpu_ns"]) > 0, f"no CPU of the server in {w}")
    lines = d.out.splitlines()
    equal(len(lines), 1, "lines of text")
    expect("A is faster" in lines[0] and f"{duel['ratio']:.4f}" in lines[0], lines[0])
    if drawn:
        with open(d.files["svg"], encoding="utf-8") as f:
            picture = f.read()
        expect(picture.rstrip().endswith("</svg>") and "session" in picture, "no picture of sessions")


def less_cpu_is_told(t):
    b = Bench(t, pictures=False)
    d = told(b, "B", burning(), "epoll-lt", "--at", "echo,2", "--metric", "cpu")
    expect(d.duels[0]["ratio"] > 10, f"a millisecond of CPU is a ratio of {d.duels[0]['ratio']}")
    expect("B has less" in d.out, d.out)
    # The burning side used its CPU where the table says so.
    for w in d.windows:
        # Of a request of each connection it may have burned before the window.
        requests = int(w["active_requests"]) - 2
        expect(w["side"] == "B" or int(w["server_cpu_ns"]) >= 0.9e6 * requests, w)


def burning_says_so(t):
    del t
    out = subprocess.run([burning(), "--version"], capture_output=True, text=True, check=True).stdout
    equal(out.rpartition(", ")[2].strip(), "burns 1000000 ns a request", "end of --version")
    plain = os.path.join(ARGS.servers, "epoll-lt")
    out = subprocess.run([plain, "--version"], capture_output=True, text=True, check=True).stdout
    expect("burns" not in out, out)


def against_itself(t):
    """Several short duels: each side of each is the same server, and the figures are near."""
    b = Bench(t, pictures=False)
    d = Duel(b, "epoll-lt", "epoll-lt", "--at", "http,4", *SHORT, "--sessions", "5", "--whole",
             "--budget", "1h", "--repeat", "3")
    equal(len(d.duels), 3, "duels")
    equal(sum(d.json["verdicts"].values()), 3, "verdicts")
    for duel in d.duels:
        expect(1 / 20 < duel["ratio"] < 20, f"a server is {duel['ratio']} times itself")
        equal(duel["sessions"], 5, "sessions")
    expect(re.search(r"^3 duels: .*a false alarm: A and B are the same$", d.out, re.M), d.out)
    nothing_left(b)


def same_within_a_margin(t):
    b = Bench(t, pictures=False)
    d = Duel(b, "epoll-lt", "epoll-lt", "--at", "http,4", *SHORT, "--within", "99%")
    if d.duels[0]["verdict"] != "same":
        raise tap.Skip("inconclusive: the machine is too restless to tell that a server is itself")
    expect("the same within 99 %" in d.out, d.out)


def time_over(t):
    """A budget of one session decides nothing."""
    b = Bench(t, pictures=False)
    d = Duel(b, "epoll-lt", burning(), "--at", "http,4", *SHORT, "--budget", "100ms")
    equal((d.duels[0]["verdict"], d.duels[0]["sessions"]), ("open", 1), "verdict and sessions")
    equal(d.duels[0]["interval"], [None, None], "interval of one session")
    expect("cannot tell" in d.out and "[n/a]" in d.out, d.out)


def one_session_is_drawn(t):
    """A session alone has no interval, and its picture needs none."""
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot")
    d = Duel(Bench(t, pictures=True), "epoll-lt", "epoll-lt", "--at", "http,2", *SHORT, "--sessions", "1", plot=True)
    with open(d.files["svg"], encoding="utf-8") as f:
        expect(f.read().rstrip().endswith("</svg>"), "no whole picture")


def the_seed_orders(t):
    b = Bench(t, pictures=False)
    args = ("epoll-lt", "epoll-lt", "--at", "http,2", "--window", "30ms", "--sessions", "3")
    one, again, other = (Duel(b, *args, "--seed", seed).order() for seed in ("1", "1", "2"))
    equal(one, again, "order of one seed")
    expect(one != other, f"two seeds have one order {one}")
    for session in one + other:
        expect(set(re.findall("....", session)) <= {"ABBA", "BAAB"}, session)


def options_and_paths(t):
    """A side is a line of words; both sides' options reach their servers."""
    b = Bench(t, models=("epoll-lt", "epoll-multi"), pictures=False)
    path = os.path.join(b.servers, "epoll-multi")
    d = Duel(b, "epoll-multi --workers 2", path + " --workers 1", "--at", "http,2", *SHORT,
             "--sessions", "1")
    equal((d.json["a"], d.json["b"]), ("epoll-multi --workers 2", path + " --workers 1"), "sides")
    _, err = b.call("duel", "epoll-multi --workers 2", "epoll-lt --workers 2", status=2)
    expect("epoll-lt does not take the options '--workers 2'" in err, err)


def against_an_external(t):
    b = Externals(t, modes=("good",))
    d = Duel(b, "epoll-lt", "good", "--at", "http,2", *SHORT, "--sessions", "2")
    equal(d.duels[0]["sessions"], 2, "sessions")
    b.left_clean()


def who_burns_idle_is_stopped(t):
    b = Bench(t, models=("epoll-lt", "nonblocking"), pictures=False)
    for _ in range(3):
        d = Duel(b, "nonblocking", "epoll-lt", "--at", "http,2", *SHORT, "--sessions", "2")
        equal(d.duels[0]["b_stopped_when_idle"], False, "epoll-lt is stopped")
        if d.duels[0]["a_stopped_when_idle"]:
            nothing_left(b)
            return
    raise tap.Skip("inconclusive: a server that always runs had next to no CPU")


def dies_in_a_window(t):
    b = Bench(t, fakes=("dies-in-load",), pictures=False)
    _, err = b.call("duel", "epoll-lt", "dies-in-load", "--at", "http,2", *SHORT, status=1)
    expect(re.search(r"^iomodels: the duel failed after 0 sessions: B \(dies-in-load\): server died "
                     r"during the load: exit status 7: out of cheese$", err, re.M), err)
    nothing_left(b)


def fails_requests(t):
    b = Bench(t, fakes=("says-500",), pictures=False)
    _, err = b.call("duel", "says-500", "epoll-lt", "--at", "http,2", *SHORT, status=1)
    expect(re.search(r"A \(says-500\): .*fail", err), err)
    equal(len(err.splitlines()), 1, "lines of error")
    nothing_left(b)


def interrupted(t):
    b = Bench(t, pictures=False)
    p = b.start("duel", "epoll-lt", "epoll-lt", "--at", "http,2", "--repeat", "1000", "--sessions", "1",
                *SHORT)
    line = p.stdout.readline()
    expect("cannot tell" in line, line)
    p.send_signal(signal.SIGINT)
    _, err = p.communicate()
    equal(p.returncode, 130, f"status; {err}")
    expect("interrupted" in err, err)
    nothing_left(b)


def bad_arguments(t):
    b = Bench(t, models=("epoll-lt", "iterative"), fakes=("small", "says-unsupported"),
              pictures=False)
    two = ("epoll-lt", "epoll-lt")
    for args, says in (
            (("epoll-lt",), "duel takes two servers, not 1"),
            ((*two, "third"), "duel takes two servers, not 3"),
            (("epoll-lt", "nosuch"), "no model and no external server 'nosuch'"),
            (("epoll-lt", "/no/such"), "cannot run the server '/no/such'"),
            (("epoll-lt", "/bin/true"), "true is no server of this suite"),
            (("epoll-lt", ""), "no model and no external server ''"),
            (("epoll-lt", "iterative"), "iterative serves 1 connection at a time"),
            (("epoll-lt", "small"), "small holds 2 connections at most"),
            (("epoll-lt", "says-unsupported"), "cannot run here: no ring in this kernel"),
            ((*two, "--at", "http"), "'http' is not a protocol and a number of connections"),
            ((*two, "--at", "smtp,4"), "'smtp,4' is not a protocol"),
            ((*two, "--at", "http,0"), "'http,0' is not a protocol"),
            ((*two, "--within", "0"), "'0' is not a share between 0 and 1"),
            ((*two, "--within", "100%"), "'100%' is not a share between 0 and 1"),
            ((*two, "--pairs", "3"), "'3' is not an even number"),
            ((*two, "--metric", "speed"), "'speed' is not rate, cpu or p99"),
            ((*two, "--path", "x"), "'x' is not a path that begins with /"),
            ((*two, "--seed", "-1"), "'-1' is not a number from 0 to 2^64-1")):
        _, err = b.call("duel", *args, status=2)
        expect(says in err.splitlines()[0], f"{args}: {err}")


def files_that_cannot_be_written(t):
    b = Bench(t, pictures=False)
    short = ("epoll-lt", "epoll-lt", "--at", "http,2", *SHORT, "--sessions", "1")
    for option in ("--json", "--windows"):
        _, err = fought(b, *short, option, "/no/such/file", status=1)
        expect("cannot write /no/such/file" in err, err)
        if os.path.exists("/dev/full"):
            _, err = fought(b, *short, option, "/dev/full", status=1)
            expect("cannot write /dev/full" in err, err)
    d = Duel(b, *short, plot=True, status=1)
    expect("gnuplot is not installed" in d.err and "cannot tell" in d.out, d.out + d.err)
    equal(d.duels[0]["sessions"], 1, "sessions in the JSON of a duel without its picture")
    nothing_left(b)


TESTS = [
    ("duel: a side that burns is slower", slow_side_is_told, 60),
    ("duel: a side that burns uses more CPU", less_cpu_is_told, 60),
    ("duel: a server that burns says so", burning_says_so, 60),
    ("duel: a server against itself", against_itself, 60),
    ("duel: the same within a margin", same_within_a_margin, 60),
    ("duel: time is over", time_over, 60),
    ("duel: one session is drawn", one_session_is_drawn, 60),
    ("duel: the seed orders the windows", the_seed_orders, 60),
    ("duel: options and paths", options_and_paths, 60),
    ("duel: against an external server", against_an_external, 60),
    ("duel: who burns CPU while idle is stopped", who_burns_idle_is_stopped, 60),
    ("duel: a server that dies in a window", dies_in_a_window, 60),
    ("duel: requests that fail", fails_requests, 60),
    ("duel: interrupted", interrupted, 60),
    ("duel: bad arguments", bad_arguments, 60),
    ("duel: files that cannot be written", files_that_cannot_be_written, 60),
]
