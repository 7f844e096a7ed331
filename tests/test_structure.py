#!/usr/bin/env python3
"""The laws of the house, checked on the sources and on the objects built from them. Prints TAP.

    python3 tests/test_structure.py SOURCE-ROOT [BUILD-ROOT]

A law is a function that returns what breaks it, one line each. Each law is tried twice: on the
tree, where it must find nothing, and on a copy of the tree with one breach, which it must find.
Without BUILD-ROOT the law on circles of calls is left out."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

ROOT = os.path.abspath(sys.argv[1])
BUILD = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None

# The wings of each part, from the top down: a file includes headers of its own wing and of the
# wings below. A wing is a folder, or one file with its header; "" is every other file beside the folders.
WINGS = {
    "servers": ("main", "models", "drive", "", "app", "files"),
    "clients": ("main", "worker", "models", "drive", "", "job"),
    "loadgen": ("main", "mpi", "cli", "report", "load", "pace", "conn", "engine", "record", "protocol"),
    "bench": ("main", "commands", "crawl", "scale", "show", "record", "check", "lesson", "duel", "merge", "trace", "trial",
              "cost", "machine", "plan", "base", "stats", "", "lessons"),
    "common": ("",),
}
# The record of what the user asked for, which every wing of the load generator reads.
READ_BY_ALL = {"loadgen/cli/options.h"}
# The tables that each model file defines. A lower file may read them: they are the contracts.
CONTRACTS = {"model", "client"}

FUNCTION_LINES = 60
EPOLL_DIFFERENCE = 70  # lines that diff prints of epoll_lt.c and epoll_et.c
MODEL_LINES = 250
CLIENT_LINES = MODEL_LINES  # a model of the client side
LARGER_MODELS = {"libuv.c": 300, "libevent.c": 300}  # the library reads and writes
MODEL_FOLDERS = {"io_uring": (930, 4), "coroutine": (400, 3)}  # lines, files

# The app does no I/O, so that all servers say the same; and it does not know what drives it.
IO_HEADER = re.compile(r"(sys/(socket|epoll|select|uio|un|eventfd|mman)|netinet|arpa|poll|unistd"
                       r"|fcntl|ev|uv|liburing)(/.*)?\.h")
DRIVER_HEADERS = ("servers/model.h", "servers/counters.h", "servers/net.h", "servers/options.h")


def sources(root, *parts):
    for part in parts or WINGS:
        for folder, _, names in sorted(os.walk(os.path.join(root, part))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def lines_of(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read().splitlines()


def included(root, path, system=False):
    """The headers that a file includes, as they are written."""
    marks = '[<"]([^>"]+)[>"]' if system else '"([^"]+)"'
    for line in lines_of(root, path):
        found = re.match(r"\s*#\s*include\s+" + marks, line)
        if found:
            yield found[1]


def includes_are_named_from_the_root(root):
    for path in sources(root):
        for header in included(root, path):
            if header.split("/")[0] not in WINGS or "/" not in header:
                yield f'{path}: "{header}" is not named from the root'


def place_of(path):
    """The part of a file, and how many wings of the part stand above it."""
    part, _, rest = path.partition("/")
    name = rest.split("/")[0] if "/" in rest else rest.split(".")[0]
    wings = WINGS[part]
    return part, wings.index(name if name in wings or "/" in rest else "")


def includes_look_down(root):
    for path in sources(root):
        part, level = place_of(path)
        for header in included(root, path):
            if header.split("/")[0] not in WINGS or header in READ_BY_ALL:
                continue
            its_part, its_level = place_of(header)
            if its_part not in (part, "common"):
                yield f"{path} includes {header}, of another part"
            elif its_part == part and its_level < level:
                yield f"{path} includes {header}, which stands above it"


def app_does_no_io(root):
    """The headers that files of the app include, and those that our own among them include."""
    for path in sources(root, "servers/app"):
        seen, queue = set(), [path]
        while queue:
            for header in set(included(root, queue.pop(), system=True)) - seen:
                seen.add(header)
                if os.path.exists(os.path.join(root, header)):
                    queue.append(header)
        for header in sorted(seen):
            if IO_HEADER.fullmatch(header) or header in DRIVER_HEADERS:
                yield f"{path} includes {header}, itself or by another header"


def mpi_is_called_in_one_room(root):
    """A program that links with MPI does not start where MPI is not installed."""
    for path in sources(root):
        if "mpi.h" in included(root, path, system=True) and not path.startswith("loadgen/mpi/"):
            yield f"{path} includes mpi.h"


def functions_are_short(root):
    """A function's braces stand alone in column 0. Its head begins after the line that ends what
    stands above it."""
    for path in sources(root, *WINGS, "tests"):
        lines = lines_of(root, path)
        for begin, line in enumerate(lines):
            if line != "{":
                continue
            end = lines.index("}", begin)
            while begin > 0 and not re.search(r"^$|^#|\*/$|[;}]$", lines[begin - 1]):
                begin -= 1
            if end - begin + 1 > FUNCTION_LINES:
                yield f"{path}:{begin + 1}: a function of {end - begin + 1} lines"


def models_are_small(root):
    folder = os.path.join(root, "servers/models")
    for name in sorted(os.listdir(folder)):
        place = f"servers/models/{name}"
        names = [""]
        most, files = LARGER_MODELS.get(name, MODEL_LINES), 1
        if not name.endswith(".c"):
            names = sorted(os.listdir(os.path.join(folder, name)))
            most, files = MODEL_FOLDERS.get(name, (MODEL_LINES, 1))
            own = f"{place}/{name}.c"
            if os.path.exists(os.path.join(root, own)) and len(lines_of(root, own)) > MODEL_LINES:
                yield f"{own}: {len(lines_of(root, own))} lines, more than {MODEL_LINES}"
        lines = sum(len(lines_of(root, os.path.join(place, n).rstrip("/"))) for n in names)
        if lines > most or len(names) > files:
            yield f"{place}: {lines} lines in {len(names)} files, more than {most} in {files}"


def clients_are_small(root):
    for path in sources(root, "clients/models"):
        lines = len(lines_of(root, path))
        if lines > CLIENT_LINES or path.count("/") > 2:
            yield f"{path}: {lines} lines; a client is one file of {CLIENT_LINES} at most"


def epoll_files_differ_in_the_lesson(root):
    told = subprocess.run(["diff", "servers/models/epoll_lt.c", "servers/models/epoll_et.c"],
                          cwd=root, capture_output=True, text=True, check=False).stdout
    differ = sum(line.startswith(("<", ">")) for line in told.splitlines())
    if differ > EPOLL_DIFFERENCE:
        yield f"epoll_lt.c and epoll_et.c differ in {differ} lines, more than {EPOLL_DIFFERENCE}"


def objects(build):
    """What was compiled for the parts: (target, source, object). Objects of files that are gone can
    still lie about in the build directory, so the build's own list counts."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        for entry in json.load(f):
            target, name = os.path.split(entry["output"])
            if target.split("/")[0] in WINGS and name.endswith(".o"):
                source = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
                path = os.path.join(entry["directory"], entry["output"])
                if os.path.exists(path):
                    yield target, source, path


def symbols(build):
    """What the objects define and use: (part, target, source, kind by nm(1), symbol)."""
    places = {path: (target.split("/")[0], target, source)
              for target, source, path in objects(build)}
    assert places, f"{build} has no objects"
    for line in subprocess.run(["nm", "--print-file-name", *places], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        path, _, told = line.partition(":")
        *_, kind, symbol = told.split()
        yield *places[path], kind, symbol


def names_are_defined_once(build):
    """The linker takes the first of two functions in a library that have one name, and says nothing
    where it needs no other from the second's file."""
    owners = {}
    for _, target, source, kind, symbol in symbols(build):
        if kind in "TDBR":
            owners.setdefault((target, symbol), set()).add(source)
    for (target, symbol), found in owners.items():
        if len(found) > 1:
            names = ", ".join(sorted(os.path.basename(path) for path in found))
            yield f"{symbol} is defined more than once in {os.path.basename(target)}: {names}"


def calls(build):
    """Which source file uses which others of its part by name: {source: set of sources}."""
    owners, wanted = {}, []
    for part, target, source, kind, symbol in symbols(build):
        if kind == "U":
            wanted.append((part, target, source, symbol))
        elif kind in "TDBRCWV" and symbol not in CONTRACTS:
            owners.setdefault((part, symbol), {})[target] = source
    graph = {}
    for part, target, source, symbol in wanted:
        owned = owners.get((part, symbol), {})
        found = {owned[target]} if target in owned else set(owned.values())
        graph.setdefault(source, set()).update(found - {source})
    return graph


def no_circle_of_calls(build):
    """The strongly connected files, as Tarjan finds them ("Depth-first search and linear graph
    algorithms", 1972)."""
    graph = calls(build)
    number, low, stack, found = {}, {}, [], []

    def visit(v):
        number[v] = low[v] = len(number)
        stack.append(v)
        for w in sorted(graph.get(v, ())):
            if w not in number:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == number[v]:
            circle = stack[stack.index(v):]
            del stack[stack.index(v):]
            if len(circle) > 1:
                found.append(circle)

    for v in sorted(graph):
        if v not in number:
            visit(v)
    for circle in found:
        root = os.path.commonpath(circle)
        yield f"calls go in a circle in {os.path.basename(root)}: " + ", ".join(
            os.path.relpath(path, root) for path in sorted(circle))


def write(root, path, text, mode="w"):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode, encoding="utf-8") as f:
        f.write(text)


def break_by(path, text, mode="w"):
    return lambda root: write(root, path, text, mode)


def break_app(root):
    write(root, "servers/app/a.c", '#include "servers/a.h"\n')
    write(root, "servers/a.h", '#include "servers/model.h"\n')


def compile_circle(build):
    """Two files that call each other, and two of which only one calls the other."""
    commands = []
    for name, other in (("one", "two"), ("two", "one"), ("above", "below"), ("below", "nobody")):
        write(build, f"servers/{name}.c",
              f"int {other}(void);\nint {name}(void)\n{{\n    return {other}();\n}}\n")
        commands.append({"directory": build, "file": f"servers/{name}.c",
                         "output": f"servers/libx.a.p/{name}.o"})
        write(build, "servers/libx.a.p/made", "")
        subprocess.run(["cc", "-c", f"servers/{name}.c", "-o", f"servers/libx.a.p/{name}.o"],
                       cwd=build, check=True)
    write(build, "compile_commands.json", json.dumps(commands))


LONG_FUNCTION = ("static int f(int a,\n             int b)\n{\n"
                 + "    a += b;\n" * (FUNCTION_LINES + 1 - 4) + "}\n")
# A law, what breaks it, and the words of what it then finds.
LAWS = [
    ("our headers are named from the root", includes_are_named_from_the_root,
     break_by("bench/plan/a.c", '#include "plan.h"\n'), 'a.c: "plan.h"'),
    ("includes look down", includes_look_down,
     break_by("bench/plan/a.c", '#include "bench/show/table.h"\n'), "a.c includes bench/show"),
    ("the load generator includes nothing of the driver", includes_look_down,
     break_by("loadgen/pace/a.c", '#include "bench/base/text.h"\n'), "of another part"),
    ("engines know no schedule", includes_look_down,
     break_by("loadgen/engine/a.c", '#include "loadgen/pace/schedule.h"\n'), "stands above it"),
    ("the app does no I/O", app_does_no_io,
     break_by("servers/app/a.c", "#include <sys/socket.h>\n"), "a.c includes sys/socket.h"),
    ("the app knows no model", app_does_no_io, break_app, "a.c includes servers/model.h"),
    ("MPI is called in one room", mpi_is_called_in_one_room,
     break_by("loadgen/report/a.c", "#include <mpi.h>\n"), "a.c includes mpi.h"),
    ("functions are short", functions_are_short,
     break_by("common/a.c", LONG_FUNCTION), f"a.c:1: a function of {FUNCTION_LINES + 1} lines"),
    ("models are small", models_are_small,
     break_by("servers/models/a.c", "\n" * (MODEL_LINES + 1)), f"a.c: {MODEL_LINES + 1} lines"),
    ("models of several files are small", models_are_small,
     break_by("servers/models/coroutine/scheduler.c", "\n" * 100, "a"), "models/coroutine: "),
    ("models of several files have few", models_are_small,
     break_by("servers/models/io_uring/a.c", ""), "models/io_uring: "),
    ("clients are small", clients_are_small,
     break_by("clients/models/a.c", "\n" * (CLIENT_LINES + 1)), f"a.c: {CLIENT_LINES + 1} lines"),
    ("clients include nothing of servers", includes_look_down,
     break_by("clients/drive/a.c", '#include "servers/app/session.h"\n'), "of another part"),
    ("epoll_lt.c and epoll_et.c differ in the lesson alone", epoll_files_differ_in_the_lesson,
     break_by("servers/models/epoll_et.c", "int a;\n" * 3, "a"), "differ in"),
]


def holds(law, root):
    def test(t):
        found = list(law(root))
        assert not found, "\n".join(found)
    return test


def is_seen(law, break_it, words):
    def test(t):
        with tempfile.TemporaryDirectory(prefix="iomodels-law-") as root:
            for part in WINGS:
                shutil.copytree(os.path.join(ROOT, part), os.path.join(root, part))
            before = set(law(root))
            break_it(root)
            new = [line for line in law(root) if line not in before]
            assert len(new) == 1 and words in new[0], f"of the breach it says {new}"
    return test


def circle_is_seen(t):
    with tempfile.TemporaryDirectory(prefix="iomodels-law-") as build:
        compile_circle(build)
        found = list(no_circle_of_calls(build))
        assert found == ["calls go in a circle in servers: one.c, two.c"], found


def second_owner_is_seen(t):
    with tempfile.TemporaryDirectory(prefix="iomodels-law-") as build:
        compile_circle(build)
        assert not list(names_are_defined_once(build))
        shutil.copy(f"{build}/servers/libx.a.p/one.o", f"{build}/servers/libx.a.p/above.o")
        found = list(names_are_defined_once(build))
        assert found == ["one is defined more than once in libx.a.p: above.c, one.c"], found


def main():
    laws = {}
    for name, law, break_it, words in LAWS:
        laws.setdefault(law, []).append((name, break_it, words))
    tests = []
    for law, breaches in laws.items():
        tests.append(tap.Test(law.__name__.replace("_", " "), holds(law, ROOT)))
        tests += [tap.Test(f"a breach is seen: {name}", is_seen(law, break_it, words))
                  for name, break_it, words in breaches]
    if BUILD:
        tests.append(tap.Test("no circle of calls", holds(no_circle_of_calls, BUILD)))
        tests.append(tap.Test("names are defined once", holds(names_are_defined_once, BUILD)))
    tests.append(tap.Test("a breach is seen: no circle of calls", circle_is_seen))
    tests.append(tap.Test("a breach is seen: a name that is defined twice", second_owner_is_seen))
    sys.exit(1 if tap.run(tests) else 0)


if __name__ == "__main__":
    main()
