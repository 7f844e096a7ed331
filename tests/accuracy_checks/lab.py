"""Where the load generator is held against the reference server: each on a CPU of its own, and the
noise of the machine measured beside them."""

import collections
import functools
import json
import os
import resource
import subprocess
import time
from types import SimpleNamespace

import tap
from load_checks import run as load_run

# From the command line of the tests.
settings = SimpleNamespace(reference=None, probe=None, wall_clock=None, sanitized=False,
                           slow_factor=1.0, attempts=3)

# What is too much noise to call a figure wrong. On an idle machine the probe finds interrupts of
# some 10 us and loses far less than 0.1 % of the time.
PROBE_LONGEST_NS = 500_000
PROBE_LOST = 0.01  # part of the time spent in gaps above 50 us
OTHERS = 0.01      # part of a CPU's time that others had during a measurement

# An attempt that begins later than that after the first is not made: what takes a minute would
# take three on a noisy machine, and end as it began.
PATIENCE_S = 15


class OffTolerance(Exception):
    """A figure that depends on timing is not what it must be. `noise`: what disturbed it, where
    that is known."""

    noise = ()


# Of the test that runs now (they run one after the other): what within() compared, and what of it
# was off. found_figures: by name, of the tests that passed.
figures, misses, found_figures = [], [], {}


def cpus():
    """One CPU for the server, one for the generator; None where there is only one."""
    found = sorted(os.sched_getaffinity(0))
    return (found[0], found[1]) if len(found) > 1 else None


def pin(cpu):
    return lambda: os.sched_setaffinity(0, {cpu})


def children_cpu():
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Reference:
    """The reference server, running. `url` is what to load; finish() gives its journal."""

    def __init__(self, t, *arguments, prefix=()):
        command = [*prefix, settings.reference, *arguments]
        t.note(" ".join(command))
        place = cpus()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, preexec_fn=pin(place[0]) if place else None)
        t.defer(self.kill)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), self.process.communicate()[1]
        self.address = line.removeprefix("listening on ").strip()
        self.url = f"http://{self.address}/"

    def finish(self):
        """Stop it; its journal."""
        out, errors = self.process.communicate(timeout=30 * settings.slow_factor)
        assert self.process.returncode == 0, errors
        assert not any(m in errors for m in load_run.MARKS), errors[:4000]
        return json.loads(out.splitlines()[-1])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def load(t, *arguments, status=0, limit=30.0, **more):
    """Run the load generator, on its CPU, to the end. That it calls its own run INVALID where it
    should not is for timed() to judge: a generator that is disturbed has to."""
    place = cpus()
    run = load_run.Run(t, *arguments, preexec=pin(place[1]) if place else None, **more)
    try:
        run.finish(limit)
    except subprocess.TimeoutExpired as e:
        run.kill()
        raise OffTolerance(f"not finished after {e.timeout:g} s") from None
    if run.status == 3 and status != 3:
        raise OffTolerance(f"{run.json['verdict']}: {run.json['verdict_reason']}")
    assert run.status == status, f"exit status {run.status}, expected {status}: {run.err}"
    t.note(json.dumps({k: run.json[k] for k in ("outcomes", "reasons", "latency", "window_ns")}))
    load_run.consistent(run.json)
    assert run.json["engine"] == t.engine
    return run


def probe(*arguments):
    done = subprocess.run([settings.probe, "--for", "60ms", *arguments], capture_output=True,
                          text=True, check=True, timeout=30)
    return json.loads(done.stdout)


def probe_noise(when):
    """What the probe finds wrong with the two CPUs now."""
    reasons = []
    for found in probe("--cpus", ",".join(map(str, cpus()))):
        lost = found["lost_ns"] / found["spun_ns"]
        if found["longest_ns"] > PROBE_LONGEST_NS or lost > PROBE_LOST:
            reasons.append(f"{when}, CPU {found['cpu']}: longest gap "
                           f"{found['longest_ns'] / 1e3:.0f} us, {100 * lost:.1f} % lost")
    return reasons


class Watch:
    """Spins on both CPUs whenever nobody else wants them. What neither it nor the programs under
    test used of a CPU's time, others did."""

    def __init__(self, t):
        self.process = subprocess.Popen(
            [settings.probe, "--idle", "--cpus", ",".join(map(str, cpus()))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        t.defer(self.kill)
        if self.process.stdout.readline() != "spinning\n":
            raise tap.Skip(f"no spin probe here: {self.process.communicate()[1]}")

    def finish(self, used):
        """`used`: CPU seconds of the measured program on each CPU. What was wrong, if anything."""
        out, _ = self.process.communicate(timeout=30)
        reasons = []
        for found, ours in zip(json.loads(out), used):
            others = 1 - found["cpu_ns"] / found["spun_ns"] - ours * 1e9 / found["spun_ns"]
            if others > OTHERS:
                reasons.append(f"meanwhile others had {100 * others:.1f} % of CPU {found['cpu']}")
        return reasons

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


Measured = collections.namedtuple("Measured", "json journal run used noise")


def measure(t, server, generator, watch=False, **more):
    """One run of the generator against the reference server: the generator's JSON, the server's
    journal, the CPU seconds of server and generator, and what disturbed them. The URL is appended
    to the generator's arguments."""
    watcher = Watch(t) if watch else None
    reference = Reference(t, *server)
    before = children_cpu()
    run = failure = None
    try:
        run = load(t, *generator, reference.url, **more)
    except OffTolerance as e:
        failure = e
    generator_used = children_cpu() - before
    journal = reference.finish()
    used = (children_cpu() - before - generator_used, generator_used)
    noise = watcher.finish(used) if watcher else []
    if failure:
        failure.noise = noise
        raise failure
    return Measured(run.json, journal, run, used, noise)


def timed(check):
    """A check of figures that depend on timing: it gets a function that measures, and compares with
    within(). Where a figure is off on a quiet machine the test has failed. Where the machine was
    not quiet the check is made again, a few times but no longer than PATIENCE_S; then the test is
    inconclusive, which TAP calls skipped. Figures within their tolerance pass, noise or not."""
    @functools.wraps(check)
    def test(t):
        if settings.sanitized:
            raise tap.Skip("a sanitizer's build is too slow to time")
        if cpus() is None:
            raise tap.Skip("inconclusive: one CPU, on which generator and server disturb each other")
        why = "?"
        begin = time.monotonic()
        for attempt in range(settings.attempts):
            if attempt > 0 and time.monotonic() - begin > PATIENCE_S:
                break
            noise = probe_noise("before")
            figures.clear()
            misses.clear()

            def measured(server, generator, watch=True, **more):
                found = measure(t, server, generator, watch=watch, **more)
                noise.extend(found.noise)
                return found

            measured.noise = noise
            try:
                check(t, measured)
                if misses:
                    raise OffTolerance("; ".join(misses))
                found_figures[t.name] = list(figures)
                return
            except OffTolerance as e:
                noise += [*e.noise, *probe_noise("after")]
                why = f"{e} ({'; '.join(noise)})"
                t.note(f"attempt {attempt + 1}: {why}")
                if not noise:
                    raise AssertionError(f"{e}; the machine was quiet") from None
        raise tap.Skip(f"inconclusive, too noisy: {why}")
    return test


def text(value, unit):
    """1234567, "ns" -> "1.235 ms"."""
    if value is None:
        return "nothing"
    if unit == "ns":
        for size, name in ((1e6, "ms"), (1e3, "us")):
            if abs(value) >= size:
                return f"{value / size:.4g} {name}"
    return f"{value:.4g} {unit}".strip()


def within(what, found, expected, tolerance, unit="ns", noise_adds=False):
    """`found` must be within `tolerance` (absolute) of `expected`. With `noise_adds` it is a time
    that noise can make longer, never shorter: too short a one is wrong on any machine."""
    figures.append((what, text(found, unit), text(expected, unit), text(tolerance, unit)))
    if found is None or abs(found - expected) > tolerance:
        why = (f"{what} is {text(found, unit)}, expected {text(expected, unit)} +- "
               f"{text(tolerance, unit)}")
        if noise_adds and (found is None or found < expected):
            raise AssertionError(f"{why}, which no noise explains")
        misses.append(why)


def percentile(histogram, q):
    """From the buckets of the JSON, by the rank that the generator itself uses: ceil(q n)."""
    buckets = histogram["buckets"]
    total = sum(b[2] for b in buckets)
    rank = max(1, -(-total * round(q * 1e6) // 1_000_000))
    seen = 0
    for _, high, count in buckets:
        seen += count
        if seen >= rank:
            return high
    return None


def samples_above(histogram, ns):
    return sum(count for low, _, count in histogram["buckets"] if low > ns)


def only(outcomes, **expected):
    """Every outcome that is not named must be 0."""
    assert outcomes == dict.fromkeys(outcomes, 0) | expected, \
        f"{outcomes}, expected {expected}"


def case(name, function, engine, limit=30.0):
    """A test with one engine."""
    test = tap.Test(name, function, limit=limit * settings.slow_factor)
    return load_run.with_engine(test, engine)


def both(name, function, limit=30.0):
    return [case(name, function, engine, limit) for engine in settings.engines]


def one_of(index):
    """The engine for a test that is too long to be made with each: they take turns."""
    return settings.engines[index % len(settings.engines)]
