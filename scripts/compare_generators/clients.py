"""The load generators that are compared: how each is run, and what its output says."""

import json
import os
import re
import resource
import select
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass

from compare_generators.environment import clean

UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3600e6}


@dataclass
class Outcome:
    """What a client says of its own run. Times in microseconds, None where it does not tell."""
    requests: int = 0        # answers with a good status
    per_second: float = 0.0
    p50_us: float = None
    p99_us: float = None
    errors: int = 0          # everything else: failed, wrong status, timed out, reset
    version: str = ""
    note: str = ""


def number(pattern, text, default=None):
    found = re.search(pattern, text, re.M)
    if found is None:
        if default is None:
            raise ValueError(f"no match of {pattern!r} in: {text[-600:]}")
        return default
    return found.group(1)


def time_us(text):
    """'413.00us', '1.2ms', '2.00s' as wrk writes them."""
    value, unit = re.fullmatch(r"([0-9.]+)(us|ms|s|m|h)", text).groups()
    return float(value) * UNITS[unit]


def parse_wrk(text):
    total = int(number(r"^\s*(\d+) requests in ", text))
    wrong_status = int(number(r"Non-2xx or 3xx responses: (\d+)", text, 0))
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)",
                        text)
    rate = float(number(r"^Requests/sec:\s*([0-9.]+)", text))
    good = total - wrong_status
    return Outcome(
        requests=good, per_second=rate * good / total if total else 0.0,
        p50_us=time_us(number(r"^\s*50%\s+(\S+)", text)) if total else None,
        p99_us=time_us(number(r"^\s*99%\s+(\S+)", text)) if total else None,
        errors=wrong_status + (sum(map(int, sockets.groups())) if sockets else 0))


def parse_h2load(text):
    done, good, failed, errored, timeout = map(int, re.search(
        r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout",
        text).groups())
    rate = float(number(r"^finished in \S+, ([0-9.]+) req/s", text))
    # What is errored or timed out is among the failed.
    return Outcome(requests=good, per_second=rate * good / done if done else 0.0,
                   errors=max(failed, errored + timeout))


def parse_ab(text):
    total = int(number(r"^Complete requests:\s+(\d+)", text))
    failed = int(number(r"^Failed requests:\s+(\d+)", text))
    wrong_status = int(number(r"^Non-2xx responses:\s+(\d+)", text, 0))
    seconds = float(number(r"^Time taken for tests:\s+([0-9.]+)", text))
    # A failed one can be among those of a wrong status; which, ab does not tell.
    errors = max(failed, wrong_status)
    good = max(0, total - errors)
    return Outcome(
        requests=good, per_second=good / seconds if seconds else 0.0,
        p50_us=float(number(r"^\s*50%\s+(\d+)", text, "nan")) * 1e3,  # whole milliseconds
        p99_us=float(number(r"^\s*99%\s+(\d+)", text, "nan")) * 1e3,
        errors=errors)


def parse_ours(text):
    j = json.loads(text)
    outcomes = j["outcomes"]
    return Outcome(
        requests=j["requests"], per_second=j["requests_per_second"],
        p50_us=j["latency"]["p50"] / 1e3 if j["latency"]["count"] else None,
        p99_us=j["latency"]["p99"] / 1e3 if j["latency"]["count"] else None,
        errors=sum(n for k, n in outcomes.items() if k not in ("ok", "in_flight")),
        version=j["version"], note="" if j["verdict"] == "ok" else j["verdict"])


class Client:
    def __init__(self, name, program, package, parse, command, version=None):
        self.name, self.package, self.parse = name, package, parse
        self.path = shutil.which(program)
        self._command, self._version = command, version

    def command(self, connections, seconds, url):
        return [self.path, *self._command(connections, seconds, url)]

    def version(self):
        if not self._version:
            return ""
        done = subprocess.run([self.path, self._version], capture_output=True, text=True,
                              check=False, timeout=60, stdin=subprocess.DEVNULL, env=clean())
        return (done.stdout + done.stderr).splitlines()[0].strip()


def all_clients(build):
    """wrk, to which the others are compared, comes first. wrk and ab take whole seconds only. One
    thread each: what is compared is one core."""
    load = os.path.join(build, "loadgen", "iomodels-load")

    def ours(engine):
        return Client(f"iomodels {engine}", load, None, parse_ours, lambda c, s, url: [
            "--engine", engine, "-t", "1", "-c", str(c), "-d", f"{s:g}s", "--json", "-", url],
            "--version")

    return [
        Client("wrk", "wrk", "wrk", parse_wrk, lambda c, s, url: [
            "-t", "1", "-c", str(c), "-d", f"{round(s)}s", "--latency", url], "-v"),
        Client("h2load", "h2load", "nghttp2-client", parse_h2load, lambda c, s, url: [
            "--h1", "-t", "1", "-c", str(c), "-D", f"{round(s * 1000)}ms", url], "--version"),
        # -t sets the number of requests to 50,000, so -n follows it. ab takes 32 bytes for each at
        # the start: a million a second is more than it can do.
        Client("ab", "ab", "apache2-utils", parse_ab, lambda c, s, url: [
            "-q", "-k", "-c", str(c), "-t", str(round(s)), "-n", str(1000000 * round(s)), url],
               "-V"),
        ours("epoll"), ours("io_uring"),
    ]


@dataclass
class Run:
    """One run of a client."""
    outcome: Outcome
    wall_s: float
    cpu_s: float   # user and system time of the whole process, by wait4(2)


def pinned(cpu):
    """For preexec_fn: run on that CPU alone, with as many descriptors as the system allows."""
    def prepare():
        os.sched_setaffinity(0, {cpu})
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return prepare


def run(client, connections, seconds, url, cpu):
    """Run a client to its end. Raises RuntimeError where it fails or says nothing."""
    command = client.command(connections, seconds, url)
    # Files, not pipes: nobody has to read while the client is measured.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                                   preexec_fn=pinned(cpu), env=clean())
        try:
            status, usage = wait(process, seconds + 60)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
        wall = time.monotonic() - begin
        out.seek(0)
        errors.seek(0)
        text, complaint = out.read(), errors.read()
    # Of ours, 3 is INVALID and 5 FAILED: a note tells of both.
    if status not in ((0, 3, 5) if client.parse is parse_ours else (0,)):
        raise RuntimeError(f"{' '.join(command)}: exit status {status}: "
                           f"{(complaint or text).strip()[-500:]}")
    try:
        outcome = client.parse(text)
    except (ValueError, AttributeError, KeyError) as e:
        raise RuntimeError(f"{' '.join(command)}: cannot read its output: {e}") from None
    return Run(outcome, wall, usage.ru_utime + usage.ru_stime)


def wait(process, seconds):
    """Its exit status and resource usage; kills it when the time is over."""
    fd = os.pidfd_open(process.pid)
    try:
        if not select.select([fd], [], [], seconds)[0]:
            process.kill()
            os.wait4(process.pid, 0)
            process.returncode = -9
            raise RuntimeError(f"{process.args[0]}: not finished after {seconds:g} s")
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        os.close(fd)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage
