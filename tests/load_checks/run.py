"""Running the load generator from a test, and what must be true of every report it writes."""

import functools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from types import SimpleNamespace

import tap
from load_peer import Peer

# From the command line of the tests: load (the program), servers (a directory or None),
# slow_clock (a library or None),
# slow_factor, sanitized.
settings = SimpleNamespace(load=None, servers=None, slow_clock=None, slow_factor=1.0,
                           sanitized=False)

MARKS = ("Sanitizer", "runtime error:")
TIMEOUT = "300ms"  # where requests are to time out; longer where none is to by accident


def named(function, limit=15.0, once=False, last=False):
    """The test whose name is its function's."""
    return case(function.__name__.replace("_", " "), function, limit, once, last)


def case(name, function, limit=15.0, once=False, last=False):
    """A test that is made with each engine, or `once` where the engine makes no difference; `last`
    where it needs the machine for itself."""
    test = tap.Test(name, function, limit=limit * settings.slow_factor, last=last)
    test.once = once
    return test


@functools.cache
def why_no_io_uring():
    """Why this machine cannot run the tests of the io_uring engine; None if it can."""
    path = "/nonexistent/socket"
    found = subprocess.run([settings.load, "--engine", "io_uring", f"echo+unix://{path}"],
                           capture_output=True, text=True, timeout=60, check=False)
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
        # Most peers here fail on purpose, and the tests count how often.
        if max_errors and "--max-errors" not in arguments:
            choice += ["--max-errors", max_errors]
        command = [*prefix, settings.load, *choice, *report, *arguments]
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

    def finish(self, limit=10.0):
        """Wait for its end; its exit status."""
        self.out, self.err = self.process.communicate(timeout=limit * settings.slow_factor)
        self.seconds = time.monotonic() - self.begin
        self.status = self.process.returncode
        assert not any(m in self.err for m in MARKS), self.err[:4000]
        self.json = None
        if os.path.exists(self.path):
            with open(self.path) as f:
                self.json = json.load(f)
        return self.status


def load(t, *arguments, status=0, limit=10.0, **more):
    """Run to the end, check the exit status (None: that there are results) and that the JSON is
    consistent; the JSON."""
    run = Run(t, *arguments, **more)
    run.finish(limit)
    # Taken from its CPU, or stopped, by what else runs here: what it counted is as good as ever.
    disturbed = run.json and run.json["verdict_reason"].startswith("disturbed: ")
    if status is None or status == 0 and disturbed:
        right = run.status in (0, 3)
    else:
        right = run.status == status
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
                    "rate_asked", "rate_delivered", "scheduled", "queue", "drain"):
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
            busy += g["coalesced_slept_ns"] / j["window_ns"]
        # With sleep counted in, what the figures here add up to is not exact.
        if g["coalesced_slept_ns"] == 0 or j["threads"] == 1 and abs(busy - 0.95) > 0.02:
            assert (j["verdict"] == "generator-limited") == (busy > 0.95 and not is_open)
    d = j["disturbance"]
    disturbed = d["quota_throttled"] > 0.05 * d["quota_periods"] or d["stolen_fraction"] > 0.15 or \
        d["still_ns"] >= 1e8 and d["still_ns"] > 0.15 * j["window_ns"]
    if j["verdict_reason"].startswith("disturbed: "):
        assert disturbed and j["verdict"] == "INVALID", d
    assert j["verdict"] in ("INVALID", "FAILED") or not disturbed, d
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


def peer_for(t, *args, **kwargs):
    peer = Peer(*args, **kwargs)
    t.defer(peer.close)
    return peer


def read_lines(fd, n, seconds=10.0):
    text = b""
    poll = select.poll()  # select() takes no descriptors above 1023, and the tests have many
    poll.register(fd, select.POLLIN)
    deadline = time.monotonic() + seconds * settings.slow_factor
    while text.count(b"\n") < n:
        assert poll.poll(max(0, deadline - time.monotonic()) * 1000), f"only {text!r} came"
        data = os.read(fd, 4096)
        if not data:
            break
        text += data
    return text.decode().splitlines()
