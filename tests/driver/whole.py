"""A run as it should be, and what it leaves."""

import collections
import csv
import html.parser
import os
import re
import shutil
import statistics
import urllib.parse

import tap
from driver.bench import (DRAWING, OF_THE_MACHINE, README, UNANSWERED, Bench,
                          each_block_holds_each_point_once, equal, expect, nothing_left,
                          points)


def whole_run(t):
    b = Bench(t, models=("epoll-lt", "iterative"), pictures=False)
    _, err = b.measure(b.scenario(protocols="http, echo", yardstick=None), "--out", b.out, "--seed", "7")
    starved_and_cost(b.rows())
    b.believe()
    out, _ = b.measure("--resume", b.out)  # nothing is left to do but to print it
    rows = b.rows()
    wanted = [(p, m, c) for p in ("http", "echo") for m in ("epoll-lt", "iterative") for c in (1, 4)]
    blocks = each_block_holds_each_point_once(rows, wanted)
    expect({"1", "2"} <= set(blocks), f"blocks {set(blocks)}")
    for row in rows:
        equal(row["status"], "ok", f"status of trial {row['trial']} ({row['reason']})")
        expect(float(row["requests"]) > 0 or row["block"] == "0",
               f"trial {row['trial']} answered nothing")
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
        if row["reason"] == UNANSWERED:
            continue
        if row["model"] == "iterative" and row["connections"] == "4":
            equal(row["starved"], "3", "starved connections of the iterative server")
        expect(float(row["processes"]) == 1, f"processes {row['processes']}")
        calls = row["syscalls_per_request"]
        equal(calls != "", row["block"] == "0", "only block 0 counts system calls")
        if row["reason"].startswith(OF_THE_MACHINE):
            continue  # the driver may have come too late to see the server work
        fraction = float(row["server_cpu_fraction"])
        # Of one CPU; more where the driver was kept waiting between two of its clocks.
        expect(0 < fraction < 4, f"server_cpu_fraction {fraction}")
        if calls and row["model"] == "iterative" and row["verdict"] == "valid":
            # Two calls, and some at the edges of the window; fewer where the driver came late to both.
            requests = float(row["requests"])
            more = float(calls) * requests - 2 * requests
            expect(-0.5 * requests - 10 < more < 10 + 0.1 * requests,
                   f"iterative makes {calls} calls a request")


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
    metrics = re.findall(r"`(\w+)`", section.split("The metrics `M`")[1].split("\n\n")[0])
    metrics = [m for m in metrics if m in documented or m == "rate"]
    with open(os.path.join(b.out, "summary.csv"), encoding="utf-8") as f:
        header = f.readline().strip().split(",")
    wanted = ["scenario", "protocol", "model", "connections", "trials", "n_ok", "n_valid", "verdict",
              "starves"] + [m + e for m in metrics for e in ("", "_low", "_high")] + [
                  "reason", "answer", "axis", "at"]
    equal(header, wanted, "columns of summary.csv")


class Page(html.parser.HTMLParser):
    """Ids, references to them, files that it has links to, and what a page loads from elsewhere."""

    def __init__(self):
        super().__init__()
        self.ids, self.references, self.loads = [], set(), []
        self.links, self.hrefs = set(), set()

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in ("src", "href", "xlink:href"):
                if value.startswith("#"):
                    self.references.add(value[1:])
                elif tag == "a":
                    self.hrefs.add(value)
                    self.links.add(urllib.parse.unquote(value))
                else:
                    self.loads.append(value)
            self.references.update(re.findall(r"url\(#([^)]+)\)", value or ""))
        if tag in ("link", "iframe"):
            self.loads.append(tag)

    handle_startendtag = handle_starttag


def report_stands_alone(t):
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t, models=("epoll-lt", "poll"))
    b.measure(b.scenario(protocols="http, echo", repetitions=1), "--out", b.out)
    b.believe()
    b.call("plot", b.out, env=DRAWING)
    b.call("report", b.out)
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        text = f.read()
    page = Page()
    page.feed(text)
    equal(page.loads, [], "what the page loads from elsewhere")
    equal([i for i, n in collections.Counter(page.ids).items() if n > 1], [], "ids used twice")
    equal(page.references - set(page.ids), set(), "references to no id")
    equal(text.count("<svg"), 16, "pictures")
    equal([x for x in sorted(page.links) if not os.path.exists(os.path.join(b.out, x))], [],
          "links to no file of the run")
    expect({"trials.csv", "plots/throughput_http.tsv"} <= page.links, f"links: {page.links}")
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
    b.call("plot", moved, env=DRAWING)
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
    _, err = b.call("plot", os.path.basename(out), env=DRAWING)
    equal(err, "", "what gnuplot or the shell say")
    for name in ("throughput", "latency_p50", "latency_p99", "latency_distribution",
                 "cpu_per_request", "memory_per_connection", "overview", "ranking"):
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

def shuffling(t):
    b = Bench(t, models=("epoll-lt", "poll", "iterative"), pictures=False)
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


TESTS = [
    ("a whole run: rows, table, histograms, summary, columns", whole_run, 60),
    ("the report stands alone", report_stands_alone, 90),
    ("plot and report need no servers", plot_and_report_without_servers, 60),
    ("a run directory with odd characters", odd_path, 60),
    ("without gnuplot the data is kept", without_gnuplot, 60),
    ("trials are shuffled, by the seed", shuffling, 60),
]
