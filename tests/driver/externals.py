"""Servers of others beside ours."""

import csv
import glob
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys

import tap
from driver.bench import (ARGS, HERE, LATE, NO_FIGURES, OF_THE_MACHINE, README, ROOT, TRIES, UNDER_WAY,
                          Bench, crowded, equal, expect, nothing_left)
from driver.resume import interrupt
from lib import machine

FAKE = os.path.join(HERE, "fake_external.py")
EXTERNAL = os.path.join(ROOT, "bench", "external")


class Externals(Bench):
    """With servers of others of its own, and a place of its own for temporary directories."""

    def __init__(self, t, modes=(), models=("epoll-lt",), fakes=(), protocols="http",
                 counterpart_of="epoll-lt", pictures=False):
        super().__init__(t, models, fakes, pictures)
        self.temporary = os.path.join(self.dir, "tmp")
        os.mkdir(self.temporary)
        os.chmod(self.dir, 0o711)  # Apache and nginx, started by root, read files as another user
        for mode in modes:
            self.describe(mode, f"protocols = {protocols}\ncounterpart_of = {counterpart_of}\n")

    def describe(self, mode, more, needs="python json", command=None):
        command = command or f"{{python}} -I -S {FAKE} {{port}} {{protocol}} {mode}"
        with open(os.path.join(self.external, mode + ".ini"), "w", encoding="utf-8") as f:
            f.write(f"[external]\nsummary = a fake that is {mode}\nneeds = {needs}\n"
                    f"command = {command}\n{more}")

    def environment(self, **more):
        return super().environment(**{"TMPDIR": self.temporary, **more})

    def left_clean(self):
        nothing_left(self)
        equal(os.listdir(self.temporary), [], "temporary directories")

    def json(self):
        with open(os.path.join(self.out, "environment.json"), encoding="utf-8") as f:
            return json.load(f)

    def report(self):
        with open(os.path.join(self.out, "report.html"), encoding="utf-8") as f:
            return f.read()


def beside_ours(t):
    b = Externals(t, ("good", "other", "short"))
    b.measure(b.scenario(connections="2", repetitions=3, more="externals = all\nrank = 2\n"),
              "--out", b.out)
    b.believe()
    out, _ = b.measure("--resume", b.out)
    rows = [r for r in b.rows() if r["block"] != "0"]
    equal({r["model"]: r["answer"] for r in rows},
          {"epoll-lt": "", "good": "same", "other": "a body of other bytes than ours",
           "short": "a body of 6 bytes, ours has 42"}, "answers")
    equal({r["status"] for r in rows}, {"ok"}, "status")
    heads = {r["model"]: r["head_bytes"] for r in rows}
    equal((heads["good"], heads["short"]), ("39", "38"), "bytes of the heads")
    expect(int(heads["epoll-lt"]) > 60, "bytes of our head")
    equal({r["engine"] for r in rows} <= {"epoll", "io_uring"}, True, "engine")
    for name in ("other", "short"):
        expect(f"not ranked: {name}: its answer is not that of our servers: " in out, out)
    equal([(r["external"], r["finding"]) for r in b.rows("ratios.csv") if r["external"] != "good"],
          [("other", "another answer"), ("short", "another answer")], "findings")
    ratio_is_paired(b, rows)
    with open(README, encoding="utf-8") as f:
        section = f.read().split("## ratios.csv")[1].split("\n## ")[0]
    equal(list(b.rows("ratios.csv")[0]), re.findall(r"^\| `(\w+)` \|", section, re.M),
          "columns of ratios.csv")
    answers = {r["model"]: r["answer"] for r in b.rows("summary.csv")}
    equal((answers["good"], answers["other"]), ("", "a body of other bytes than ours"), "summary")
    text = b.report()
    expect("valid, other answer" in text and "beside servers of others" in text, "report")
    kinds = {m["name"]: m["kind"] for m in b.json()["models"]}
    equal((kinds["epoll-lt"], kinds["good"]), ("model", "external"), "kinds")
    b.left_clean()


def ratio_is_paired(b, rows):
    line = next(r for r in b.rows("ratios.csv") if r["external"] == "good")
    speed = {(r["model"], r["block"]): float(r["requests_per_second"]) for r in rows
             if r["verdict"] == "valid"}
    verdicts = {r["model"]: r["verdict"] for r in b.rows("summary.csv")}
    if (verdicts["epoll-lt"], verdicts["good"]) != ("valid", "valid"):
        return  # limited by the generator: other rows count
    pairs = [speed["epoll-lt", k] / speed["good", k] for k in "123"
             if ("epoll-lt", k) in speed and ("good", k) in speed]
    equal(int(line["pairs"]), len(pairs), "pairs")
    for name, value in (("ratio", statistics.median(pairs)), ("ratio_low", min(pairs)),
                        ("ratio_high", max(pairs))):
        expect(abs(float(line[name]) - value) < 0.01, f"{name}: {line[name]}, not {value}")
    equal(line["finding"], "open: fewer than five pairs", "finding")


def comparison_is_drawn(t):
    b = Externals(t, ("good", "worker"), models=("epoll-lt", "poll"), pictures=True)
    b.measure(b.scenario(connections="2, 4", repetitions=1, more="externals = all\n"), "--out",
              b.out)
    b.believe()
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    before = b.rows("ratios.csv")
    os.unlink(os.path.join(b.out, "ratios.csv"))
    b.call("plot", b.out)
    expect(len(b.rows("ratios.csv")) == len(before) == 4, "ratios.csv made again")
    with open(os.path.join(b.out, "plots", "comparison_http.tsv"), encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    equal([(r["row"], r["kind"], r["name"], r["connections"], r["last_row"]) for r in rows],
          [("1", "ours", "epoll-lt", "2", "3"), ("1", "ours", "epoll-lt", "4", "3"),
           ("2", "external", "good", "2", "3"), ("2", "external", "good", "4", "3"),
           ("3", "external", "worker", "2", "3"), ("3", "external", "worker", "4", "3")], "rows")
    with open(os.path.join(b.out, "plots", "comparison_http.svg"), encoding="utf-8") as f:
        text = f.read()
    expect("worker" in text and "4 connections" in text, "the picture lacks a name")
    b.call("report", b.out)
    expect("figure-comparison-http" in b.report(), "not in the report")


def too_many_for_one_picture(t):
    """Beyond 24 names the lines are those of our models; the comparison shows the others."""
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    modes = [f"odd-{i:02}" for i in range(24)]
    b = Externals(t, pictures=True)
    b.describe("good", "protocols = http\n")
    b.measure(b.scenario(connections="2", repetitions=1, more="externals = all\n"), "--out", b.out)
    b.believe()
    environment, rows = b.json(), b.rows()
    external = next(m for m in environment["models"] if m["name"] == "good")
    environment["models"] += [dict(external, name=name) for name in modes]
    rows += [dict(r, model=name) for r in rows if r["model"] == "good" for name in modes]
    for number, row in enumerate(rows, 1):
        row["trial"] = number
    with open(os.path.join(b.out, "environment.json"), "w", encoding="utf-8") as f:
        json.dump(environment, f)
    with open(os.path.join(b.out, "trials.csv"), "w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    b.call("plot", b.out)
    with open(os.path.join(b.out, "plots", "throughput_http.svg"), encoding="utf-8") as f:
        text = f.read()
    expect("epoll-lt" in text and "odd-05" not in text and "see the comparison" in text,
           "25 servers in one picture, or no word of those left out")


def whole_tree(t):
    """The CPU time and the memory are those of the child that serves, and of its parent."""
    b = Externals(t, ("worker",))
    b.measure(b.scenario(connections="2", repetitions=1, more="externals = all\n"), "--out", b.out,
              "--models", "none")
    rows = b.rows()
    expect(rows and {r["model"] for r in rows} == {"worker"}, f"rows {rows}")
    for row in rows:
        equal((row["status"], row["processes"], row["server_requests"]), ("ok", "2", ""), "row")
        expect(row["reason"].startswith(NO_FIGURES) or float(row["cpu_us_per_request"]) > 1,
               "no CPU time")
        expect(float(row["rss_kib"]) > 4000, "no memory")
    b.left_clean()


def goes_for_good(t):
    """What does not end when told to, or hides, is gone all the same; and that is no failure."""
    b = Externals(t, ("stubborn", "escapes"))
    b.measure(b.scenario(connections="1", repetitions=1, more="externals = all\n"), "--out", b.out,
              "--models", "none")
    equal({r["status"] for r in b.rows()}, {"ok"}, [r["reason"] for r in b.rows()])
    b.left_clean()


def stopped_by_its_signal(t):
    b = Externals(t)
    goodbye = os.path.join(b.dir, "goodbye")
    b.describe("polite", "protocols = http\nstop = INT\n",
               command=f"{{python}} {FAKE} {{port}} http polite {goodbye}")
    b.measure(b.scenario(connections="1", repetitions=1, more="externals = all\n"), "--out", b.out,
              "--models", "none")
    expect(os.path.exists(goodbye), "it got another signal")
    b.left_clean()


def bad_starts(t):
    says = {"dies": "server died before it was ready: exit status 4: no cheese today",
            "daemon": "exit status 0 (it must stay in the foreground)",
            "silent": "server was not ready within 10 s: it accepted a connection and did not answer",
            "mute": "server was not ready within 10 s: it does not accept connections on its port"}
    b = Externals(t, says)
    _, err = b.call("run", b.scenario(connections="1", repetitions=1, more="externals = all\n"), "--out",
                    b.out, "--models", "none", status=1)
    t.note(err)
    for row in b.rows():
        equal(row["status"], "failed", row["model"])
        expect(says[row["model"]] in row["reason"], f"{row['model']}: {row['reason']}")
    equal({r["model"] for r in b.rows()}, set(says), "models")
    expect("4 points have no usable trial" in err, err)
    b.left_clean()


def wrong_echo(t):
    b = Externals(t, ("deaf",), protocols="echo")
    b.call("run", b.scenario(protocols="echo", connections="1", repetitions=1, more="externals = all\n"),
           "--out", b.out, "--models", "none", status=1)
    for row in b.rows():
        equal(row["reason"], "server answers wrongly: it does not echo what it is sent", "reason")


def another_status(t):
    b = Externals(t, ("missing",))
    b.call("run", b.scenario(connections="1", repetitions=1, more="externals = missing\n"), "--out",
           b.out, "--models", "none", status=1)
    for row in b.rows():
        equal((row["status"], row["verdict"], row["answer"]),
              ("ok", "INVALID", "status 404, ours is 200"), "row")


def on_the_spot(t):
    b = Externals(t)
    command = f"{sys.executable} {FAKE} {{port}} {{protocol}} good"
    out, _ = b.measure(b.scenario(protocols="http, echo", connections="1", repetitions=1),
                       "--out", b.out, "--external", command, "--external", command,
                       "--external-protocol", "echo", "--external-name", "mine")
    points = {(r["protocol"], r["model"]) for r in b.rows()}
    equal(points, {("http", "epoll-lt"), ("echo", "epoll-lt"), ("http", "fake_external.py"),
                   ("echo", "mine")}, "points")
    equal({r["status"] for r in b.rows()}, {"ok"}, "status")
    kinds = {m["name"]: (m["kind"], m.get("command")) for m in b.json()["models"]}
    equal(kinds["mine"], ("external", command), "environment")
    equal({(r["model"], r["external"]) for r in b.rows("ratios.csv")},
          {("epoll-lt", "fake_external.py"), ("epoll-lt", "mine")}, "ratios")
    b.left_clean()


def on_the_spot_usage(t):
    b = Externals(t, ("good",))
    command = f"{sys.executable} {FAKE} {{port}} http good"
    scenario = b.scenario()
    for args, says in ((("--external", "sleep 5"), "--external 'sleep 5' names no {port}"),
                       (("--external", "a 'b {port}"), "--external: a quote is not closed in: a 'b {port}"),
                       (("--external", ""), "--external: the command is empty"),
                       (("--external-name", "x"), "--external-name stands after the --external"),
                       (("--external", command, "--external-name", "a b"), "'a b' is no name"),
                       (("--external", command, "--external-name", "epoll-et"),
                        "there is a server 'epoll-et' already"),
                       (("--external", command, "--external-name", "good", "--externals", "good"),
                        "there is a server 'good' already"),
                       (("--external", command, "--external-protocol", "ftp"), "'ftp'"),
                       (("--externals", "nobody"), "--externals: no external server 'nobody'"),
                       (("--models", ""), "--models: an empty list of names"),
                       (("--externals", ""), "--externals: an empty list of names")):
        _, err = b.call("run", scenario, "--out", b.out, *args, status=2)
        expect(says in err, f"{args}: '{err}' does not say '{says}'")
        expect(len(err.splitlines()) <= 2, f"{args}: more than a line and a hint\n{err}")
    out, _ = b.call("run", scenario, "--dry-run", "--models", "none", "--external",
                    "{here}/x --port={port}", "--external-name", "x")
    expect(",x,1" in out, out)
    expect(not os.path.exists(b.out), "wrong usage made a directory")


def goes_on(t):
    """An interrupted run with servers of others goes on, and refuses where one has gone."""
    b = Externals(t, ("good",))
    command = f"{sys.executable} {FAKE} {{port}} {{protocol}} worker"
    interrupt(b, signal.SIGTERM, 3, "--external", command, "--external-name", "mine",
              more="externals = all\n")
    b.left_clean()
    before = b.rows()
    path = os.path.join(b.external, "good.ini")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("python json", "python jason_is_not_here"))
    _, err = b.call("run", "--resume", b.out, status=1)
    expect("good could run, now it cannot" in err, err)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    b.measure("--resume", b.out)
    rows = b.rows()
    equal(rows[:len(before)], before, "rows from before")
    blocks = {r["block"] for r in rows}
    equal(len(rows), 6 * len(blocks), "rows of the whole run")
    b.left_clean()


def missing_ones_are_skipped(t):
    b = Externals(t, ("good",))
    b.describe("absent", "protocols = http\npackages = nothing-of-that-name\n", "command no-such-cmd")
    b.describe("module", "protocols = http\n", "python no_such_module")
    b.describe("refuses", "protocols = http\ntry = {python} -c \"import sys; sys.exit('no select in "
               "{dir}/x: {method}')\"\n[set]\nmethod = selecting\n")
    reasons = {"absent": "not installed (no command no-such-cmd): apt-get install nothing-of-that-name",
               "module": "not installed (no Python module no_such_module)",
               "refuses": "no select in x: selecting"}
    out, _ = b.call("list", "--json")
    found = {p["name"]: (p["available"], p["unavailable"]) for p in json.loads(out)["externals"]}
    equal(found, {"good": (True, None), **{n: (False, r) for n, r in reasons.items()}}, "list")
    out, _ = b.call("list")
    for text in reasons.values():
        expect(text in out, f"'{text}' is not in the list:\n{out}")
    _, err = b.measure(b.scenario(connections="1", repetitions=1, more="externals = all\n"),
                       "--out", b.out)
    for name, text in reasons.items():
        expect(f"skipped: {name}: {text}\n" in err, f"no word of {name}:\n{err}")
    equal({r["model"] for r in b.rows()}, {"epoll-lt", "good"}, "measured")
    expect("Skipped: <b></b>absent" in b.report().replace("<b></b> ", "<b></b>"), "report")
    equal({(s["model"], s["connections"]) for s in b.json()["skipped"]},
          {(name, 0) for name in reasons}, "skipped")
    b.left_clean()


def bad_descriptions(t):
    b = Externals(t)
    good = "[external]\nneeds = python json\nprotocols = http\ncommand = x {port}\n"
    for text, says in ((good + "colour = red\n", ":5: unknown key 'colour' in [external]"),
                       (good + "stop = HUP\n", ":5: stop = 'HUP'"),
                       (good + "protocols = echo\n", ":5: 'protocols' has a value already"),
                       (good + "[set]\na = b\na = c\n", ":7: 'a' has a value already"),
                       (good + "concurrency = none\n", ":5: concurrency = 'none'"),
                       (good + "[sets]\na = b\n", ":6: key 'a' in unknown section [sets]"),
                       (good + "[set]\nA1 = b\n", ":6: 'A1' in [set]"),
                       (good.replace("http", "smtp"), ":3: protocols = 'smtp'"),
                       (good.replace("python json", "json"), ":2: needs = 'json'"),
                       (good.replace("{port}", ""), ": the command names no {port}"),
                       ("[external]\nneeds = python json\nprotocols = http\n", ": [external] has no command"),
                       (good.replace("protocols = http\n", ""), ": [external] has no protocols"),
                       (good.replace("needs = python json\n", ""), "does not say what it needs")):
        path = os.path.join(b.external, "bad.ini")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        _, err = b.call("run", b.scenario(), "--dry-run", status=2)
        expect(err.startswith("iomodels: " + path) and says in err and err.count("\n") == 1,
               f"'{err}' does not say '{says}'")
    _, err = b.call("list")
    expect("bad.ini" in err, f"list says nothing of it: {err}")


def wrong_placeholder(t):
    b = Externals(t)
    b.describe("typo", "protocols = http\n", command="x {port} {prot}")
    b.call("run", b.scenario(connections="1", repetitions=1, more="externals = all\n"), "--out", b.out,
           status=1)
    for row in b.rows():
        if row["model"] == "typo":
            equal((row["status"], row["reason"]), ("failed", "'{prot}' stands for nothing here"), "row")


def configuration(t):
    """A template is filled in, in a directory that any user can read, beside the answer as a file."""
    b = Externals(t)
    script = os.path.join(b.external, "check.py")
    with open(script, "w", encoding="utf-8") as f:
        f.write(f"""import os, sys, stat
lines = open(sys.argv[1]).read().split("\\n")
directory = os.path.dirname(sys.argv[1])
assert lines[0] == sys.argv[2] and lines[1] == "events {{ use fast; }}", lines
assert lines[2] == "12 workers, {{unknown}}", lines
assert open(directory + "/root/bytes/100").read().startswith("0000456789"), "no answer as a file"
assert os.stat(directory).st_mode & 0o555 == 0o555, "closed to others"
os.execv(sys.executable, [sys.executable, {FAKE!r}, sys.argv[2], "http", "good"])
""")
    with open(os.path.join(b.external, "server.conf.in"), "w", encoding="utf-8") as f:
        f.write("{port}\nevents { use {method}; }\n{connections+8} workers, {unknown}\n")
    b.describe("configured", "protocols = http\nconfig = server.conf.in\n[set]\nmethod = fast\n",
               command="{python} {here}/check.py {dir}/server.conf {port}")
    b.measure(b.scenario(connections="4", repetitions=1, more="path = /bytes/100\n"), "--out",
              b.out, "--models", "none", "--externals", "all", preexec_fn=lambda: os.umask(0o077))
    for row in b.rows():
        equal((row["status"], row["answer"]), ("ok", "a body of 42 bytes, ours has 100"),
              row["reason"])
    b.left_clean()


def unsupported_models(t):
    """A model that cannot run here is neither a failure nor a point without figures."""
    b = Externals(t, fakes=("says-unsupported", "exits-3"))
    out, _ = b.call("list")
    expect("unsupported here: no ring in this kernel" in out, out)
    out, err = b.measure(b.scenario(connections="1", repetitions=2), "--out", b.out)
    expect("skipped: says-unsupported: no ring in this kernel\n" in err, err)
    rows = [r for r in b.rows() if r["model"] == "exits-3"]
    expect(len(rows) >= 2 and not [r for r in b.rows() if r["model"] == "says-unsupported"], "rows")
    for row in rows:
        equal((row["status"], row["reason"]),
              ("unsupported", "unsupported here: exits-3: io_uring is switched off"), "row")
    expect("not ranked: exits-3: unsupported here: exits-3: io_uring is switched off" in out, out)
    expect("failed" not in err.replace("FAILED", "failed"), f"called a failure:\n{err}")
    expect("unsupported" in b.report(), "report")
    # Rows of other programs' making aside, nothing is wrong with such a run.
    b.believe()
    b.call("run", "--resume", b.out)


def invalid_by_the_generator(t):
    b = Externals(t, ("good",))
    b.loadgen = os.path.join(HERE, "fake_load.py")
    out, err = b.call("run", b.scenario(connections="1", repetitions=2, more="externals = all\n"),
                      "--out", b.out, status=1, env={"IOMODELS_FAKE_LOAD": ARGS.loadgen})
    rows = [r for r in b.rows() if r["block"] != "0"]
    reason = "the schedule slipped: say the moon"
    for row in rows:
        equal((row["status"], row["verdict"]), ("ok", "INVALID"), "row")
        if not row["reason"].startswith((*OF_THE_MACHINE, UNDER_WAY)):
            equal(row["reason"], reason, "reason")
    lines = b.rows("summary.csv")
    equal({(r["verdict"], r["requests_per_second"]) for r in lines}, {("INVALID", "")}, "summary")
    expect("not ranked: good: INVALID, 0 of 2 trials usable" in out, out)
    expect("2 points have no usable trial" in err, err)
    equal({r["finding"] for r in b.rows("ratios.csv")}, {"INVALID"}, "finding")
    expect("INVALID" in b.report(), "report")
    equal(b.json()["generator"]["null_requests_per_second"], 1234567.0, "its ceiling")


def ceiling(t):
    b = Externals(t)
    b.measure(b.scenario(connections="1, 4", repetitions=2, more="rank = 4\n"), "--out", b.out)
    b.believe()
    out, _ = b.measure("--resume", b.out)
    rows = [r for r in b.rows() if r["block"] != "0" and r["verdict"] != "INVALID"]
    best = min(float(r["generator_cpu_us_per_request"]) for r in rows)
    said = re.search(f"{best:.2f} µs of CPU a request at best [(]epoll-lt, .*, so ([0-9,]*) req", out)
    expect(said and abs(int(said[1].replace(",", "")) * best / 1e6 - 1) < 1e-3, out)
    expect(f"{best:.2f} µs of CPU a request at best (epoll-lt, " in b.report(), "report")
    expect("http" not in b.json()["generator"], "a figure of the trials in environment.json")
    help_text = subprocess.run([ARGS.loadgen, "--help"], capture_output=True, text=True,
                               check=True).stdout
    null = b.json()["generator"]["null_requests_per_second"]
    equal(null is not None, "--null" in help_text, "a ceiling without a server")
    expect("liburing" in b.json()["build"]["libraries"], "liburing's version")


def order_is_told(t):
    b = Externals(t, ("good", "worker"))
    more = "externals = all\norder = good > worker > absent\n"
    b.measure(b.scenario(connections="1", repetitions=2, more=more), "--out", b.out)
    b.believe()
    out, _ = b.measure("--resume", b.out)
    expect(re.search(r"http, 1 connection: the order good > worker > absent: not known\n", out), out)
    expect(re.search(r"good > worker: (holds|does not hold|not decided) \([\d,]+ \[", out), out)
    expect("worker > absent: not known (" in out and "against not measured" in out and "by the medians: " in out, out)
    expect("An order that is told of them" in b.report(), "report")


def options_of_a_model(t):
    b = Externals(t, fakes=("takes-limit",))
    section = "[model:takes-limit]\noptions = --limit {}\n"
    b.measure(b.scenario(connections="1, 2", repetitions=1, more=section.format(7)), "--out",
              b.out)
    equal({r["model"]: r["concurrency"] for r in b.rows()}, {"epoll-lt": "0", "takes-limit": "7"},
          "concurrency")
    options = {m["name"]: m["options"] for m in b.json()["models"]}
    equal(options, {"epoll-lt": None, "takes-limit": "--limit 7"}, "environment")
    _, err = b.call("run", b.scenario(more="[model:epoll-lt]\noptions = --nonsense 5\n"), "--dry-run",
                    status=2)
    expect("[model:epoll-lt]: epoll-lt does not take the options '--nonsense 5': " in err, err)
    equal(err.count("\n"), 1, f"lines\n{err}")


def not_built_here(t):
    b = Externals(t)
    out, err = b.call("run", b.scenario(more="models = epoll-lt, libevent\n"), "--dry-run")
    expect("skipped: libevent: not built here" in err and "epoll-lt" in out, err)
    _, err = b.call("run", b.scenario(), "--models", "libevent", "--dry-run", status=2)
    expect("no model 'libevent'" in err, err)


def installed(b):
    out, _ = b.call("list", "--json")
    return {p["name"]: p for p in json.loads(out)["externals"]}


def run_of_real_ones(t, b, protocols, path, names):
    """Rows of those that were ready in time, and the names of the others: to start a large program
    can take a slow machine longer than the driver waits."""
    shutil.rmtree(b.out, ignore_errors=True)
    others = [name for name in names if name != "epoll-lt"]
    p = b.start("run", b.scenario(protocols=", ".join(protocols), connections="3", repetitions=1,
                                  more=f"rank = 3\npath = {path}\n"),
                "--out", b.out, "--externals", ",".join(others) or "none")
    t.note("".join(p.communicate()))
    rows = b.rows()
    late = {r["model"] for r in rows if r["reason"].startswith(LATE)}
    return [r for r in rows if r["model"] not in late], sorted(late)


def real_ones(t, protocols, path, wanted):
    """Every server of bench/external that is installed says what ours say."""
    b = Externals(t)
    b.external = EXTERNAL
    others = installed(b)
    expect(len(others) >= 15, f"{len(others)} servers of others")
    names = [n for n, p in others.items() if p["available"] and wanted(p)]
    if not names:
        raise tap.Skip("none is installed: scripts/setup --with-externals")
    t.note(f"not here: { {n: p['unavailable'] for n, p in others.items() if not p['available']} }")
    rows, late = run_of_real_ones(t, b, protocols, path, names)
    for _ in range(TRIES):
        if late:
            again, late = run_of_real_ones(t, b, protocols, path, late)
            rows += again
    if late and (machine.factor() > 3 or crowded()):
        raise tap.Skip(f"inconclusive: a machine so slow that {', '.join(late)} did not start")
    expect(not late, f"never ready: {late}")
    seen = set()
    for row in rows:
        seen.add((row["model"], row["protocol"]))
        equal(row["status"], "ok", f"{row['model']} {row['protocol']}: {row['reason']}")
        # Each connection has had an answer, where so many have one at a time; how many the window holds depends
        # on what else runs.
        few = 0 < others.get(row["model"], {}).get("concurrency", 0) < 3
        expect(few or row["settled"] == "3", f"{row['model']}: {row['settled']} connections answered")
        equal(row["answer"], "" if row["model"] == "epoll-lt" else "same", row["model"])
        for bad in ("timeout", "reset", "refused", "eof", "corrupt", "non_2xx"):
            equal(row[bad], "0", f"{row['model']} {row['protocol']}: {bad}")
    equal(seen, {(n, p) for n in names for p in others[n]["protocols"].split(", ") if p in protocols}
          | {("epoll-lt", p) for p in protocols}, "measured")
    b.left_clean()


def real_externals(t):
    real_ones(t, ("http", "echo"), "/", lambda p: True)


def real_externals_bytes(t):
    """Of those in bench/external/python one stands for all: they share what they say."""
    real_ones(t, ("http",), "/bytes/70000",
              lambda p: ("any" in p["paths"] or "/bytes/N" in p["paths"]) and
              (not p["name"].startswith("python-") or p["name"] == "python-poll"))


def packages_are_those_of_setup(t):
    with open(os.path.join(ROOT, "scripts", "setup"), encoding="utf-8") as f:
        table = f.read().split("\nexternals='\n")[1].split("\n'")[0]
    offered = {line.split()[0] for line in table.splitlines()}
    named = set()
    for path in glob.glob(os.path.join(EXTERNAL, "*.ini")):
        with open(path, encoding="utf-8") as f:
            named.update(re.search(r"^packages = (.*)$", f.read(), re.M)[1].split())
    equal(offered, named, "packages of scripts/setup --with-externals")


def benchmark_names_the_scenarios(t):
    p = subprocess.run([os.path.join(ROOT, "scripts", "benchmark"), "--help"], capture_output=True,
                       text=True, check=True)
    listed = set(re.findall(r"^  ([\w-]+) {2,}", p.stdout, re.M))
    files = glob.glob(os.path.join(ROOT, "bench", "scenarios", "**", "*.ini"), recursive=True)
    equal(listed, {os.path.basename(f)[:-4] for f in files}, "scenarios in the help")


TESTS = [
    ("servers of others beside ours: answers, ratios, report", beside_ours, 60),
    ("models beside servers of others, drawn", comparison_is_drawn, 60),
    ("more than 24 servers are not drawn as lines", too_many_for_one_picture, 60),
    ("the whole tree of a server of others is measured", whole_tree, 60),
    ("a server of others that stays is ended", goes_for_good, 90),
    ("a server of others is stopped by its signal", stopped_by_its_signal, 60),
    ("servers of others that do not start", bad_starts, 150),
    ("a server of others that echoes wrongly", wrong_echo, 60),
    ("a server of others with another status", another_status, 60),
    ("--external takes a command on the spot", on_the_spot, 60),
    ("--external: usage errors", on_the_spot_usage, 60),
    ("--resume goes on with servers of others", goes_on, 90),
    ("servers of others that are missing are skipped", missing_ones_are_skipped, 60),
    ("bad files of bench/external name file and line", bad_descriptions, 60),
    ("a name in braces that stands for nothing", wrong_placeholder, 60),
    ("configurations of servers of others", configuration, 60),
    ("models that cannot run here are unsupported", unsupported_models, 60),
    ("INVALID by the load generator", invalid_by_the_generator, 60),
    ("the load generator's ceiling", ceiling, 60),
    ("an order is judged and told", order_is_told, 60),
    ("options of a model", options_of_a_model, 60),
    ("a scenario names a model that was not built", not_built_here, 60),
    ("real servers of others answer as ours do", real_externals, 240),
    ("real servers of others, /bytes/N", real_externals_bytes, 240),
    ("scripts/setup --with-externals installs what the files name", packages_are_those_of_setup, 60),
    ("scripts/benchmark names the scenarios", benchmark_names_the_scenarios, 60),
]
