"""scripts/hosts from a test: started, watched, and never left behind."""

import os
import signal
import subprocess
import time
import uuid

import tap
from lib import machine

SCRIPT = os.path.join(tap.TESTS_DIR, "..", "scripts", "hosts")
REFUSED = 77  # the exit status of scripts/hosts where the rights are missing, or mpirun


class Hosts:
    """scripts/hosts, and every process of it: they carry a mark."""

    def __init__(self, t, *arguments, stdin=subprocess.DEVNULL, **environment):
        name = uuid.uuid4().hex
        self.mark = f"IOM_HOSTS_TEST={name}"
        self.process = subprocess.Popen(
            [SCRIPT, *map(str, arguments)], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            # nohup(1) leaves it ignored, and a shell cannot trap what was ignored when it began.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            env={**os.environ, "IOM_HOSTS_TEST": name, **environment})
        t.defer(self.kill)
        t.note(" ".join(map(str, arguments)))

    def finish(self, allowed=True):
        """Wait for its end; exit status, output, errors. Where the machine does not allow it the test
        is skipped."""
        out, err = self.process.communicate(timeout=4 * machine.hang())
        if allowed and self.process.returncode == REFUSED:
            raise tap.Skip(err.strip().splitlines()[-1])
        return self.process.returncode, out, err

    def processes(self, *words):
        """{pid: environment} of its processes that have all `words` in their command lines."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    environment = f.read().decode(errors="replace").split("\0")
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    line = f.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            if self.mark in environment and all(any(w in a for a in line) for w in words):
                found[int(pid)] = dict(e.split("=", 1) for e in environment if "=" in e)
        return found

    def kill(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


def until(true, what, process=None):
    """Wait until `true()` is; its value."""
    deadline = time.monotonic() + machine.hang()
    while True:
        value = true()
        if value:
            return value
        if process and process.poll() is not None:
            raise AssertionError(f"it ended before: {what}: {process.communicate()}")
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


def call(t, *arguments, **more):
    return Hosts(t, *arguments, **more).finish()
