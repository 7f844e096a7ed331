"""iomodels open: which report, shown by whom, and what is said where nobody can show it."""

import os

from driver.bench import Bench, equal, expect
from lib import program


class Opening:
    """A folder with runs, and programs that note what they are asked to show."""

    def __init__(self, t):
        self.b = Bench(t)
        self.bin = os.path.join(self.b.dir, "bin")
        self.shown = os.path.join(self.b.dir, "shown")
        os.mkdir(self.bin)
        for name, status in (("browser", 0), ("xdg-open", 0), ("failing", 7)):
            program.write(os.path.join(self.bin, name),
                          f'#!/bin/sh\necho {name} "$@" >>"{self.shown}"\nexit {status}\n')

    def run(self, name, report="page"):
        place = os.path.join(self.b.dir, name)
        os.mkdir(place)
        if report:
            with open(os.path.join(place, "report.html"), "w", encoding="utf-8") as f:
                f.write(report)
        return place

    def open(self, *arguments, status=0, **environment):
        """What it printed, what it said on standard error, and what was asked to show something."""
        if os.path.exists(self.shown):
            os.remove(self.shown)
        for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
            environment.setdefault(name, "")
        out, err = self.b.call("open", *arguments, status=status,
                               env={"PATH": self.bin + ":/usr/bin:/bin", **environment})
        shown = ""
        if os.path.exists(self.shown):
            with open(self.shown, encoding="utf-8") as f:
                shown = f.read()
        return out, err, shown


def shows(t):
    o = Opening(t)
    run = o.run("a run")
    path = os.path.realpath(os.path.join(run, "report.html"))
    for wanted, environment in (
            ("", {}),
            (f"xdg-open {path}\n", {"DISPLAY": ":7"}),
            (f"xdg-open {path}\n", {"WAYLAND_DISPLAY": "w"}),
            (f"browser {path}\n", {"BROWSER": "browser", "DISPLAY": ":7"}),
            (f"browser --new {path} x\n", {"BROWSER": "browser --new %s 'x'"}),
            ("", {"DISPLAY": ":7", "PATH": "/nowhere"})):
        out, err, shown = o.open(run, **environment)
        equal((out, err, shown), (path + "\n", "", wanted), f"{environment}")
    out, err, shown = o.open(run, BROWSER="no-such-one:browser")
    equal((out, shown), (path + "\n", f"browser {path}\n"), "the second of two")
    equal(err, "iomodels: cannot start 'no-such-one': No such file or directory\n", "of the first")


def refuses(t):
    o = Opening(t)
    bare = o.run("bare", report=None)
    run = o.run("run")
    _, err, _ = o.open(bare, status=1)
    equal(err, f"iomodels: {bare} has no report.html; 'iomodels report {bare}' makes one of a run\n",
          "no report")
    _, err, _ = o.open(run + "-2", status=1)
    expect(err.count("\n") == 1 and f"{run}-2/report.html: No such file" in err, err)
    _, err, shown = o.open(run, status=1, BROWSER="failing")
    expect(shown and err == "iomodels: 'failing' failed with exit status 7\n", err)
    _, err, _ = o.open(run, bare, status=2)
    expect(bare in err, err)


TESTS = [
    ("open shows a report by BROWSER or xdg-open, or prints its path", shows, 60),
    ("open says what keeps it from showing", refuses, 60),
]
