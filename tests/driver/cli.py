"""The command line, bad scenarios, list and serve."""

import json
import os
import subprocess

from driver.bench import ARGS, ROOT, Bench, equal, expect
from lib import program


def bad_scenarios(t):
    b = Bench(t)
    head = "[scenario]\nname = x\n[sweep]\n"
    for text, place in ((head + "connections = 1\nspeed = 3\n", ":5: unknown key 'speed'"),
                        (head + "connections = 4, 2\n", ":4: connections = '4, 2'"),
                        (head + "connections = 1\nduration = soon\n", ":5: duration = 'soon'"),
                        (head + "connections = 1\n 2\n", ":5: 'connections' has a value already"),
                        ("[scenario]\nname = x\n", ": [sweep] has no connections"),
                        ("[scenario\nname = x\n", ":1: neither [section] nor key = value"),
                        (head + "connections\nspeed = 3\n", ":4: neither [section] nor key"),
                        (head + "connections = 1\nmodels = nope\n", "tiny.ini: no model 'nope'")):
        path = b.scenario(text)
        _, err = b.call("run", path, "--out", b.out, status=2)
        equal(err.count("\n"), 1, f"lines of\n{err}")
        expect(place in err and (place[0] != ":" or path + place in err),
               f"'{err}' does not say '{place}'")
    path = b.scenario()
    with open(path, "rb") as f:
        last = f.read().count(b"\n") + 1
    with open(path, "ab") as f:
        f.write("# caf\u00e9\n".encode("latin-1"))
    _, err = b.call("run", path, "--out", b.out, status=2)
    equal(err, f"iomodels: {path}:{last}: not UTF-8\n", "a scenario that is not UTF-8")
    expect(not os.path.exists(b.out), "a bad scenario made a directory")
    path = b.scenario(more="[model:epol-lt]\nconnections = 2\n[model:libevent]\nconnections = 2\n")
    _, err = b.call("run", path, "--dry-run")
    equal(err.splitlines()[0],
          f"iomodels: {path}: [model:epol-lt]: no such model; the section is of no effect",
          "an override of no model")


def usage(t):
    b = Bench(t)
    for args, word in (((), "no command"), (("fly",), "fly"), (("run", "--fast"), "fast"),
                       (("run", "--seed", "x"), "--seed: 'x'"), (("run", "a", "b"), "'b'"),
                       (("run", "no-such"), "no-such"), (("plot",), "run directory"),
                       (("report", "a", "b"), "run directory"), (("serve",), "model"),
                       (("serve", "--servers", b.servers, "nope"), "nope"),
                       (("run", "--servers", b.servers, "--models", "nope", b.scenario()), "nope"),
                       (("list", "x"), "'x'")):
        p = subprocess.run([ARGS.driver, *args], capture_output=True, text=True, check=False)
        equal(p.returncode, 2, f"status of {args}\n{p.stderr}")
        expect(word in p.stderr, f"{args}: '{p.stderr}' does not name '{word}'")
        expect(len(p.stderr.splitlines()) <= 2, f"{args}: more than a line and a hint\n{p.stderr}")
    for args, after in ((("fly",), ""), (("run", "--fast"), " run"), (("serve", "-x", "poll"), " serve")):
        p = subprocess.run([ARGS.driver, *args], capture_output=True, text=True, check=False)
        equal(p.stderr.splitlines()[1], f"Try 'iomodels{after} --help'.", f"hint of {args}")
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
        program.write(path, "#!/bin/sh\n" + text + "\n")
    program.copy(os.path.join(ROOT, "scripts", "benchmark"), root + "/scripts/benchmark")
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
    for servers in (("--servers", b.servers), ("--servers=" + b.servers,)):
        out, _ = b.call("serve", *servers, "epoll-lt", "--describe")
        equal(json.loads(out)["model"], "epoll-lt", "what serve runs")


TESTS = [
    ("bad scenarios name file and line", bad_scenarios, 60),
    ("usage errors", usage, 60),
    ("scripts/benchmark keeps paths", benchmark_keeps_paths, 60),
    ("list and serve", list_and_serve, 60),
]
