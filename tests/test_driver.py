#!/usr/bin/env python3
"""Tests of the driver, iomodels. Prints TAP.

    python3 tests/test_driver.py --driver BUILD/bench/iomodels --servers BUILD/servers \\
        --loadgen BUILD/loadgen/iomodels-load [--only PATTERN] [--sanitized] [--slow-factor N]

Each test has a directory of its own, and a mark in the environment of all it starts, by which what
is left running is found wherever it hides."""

import argparse
import collections
import csv
import fnmatch
import html.parser
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "..", "results", "README.md")
FAKES = os.path.join(HERE, "fake_servers.py")
ARGS = None

TINY = """[scenario]
name = tiny
question = Is <this> & "that" shown?
[sweep]
protocols = {protocols}
connections = {connections}
repetitions = {repetitions}
duration = {duration}
warmup = 0.02s
"""


class Bench:
    """A directory with servers and scenarios, and the driver over them."""

    def __init__(self, t, models=("epoll-lt",), fakes=()):
        self.mark = "IOM_TEST=" + uuid.uuid4().hex
        self.dir = tempfile.mkdtemp(prefix="iomodels-driver-")
        t.defer(lambda: shutil.rmtree(self.dir, ignore_errors=True))
        t.defer(self.kill_all)
        self.servers = os.path.join(self.dir, "servers")
        os.mkdir(self.servers)
        for name in models:
            real = os.path.join(ARGS.servers, name)
            if not os.path.exists(real):
                raise tap.Skip(f"no server {name} was built")
            os.symlink(os.path.abspath(real), os.path.join(self.servers, name))
        for name in fakes:
            os.symlink(FAKES, os.path.join(self.servers, name))
        self.out = os.path.join(self.dir, "run")

    def scenario(self, text=None, protocols="http", connections="1, 4", repetitions=2,
                 duration="0.1s", more=""):
        path = os.path.join(self.dir, "tiny.ini")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text if text is not None else TINY.format(
                protocols=protocols, connections=connections, repetitions=repetitions,
                duration=duration) + more)
        return path

    def command(self, *args):
        paths = ["--servers", self.servers]
        if args[0] == "run":
            paths += ["--loadgen", ARGS.loadgen]
        return [ARGS.driver, args[0]] + (paths if args[0] in ("run", "list") else []) + list(args[1:])

    def environment(self, **more):
        name, value = self.mark.split("=")
        return dict(os.environ, **{name: value}, **more)

    def start(self, *args, env=None, **kwargs):
        return subprocess.Popen(self.command(*args), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=self.environment(**(env or {})), cwd=self.dir, **kwargs)

    def call(self, *args, status=0, **kwargs):
        """Run the driver to its end; its standard output and error."""
        p = self.start(*args, **kwargs)
        out, err = p.communicate()
        expect(p.returncode == status,
               f"{' '.join(args)}: status {p.returncode}, not {status}\n{out}\n{err}")
        return out, err

    def measure(self, *args, **kwargs):
        """Run trials for their rows. Other tests and other programs share the CPUs, so trials may be
        INVALID for that; none may fail."""
        p = self.start("run", *args, **kwargs)
        out, err = p.communicate()
        lines = err.splitlines()
        excused = p.returncode == 1 and any("no usable trial" in line for line in lines)
        expect((p.returncode == 0 or excused) and "FAILED" not in err,
               f"run {' '.join(args)}: status {p.returncode}\n{out}\n{err}")
        return out, err

    def believe(self, out=None):
        """Write the rows again as if nothing had disturbed them, for what needs figures."""
        path = os.path.join(out or self.out, "trials.csv")
        rows = self.rows(out=out)
        for row in rows:
            if row["reason"].startswith(("disturbed: ", "counters cover ")):
                row["verdict"], row["reason"] = "valid", ""
        with open(path, "w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def change(self, group, name, value):
        """Write something else into environment.json; what was there."""
        path = os.path.join(self.out, "environment.json")
        with open(path, encoding="utf-8") as f:
            environment = json.load(f)
        place = environment[group] if group else environment
        before, place[name] = place[name], value
        with open(path, "w", encoding="utf-8") as f:
            json.dump(environment, f)
        return before

    def rows(self, name="trials.csv", out=None):
        with open(os.path.join(out or self.out, name), newline="", encoding="utf-8") as f:
            return list(csv.DictReader(f))

    def left(self):
        """Processes that carry this test's mark, this one not."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    marked = self.mark.encode() in f.read().split(b"\0")
                with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                    zombie = f.read().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if marked and not zombie:
                found.append(int(pid))
        return found

    def kill_all(self):
        for pid in self.left():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(found, wanted, what):
    expect(found == wanted, f"{what}: {found!r}, not {wanted!r}")


def nothing_left(bench):
    left = bench.left()
    names = []
    for pid in left:
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as f:
                names.append(f.read().replace("\0", " "))
        except OSError:
            pass
    expect(not left, f"left running: {names}")


def points(rows):
    return [(r["protocol"], r["model"], int(r["connections"])) for r in rows]


def each_block_holds_each_point_once(rows, wanted):
    blocks = collections.defaultdict(list)
    for row in rows:
        blocks[row["block"]].append(row)
    for block, members in blocks.items():
        equal(sorted(points(members)), sorted(wanted), f"points of block {block}")
    return blocks


# --- A run as it should be ------------------------------------------------------------------------

def whole_run(t):
    b = Bench(t, models=("epoll-lt", "iterative"))
    _, err = b.measure(b.scenario(protocols="http, echo"), "--out", b.out, "--seed", "7")
    starved_and_cost(b.rows())
    b.believe()
    out, _ = b.measure("--resume", b.out)  # nothing is left to do but to print it
    rows = b.rows()
    wanted = [(p, m, c) for p in ("http", "echo") for m in ("epoll-lt", "iterative") for c in (1, 4)]
    blocks = each_block_holds_each_point_once(rows, wanted)
    expect({"1", "2"} <= set(blocks), f"blocks {set(blocks)}")
    for row in rows:
        equal(row["status"], "ok", f"status of trial {row['trial']} ({row['reason']})")
        expect(float(row["requests"]) > 0, f"trial {row['trial']} answered nothing")
    equal([int(r["trial"]) for r in rows], list(range(1, len(rows) + 1)), "trials")
    for name in ("environment.json", "scenario.ini", "summary.csv", "report.html"):
        expect(os.path.exists(os.path.join(b.out, name)), f"no {name}")
    for word in ("http, 4 connections", "epoll-lt", "report: "):
        expect(word in out, f"'{word}' is not in the table:\n{out}")
    expect("3 of 4 connections starved" in out, f"starvation is not shown:\n{out}")
    expect(re.search(r"\[1/\d+\]", err), f"no progress:\n{err}")
    nothing_left(b)
    histograms_hold_every_sample(b, rows)
    summary_is_the_median(b, rows)
    columns_are_documented(b)


def starved_and_cost(rows):
    for row in rows:
        if row["model"] == "iterative" and row["connections"] == "4":
            equal(row["starved"], "3", "starved connections of the iterative server")
        fraction = float(row["server_cpu_fraction"])
        expect(0 < fraction < 1.1, f"server_cpu_fraction {fraction}")
        expect(float(row["processes"]) == 1, f"processes {row['processes']}")
        calls = row["syscalls_per_request"]
        equal(calls != "", row["block"] == "0", "only block 0 counts system calls")
        if calls and row["model"] == "iterative" and row["verdict"] == "valid":
            expect(1.9 < float(calls) < 2.2, f"iterative makes {calls} system calls a request")


def histograms_hold_every_sample(b, rows):
    for row in rows:
        if row["block"] == "0":
            continue
        buckets = b.rows(f"histograms/{row['trial']}.csv")
        total = sum(int(x["count"]) for x in buckets)
        equal(total, int(row["ok"]) + int(row["timeout"]), f"samples of trial {row['trial']}")
        lowest = min(int(x["lowest_ns"]) for x in buckets) / 1000
        expect(lowest <= float(row["p50_us"]) * 1.001, "the median is below the lowest sample")


def summary_is_the_median(b, rows):
    for line in b.rows("summary.csv"):
        same = [float(r["requests_per_second"]) for r in rows
                if r["block"] != "0" and r["verdict"] in ("valid", line["verdict"])
                and all(r[k] == line[k] for k in ("protocol", "model", "connections"))]
        equal(int(line["trials"]), 2, "trials of a point")
        for name, value in (("", statistics.median(same)), ("_low", min(same)),
                            ("_high", max(same))):
            found = float(line["requests_per_second" + name])
            expect(abs(found - value) < 0.1, f"requests_per_second{name}: {found}, not {value}")


def columns_are_documented(b):
    with open(README, encoding="utf-8") as f:
        text = f.read()
    section = text.split("## trials.csv")[1].split("\n### ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", section, re.M)
    with open(os.path.join(b.out, "trials.csv"), encoding="utf-8") as f:
        equal(f.readline().strip().split(","), documented, "columns of trials.csv")

    section = text.split("## summary.csv")[1].split("\n## ")[0]
    metrics = re.findall(r"`(\w+)`", section.split("The metrics `M`")[1].split("**Spread")[0])
    metrics = [m for m in metrics if m in documented]
    with open(os.path.join(b.out, "summary.csv"), encoding="utf-8") as f:
        header = f.readline().strip().split(",")
    wanted = ["scenario", "protocol", "model", "connections", "trials", "n_ok", "n_valid", "verdict",
              "starves"] + [m + e for m in metrics for e in ("", "_low", "_high")] + ["reason"]
    equal(header, wanted, "columns of summary.csv")


class Page(html.parser.HTMLParser):
    """Ids, references to them, and what a page loads from elsewhere."""

    def __init__(self):
        super().__init__()
        self.ids, self.references, self.loads = [], set(), []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in ("src", "href", "xlink:href"):
                if value.startswith("#"):
                    self.references.add(value[1:])
                else:
                    self.loads.append(value)
            self.references.update(re.findall(r"url\(#([^)]+)\)", value or ""))
        if tag in ("script", "link", "iframe"):
            self.loads.append(tag)

    handle_startendtag = handle_starttag


def report_stands_alone(t):
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t, models=("epoll-lt", "poll"))
    b.measure(b.scenario(protocols="http, echo", repetitions=1), "--out", b.out)
    b.believe()
    b.call("plot", b.out)
    b.call("report", b.out)
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        text = f.read()
    page = Page()
    page.feed(text)
    equal(page.loads, [], "what the page loads from elsewhere")
    equal([i for i, n in collections.Counter(page.ids).items() if n > 1], [], "ids used twice")
    equal(page.references - set(page.ids), set(), "references to no id")
    equal(text.count("<svg"), 12, "pictures")
    expect("Is &lt;this&gt; &amp; &quot;that&quot; shown?" in text, "the question is not escaped")
    expect(os.path.exists(os.path.join(b.out, "plots", "throughput_http.png")), "no PNG")


def plot_and_report_without_servers(t):
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t)
    b.measure(b.scenario(), "--out", b.out)
    b.believe()
    b.measure("--resume", b.out)
    with open(os.path.join(b.out, "summary.csv"), encoding="utf-8") as f:
        before = f.read()
    shutil.rmtree(b.servers)
    moved = os.path.join(b.dir, "elsewhere")
    os.rename(b.out, moved)
    for name in ("summary.csv", "report.html"):
        os.unlink(os.path.join(moved, name))
    shutil.rmtree(os.path.join(moved, "plots"))
    b.call("plot", moved)
    b.call("report", moved)
    with open(os.path.join(moved, "summary.csv"), encoding="utf-8") as f:
        equal(f.read(), before, "summary.csv made again")
    for name in ("report.html", "plots/throughput_http.svg", "plots/latency_distribution_http.png"):
        expect(os.path.getsize(os.path.join(moved, name)) > 1000, f"{name} is nearly empty")


def odd_path(t):
    """Paths go through a shell on their way to a picture."""
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t)
    out = os.path.join(b.dir, 'a run; touch ruined & "$(touch ruined)" `touch ruined` \\ 100%d')
    b.measure(b.scenario(repetitions=1), "--out", out)
    b.believe(out)
    shutil.rmtree(os.path.join(out, "plots"))
    _, err = b.call("plot", os.path.basename(out))
    equal(err, "", "what gnuplot or the shell say")
    for name in ("throughput", "latency_p50", "latency_p99", "latency_distribution",
                 "cpu_per_request", "memory_per_connection"):
        for kind in ("svg", "png"):
            expect(os.path.getsize(os.path.join(out, "plots", f"{name}_http.{kind}")) > 1000, name)
    found = [os.path.join(d, f) for d, _, files in os.walk(b.dir) for f in files if f == "ruined"]
    equal(found, [], "what the shell made of the path")


def without_gnuplot(t):
    b = Bench(t)
    empty = os.path.join(b.dir, "empty")
    os.mkdir(empty)
    _, err = b.measure(b.scenario(repetitions=1), "--out", b.out, env={"PATH": empty})
    expect("gnuplot is not installed" in err, f"gnuplot is not named:\n{err}")
    expect(b.rows() and b.rows("summary.csv"), "no data kept")
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        expect("No pictures" in f.read(), "the report does not say why it has no pictures")
    _, err = b.call("plot", b.out, status=1, env={"PATH": empty})
    expect("gnuplot is not installed" in err, err)


# --- The order of the trials ----------------------------------------------------------------------

def shuffling(t):
    b = Bench(t, models=("epoll-lt", "poll", "iterative"))
    scenario = b.scenario(protocols="http, echo", connections="1, 2, 4, 8", repetitions=4)

    def plan(seed):
        out, _ = b.call("run", scenario, "--dry-run", "--seed", str(seed))
        return list(csv.DictReader(out.splitlines()))

    first, again, other = plan(1), plan(1), plan(2)
    equal(first, again, "the same seed gives the same order")
    expect(first != other, "two seeds give the same order")
    wanted = [(p, m, c) for p in ("http", "echo") for m in ("epoll-lt", "poll", "iterative")
              for c in (1, 2, 4, 8)]
    blocks = each_block_holds_each_point_once(first, wanted)
    orders = [points(members) for members in blocks.values()]
    for i, order in enumerate(orders):
        expect(order not in orders[:i], "two blocks have the same order")
        expect(order != sorted(order), "a block is in order")
    expect(not os.path.exists(b.out), "--dry-run made a directory")


# --- Servers that misbehave -----------------------------------------------------------------------

def one_bad_server(t, name, says, verdict="INVALID", status="failed", repetitions=1):
    """A run of a server that misbehaves and of one that does not: rows say so, the run goes on."""
    b = Bench(t, fakes=(name,))
    out, err = b.call("run", b.scenario(repetitions=repetitions, connections="1"), "--out", b.out,
                      status=1)
    rows = b.rows()
    bad = [r for r in rows if r["model"] == name]
    good = [r for r in rows if r["model"] == "epoll-lt"]
    equal(len(good), len(bad), "trials of each")
    for row in bad:
        equal(row["status"], status, "status")
        equal(row["verdict"], verdict, "verdict")
        expect(says in row["reason"], f"reason '{row['reason']}' does not say '{says}'")
    for row in good:
        equal(row["status"], "ok", f"the good server's status ({row['reason']})")
    expect(name in out, f"the table does not list it:\n{out}")
    expect("no usable trial; trials.csv" in err, f"no word of the point:\n{err}")
    if status == "failed":
        expect("FAILED" in err and "failed; trials.csv" in err, f"no word of the failure:\n{err}")
    line = next(r for r in b.rows("summary.csv") if r["model"] == name)
    equal((line["verdict"], line["requests_per_second"]), ("INVALID", ""), "its summary")
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        expect(says in f.read(), "the report does not give the reason")
    nothing_left(b)


def dies_in_load(t):
    one_bad_server(t, "dies-in-load", "server died during the load: exit status 7: out of cheese",
                   repetitions=2)


def dies_at_once(t):
    one_bad_server(t, "dies-at-once",
                   "server died before it was ready: exit status 3: cannot find my slippers")


def never_ready(t):
    one_bad_server(t, "never-ready", "not ready within 10 s")


def ignores_sigterm(t):
    one_bad_server(t, "ignores-sigterm", "did not end within 8 s of SIGTERM and was killed")


def leaves_a_process(t):
    one_bad_server(t, "leaves-a-process", "the server left 1 process behind; killed")


def wrong_answers(t):
    one_bad_server(t, "says-500", "a status other than 2xx", status="ok")


def hangs(t):
    """A server that lets every second connection wait is not ranked, however fast the rest is."""
    b = Bench(t, models=(), fakes=("half-hangs",))
    more = "timeout = 20s\nrank = 4\nsettle = "
    b.call("run", b.scenario(connections="4", repetitions=1, more=more + "0.2s\n"), "--out", b.out,
           status=1)
    for row in b.rows():
        equal((row["verdict"], row["settled"]), ("INVALID", "2"), "verdict, settled")
        equal(row["reason"], "only 2 of 4 connections had an answer before the load began", "reason")

    b.out = os.path.join(b.dir, "again")
    b.measure(b.scenario(connections="4", repetitions=1, more=more + "0s\n"), "--out", b.out)
    b.believe()
    out, _ = b.measure("--resume", b.out)
    equal([r["starved"] for r in b.rows()], ["2"] * len(b.rows()), "starved connections")
    line = b.rows("summary.csv")[0]
    equal(line["starves"], "1", "starves")
    expect("not ranked: half-hangs: 2 of 4 connections starved" in out
           or line["verdict"] == "generator-limited", f"it is ranked:\n{out}")
    if shutil.which("gnuplot"):
        with open(os.path.join(b.out, "plots", "throughput_http.svg"), encoding="utf-8") as f:
            expect("cross: starves connections" in f.read(), "no cross")
        with open(os.path.join(b.out, "plots", "latency_p99_http.svg"), encoding="utf-8") as f:
            expect("starves: not drawn" in f.read(), "its latency is drawn")


def disturbed(t):
    """What else runs on the load generator's CPU makes a trial INVALID."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise tap.Skip("only one CPU")
    pair = {cpus[0], cpus[-1]}
    b = Bench(t)
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                            preexec_fn=lambda: os.sched_setaffinity(0, {cpus[-1]}))
    t.defer(busy.wait)
    t.defer(busy.kill)
    out, err = b.call("run", b.scenario(connections="1", repetitions=2, duration="0.3s"), "--out",
                      b.out, status=1, preexec_fn=lambda: os.sched_setaffinity(0, pair))
    for row in b.rows():
        if row["block"] != "0":
            equal(row["verdict"], "INVALID", "verdict of a trial that was disturbed")
            expect(re.match(r"disturbed: other programs took \d+ % of the load generator's CPUs",
                            row["reason"]), row["reason"])
            expect(float(row["other_generator_cpu_fraction"]) > 0.15, "the fraction")
    expect("WARNING: in 2 of" in err, f"no warning:\n{err}")
    expect("not ranked: epoll-lt: INVALID, 0 of 2 trials usable" in out, out)


def beyond_a_limit(t):
    b = Bench(t, fakes=("small",))
    _, err = b.measure(b.scenario(connections="1, 2, 4", repetitions=1), "--out", b.out)
    expect("skipped: http small, 4 connections: small holds at most 2 connections" in err, err)
    equal(max(c for _, m, c in points(b.rows()) if m == "small"), 2, "most connections of small")
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        skipped = json.load(f)["skipped"]
    equal([(s["model"], s["connections"]) for s in skipped], [("small", 4)], "skipped")


# --- Interruption and going on --------------------------------------------------------------------

def begun(b, p, rows):
    """Wait until a run has written so many rows."""
    seen = []
    while sum(line.startswith("[") for line in seen) < rows:
        line = p.stderr.readline()
        expect(line, f"the run ended early: {seen}")
        seen.append(line)
    return seen


def complete(b, out, seed):
    rows = b.rows()
    equal(sorted(int(r["trial"]) for r in rows), list(range(1, len(rows) + 1)), "trials")
    plan, _ = b.call("run", os.path.join(b.dir, "tiny.ini"), "--dry-run", "--seed", str(seed))
    plan = list(csv.DictReader(plan.splitlines()))
    equal(len(rows), len(plan), "rows of the whole run")
    by_trial = {r["trial"]: r for r in rows}
    for wanted in plan:
        found = by_trial[wanted["trial"]]
        equal({k: found[k] for k in wanted}, wanted, "a trial and its place in the plan")
    nothing_left(b)


def interrupted(t, number):
    b = Bench(t, models=("epoll-lt", "fork", "iterative"))
    p = b.start("run", b.scenario(repetitions=3, connections="1, 8"), "--out", b.out, "--seed", "5")
    begun(b, p, 3)
    p.send_signal(number)
    out, err = p.communicate()
    equal(p.returncode, 130, "exit status\n" + err)
    expect(f"--resume {b.out}" in err, f"no word on how to go on:\n{err}")
    before = b.rows()
    expect(3 <= len(before) < 18, f"{len(before)} rows")
    expect(all(r["status"] == "ok" for r in before), "an interrupted trial left a row")
    for name in ("summary.csv", "report.html"):
        expect(os.path.exists(os.path.join(b.out, name)), f"no {name} of what was measured")
    nothing_left(b)

    b.measure("--resume", b.out)
    equal(b.rows()[:len(before)], before, "rows from before")
    complete(b, b.out, 5)
    # Once more: nothing is left to do.
    count = len(b.rows())
    b.measure("--resume", b.out)
    equal(len(b.rows()), count, "rows after going on with a whole run")


def interrupted_by_ctrl_c(t):
    interrupted(t, signal.SIGINT)


def interrupted_by_sigterm(t):
    interrupted(t, signal.SIGTERM)


def killed(t):
    """SIGKILL leaves nothing running either, and a row cut in half is mended."""
    b = Bench(t, models=("epoll-lt", "thread"))
    p = b.start("run", b.scenario(repetitions=3), "--out", b.out, "--seed", "9")
    begun(b, p, 2)
    p.kill()
    p.communicate()
    deadline = time.monotonic() + 5
    while b.left() and time.monotonic() < deadline:
        time.sleep(0.01)  # the kernel is ending them; nothing tells when
    nothing_left(b)
    with open(os.path.join(b.out, "trials.csv"), "a", encoding="utf-8") as f:
        f.write("3,1,tiny,ht")
    b.measure("--resume", b.out)
    complete(b, b.out, 9)


def resume_refuses_another_plan(t):
    b = Bench(t, models=("epoll-lt", "poll"))
    b.measure(b.scenario(connections="1, 2, 4, 8", repetitions=1), "--out", b.out, "--seed", "1")
    b.change(None, "seed", "2")
    _, err = b.call("run", "--resume", b.out, status=1)
    expect("the run cannot go on" in err, err)
    b.change(None, "seed", "1")
    for group, name in (("placement", "server_cpus"), ("placement", "generator_cpus"),
                        ("build", "commit"), ("machine", "kernel_release")):
        before = b.change(group, name, "another")
        _, err = b.call("run", "--resume", b.out, status=1)
        equal(err, f"iomodels: cannot go on with {b.out}: its {name} was another, now it is "
              f"{before}\n", "refusal")
        b.change(group, name, before)
    b.measure("--resume", b.out)
    _, err = b.call("run", "--resume", os.path.join(b.dir, "nothing"), status=2)
    equal(err.count("\n"), 1, f"lines\n{err}")
    _, err = b.call("run", b.scenario(), "--out", b.out, status=1)
    expect("holds a run already" in err, err)


# --- Machines with less -----------------------------------------------------------------------------

def one_cpu(t):
    b = Bench(t)
    cpu = min(os.sched_getaffinity(0))
    _, err = b.measure(b.scenario(repetitions=1), "--out", b.out,
                       preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    expect("WARNING: server and load generator share one CPU." in err, err)
    for row in b.rows():
        if row["block"] != "0" and not row["reason"].startswith(("disturbed: ", "counters cover ")):
            equal(row["verdict"], "generator-limited", "verdict")
            expect("share one CPU" in row["reason"], row["reason"])
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        placement = json.load(f)["placement"]
    expect("share one CPU" in placement["warning"] and placement["shared_cpus"] is True, placement)


def without_privileges(t):
    if os.geteuid() != 0:
        raise tap.Skip("only root can drop privileges")
    b = Bench(t)
    os.chmod(b.dir, 0o777)
    try:
        subprocess.run([ARGS.driver, "--version"], user=65534, group=65534, extra_groups=[],
                       stdout=subprocess.DEVNULL, check=True)
    except PermissionError:
        raise tap.Skip("the build directory is closed to other users") from None
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="utf-8") as f:
        paranoid = int(f.read())
    b.measure(b.scenario(repetitions=1), "--out", b.out, user=65534, group=65534,
              extra_groups=[])
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        sources = json.load(f)["sources"]
    for row in b.rows():
        equal(row["status"], "ok", row["reason"])
        expect(float(row["cpu_us_per_request"]) > 0, "no CPU time")
        expect(row["switches_per_request"] != "", "no context switches")
    if paranoid > 1:
        expect("clock" in sources["cpu"] and sources["missing"], f"sources {sources}")


def few_descriptors(t):
    import resource
    b = Bench(t)
    _, err = b.measure(b.scenario(connections="1, 4, 400", repetitions=1), "--out", b.out,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    expect("400 connections: needs 464 descriptors, this machine's limit is 256" in err, err)
    equal(max(c for _, _, c in points(b.rows())), 4, "most connections measured")


# --- Command line ---------------------------------------------------------------------------------

def bad_scenarios(t):
    b = Bench(t)
    head = "[scenario]\nname = x\n[sweep]\n"
    for text, place in ((head + "connections = 1\nspeed = 3\n", ":5: unknown key 'speed'"),
                        (head + "connections = 4, 2\n", ":4: connections = '4, 2'"),
                        (head + "connections = 1\nduration = soon\n", ":5: duration = 'soon'"),
                        (head + "connections = 1\n 2\n", ":5: 'connections' has a value already"),
                        ("[scenario]\nname = x\n", ": [sweep] has no connections"),
                        (head + "connections = 1\nmodels = nope\n", "no model 'nope'")):
        path = b.scenario(text)
        _, err = b.call("run", path, "--out", b.out, status=2)
        equal(err.count("\n"), 1, f"lines of\n{err}")
        expect(place in err and (place[0] != ":" or path + place in err),
               f"'{err}' does not say '{place}'")
    path = b.scenario()
    with open(path, "ab") as f:
        f.write("# caf\u00e9\n".encode("latin-1"))
    _, err = b.call("run", path, "--out", b.out, status=2)
    equal(err, f"iomodels: {path}:10: not UTF-8\n", "a scenario that is not UTF-8")
    expect(not os.path.exists(b.out), "a bad scenario made a directory")
    path = b.scenario(more="[model:epol-lt]\nconnections = 2\n[model:libevent]\nconnections = 2\n")
    _, err = b.call("run", path, "--dry-run")
    equal(err, f"iomodels: {path}: [model:epol-lt]: no such model; the section is of no effect\n",
          "an override of no model")


def usage(t):
    b = Bench(t)
    for args, word in (((), "no command"), (("fly",), "fly"), (("run", "--fast"), "fast"),
                       (("run", "--seed", "x"), "--seed 'x'"), (("run", "a", "b"), "'b'"),
                       (("run", "no-such"), "no-such"), (("plot",), "run directory"),
                       (("report", "a", "b"), "run directory"), (("serve",), "model"),
                       (("serve", "--servers", b.servers, "nope"), "nope"),
                       (("run", "--servers", b.servers, "--models", "nope", b.scenario()), "nope"),
                       (("list", "x"), "'x'")):
        p = subprocess.run([ARGS.driver, *args], capture_output=True, text=True, check=False)
        equal(p.returncode, 2, f"status of {args}\n{p.stderr}")
        expect(word in p.stderr, f"{args}: '{p.stderr}' does not name '{word}'")
        expect(len(p.stderr.splitlines()) <= 2, f"{args}: more than a line and a hint\n{p.stderr}")
    for command in ("run", "list", "serve", "plot", "report"):
        p = subprocess.run([ARGS.driver, command, "--help"], capture_output=True, text=True,
                           check=False)
        expect(p.returncode == 0 and p.stdout.startswith("Usage: iomodels " + command), p.stdout)
    _, err = b.call("plot", os.path.join(b.dir, "nothing"), status=1)
    equal(err.count("\n"), 1, f"lines of\n{err}")


def benchmark_keeps_paths(t):
    """scripts/benchmark hands on paths as its caller meant them. Its tree here is one of stubs."""
    b = Bench(t)
    root = os.path.join(b.dir, "a tree")
    for name, text in (("scripts/setup", ""), ("scripts/build", ""),
                       ("build/bench/iomodels", "pwd; printf '<%s>' \"$@\"")):
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + text + "\n")
        os.chmod(path, 0o755)
    shutil.copy(os.path.join(HERE, "..", "scripts", "benchmark"), os.path.join(root, "scripts"))
    p = subprocess.run(["a tree/scripts/benchmark", "my own.ini", "--out", "some where"],
                       cwd=b.dir, capture_output=True, text=True, check=False)
    equal((p.returncode, p.stdout), (0, os.path.realpath(b.dir) + "\n<run><my own.ini><--out>"
                                     "<some where>"), "what the driver is called with")


def list_and_serve(t):
    b = Bench(t, models=("epoll-lt", "iterative"), fakes=("small",))
    out, _ = b.call("list", "--json")
    models = {m["name"]: m for m in json.loads(out)["models"]}
    equal(list(models), ["iterative", "epoll-lt", "small"], "models in the textbook's order")
    equal(models["iterative"]["concurrency"], 1, "concurrency of iterative")
    equal(models["small"]["max_connections"], 2, "limit of small")
    scenarios = [s["name"] for s in json.loads(out)["scenarios"]]
    expect({"quick", "full"} <= set(scenarios), f"scenarios {scenarios}")
    out, _ = b.call("list")
    expect("epoll-lt" in out and "quick" in out, out)
    out, _ = b.call("serve", "--servers", b.servers, "epoll-lt", "--describe")
    equal(json.loads(out)["model"], "epoll-lt", "what serve runs")


TESTS = [
    ("a whole run: rows, table, histograms, summary, columns", whole_run, 60),
    ("the report stands alone", report_stands_alone, 90),
    ("plot and report need no servers", plot_and_report_without_servers, 60),
    ("a run directory with odd characters", odd_path, 60),
    ("without gnuplot the data is kept", without_gnuplot, 60),
    ("trials are shuffled, by the seed", shuffling, 30),
    ("a server that dies under load", dies_in_load, 60),
    ("a server that dies at once", dies_at_once, 60),
    ("a server that is never ready", never_ready, 90),
    ("a server that ignores SIGTERM", ignores_sigterm, 90),
    ("a server that leaves a process", leaves_a_process, 60),
    ("a server that answers wrongly", wrong_answers, 60),
    ("a server that lets half of its connections wait", hangs, 60),
    ("a load generator that others disturb", disturbed, 60),
    ("a point beyond a model's limit", beyond_a_limit, 60),
    ("Ctrl-C keeps the rows, --resume goes on", interrupted_by_ctrl_c, 90),
    ("SIGTERM keeps the rows, --resume goes on", interrupted_by_sigterm, 90),
    ("SIGKILL leaves nothing running", killed, 90),
    ("--resume refuses another plan", resume_refuses_another_plan, 60),
    ("one CPU is told and marked", one_cpu, 60),
    ("without privileges", without_privileges, 60),
    ("few descriptors", few_descriptors, 60),
    ("bad scenarios name file and line", bad_scenarios, 30),
    ("usage errors", usage, 30),
    ("scripts/benchmark keeps paths", benchmark_keeps_paths, 30),
    ("list and serve", list_and_serve, 30),
]


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--loadgen", required=True)
    parser.add_argument("--only", default="*")
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--slow-factor", type=float, default=1)
    ARGS = parser.parse_args()
    for name in ("driver", "servers", "loadgen"):
        setattr(ARGS, name, os.path.abspath(getattr(ARGS, name)))
    tests = [tap.Test(name, function, limit * ARGS.slow_factor)
             for name, function, limit in TESTS if fnmatch.fnmatch(name, ARGS.only)]
    # Several at once share the CPUs: no test here judges a speed.
    sys.exit(1 if tap.run(tests, jobs=4) else 0)


if __name__ == "__main__":
    main()
