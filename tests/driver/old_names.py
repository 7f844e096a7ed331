"""Servers of others were called peers: the names of before work, and one line tells the new one."""

import json
import os
import subprocess

from driver.bench import HERE, ROOT, equal, expect
from driver.externals import Externals

SETUP = os.path.join(ROOT, "scripts", "setup")


def told(err):
    """What is said of old names: (place, old, new)."""
    lines = [x.split(": ", 1)[1] for x in err.splitlines() if "the old name goes" in x]
    return [(*x.split(" is now called ")[0].rsplit(": ", 1), x.split(" is now called ")[1].split(";")[0])
            for x in lines]


def rewrite(path, *pairs):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for old, new in pairs:
        expect(old in text, f"no {old!r} in {path}")
        text = text.replace(old, new)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def old_words(t):
    """In the file of a server, in a scenario and on the command line."""
    b = Externals(t, ("good",))
    file = os.path.join(b.external, "good.ini")
    rewrite(file, ("[external]", "[peer]"), ("counterpart_of", "peer_of"))
    of_file = [(file, "[peer]", "[external]"), (file, "peer_of", "counterpart_of")]
    scenario = b.scenario(connections="1", repetitions=1, more="peers = all\n")
    _, err = b.measure(scenario, "--out", b.out)
    equal(sorted(told(err)), sorted([(scenario, "peers", "externals"), *of_file]),
          "said of old names")
    equal({r["model"] for r in b.rows()}, {"epoll-lt", "good"}, "models")
    equal([(r["model"], r["external"]) for r in b.rows("ratios.csv")], [("epoll-lt", "good")], "ratios")
    _, err = b.call("run", b.scenario(connections="1"), "--dry-run", "--peers", "good")
    equal(sorted(told(err)), sorted([*of_file, ("run", "--peers", "--externals")]),
          "of the option")
    _, err = b.call("run", b.scenario(connections="1", more="peers = all\nexternals = good\n"),
                    "--dry-run", status=2)
    expect("'externals' has a value already" in err, err)


def old_scenario(t):
    """`run peers` is `run externals`."""
    b = Externals(t, ("good",))
    now, err = b.call("run", "externals", "--dry-run", "--seed", "3")
    equal(told(err), [], "said of the new name")
    before, err = b.call("run", "peers", "--dry-run", "--seed", "3")
    equal(told(err), [("run", "the scenario peers", "externals")], "said of the old name")
    equal(before, now, "trials")
    expect(",good," in now, now)


def old_list(t):
    """`list --json` has the servers of others under both names."""
    listed = json.loads(Externals(t, ("good",)).call("list", "--json")[0])
    for server in listed["externals"]:
        server["peer_of"] = server.pop("counterpart_of")
    equal([server["name"] for server in listed["externals"]], ["good"], "listed")
    equal(listed["peers"], listed["externals"], "under the old name")


def old_run(t):
    """A run of before is drawn, reported and gone on with."""
    b = Externals(t, ("good",))
    command = f"{{python}} {os.path.join(HERE, 'fake_external.py')} {{port}} {{protocol}} good"
    b.measure(b.scenario(connections="1", repetitions=2, more="externals = all\n"), "--out", b.out,
              "--external", command, "--external-name", "mine")
    b.believe()
    b.call("plot", b.out, status=1)  # without gnuplot, but with summary.csv and ratios.csv
    ratios = b.rows("ratios.csv")
    equal({(r["model"], r["external"]) for r in ratios}, {("epoll-lt", "good"), ("epoll-lt", "mine")},
          "pairs")
    path = os.path.join(b.out, "environment.json")
    with open(path, encoding="utf-8") as f:
        environment = json.load(f)
    for m in environment["models"]:
        if m["kind"] == "external":
            m["kind"] = "peer" if m["file"] else "external"
            m["peer_of"] = m.pop("counterpart_of")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(environment, f)
    rewrite(os.path.join(b.out, "scenario.ini"), ("externals = all", "peers = all"))
    b.call("plot", b.out, status=1)
    equal(b.rows("ratios.csv"), ratios, "ratios of a run of before")
    b.call("report", b.out)
    expect("ours/external" in b.report(), "report")
    rewrite(os.path.join(b.out, "trials.csv"), *last_line(b))
    _, err = b.measure("--resume", b.out)
    expect("going on: " in err and "[1/1]" in err, err)
    equal({r["model"] for r in b.rows()}, {"epoll-lt", "good", "mine"}, "models")


def last_line(b):
    with open(os.path.join(b.out, "trials.csv"), encoding="utf-8") as f:
        return ((f.readlines()[-1], ""),)


def old_setup(t):
    del t
    now, before = (subprocess.run([SETUP, option, "--check"], capture_output=True, text=True, check=False)
                   for option in ("--with-externals", "--with-peers"))
    equal(before.returncode, now.returncode, "exit status")
    equal(before.stderr, "setup: --with-peers is now called --with-externals; the old name goes with "
          "the next release\n" + now.stderr, "words")


TESTS = [
    ("names of before: [peer], peer_of, peers, --peers", old_words, 60),
    ("names of before: the scenario peers", old_scenario, 60),
    ("names of before: list --json", old_list, 60),
    ("names of before: a run with peers", old_run, 120),
    ("names of before: scripts/setup --with-peers", old_setup, 60),
]
