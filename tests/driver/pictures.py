"""What stands on the pictures of a run follows its figures, and what stands for a picture says the same."""

import csv
import filecmp
import html
import os
import re
import shutil

import tap
from driver.bench import Bench, equal, expect
from driver.environment import HOSTILE
from driver.made_run import MadeRun
from driver.names import texts

KINDS = ("overview", "ranking", "throughput", "latency_p50", "latency_p99", "latency_distribution",
         "cpu_per_request", "memory_per_connection")
FAST, FALLS, SAME = "epoll-lt", "select", "poll"


def drawn(t):
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    return Bench(t, models=(), pictures=True)


def run(b, name, fast=FAST, falls=FALLS, **more):
    """`fast` has twice the rate of the rest, which but for `falls` keeps it to the end."""
    def rate(model, connections, block):
        start = 2e5 if model == fast else 1e5
        return start * (1 + 0.01 * (block % 3)) * (0.25 if model == falls and connections > 64 else 1)
    return MadeRun(b, name, rate, models=("select", "poll", "epoll-lt"), connections=(64, 256, 1024), **more)


def finding(made, kind):
    with open(made.path(f"plots/{kind}_http.txt"), encoding="utf-8") as f:
        return f.read().splitlines()[0]


def table(made, kind):
    with open(made.path(f"plots/{kind}_http.tsv"), encoding="utf-8") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def finding_follows_the_data(t):
    """The figures of two models are exchanged: so are their names in every sentence."""
    b = drawn(t)
    sentences = []
    for number, (fast, falls) in enumerate(((FAST, FALLS), (FALLS, FAST))):
        made = run(b, f"run-{number}", fast, falls)
        out, _ = b.call("report", made.dir, "--markdown")
        b.call("plot", made.dir)
        expect(re.fullmatch(rf"From 64 to 1,024 connections {falls} falls to 0\.2[56] \[0\.2\d–0\.2\d\] of its "
                            r"requests/s; \S+ keeps 1\.0\d \[.*\]\.", finding(made, "throughput")),
               finding(made, "throughput"))
        expect(re.fullmatch(rf"At 64 connections {fast} is the fastest: [12]\.\d\d \[[12]\.\d\d–2\.\d\d\] times "
                            r"\S+\.", finding(made, "ranking")), finding(made, "ranking"))
        expect(f"\n{finding(made, 'ranking')}\n" in out, f"not in the tables: {out}")
        expect(finding(made, "overview").startswith(f"Most often among the fastest: {fast}, at 3 of 3 points"),
               finding(made, "overview"))
        expect(re.search(rf" with {fast} and .* with (?:poll|select|epoll-lt), 2.0 times as much",
                         finding(made, "latency_p99")), finding(made, "latency_p99"))
        sentences.append([finding(made, kind) for kind in ("throughput", "ranking", "overview", "latency_p99")])
        for kind in KINDS:
            title = " ".join(texts(made.path(f"plots/{kind}_http.svg")))
            expect(finding(made, kind)[:-1] in re.sub(r"\s+", " ", title), f"{kind}: {title}")
    expect(not set(sentences[0]) & set(sentences[1]), f"the same in both: {sentences}")


def cannot_be_told(t):
    """No one is called faster where the run does not tell."""
    b = drawn(t)

    def rate(model, connections, block):
        return 1e5 * (1 + 0.1 * ((block + len(model)) % 5))
    made = MadeRun(b, "run", rate, models=("select", "poll", "epoll-lt"), connections=(64, 256))
    b.call("plot", made.dir)
    equal(finding(made, "ranking"), "At 64 connections none of the 3 models can be told from the fastest.",
          "ranking")
    equal(finding(made, "overview"), "Each model is among the fastest at 2 of 2 points.", "overview")
    expect("this run does not tell the models apart" in finding(made, "throughput"), finding(made, "throughput"))
    equal({(r["rank"], r["last_row_of_rank"]) for r in table(made, "ranking")}, {("1", "3")}, "brackets")
    equal({r["best"] for r in table(made, "overview")}, {"1"}, "outlined cells")


def overview_cells(t):
    """Each cell is relative to the best of its column; what is outlined overlaps with the best."""
    b = drawn(t)
    made = run(b, "run")
    b.call("plot", made.dir)
    cells = table(made, "overview")
    equal(len(cells), 9, "cells")
    for column in ("64", "256", "1024"):
        own = [c for c in cells if c["at"] == column]
        best = max(own, key=lambda c: float(c["rate"]))
        equal(best["model"], FAST, "the best")
        for c in own:
            expect(abs(float(c["relative"]) - float(c["rate"]) / float(best["rate"])) < 1e-3, f"{c}")
            equal(c["text"], f"{float(c['relative']):.2f}", "number in the cell")
            equal(c["best"] == "1", float(c["high"]) >= float(best["low"]), f"outline of {c}")
    equal([c["model"] for c in cells[::3]], [FAST, SAME, FALLS], "rows")
    found = texts(made.path("plots/overview_http.svg"))
    equal(found.count("1.00"), 3, f"numbers of the best in {found}")


def panels_have_one_family(t):
    """A panel a family, no more than five lines in one, and each line's name beside it."""
    b = drawn(t)
    names = ("fork", "prefork", "select", "poll", "epoll-lt", "epoll-et", "libuv", "libev")
    made = MadeRun(b, "run", lambda model, n, block: 1e5 + 1e3 * len(model), models=names, connections=(16, 64))
    b.call("plot", made.dir)
    for kind in KINDS[2:7]:
        rows = table(made, kind)
        panels = {}
        for row in rows:
            panels.setdefault(row["panel"], set()).add((row["family"], row["model"]))
        equal([sorted(m for _, m in panels[p]) for p in sorted(panels)],
              [["fork", "prefork"], ["poll", "select"], ["epoll-et", "epoll-lt"], ["libev", "libuv"]], kind)
        equal([len({f for f, _ in p}) for p in panels.values()], [1] * 4, f"families of a panel of {kind}")
        found = [x.strip() for x in texts(made.path(f"plots/{kind}_http.svg"))]
        equal([found.count(n) - (n in ("epoll",)) for n in names], [1] * 8, f"names in {kind}: {found}")


def text_alternative(t):
    """Every picture has its data and its text beside it; the report has the text."""
    b = drawn(t)
    made = run(b, "run")
    b.call("plot", made.dir)
    b.call("report", made.dir)
    with open(made.path("report.html"), encoding="utf-8") as f:
        page = f.read()
    labels = [html.unescape(x) for x in re.findall(r'role="img" aria-label="([^"]*)"', page)]
    pictures = sorted(x[:-4] for x in os.listdir(made.path("plots")) if x.endswith(".svg"))
    equal(pictures, sorted(kind + "_http" for kind in KINDS), "pictures")
    equal(len(labels), len(pictures), "texts in the report")
    for name in pictures:
        with open(made.path(f"plots/{name}.txt"), encoding="utf-8") as f:
            text = f.read()
        equal(text.count("\n"), 4, f"lines of {name}.txt")
        expect(text.strip() in labels, f"{name}.txt is not in the report")
        expect(os.path.getsize(made.path(f"plots/{name}.tsv")) > 50, f"no data for {name}")
    conditions = finding_lines(made, "ranking")[1]
    for what in ("closed loop", "medians of 5 windows of 0.35 s", "server on 1 CPU", "2026-11-26"):
        expect(what in conditions, f"'{what}' is not in {conditions}")


def finding_lines(made, kind):
    with open(made.path(f"plots/{kind}_http.txt"), encoding="utf-8") as f:
        return f.read().splitlines()


def same_pictures(a, b):
    names = os.listdir(os.path.join(a, "plots"))
    expect(len(names) > 12, f"only {names}")
    _, differ, missing = filecmp.cmpfiles(os.path.join(a, "plots"), os.path.join(b, "plots"), names,
                                          shallow=False)
    equal((differ, missing), ([], []), "pictures that differ, and that are missing")


def users_settings(t):
    """A start file of gnuplot, its terminal and a locale change no picture."""
    b = drawn(t)
    home = os.path.join(b.dir, "home")
    os.makedirs(os.path.join(home, ".config", "gnuplot"))
    for name in (".gnuplot", ".config/gnuplot/gnuplotrc"):
        with open(os.path.join(home, name), "w", encoding="utf-8") as f:
            f.write("set yrange [0:10]\nset encoding iso_8859_1\nset key off\n")
    plain, set_up = (MadeRun(b, name, lambda *at: 1e5).dir for name in ("plain", "set-up"))
    b.call("plot", plain)
    b.call("plot", set_up, env=dict(HOSTILE, HOME=home))
    same_pictures(plain, set_up)


TESTS = [
    ("the finding follows the data", finding_follows_the_data, 180),
    ("the finding says so where nothing is told apart", cannot_be_told, 120),
    ("the cells of the overview", overview_cells, 120),
    ("a panel a family", panels_have_one_family, 120),
    ("what the user has set changes no picture", users_settings, 180),
    ("a picture has its text and its data beside it", text_alternative, 120),
]
