#!/usr/bin/env python3
"""What the sources promise besides their structure (test_structure.py), read from the sources.
Prints TAP.

    python3 tests/test_sources.py SOURCE-ROOT"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from lib import named_files, time_limits  # noqa: E402

ROOT = sys.argv[1]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def every_model_is_documented(t):
    for folder, pages in (("servers/models", "docs/models"), ("clients/models", "docs/clients")):
        for name in os.listdir(os.path.join(ROOT, folder)):
            page = f"{pages}/" + name.removesuffix(".c").replace("_", "-") + ".md"
            if not os.path.exists(os.path.join(ROOT, page)):
                raise AssertionError(f"{folder}/{name} has no {page}")
    table = read("docs/clients/README.md")
    for name in os.listdir(os.path.join(ROOT, "clients/models")):
        name = name.removesuffix(".c").replace("_", "-")
        if f"| [{name}]({name}.md) |" not in table:
            raise AssertionError(f"docs/clients/README.md has no row of {name}")


def c_files():
    for room in ("servers", "clients", "loadgen", "bench", "common", "tests"):
        for folder, _, names in os.walk(os.path.join(ROOT, room)):
            for name in names:
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def long_lines(text):
    """The numbers of the lines over 100 columns."""
    return [n for n, line in enumerate(text.splitlines(), 1) if len(line) > 100]


def lines_are_short(t):
    found = [f"{path}:{n}" for path in c_files() for n in long_lines(read(path))]
    if found:
        raise AssertionError("lines over 100 columns:\n" + "\n".join(found))


def long_lines_are_found(t):
    if long_lines("x" * 100 + "\n" + "/* " + "é" * 98 + "\n") != [2]:
        raise AssertionError("100 columns are allowed, 101 are not")


def torn(text):
    """The numbers of the lines that are a type alone, its name on the next: so the formatter breaks a
    declaration whose comment is too long. The comment belongs above."""
    lines = text.splitlines()
    return [n for n, (line, after) in enumerate(zip(lines, lines[1:]), 1)
            if re.fullmatch(r"\s+(?!(else|do|return)$)(\w+ )*\w+", line)
            and re.match(r"\s+\*?\w+(\[\w+\])?;", after)]


def no_declaration_is_torn(t):
    found = [f"{path}:{n}" for path in c_files() for n in torn(read(path))]
    if found:
        raise AssertionError("torn declarations:\n" + "\n".join(found))


def torn_declarations_are_found(t):
    text = "struct s {\n    const struct answer\n        *answer; /* of theirs */\n    count_t\n        n;\n};\n"
    if torn(text + "    do\n        f;\n    else\n        c;\n    int a;\n    int b;\n") != [2, 4]:
        raise AssertionError("a torn declaration is not found")


def documents_are_listed(t):
    index = read("docs/README.md")
    missing = [n for n in sorted(os.listdir(os.path.join(ROOT, "docs")))
               if n.endswith(".md") and n != "README.md" and f"]({n})" not in index]
    if missing:
        raise AssertionError(f"not in docs/README.md: {missing}")


def escapes(text):
    """Whether a source prints escape sequences of a terminal without asking whether it may."""
    return re.search(r"\\(033|x1b|e)\[", text) and "terminal_rewrites()" not in text


def escapes_are_asked_for(t):
    found = [path for path in c_files() if not path.startswith("tests/") and escapes(read(path))]
    if found:
        raise AssertionError("escape sequences without terminal_rewrites():\n" + "\n".join(found))


def escapes_are_found(t):
    plain = 'printf("\\033[1m%s", name);'
    if not escapes(plain) or escapes("if (terminal_rewrites())\n" + plain) or escapes("a\\\\b"):
        raise AssertionError("escape sequences that nobody may print are not found")


def named_files_exist(t):
    found = list(named_files.missing(ROOT))
    if found:
        raise AssertionError("no such file:\n" + "\n".join(found))


def missing_files_are_found(t):
    files = named_files.everything(ROOT)
    text = "`servers/net.c`, `net.c`, `unit/test_*.c`, servers/models/*.c, `docs/models/NAME.md`"
    if list(named_files.missing_names(ROOT, text, files)):
        raise AssertionError(f"not found: {list(named_files.missing_names(ROOT, text, files))}")
    text = "`servers/gone.c`, `gone.c`, `gone_*.c`, servers/gone/*, `drive/net.c`"
    if len(list(named_files.missing_names(ROOT, text, files))) != 5:
        raise AssertionError(f"found: {list(named_files.missing_names(ROOT, text, files))}")
    text = "[a](method.md#two-services) [b](https://example.org/c.md) [c](../README.md)"
    if list(named_files.missing_links(ROOT, "docs/sample.md", text)):
        raise AssertionError("a link that leads somewhere is taken for one that does not")
    if len(list(named_files.missing_links(ROOT, "docs/a.md", "[a](b.md) [c](method.md#d)"))) != 2:
        raise AssertionError("a link that leads nowhere is not found")
    if named_files.comments_of_c('/* a.c */ "b.c" // c.c\n') != "/* a.c */\n// c.c":
        raise AssertionError("the comments of C are not found")


def python_compiles(t):
    for part in ("tests", "manual"):
        for folder, _, names in os.walk(os.path.join(ROOT, part)):
            for name in names:
                if name.endswith(".py"):
                    path = os.path.join(folder, name)
                    compile(read(path), path, "exec")


def no_short_limits(t):
    sources = {}
    for part in ("tests", "scripts"):  # tests run scripts
        for folder, _, names in os.walk(os.path.join(ROOT, part)):
            for name in names:
                if name.endswith((".py", ".c", ".h", "meson.build", "compare-generators")):
                    path = os.path.relpath(os.path.join(folder, name), ROOT)
                    sources[path] = read(path)
    found = time_limits.of_files(sources)
    if found:
        raise AssertionError(f"{len(found)} limits that a slow machine exceeds:\n"
                             + "\n".join(found))


# Each line, or block that ends with an empty line, is one limit too short.
SHORT = """
p.communicate(timeout=5)
p.wait(10)
p.wait(2.5 * slow)
thread.join(timeout=2 * settings.slow_factor)
thread.join(20 * machine.factor())
sock.settimeout(5)
sock.settimeout(machine.hang() / 10)
signal.alarm(30)
select.select([fd], [], [], 10)
Server(program, patience=10 * slow)
tap.Test("name", f, limit=30)
tap.Test("name", f, 40 * o.slow_factor)
check("http", "name", limit=40)
PATIENCE = 15
deadline = time.monotonic() + 5 * s.slow
self.patience = 5.0 * settings.slow
TESTS = [("name", function, 30)]
assert took < 5
assert 0.2 < took < 2.0 * s.slow
assert not took > 5
assert run.seconds <= 3 and ok
assert j["window_ns"] < 30e9
assert time.monotonic() - begin < 4
assert abs(took - 1) < 0.2
assert last - first < 2.0 * slow
expect(time.monotonic() - begin < 4, "late")
def f(patience=5.0): pass
if time.monotonic() - begin > 5: raise AssertionError("late")
while not done() and time.monotonic() < begin + 5: look()
"""
SHORT_BLOCKS = """
def f(self, text, seconds=10.0):
    deadline = time.monotonic() + seconds * slow

def g(limit):
    p.communicate(timeout=limit)
g(20)

def h():
    end = time.monotonic() + 5
    while not done():
        assert time.monotonic() < end

while time.monotonic() - begin < 15 * slow:
    send()
raise AssertionError("still there")

def k():
    while time.monotonic() < begin + 5:
        if done():
            return
"""
SHORT_IN_C = """
poll(&p, 1, 5000);
epoll_wait(fd, events, 64, 100);
alarm(20);
struct timeval limit = {.tv_sec = 5};
assert_true(clock_ns() - begin < 5 * NS_PER_S);
assert_true(took_ns < 200 * NS_PER_MS);
uint64_t deadline = clock_ns() + 5 * NS_PER_S;
"""
# And these are none.
LONG_ENOUGH = """
p.communicate(timeout=machine.hang())
p.wait(2 * machine.hang())
deadline = time.monotonic() + machine.hang() + window
thread.join(60 * machine.factor())
sock.settimeout(0)
sock.settimeout(s.patience)
", ".join(names)
assert took >= 0.5
assert abs(row["time_s"] - k * interval) < 1e-6
assert 0.4 < took
only(timeout=4)
assert not took < 0.4
assert requests / took > 10
assert cpu_us_per_request < 3
assert found < 5
assert took < 2 * usual
if took < 0.2: raise AssertionError("too early")
if took > 5: s.skip("inconclusive: the machine is too slow")
while not done.wait(1.0): pass
while time.monotonic() < end: send()
stopping.wait(seconds)
assert took < 5  # inconclusive: undisturbed() asks the probe
client.wait(0.1)  # not judged: the client's pace
"""
LONG_ENOUGH_IN_C = """
poll(&p, 1, -1);
poll(&p, 1, 0);
poll(&p, 1, 60000);
alarm(300);
assert_true(clock_ns() - begin >= 5 * NS_PER_MS);
poll(&p, 1, 10); // not judged: how often to look
"""


def short_limits_are_found(t):
    for text in SHORT.strip().splitlines() + SHORT_BLOCKS.strip().split("\n\n"):
        if len(time_limits.python(text)) != 1:
            raise AssertionError(f"{time_limits.python(text)} in {text!r}")
    for text in LONG_ENOUGH.strip().splitlines():
        if time_limits.python(text):
            raise AssertionError(f"{time_limits.python(text)} in {text!r}")
    for texts, wanted in ((SHORT_IN_C, 1), (LONG_ENOUGH_IN_C, 0)):
        for text in texts.strip().splitlines():
            if len(time_limits.c(text)) != wanted:
                raise AssertionError(f"{time_limits.c(text)} in {text!r}")
    if len(time_limits.meson("test('a', exe, timeout: 300)\ntest('b', exe, timeout: 1800)")) != 1:
        raise AssertionError("a short limit in meson.build is not found")
    elsewhere = {"a.py": "def come(self, seconds):\n    fd.poll(seconds)\n", "b.py": "c.come(5)\n"}
    if time_limits.of_files(elsewhere) != ["b.py:1: come(seconds=5)"]:
        raise AssertionError(f"over files: {time_limits.of_files(elsewhere)}")


if __name__ == "__main__":
    tests = [("every model has its page in docs/models or docs/clients", every_model_is_documented),
             ("no line of C is over 100 columns", lines_are_short),
             ("that check finds a long line", long_lines_are_found),
             ("every file that a document or a comment names exists", named_files_exist),
             ("that check finds a name and a link that lead nowhere", missing_files_are_found),
             ("the formatter tore no declaration", no_declaration_is_torn),
             ("that check finds a torn declaration", torn_declarations_are_found),
             ("docs/README.md lists every document", documents_are_listed),
             ("escape sequences go to terminals that take them", escapes_are_asked_for),
             ("that check finds one that goes anywhere", escapes_are_found),
             ("the Python files compile", python_compiles),
             ("no test has a limit on time that a slow machine exceeds", no_short_limits),
             ("that check finds each kind of limit", short_limits_are_found)]
    sys.exit(1 if tap.run([tap.Test(name, function) for name, function in tests]) else 0)
