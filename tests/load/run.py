"""Running the load generator from a test, and what must be true of every report it writes."""

import functools
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from types import SimpleNamespace

import tap
from lib import machine
from lib.tables import whole_rows
from load.stub_server import Stub

# From the command line of the tests: load (the program), servers (a directory or None),
# slow_clock (a library or None), reference (a program or None), slow_factor, sanitized.
settings = SimpleNamespace(load=None, servers=None, slow_clock=None, reference=None,
                           slow_factor=1.0, sanitized=False)

MARKS = ("Sanitizer", "runtime error:")
# Where no request is to time out. A stub may be as slow as it likes, but not for ever.
PATIENT = "1h"
# A test may wait for several events, one after the other, and the wait for one must fail first.
SEVERAL = 4 * machine.HANG


def hang():
    """Seconds after which a wait for an event has failed."""
    return machine.hang() * settings.slow_factor


def named(function, limit=SEVERAL, once=False, last=False):
    """The test whose name is its function's."""
    return case(function.__name__.replace("_", " "), function, limit, once, last)


def case(name, function, limit=SEVERAL, once=False, last=False):
    """A test that is made with each engine, or `once` where the engine makes no difference; `last`
    where it needs the machine for itself."""
    test = tap.Test(name, function, limit=limit * settings.slow_factor, last=last)
    test.once = once
    return test


def until(true, what, process=None):
    """Wait for what `true` looks for; a `process` must not end before."""
    deadline = time.monotonic() + hang()
    while not true():
        assert process is None or process.poll() is None, f"it ended before: {what}"
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.005)


def until_right(attempt, right, tries=5):
    """What `attempt()` found, again and again, until it is `right`: for what a program that is right
    shows only where nothing holds it up, and one that is wrong never."""
    found = [attempt()]
    while not right(found[-1]) and len(found) < tries:
        found.append(attempt())
    return found


class Pulse:
    """How late the threads of this process were, and so the stubs in it: one that sleeps 5 ms again
    and again says by how much it overslept at most."""

    def __init__(self):
        self._stop = threading.Event()
        self._longest = 0.0
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.005):
            now = time.monotonic()
            self._longest = max(self._longest, now - self._beat - 0.005)
            self._beat = now

    def stop(self):
        """The longest time, in seconds."""
        last = time.monotonic() - self._beat - 0.005
        self._stop.set()
        return max(self._longest, last)


class Disturbed(Exception):
    """What was found may be due to the machine, whatever it is. Raised within steady()."""


def steady(t, seconds, attempt, tries=4):
    """The value of `attempt()`, which depends on a stub being no later than `seconds`. Where that
    fails, and the stubs of this process were later than that, the machine was disturbed: it is
    tried again, and in the end inconclusive. What fails on a machine that is not has failed."""
    for _ in range(tries):
        pulse = Pulse()
        try:
            return attempt()
        except (AssertionError, Disturbed) as e:
            late = pulse.stop()
            if late < seconds and isinstance(e, AssertionError):
                raise
            why = f"{late * 1e3:.0f} ms late, {seconds * 1e3:.0f} allowed: {e}"
            t.note(f"disturbed, {why}")
        finally:
            pulse.stop()
    return skip(f"inconclusive: the machine is disturbed, {why.splitlines()[0][:120]}")


def timed_out(t, seconds, check):
    """For requests of which some are to time out, and those that are answered must not: check() is
    given a timeout in ns, which a stub on a quiet machine keeps by far. `seconds`: on a usual
    one; no more than four times that, for a test has to end."""
    limit = round(seconds * min(machine.factor(), 4) * 1000) / 1000
    return steady(t, limit / 20, lambda: check(round(limit * 1e9)))


@functools.cache
def why_no_io_uring():
    """Why this machine cannot run the tests of the io_uring engine; None if it can."""
    path = "/nonexistent/socket"
    found = subprocess.run([settings.load, "--engine", "io_uring", f"echo+unix://{path}"],
                           capture_output=True, text=True, timeout=hang(), check=False)
    return None if path in found.stderr else found.stderr.strip()


def with_engine(test, engine):
    def function(t):
        if engine == "io_uring" and why_no_io_uring():
            skip(why_no_io_uring())
        t.engine = engine
        test.function(t)
    return tap.Test(f"{engine}: {test.name}", function, limit=test.limit, last=test.last)


def skip(why):
    raise tap.Skip(why)


class Run:
    """One run of the load generator, with the JSON it wrote."""

    def __init__(self, t, *arguments, stdin=subprocess.DEVNULL, preexec=None, pass_fds=(),
                 json_file=True, prefix=(), max_errors="100%"):
        self.directory = tempfile.mkdtemp(prefix="iomodels-load-")
        t.defer(lambda: shutil.rmtree(self.directory, ignore_errors=True))
        self.path = self.directory + "/out.json"
        report = ["--json", self.path] if json_file else []
        engine = getattr(t, "engine", None)
        choice = ["--engine", engine] if engine else []
        # Most stubs here fail on purpose, and the tests count how often.
        if max_errors and "--max-errors" not in arguments:
            choice += ["--max-errors", max_errors]
        patience = [] if "--timeout" in arguments else ["--timeout", PATIENT]
        command = [*prefix, settings.load, *choice, *report, *patience, *arguments]
        self.begin = time.monotonic()
        self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=preexec,
                                        pass_fds=pass_fds, text=True, errors="replace")
        t.defer(self.kill)
        t.note(" ".join(map(os.fsdecode, command)))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stand_still(self):
        """Stop it, and return when all its threads have."""
        self.process.send_signal(signal.SIGSTOP)
        until(lambda: set(self._states()) == {"T"}, "its threads stop", self.process)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def _states(self):
        directory = f"/proc/{self.process.pid}/task"
        for task in os.listdir(directory):
            try:
                with open(f"{directory}/{task}/stat") as f:
                    text = f.read()
            except OSError:
                continue  # it has ended
            yield text[text.rindex(")") + 2]

    def undisturbed_status(self):
        """The exit status, but 0 of a run that is INVALID only for what else ran here: what it
        counted is as good as ever."""
        reason = "disturbed: "
        told = self.json["verdict_reason"].startswith(reason) if self.json \
            else f"Verdict: INVALID: {reason}" in self.out \
            or f'"verdict_reason":"{reason}' in self.out  # --json -
        return 0 if self.status == 3 and told else self.status

    def interrupt(self):
        """End it as its user would; its exit status, as undisturbed_status()."""
        self.process.send_signal(signal.SIGINT)
        return self.finish()

    def finish(self, takes=0.0):
        """Wait for its end; its exit status, as undisturbed_status(). `takes`: seconds that it was
        asked to take."""
        self.out, self.err = self.process.communicate(timeout=takes + hang())
        self.seconds = time.monotonic() - self.begin
        self.status = self.process.returncode
        assert not any(m in self.err for m in MARKS), self.err[:4000]
        self.json = None
        if os.path.exists(self.path):
            with open(self.path) as f:
                self.json = json.load(f)
        return self.undisturbed_status()


def load(t, *arguments, status=0, **more):
    """Run to the end, check the exit status (None: that there are results) and that the JSON is
    consistent; the run."""
    run = Run(t, *arguments, **more)
    run.finish()
    return checked(t, run, status)


def load_until(t, true, what, *arguments, status=0, **more):
    """The same, of a run that goes on until `true()`."""
    run = Run(t, "-d", "10h", *arguments, **more)
    until(true, what, run.process)
    run.interrupt()
    return checked(t, run, status)


def unanswered(run):
    """Was a window of less than a second over before anything had ended, well or badly, or before its
    thread came to it?"""
    j = run.json
    if j is None or j["window_ns"] >= 1_000_000_000:
        return False
    return (window_is_missed(run) or j["started"] > 0) and not any(
        n for name, n in j["outcomes"].items() if name != "in_flight")


def window_is_missed(run):
    """Was its window over before each thread had come to it?"""
    j = run.json
    return bool(j and j["opened"] and j["opened"]["late_ns"] >= j["window_ns"])


def checked(t, run, status=0):
    if status not in (None, 0, 3) and run.undisturbed_status() != run.status:
        skip(f"inconclusive: {run.json['verdict_reason'] if run.json else run.out}")
    if status == 0 and run.status == 1 and unanswered(run):
        consistent(run.json)
        skip("inconclusive: nothing was answered in so short a window")
    if status is None:
        right = run.json is not None
    else:
        right = status in (run.status, run.undisturbed_status())
    assert right, f"exit status {run.status}, expected {status}: {run.err}"
    if run.json:
        t.note(f"{run.json['verdict']}: {run.json['verdict_reason']}")
        t.note(json.dumps({k: run.json[k] for k in ("outcomes", "reasons", "started", "connects",
                                                    "window_ns")}))
        consistent(run.json)
        assert run.json["engine"] == getattr(t, "engine", run.json["engine"])
    return run


PERCENTILES = {"p50": 500_000, "p75": 750_000, "p90": 900_000, "p95": 950_000, "p99": 990_000,
               "p999": 999_000, "p9999": 999_900}


def percentile(buckets, ppm):
    """The upper end of the bucket that has the sample of rank ceil(q n)."""
    rank = max(1, -(-sum(n for *_, n in buckets) * ppm // 1_000_000))
    for _, high, n in buckets:
        rank -= n
        if rank <= 0:
            return high
    return None


def consistent(j):
    """What must be true of every report."""
    o, h = j["outcomes"], j["histogram"]["buckets"]
    is_open = j["mode"] == "open"
    begun = j["scheduled"] if is_open else \
        j["started"] + j["in_flight_at_start"] + j["unsolicited"]
    assert sum(o.values()) == begun, "a request without an outcome, or with two"
    assert j["requests"] == o["ok"]
    if is_open:
        consistent_open(j)
    else:
        assert o["unsent"] == 0
        for key in ("response_time", "service_time", "lateness", "own_lateness", "arrival",
                    "rate_asked", "rate_delivered", "rate_profile", "steps", "scheduled", "queue", "drain"):
            assert j[key] is None, key
    assert j["latency"]["count"] == o["ok"] + o["timeout"], "every ok and every timeout is a sample"
    assert j["latency"]["count"] == sum(b[2] for b in h)
    assert all(b[0] <= b[1] and b[2] > 0 for b in h)
    assert all(a[1] < b[0] for a, b in zip(h, h[1:])), "buckets in order, none twice"
    latency = [j["latency"][k] for k in
               ("min", "p50", "p75", "p90", "p95", "p99", "p999", "p9999", "max")]
    if h:
        assert latency == sorted(latency), f"percentiles not in order: {latency}"
        assert j["latency"]["min"] <= j["latency"]["mean"] <= j["latency"]["max"]
        for name, ppm in PERCENTILES.items():  # once more, from the buckets
            found = percentile(h, ppm)
            assert j["latency"][name] == min(found, j["latency"]["max"]), (name, found)
    else:
        assert all(v is None for v in latency), f"percentiles of nothing: {latency}"
    f, g = j["fairness"], j["generator"]
    assert f["min"] <= f["median"] <= f["max"] <= o["ok"]
    assert f["starved"] == 0 if f["min"] else f["starved"] > 0
    assert 0 <= f["jain"] <= 1.000001
    assert g["cpu_us"] == g["user_us"] + g["system_us"]
    if j["window_ns"] and not is_open:
        assert abs(j["requests_per_second"] - o["ok"] * 1e9 / j["window_ns"]) <= \
            1e-6 * j["requests_per_second"]
    assert j["verdict"] in ("ok", "generator-limited", "INVALID", "FAILED")
    bad = sum(v for k, v in o.items() if k not in ("ok", "in_flight", "unsent"))
    if j["verdict"] != "INVALID":
        assert (j["verdict"] == "FAILED") == (o["ok"] == 0 or bad > j["max_errors"] * (o["ok"] + bad))
    if j["verdict"] not in ("INVALID", "FAILED"):
        busy = g["max_thread_cpu_fraction"]
        if j["threads"] == 1 and j["window_ns"]:
            busy += (g["coalesced_slept_ns"] - (g["spun_ns"] if j["spin"] else 0)) / j["window_ns"]
        # With sleep counted in, or spinning out, what the figures here add up to is not exact.
        if g["coalesced_slept_ns"] == 0 and not j["spin"] or \
                j["threads"] == 1 and abs(busy - 0.95) > 0.02:
            assert (j["verdict"] == "generator-limited") == (busy > 0.95 and not is_open)
    d = j["disturbance"]
    disturbed = d["quota_throttled_ns"] > 0.01 * j["window_ns"] or d["stolen_fraction"] > 0.15 or \
        d["still_ns"] >= 1e8 and d["still_ns"] > 0.15 * j["window_ns"]
    if j["verdict_reason"].startswith("disturbed: "):
        assert disturbed and j["verdict"] == "INVALID", d
    assert j["verdict"] in ("INVALID", "FAILED") or not disturbed, d
    assert 0 <= g["slept_fraction"] and g["slept_fraction"] + g["cpu_fraction"] < 1.001, g
    assert not j["spin"] or g["slept_ns"] == 0, g
    assert g["spun_ns"] == 0 or is_open or j["spin"], g
    assert 0 <= g["coalesced_fraction"] <= 1
    assert g["coalesced_slept_ns"] == 0 or g["coalesced_fraction"] > 0
    assert (j["verdict"] == "ok") == (j["verdict_reason"] == "")


def consistent_open(j):
    """What must be true of every report of an open loop."""
    o = j["outcomes"]
    times = {k: j[k] for k in ("response_time", "service_time", "lateness", "own_lateness")}
    assert j["latency"] == times["response_time"]
    assert j["started"] <= j["scheduled"] - o["unsent"]
    assert times["lateness"]["count"] == times["own_lateness"]["count"] == j["started"]
    assert times["service_time"]["count"] <= times["response_time"]["count"]
    assert j["drain"]["left"] == o["in_flight"] + o["unsent"]
    assert j["queue"]["waited"] >= o["unsent"] and j["queue"]["max"] <= j["queue"]["waited"] or \
        j["warmup_ns"], j["queue"]
    for name in ("mean", "max"):
        if times["response_time"]["count"] and o["ok"] == j["started"]:
            assert times["own_lateness"][name] <= times["lateness"][name] + 1
            assert times["service_time"][name] <= times["response_time"][name] + 1
    for name, value in times.items():
        buckets = j["histograms"][name]["buckets"]
        assert sum(b[2] for b in buckets) == value["count"], name


def stub_for(t, *args, **kwargs):
    stub = Stub(*args, **kwargs)
    t.defer(stub.close)
    return stub


def reference_for(t, *arguments, **more):
    if not settings.reference:
        skip("no --reference given")
    return Reference(t, settings.reference, *arguments, **more)


class Reference:
    """The reference server, running: in C, for where a stub in Python is too slow. `url` is
    what to load; finish() gives its journal, journal() what that is by now."""

    def __init__(self, t, program, *arguments, prefix=(), preexec=None):
        command = [*prefix, program, *arguments]
        t.note(" ".join(command))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, preexec_fn=preexec)
        t.defer(self.kill)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), self.process.communicate()[1]
        self.address = line.removeprefix("listening on ").strip()
        self.url = f"http://{self.address}/"

    def journal(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def until(self, true, what, process=None):
        """Wait until its journal is as `true(journal)` wants it; the journal."""
        found = []

        def look():
            found.append(self.journal())
            return true(found[-1])
        until(look, what, process)
        return found[-1]

    def finish(self):
        """Stop it; its journal."""
        out, errors = self.process.communicate(timeout=hang())
        assert self.process.returncode == 0, errors
        assert not any(m in errors for m in MARKS), errors[:4000]
        return json.loads(out.splitlines()[-1])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def series_sum(path, name):
    """What the whole rows of a --csv file, which may still grow, add up to in a column."""
    if not os.path.exists(path):
        return 0
    return sum(int(row[name]) for row in whole_rows(path))


def read_lines(fd, n):
    """The next lines, and no more: what follows is for the next call. Fewer at the end."""
    text = b""
    poll = select.poll()  # select() takes no descriptors above 1023, and the tests have many
    poll.register(fd, select.POLLIN)
    deadline = time.monotonic() + hang()
    while text.count(b"\n") < n:
        assert poll.poll(max(0, deadline - time.monotonic()) * 1000), f"only {text!r} came"
        data = os.read(fd, 1)
        if not data:
            break
        text += data
    return text.decode().splitlines()
