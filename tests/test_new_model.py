#!/usr/bin/env python3
"""Does scripts/new-model make a model that builds and conforms, and refuse what it must? In a copy
of the tree. Prints TAP.

    python3 tests/test_new_model.py SOURCE-ROOT"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from lib import machine  # noqa: E402

LIMIT = 900  # seconds, for a whole tree to be built and a server to be tested
ROOT = os.path.abspath(sys.argv[1])


def run(*command, cwd, status=0):
    r = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=LIMIT * machine.factor())
    assert r.returncode == status, \
        f"{' '.join(command)}: status {r.returncode}: {(r.stdout + r.stderr)[-1500:]}"
    return r


def copy(t):
    """The tree without what is built and measured, in a directory that goes with the test."""
    place = tempfile.mkdtemp(prefix="iomodels-")
    t.defer(lambda: shutil.rmtree(place, ignore_errors=True))
    tree = place + "/tree"
    shutil.copytree(ROOT, tree, ignore=lambda folder, names: [
        n for n in names if n in (".git", "results", "__pycache__")
        or os.path.exists(os.path.join(folder, n, "build.ninja"))])
    return tree


def contents(tree):
    found = {}
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, tree)] = f.read()
    return found


def conforms(t):
    tree = copy(t)
    before = contents(tree)
    out = run("scripts/new-model", "my-model2", cwd=tree).stdout
    after = contents(tree)
    made = set(after) - set(before)
    assert made == {"servers/models/my_model2.c", "docs/models/my-model2.md"}, made
    assert [n for n in before if before[n] != after[n]] == ["servers/meson.build"]
    assert all(name in out for name in made), out
    for name in made:
        assert b"template" not in after[name], f"{name} speaks of the template"
    assert os.access(tree + "/scripts/new-model", os.X_OK)

    run("meson", "setup", "build", "-Dwerror=true", "-Dbuildtype=debug", cwd=tree)
    run("ninja", "-C", "build", "servers/my-model2", cwd=tree)
    run(sys.executable, "tests/server", "--server", "build/servers/my-model2",
        "--only", "SIGTERM", "--only", "describe", "--only", "case:", "--only", "limit",
        "--only", "connections", "--only", "idle", cwd=tree)
    run(sys.executable, "tests/test_sources.py", tree, cwd=tree)
    tests = run("meson", "test", "-C", "build", "--list", cwd=tree).stdout
    assert "my-model2" in tests, tests


def refuses(t):
    tree = copy(t)
    before = contents(tree)
    for name in ("", "My", "my_model", "-x", "x-", "a--b", "2x", "a/b", "../x", "a b", "é",
                 "x" * 25, "epoll-lt", "template", "server", "all"):
        r = run("scripts/new-model", name, cwd=tree, status=2)
        assert r.stderr.startswith("new-model: ") and r.stderr.count("\n") == 1 and not r.stdout, \
            (name, r.stdout, r.stderr)
        assert f"'{name}'" in r.stderr, (name, r.stderr)
    for arguments in ([], ["one", "two"]):
        assert "usage" in run("scripts/new-model", *arguments, cwd=tree, status=2).stderr
    assert "usage" in run("scripts/new-model", "--help", cwd=tree).stdout
    run("scripts/new-model", "twice", cwd=tree)
    run("scripts/new-model", "twice", cwd=tree, status=2)
    for name in ("servers/models/twice.c", "docs/models/twice.md"):
        os.remove(f"{tree}/{name}")
    run("scripts/new-model", "twice", cwd=tree, status=2)  # it is in the list still
    with open(tree + "/servers/meson.build", "wb") as f:
        f.write(before["servers/meson.build"])
    assert contents(tree) == before, "a refusal left something behind"


if __name__ == "__main__":
    tests = [("a new model builds and conforms at once", conforms),
             ("bad and existing names are refused, and nothing is changed", refuses)]
    # One after the other: a process that one started would hold open, for a moment, the scripts that
    # the other writes, and what is open for writing cannot be started (ETXTBSY).
    sys.exit(1 if tap.run([tap.Test(*test, 2 * LIMIT) for test in tests], jobs=1) else 0)
