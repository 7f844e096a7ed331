"""Running the client under test, and what it says of itself."""

import json
import subprocess

import tap
from lib import machine
from lib.server import SANITIZER_MARKS
from load.stub_server import Stub


class Settings:
    def use(self, client, servers, slow_factor):
        self.client, self.servers, self.slow_factor = client, servers, slow_factor
        told = subprocess.run([client, "--describe"], capture_output=True, text=True, check=True)
        self.traits = json.loads(told.stdout)
        self.name = self.traits["client"]

    def at_once(self, concurrency):
        """How many requests the client makes at once when it is asked for so many."""
        return min(concurrency, self.traits["max_concurrency"] or concurrency)

    def connections(self, concurrency, requests):
        """How many connections it opens when the server keeps all open, and each worker has work."""
        return self.at_once(concurrency) if self.traits["keeps_connections"] else requests

    def fits(self, connections, concurrency, requests):
        """May it have opened so many? A worker that starts late may find no request left."""
        most = self.connections(concurrency, requests)
        return connections == most if not self.traits["keeps_connections"] else 0 < connections <= most


settings = Settings()


def hang():
    return machine.hang() * settings.slow_factor


class Run:
    """A client that has ended: its exit status, what it wrote, and its figures."""

    def __init__(self, status, out, errors):
        self.status, self.errors = status, errors
        assert not any(m.decode() in errors for m in SANITIZER_MARKS), errors
        self.json = json.loads(out) if out.startswith("{") else None
        self.out = out

    @property
    def outcomes(self):
        return {k: v for k, v in self.json["outcomes"].items() if v}

    def has(self, status=None, **outcomes):
        """Each request ended so, none otherwise."""
        assert self.outcomes == {k: v for k, v in outcomes.items() if v}, \
            f"{self.outcomes}, expected {outcomes}; {self.errors}"
        right = 0 if set(self.outcomes) == {"ok"} else 5
        assert self.status == (right if status is None else status), self.status
        assert sum(self.outcomes.values()) == self.json["requests"], self.json


def start(*arguments, wrap=(), **popen):
    return subprocess.Popen([*wrap, settings.client, *map(str, arguments)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **popen)


def finish(t, process):
    """The Run of a client that was started."""
    t.defer(process.kill)
    out, errors = process.communicate(timeout=hang())
    return Run(process.returncode, out, errors)


def client(t, *arguments, **popen):
    return finish(t, start(*arguments, **popen))


def fetch(t, url, requests=12, concurrency=3, *arguments, **popen):
    """Fetch, and return the Run with its figures."""
    patience = () if "--timeout" in arguments else ("--timeout", f"{hang():.0f}s")
    run = client(t, "-n", requests, "-c", concurrency, "--json", "-", *patience, *arguments, url, **popen)
    assert run.json, f"status {run.status}: {run.errors}"
    return run


def stub(t, *arguments, treatment=None, **options):
    """A server of ours that may misbehave. `treatment`, a function of a connection and a request,
    is what a request gets in place of a mode of stub_server.py."""
    s = Stub(*arguments, **options)
    t.defer(s.close)
    if treatment:
        s.treatment = treatment
    return s


def case(name, function):
    return tap.Test(f"{settings.name}: {name}", function)
