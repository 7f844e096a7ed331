#!/usr/bin/env python3
"""What the design promises of the sources, read from the sources. Prints TAP.

    python3 tests/test_sources.py SOURCE-ROOT"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

ROOT = sys.argv[1]

# The app: what every server says. "Identical servers" rests on its doing no I/O.
APP = ["servers/app.h", "servers/app_echo.c", "servers/app_http.c", "servers/session.c",
       "servers/http_answer.c", "servers/http_answer.h", "servers/http_resource.c",
       "servers/http_resource.h", "servers/buffer.c", "servers/buffer.h"]
IO_HEADER = re.compile(r"(sys/(socket|epoll|select|uio|un|eventfd|mman)|netinet|arpa|poll|unistd"
                       r"|fcntl|ev|uv|liburing)(/.*)?\.h")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def includes(path, seen):
    """The headers that `path` includes, and those that our own among them include."""
    for header in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', read(path), re.M):
        yield header
        for place in ("servers/" + header, header):
            if os.path.exists(os.path.join(ROOT, place)) and place not in seen:
                seen.add(place)
                yield from includes(place, seen)


def no_io_in_app(t):
    for path in APP:
        for header in includes(path, {path}):
            if IO_HEADER.fullmatch(header):
                raise AssertionError(f"{path} includes {header}")


def the_check_can_fail(t):
    found = [h for h in includes("servers/conn.c", set()) if IO_HEADER.fullmatch(h)]
    if "sys/socket.h" not in found:
        raise AssertionError("sys/socket.h was not found in servers/conn.c, which includes it")


def every_model_is_documented(t):
    for name in os.listdir(os.path.join(ROOT, "servers/models")):
        page = "docs/models/" + name[:-2].replace("_", "-") + ".md"
        if not os.path.exists(os.path.join(ROOT, page)):
            raise AssertionError(f"servers/models/{name} has no {page}")


def models_are_small(t):
    for name in os.listdir(os.path.join(ROOT, "servers/models")):
        lines = read("servers/models/" + name).count("\n")
        # The libraries that do their own reading, writing and timing take more.
        limit = 500 if name in ("libuv.c", "libevent.c") else 250
        if lines > limit:
            raise AssertionError(f"servers/models/{name} has {lines} lines, more than {limit}")


def epoll_diff_is_the_lesson(t):
    lt, et = (read(f"servers/models/epoll_{x}.c").splitlines() for x in ("lt", "et"))
    shared = len(set(lt) & set(et))
    if shared < 0.5 * len(set(lt)):
        raise AssertionError(f"epoll_lt.c and epoll_et.c share only {shared} lines")


def python_compiles(t):
    for folder, _, names in os.walk(os.path.join(ROOT, "tests")):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                compile(read(path), path, "exec")


if __name__ == "__main__":
    tests = [("no file of the app includes a header of I/O", no_io_in_app),
             ("that check finds the header where it is", the_check_can_fail),
             ("every model has its page in docs/models", every_model_is_documented),
             ("model files are small", models_are_small),
             ("epoll-lt and epoll-et differ in the lesson only", epoll_diff_is_the_lesson),
             ("the Python files compile", python_compiles)]
    sys.exit(1 if tap.run([tap.Test(name, function) for name, function in tests]) else 0)
