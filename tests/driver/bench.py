"""A directory with servers and scenarios, and the driver over them."""

import argparse
import collections
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import uuid

import tap
from lib.tables import whole_rows

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
README = os.path.join(ROOT, "results", "README.md")
NOT_INSTALLED = os.path.join(HERE, "not_installed.sh")
NO_DRAWING = os.path.join(HERE, "gnuplot.sh")
FAKES = os.path.join(HERE, "fake_servers.py")
DRAWING = {"PATH": os.environ["PATH"]}  # of a call that is to draw, in a bench without pictures
ARGS = argparse.Namespace()  # driver, servers, loadgen: paths, set by __main__.py

TINY = """[scenario]
name = tiny
question = Is <this> & "that" shown?
[sweep]
{yardstick}protocols = {protocols}
connections = {connections}
repetitions = {repetitions}
duration = {duration}
warmup = 0.02s
settle = 60s
timeout = 60s
"""

# Trials that a busy machine spoils: their figures are there, and what is done with figures is what
# these tests are about.
OF_THE_MACHINE = ("disturbed: ", "counters cover ")
# Of few requests also where others take the CPU between an answer and the next request.
UNDER_WAY = "Little's law: "
# Where a machine is so slow that nothing is answered in a window, a longer one will do.
UNANSWERED = "no request was answered"
NO_FIGURES = (UNANSWERED, *OF_THE_MACHINE)
LATE = "server was not ready within "
PEAKLESS = "its peak is not known"  # nothing was answered when it was measured
LONGER, TRIES = 3, 4
CROWDED = 8  # programs that want a CPU, for each CPU


class Bench:
    """A directory with servers and scenarios, and the driver over them.

    Drawing takes longer than the measurements here. So gnuplot is the installed one only with `pictures`;
    where they are False none is to be found, and else there is one that draws nothing. The unit costs of
    the machine take long too: runs measure them where `costs` says so."""

    def __init__(self, t, models=("epoll-lt",), fakes=(), pictures=None, costs=False):
        self.costs = costs
        self.mark = "IOMODELS_TEST=" + uuid.uuid4().hex
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
        self.external = os.path.join(self.dir, "external")
        os.mkdir(self.external)
        self.path = os.environ["PATH"]
        if not pictures:
            self.replace_gnuplot(NO_DRAWING if pictures is None else NOT_INSTALLED)
        self.loadgen = ARGS.loadgen
        self.out = os.path.join(self.dir, "run")

    def replace_gnuplot(self, program):
        stub = os.path.join(self.dir, "stub", "gnuplot")
        os.mkdir(os.path.dirname(stub))
        os.symlink(program, stub)
        self.path = os.path.dirname(stub) + os.pathsep + self.path

    def scenario(self, text=None, protocols="http", connections="1, 4", repetitions=2,
                 duration="0.1s", yardstick="none", more=""):
        """The path of a scenario. Without `yardstick` (None) it is the usual one."""
        path = os.path.join(self.dir, "tiny.ini")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text if text is not None else TINY.format(
                protocols=protocols, connections=connections, repetitions=repetitions,
                duration=duration,
                yardstick=f"yardstick = {yardstick}\n" if yardstick else "") + more)
        return path

    def command(self, *args):
        paths = ["--servers", self.servers, "--external-dir", self.external]
        if args[0] in ("run", "duel", "profile", "scale"):
            paths += ["--loadgen", self.loadgen]
        others = {"--resume", "two-speeds", "crash", "hog", "slow-clients"}  # that measure none
        if args[0] == "run" and not self.costs and not others & set(args):
            paths.append("--no-unit-costs")
        known = args[0] in ("run", "list", "duel", "profile", "crawl", "scale")
        return [ARGS.driver, args[0]] + (paths if known else []) + list(args[1:])

    def environment(self, **more):
        name, value = self.mark.split("=")
        return dict(os.environ, **{name: value, "PATH": self.path, **more})

    def start(self, *args, env=None, **kwargs):
        return subprocess.Popen(self.command(*args), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=self.environment(**(env or {})), cwd=self.dir, **kwargs)

    def call(self, *args, status=0, **kwargs):
        """Run the driver to its end; its standard output and error."""
        p, out, err = self.finish(args, kwargs, (UNANSWERED,))
        expect(p.returncode == status,
               f"{' '.join(args)}: status {p.returncode}, not {status}\n{out}\n{err}")
        return out, err

    def measure(self, *args, **kwargs):
        """Run trials for their rows. Other tests and other programs share the CPUs, so trials may be
        INVALID for that; none may fail, but that a run which goes on keeps what was too slow."""
        p, out, err = self.finish(("run", *args), kwargs, (UNANSWERED, LATE, PEAKLESS))
        lines = err.splitlines()
        failed = [x for x in lines if "FAILED" in x]
        too_slow = [x for x in failed if args[0] == "--resume" and
                    any(reason in x for reason in (UNANSWERED, LATE))]
        excused = p.returncode == 1 and (too_slow or any("no usable trial" in x for x in lines))
        expect((p.returncode == 0 or excused) and failed == too_slow,
               f"run {' '.join(args)}: status {p.returncode}, {failed}\n{out}\n{err}")
        return out, err

    def finish(self, args, kwargs, reasons):
        """Once more, with longer windows, where the machine was too slow for the first ones. Where
        many programs wait for each CPU it is inconclusive in the end."""
        for i in range(TRIES):
            if i > 0:
                self.lengthen(args)
            p = self.start(*args, **kwargs)
            out, err = p.communicate()
            if not self.too_slow(args, reasons):
                break
        else:
            if crowded():
                raise tap.Skip("inconclusive: a server that works is too slow here")
        return p, out, err

    def too_slow(self, args, reasons):
        """Whether a window of a run was over before a server that works had answered (that of block 0
        is short whatever the scenario says), or a server was not up in time."""
        if args[0] != "run" or "--resume" in args or "--out" not in args:
            return False
        out = args[args.index("--out") + 1]
        return os.path.exists(os.path.join(out, "trials.csv")) and any(
            row["reason"].startswith(reasons) and (row["reason"], row["block"]) != (UNANSWERED, "0")
            for row in self.rows(out=out))

    def lengthen(self, args):
        """The windows of the scenario that a run was called with; its rows go."""
        with open(args[1], encoding="utf-8") as f:
            text = f.read()
        with open(args[1], "w", encoding="utf-8") as f:
            f.write(re.sub(r"(?m)^duration = ([\d.]+)s$",
                           lambda m: f"duration = {float(m.group(1)) * LONGER:.1f}s", text))
        shutil.rmtree(args[args.index("--out") + 1])

    def believe(self, out=None):
        """Write the rows again as if nothing had disturbed them, for what needs figures."""
        path = os.path.join(out or self.out, "trials.csv")
        rows = self.rows(out=out)
        for row in rows:
            if row["reason"].startswith((*OF_THE_MACHINE, UNDER_WAY)):
                row["verdict"], row["reason"] = "valid", ""
        with open(path, "w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def summarise(self, out):
        """Have summary.csv made of the rows: `plot` writes it before it looks for gnuplot."""
        path = os.path.join(out, "summary.csv")
        if os.path.exists(path):
            os.unlink(path)
        self.start("plot", out).communicate()
        expect(os.path.exists(path), "no summary.csv")

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
        return whole_rows(os.path.join(out or self.out, name))

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


def crowded():
    """Whether so many programs want each CPU that one which works can be too late."""
    return os.getloadavg()[0] > CROWDED * len(os.sched_getaffinity(0))


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
