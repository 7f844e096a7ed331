"""A program that writes down what it was started with, and then becomes the real one."""

import json
import os
import shutil
import sys

import tap
from lib import program

SPY = """#!{python} -B
import json, os, sys
fds = {{}}
for fd in os.listdir("/proc/self/fd"):
    try:
        fds[fd] = os.readlink("/proc/self/fd/" + fd)
    except OSError:
        pass
with open("/proc/self/status") as f:
    signals = {{k: v.strip() for k, _, v in (line.partition(":") for line in f)
               if k in ("SigBlk", "SigIgn")}}
with open({log!r}, "a", encoding="utf-8") as f:
    f.write(json.dumps({{"environment": dict(os.environ), "arguments": sys.argv[1:],
                        "descriptors": fds, "signals": signals,
                        "links": [os.readlink(x) for x in {links!r}]}}) + "\\n")
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""


class Spy:
    """At `path`; `seen()` are the starts so far. `links`: symbolic links to read then."""

    def __init__(self, path, real, links=()):
        self.path, self._log = path, path + ".log"
        program.write(path, SPY.format(python=sys.executable, log=self._log, real=real, links=list(links)))

    def seen(self):
        with open(self._log, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def forget(self):
        os.unlink(self._log)


def on_path(bench, *names):
    """A spy for each program, in a directory to be the first of PATH; the spies and that PATH."""
    place = os.path.join(bench.dir, "spies")
    os.makedirs(place, exist_ok=True)
    spies = {}
    for name in names:
        real = shutil.which(name, path=bench.path)
        if not real:
            raise tap.Skip(f"no {name} here")
        spies[name] = Spy(os.path.join(place, name), real)
    return spies, place + os.pathsep + bench.path
