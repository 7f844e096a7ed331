"""Names that mean something to gnuplot, HTML, awk or a file of comma-separated values."""

import html.parser
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

import tap
from driver.bench import ARGS, DRAWING, ROOT, Bench, equal, expect
from driver.environment import EXTERNAL, SCRIPTS

NAMES = ("tiny_web_app", "a%d^{2}_b", "{:Bold", "at@&ampersand", "back\\slash\\n", "<b&lt;i",
         "$(touch", "`touch`;$1|&", "url(#id", "-e", "#one", "über", "?", "50%", "NaN", "1e3")
NOTES = ("hollow", "cross", "starves", "no valid point", "generator-limited")
SVG = "{http://www.w3.org/2000/svg}"
LINES = ("throughput", "latency_p50", "latency_p99", "cpu_per_request", "memory_per_connection",
         "latency_distribution", "ranking")


def describe(b, name):
    with open(os.path.join(b.external, name + ".ini"), "w", encoding="utf-8") as f:
        f.write("[external]\nsummary = a fake\nneeds = python json\ncounterpart_of = epoll-lt\n"
                f"protocols = http\ncommand = {{python}} {EXTERNAL} {{port}} {{protocol}} good\n")


def texts(path):
    """Every text of a picture, whole."""
    return ["".join(e.itertext()) for e in xml.parse(path).iter(SVG + "text")]


class Cells(html.parser.HTMLParser):
    """What stands in the cells of a page's tables, and the tags there are."""

    def __init__(self):
        super().__init__()
        self.cells, self.tags, self._in = [], set(), False

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "td":
            self.cells.append("")
            self._in = True

    def handle_endtag(self, tag):
        self._in = self._in and tag != "td"

    def handle_data(self, data):
        if self._in:
            self.cells[-1] += data


def measured(t):
    b = Bench(t)
    for name in NAMES:
        describe(b, name)
    b.measure(b.scenario(connections="1", repetitions=1, duration="0.05s",
                         more="externals = all\n"), "--out", b.out)
    b.believe()
    return b


def literal(t):
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = measured(t)
    equal({r["model"] for r in b.rows()}, {"epoll-lt", *NAMES}, "models of trials.csv")
    _, err = b.call("plot", b.out, env=DRAWING)
    equal(err, "", "what is said")
    b.call("report", b.out)
    for name in LINES:
        found = texts(os.path.join(b.out, "plots", f"{name}_http.svg"))
        missing = [n for n in with_a_point(found) if n not in (x.strip() for x in found)]
        equal(missing, [], f"names that are not in {name} as they are: {found}")
    found = [x.strip() for x in texts(os.path.join(b.out, "plots", "comparison_http.svg"))]
    equal([n for n in ("epoll-lt", *NAMES) if n not in found], [], f"not in the comparison: {found}")
    page = Cells()
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        page.feed(f.read())
    equal([n for n in NAMES if n not in page.cells], [], "names that are not in the report")
    equal([tag for tag in page.tags if not tag.isalnum()], [], "tags that a name made")
    for name in ("summary.csv", "ratios.csv"):
        column = "model" if name == "summary.csv" else "external"
        expect(set(NAMES) <= {r[column] for r in b.rows(name)}, f"names of {name}")
    expect(not [f for _, _, files in os.walk(b.dir) for f in files if f == "ruined"], "a shell ran")
    by_hand(b)


def with_a_point(found):
    """All but those that are named below a picture, whose texts these are: they have no point in it."""
    named = {w.strip(",;") for x in found if x.startswith(NOTES) for w in x.split()}
    return [n for n in NAMES if n not in named]


def by_hand(b):
    """A script that is told the names of the files alone."""
    path = os.path.join(b.out, "plots", "throughput_http.svg")
    drawn = with_a_point(texts(path))
    os.unlink(path)
    done = subprocess.run(["gnuplot", "-d", "-e", f"dir='{b.out}'; scripts='{SCRIPTS}'; name='throughput_http'",
                           os.path.join(SCRIPTS, "panels.gp")], capture_output=True, text=True,
                          check=False)
    equal(done.returncode, 0, done.stderr)
    found = [x.strip() for x in texts(path)]
    # gnuplot makes escapes of the backslashes in its data.
    equal([n for n in drawn if n not in found and "\\" not in n], [], f"by hand: not in {found}")


def odd_run_directory(t):
    """A run directory may be called anything: gnuplot is told no part of its path."""
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t)
    out = os.path.join(b.dir, "it's \"a\"\nrun, {/:Bold 'x'}")
    b.measure(b.scenario(connections="1", repetitions=1), "--out", out)
    scripts = os.path.join(b.dir, "scripts' $(x)")
    shutil.copytree(SCRIPTS, scripts)
    shutil.rmtree(os.path.join(out, "plots"))
    _, err = b.call("plot", out, "--scripts", os.path.relpath(scripts, b.dir), env=DRAWING)
    equal(err, "", "what is said")
    expect(os.path.getsize(os.path.join(out, "plots", "throughput_http.svg")) > 1000, "no picture")


def refused(t):
    """What ends a name somewhere is none, and the line that says so shows no control character."""
    for name in ("a b", "a,b", 'a"b', "it's", "a\nb", "a\tb", "\x1b[31mred", "a>b", "all", "none",
                 "x" * 48, "c1\u009b"):
        b = Bench(t)
        describe(b, name)
        _, err = b.call("run", b.scenario(), "--out", b.out, status=2)
        expect(re.fullmatch(r"iomodels: .*no name of a server: a name has .*\n", err), repr(err))
        os.symlink(os.path.join(ARGS.servers, "epoll-lt"), os.path.join(b.servers, name))
        b.external = os.path.join(b.dir, "nothing here")
        os.mkdir(b.external)
        out, err = b.call("run", b.scenario(), "--dry-run")
        expect(re.match(r"iomodels: a program in .* is left out for its name: .*\n", err), repr(err))
        equal({line.split(",")[3] for line in out.splitlines()[1:]}, {"epoll-lt"}, "models")
    b = Bench(t)
    os.symlink(os.path.join(ARGS.servers, "epoll-lt"), os.path.join(os.fsencode(b.servers), b"l\xe4"))
    _, err = b.call("run", b.scenario(), "--dry-run")
    expect("left out for its name" in err, err)


def odd_temporary_directory(t):
    """The paths that stand in configurations of other servers are quoted there."""
    b = Bench(t)
    external = os.path.join(ROOT, "bench", "external")

    def available(temporary):
        os.makedirs(temporary, exist_ok=True)
        done = subprocess.run([ARGS.driver, "list", "--json", "--servers", b.servers,
                               "--external-dir", external], env=b.environment(TMPDIR=temporary),
                              capture_output=True, text=True, check=False)
        equal((done.returncode, done.stderr), (0, ""), "list")
        return {p["name"]: p["unavailable"] for p in json.loads(done.stdout)["externals"]}

    usual = available(os.path.join(b.dir, "usual"))
    odd = os.path.join(b.dir, "a b; #{c}'")
    equal(available(odd), usual, "what can run with an odd directory")
    with_config = [name for name, why in usual.items() if why is None and "nginx" in name]
    refused = available(os.path.join(b.dir, "$x"))
    for name in with_config:
        expect("no configuration can hold" in refused[name], f"{name}: {refused[name]}")
    if usual["nginx"] is None:
        os.chmod(b.dir, 0o711)  # nginx, started by root, reads files as another user
        b.external = external
        b.measure(b.scenario(connections="1", repetitions=1, more="path = /bytes/100\n"), "--out",
                  b.out, "--externals", "nginx", env={"TMPDIR": odd})
        equal({r["answer"] for r in b.rows() if r["model"] == "nginx"}, {"same"}, "its answer")
    expect(not os.listdir(odd), f"left in the temporary directory: {os.listdir(odd)}")


TESTS = [
    ("a temporary directory of any name", odd_temporary_directory, 60),
    ("names are shown as they are", literal, 90),
    ("a run directory of any name", odd_run_directory, 60),
    ("what is no name", refused, 60),
]
