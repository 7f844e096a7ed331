"""What the user has set for other purposes does not reach what is measured or drawn."""

import json
import os
import shutil
import sys

from driver import spy
from driver.bench import ARGS, HERE, ROOT, Bench, equal, expect

EXTERNAL = os.path.join(HERE, "fake_external.py")
SCRIPTS = os.path.join(ROOT, "scripts", "plots")
REFERENCE = os.path.join(ROOT, "results", "reference", "models")

HOSTILE = {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "LANG": "de_DE.UTF-8",
           "GNUTERM": "x11", "LIBEV_FLAGS": "1", "EVENT_NOEPOLL": "1", "EVENT_SHOW_METHOD": "1",
           "MALLOC_ARENA_MAX": "1", "http_proxy": "http://10.0.0.1:1", "PYTHONPATH": "/nowhere",
           "LISTEN_FDS": "1", "A_SECRET": "do-not-write-this-down"}
PASSED = {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",
          "LSAN_OPTIONS", "TSAN_OPTIONS", "LC_ALL"}


def is_clean(environment, who):
    odd = {name for name in environment if name not in PASSED and not name.startswith("IOMODELS_")}
    equal(odd, set(), f"what {who} finds in its environment besides")
    equal(environment.get("LC_ALL"), "C", f"LC_ALL of {who}")


def recorded(b):
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        text = f.read()
    return json.loads(text)["environment"], text


def children_are_clean(t):
    b = Bench(t)
    spies, path = spy.on_path(b, "gnuplot")
    load = spy.Spy(os.path.join(b.dir, "load"), ARGS.loadgen)
    ours = spy.Spy(os.path.join(b.servers, "spied"), os.path.join(ARGS.servers, "epoll-lt"))
    external = spy.Spy(os.path.join(b.dir, "theirs"), sys.executable)
    b.loadgen = load.path
    command = f"{external.path} {EXTERNAL} {{port}} {{protocol}} good"
    b.measure(b.scenario(connections="1", repetitions=1), "--out", b.out, "--external", command,
              env=dict(HOSTILE, PATH=path))
    for who, one in (("the load generator", load), ("a server", ours), ("a server of others", external),
                     ("gnuplot", spies["gnuplot"])):
        for start in one.seen():
            is_clean(start["environment"], who)
            equal(start["environment"].get("IOMODELS_TEST"), b.mark.split("=")[1],
                  f"what is meant for this project, in {who}")
    told, text = recorded(b)
    equal(ours.seen()[-1]["environment"], told["given"], "what environment.json says a server has")
    expect(set(HOSTILE) - {"LC_ALL"} <= set(told["withheld"]), f"withheld: {told['withheld']}")
    equal(set(told["given"]) & set(told["withheld"]), set(), "given and withheld")
    expect(HOSTILE["A_SECRET"] not in text, "the value of what is withheld is written down")
    home = {s["environment"]["HOME"] for s in spies["gnuplot"].seen() if "-e" in s["arguments"]}
    equal(home, {"/nonexistent"}, "HOME of gnuplot")


def asked_for(t):
    """--env gives more, also after going on."""
    b = Bench(t, models=())
    ours = spy.Spy(os.path.join(b.servers, "spied"), os.path.join(ARGS.servers, "epoll-lt"))
    b.measure(b.scenario(connections="1", repetitions=2), "--out", b.out, "--env", "LIBEV_FLAGS=4",
              "--env", "A_SECRET", "--env", "NOT_SET_HERE", "--env", "LC_ALL=C.UTF-8", env=HOSTILE)

    def has_it():
        found = ours.seen()[-1]["environment"]
        equal({k: v for k, v in found.items() if k in ("LIBEV_FLAGS", "A_SECRET", "NOT_SET_HERE",
                                                       "LC_ALL", "EVENT_NOEPOLL")},
              {"LIBEV_FLAGS": "4", "A_SECRET": HOSTILE["A_SECRET"], "LC_ALL": "C.UTF-8"},
              "what --env asked for")

    has_it()
    with open(os.path.join(b.out, "trials.csv"), encoding="utf-8") as f:
        lines = f.readlines()
    with open(os.path.join(b.out, "trials.csv"), "w", encoding="utf-8") as f:
        f.writelines(lines[:-1])
    ours.forget()
    b.measure("--resume", b.out)
    has_it()
    for wrong in ("", "=x", "1A=x", "A B=x", "a-b"):
        _, err = b.call("run", b.scenario(), "--out", b.out, "--env", wrong, status=2)
        expect("--env" in err and f"'{wrong}'" in err, err)
    _, err = b.call("run", "--resume", b.out, "--env", "A=b", status=2)
    expect("--resume takes" in err, err)


def copy_of_reference(b, name):
    """The committed run without its pictures; of its rows those of http, whose pictures are half of all."""
    place = os.path.join(b.dir, name)
    shutil.copytree(REFERENCE, place, ignore=shutil.ignore_patterns("plots"))
    path = os.path.join(place, "trials.csv")
    with open(path, encoding="utf-8") as f:
        head, *rows = f.readlines()
    with open(path, "w", encoding="utf-8") as f:
        f.writelines([head] + [row for row in rows if row.split(",")[3] == "http"])
    return place


TESTS = [
    ("children get a clean environment, which is recorded", children_are_clean, 60),
    ("--env gives children more", asked_for, 60),
]
