#!/usr/bin/env python3
"""Do scripts/test, scripts/disturb and tests/summary.py do what they say? In a tree whose other parts
are stubs. Prints TAP.

    python3 tests/test_scripts.py SOURCE-ROOT"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from lib import program  # noqa: E402

ROOT = os.path.abspath(sys.argv[1])

# "meson test -C DIR ...": notes how it was called, and leaves logs of two programs.
MESON = """#!/bin/sh
echo "$*" >>called
mkdir -p "$3/meson-logs"
cp junit "$3/meson-logs/testlog.junit.xml"
cp "json-$3" "$3/meson-logs/testlog.json" || true
"""
CLANG_FORMAT = """#!/bin/sh
[ "$1" != --version ] || {{ echo "Debian clang-format version {}.0.6"; exit; }}
echo "$*" >>formatted
"""
JUNIT = """<testsuites><testsuite name="a" errors="0" failures="0">
<testcase name="one"/><testcase name="two"/></testsuite></testsuites>
"""


def log(*programs):
    return "".join(json.dumps({"name": "iomodels:some / " + name, "duration": seconds}) + "\n"
                   for name, seconds in programs)


def tree_of_stubs(t, build="exit 0"):
    tree = tempfile.mkdtemp(prefix="iomodels-scripts-")
    t.defer(lambda: shutil.rmtree(tree, ignore_errors=True))
    texts = {"scripts/setup": "#!/bin/sh\n", "scripts/build": f"#!/bin/sh\n{build}\n",
             "bin/meson": MESON, "bin/clang": "#!/bin/sh\n",
             "bin/clang-format": CLANG_FORMAT.format(14), "junit": JUNIT,
             "common/a.c": "", "bench/b.h": "", "json-build": log(("slow", 9.25), ("quick", 0.5)),
             "json-build-asan": log(*((f"p{i}", i) for i in range(1, 12))), "json-build-tsan": ""}
    for folder in ("clients", "loadgen", "servers", "tests"):
        os.mkdir(os.path.join(tree, folder))
    for name, text in texts.items():
        path = os.path.join(tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        program.write(path, text)
    for name in ("scripts/test", "scripts/disturb", "tests/summary.py"):
        program.copy(os.path.join(ROOT, name), os.path.join(tree, name))
    return tree


def call(tree, script, *arguments):
    path = os.path.join(tree, "bin") + os.pathsep + os.environ["PATH"]
    return subprocess.run([os.path.join(tree, "scripts", script), *arguments], check=False, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, cwd=os.path.dirname(tree),
                          env=dict(os.environ, PATH=path))


def lines_of(tree, name):
    try:
        with open(os.path.join(tree, name), encoding="utf-8") as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def usual(t):
    tree = tree_of_stubs(t)
    p = call(tree, "test")
    out = p.stdout.splitlines()
    assert (p.returncode, out[-1]) == (0, "6 passed, 0 failed"), (p.returncode, p.stdout, p.stderr)
    for stage in ("setup", "plain build", "AddressSanitizer and UndefinedBehaviorSanitizer",
                  "ThreadSanitizer", "clang, warnings are errors", "clang-format"):
        took = re.compile(re.escape(f"== {stage}: ") + r"\d+ s")
        assert out.count(f"== {stage}") == 1 and any(map(took.fullmatch, out)), (stage, p.stdout)
    at = out.index("slowest test programs:")
    assert out[at + 1].split() == ["11.0", "s", "build-asan:", "p11"], out
    assert out[at + 3].split() == ["9.2", "s", "build:", "slow"], out
    assert len(out[at + 1:-1]) == 10, out
    called = lines_of(tree, "called")
    assert len(called) == 3 and [c.split()[2] for c in called] == ["build", "build-asan", "build-tsan"]
    cpus = len(os.sched_getaffinity(0))
    assert all(f"--num-processes {cpus + 1} " in c for c in called), called
    assert called[0].endswith(" --no-suite full"), called
    assert "--no-suite accuracy" in called[1] and called[2].endswith(" loadgen"), called
    assert "common/a.c" in lines_of(tree, "formatted")[0], "not all files are formatted"
    assert "bench/b.h" in lines_of(tree, "formatted")[0], "not all files are formatted"


def less_and_more(t):
    tree = tree_of_stubs(t)
    p = call(tree, "test", "--quick")
    assert p.stdout.endswith("\n2 passed, 0 failed\n"), p.stdout
    assert len(lines_of(tree, "called")) == 1 and not lines_of(tree, "formatted")
    os.unlink(os.path.join(tree, "called"))
    p = call(tree, "test", "--full")
    assert p.stdout.endswith("\n8 passed, 0 failed\n"), p.stdout
    called = lines_of(tree, "called")
    assert [c.split()[2] for c in called] == ["build", "build-asan", "build-tsan", "build-clang"]
    assert called[0].endswith(" --print-errorlogs"), called
    assert "accuracy" not in called[1] and called[3].endswith(" --print-errorlogs --no-suite full"), called


def another_formatter(t):
    """Another version breaks lines at other places: it is not asked."""
    tree = tree_of_stubs(t)
    for name in ("clang-format", "clang-format-14"):
        program.write(os.path.join(tree, "bin", name), CLANG_FORMAT.format(15))
    p = call(tree, "test")
    assert p.returncode == 0 and not lines_of(tree, "formatted"), p.stdout
    assert "== clang-format 14 is not installed: the format is not checked\n" in p.stdout, p.stdout


def failures(t):
    tree = tree_of_stubs(t, build='[ "${1-}" != build-tsan ]')
    p = call(tree, "test")
    assert p.returncode == 1 and p.stdout.endswith("\n4 passed, 1 failed\n"), p.stdout
    assert "failed: build-tsan\n" in p.stdout, p.stdout
    with open(os.path.join(tree, "junit"), "w", encoding="utf-8") as f:
        f.write(JUNIT.replace('<testcase name="two"/>',
                              '<testcase name="two"><failure/></testcase>'))
    p = call(tree, "test", "--quick")
    assert p.returncode == 1 and p.stdout.endswith("\n1 passed, 1 failed\n"), p.stdout
    assert "failed: build: a: two\n" in p.stdout, p.stdout


WHY = """<testsuites><testsuite name="a" errors="0" failures="2">
<testcase name="1 - one"><failure/></testcase><testcase name="2 - two"/><testcase name="3 - one"><failure/></testcase>
<system-out>1..3
# this machine: of no interest
not ok 1 - one
{notes}
ok 2 - two
# 0.1 s
not ok 3 - one
# &lt;other&gt;
# 1 passed</system-out></testsuite>
<testsuite name="iomodels.some / b" errors="0" failures="0"><testcase name="1 - x"/><system-out>1..2
ok 1 - x</system-out><system-err>said early
one
two
three

four
killed by signal 11</system-err></testsuite></testsuites>
"""


def reasons(t):
    """Beside each failed test stands what it said, at most five lines; and a program that died after its
    last test has failed."""
    tree = tree_of_stubs(t)
    with open(os.path.join(tree, "junit"), "w", encoding="utf-8") as f:
        f.write(WHY.format(notes="\n".join(f"# note {i}" for i in range(7))))
    with open(os.path.join(tree, "json-build"), "w", encoding="utf-8") as f:
        json.dump({"name": "some / b", "duration": 1, "result": "ERROR"}, f)
    p = call(tree, "test", "--quick")
    out = p.stdout.splitlines()
    begin = out.index("failed: build: a: 1 - one")
    assert out[begin:begin + 14] == [
        "failed: build: a: 1 - one", *(f"    note {i}" for i in range(5)),
        "failed: build: a: 3 - one", "    <other>", "    1 passed",
        "failed: build: iomodels.some / b: the program itself", "    one", "    two", "    three", "    four"], p.stdout
    assert out[begin + 14] == "    killed by signal 11" and "said early" not in p.stdout, p.stdout
    assert (p.returncode, out[-1]) == (1, "2 passed, 3 failed"), p.stdout


def usage(t):
    tree = tree_of_stubs(t)
    for script, arguments, text in (("test", ["--fast"], "unknown option '--fast'"),
                                    ("test", ["--quick", "--full"], "'--full'"),
                                    ("disturb", [], "usage: scripts/disturb")):
        p = call(tree, script, *arguments)
        assert p.returncode == 2 and text in p.stderr and not p.stdout, (script, p)
    for script in ("test", "disturb"):
        p = call(tree, script, "--help")
        assert p.returncode == 0 and p.stdout.startswith(f"usage: scripts/{script}"), p
    assert not lines_of(tree, "called"), "wrong usage runs tests"
    program.copy(os.path.join(ROOT, "scripts", "build"), os.path.join(tree, "scripts", "build"))
    for option, status in (("--help", 0), ("-x", 2)):
        p = call(tree, "build", option)
        assert p.returncode == status, p
        assert "usage: scripts/build" in (p.stderr if status else p.stdout), p
    assert not os.path.exists(os.path.join(tree, "--help")), "an option is taken for a directory"


def only(t):
    """--only of the test programs takes a part of a name, and fails where no name has it."""
    for folder, options in (("driver", ("--driver", "--servers", "--loadgen")), ("load", ("--load",)),
                            ("accuracy", ("--load", "--reference"))):
        command = [sys.executable, os.path.join(ROOT, "tests", folder),
                   *(x for option in options for x in (option, "/nowhere"))]
        p = subprocess.run([*command, "--only", "no such test"], capture_output=True, text=True, check=False)
        assert (p.returncode, p.stdout) == (1, "") and p.stderr.count("\n") == 1, (folder, p)
    assert [x.name for x in tap.only([tap.Test("one by one", only), tap.Test("two", only)], ["e b"])] == \
        ["one by one"], "a part of a name"


if __name__ == "__main__":
    tests = [("scripts/test: stages, their times, the slowest programs, the sum", usual),
             ("scripts/test --quick and --full", less_and_more),
             ("scripts/test with another clang-format", another_formatter),
             ("scripts/test counts what fails", failures),
             ("scripts/test says why a test failed", reasons),
             ("scripts/test and scripts/disturb: usage", usage),
             ("--only names tests by a part of their names", only)]
    sys.exit(1 if tap.run([tap.Test(name, function) for name, function in tests]) else 0)
