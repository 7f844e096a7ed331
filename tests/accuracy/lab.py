"""Where the load generator is held against the reference server: each on a CPU of its own."""

import collections
import functools
import json
import os
import resource
from types import SimpleNamespace

import tap
from load import run as load_run

# From the command line of the tests.
# Full: what takes a minute takes it. By scripts/test --full, or by hand.
settings = SimpleNamespace(reference=None, probe=None, wall_clock=None, sanitized=False,
                           slow_factor=1.0, attempts=3,
                           full=os.environ.get("IOMODELS_TEST_EXTENT", "full") == "full")


class OffTolerance(Exception):
    """A figure that depends on timing is not what it must be. `noise`: what disturbed it, where
    that is known. `json`: of a generator that calls its own run INVALID, else None."""

    def __init__(self, why, json_of_run=None, noise=()):
        super().__init__(why)
        self.json = json_of_run
        self.noise = list(noise)


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


class Reference(load_run.Reference):
    """The reference server, running, on its CPU."""

    def __init__(self, t, *arguments, prefix=()):
        place = cpus()
        super().__init__(t, settings.reference, *arguments, prefix=prefix,
                         preexec=pin(place[0]) if place else None)


def load(t, *arguments, status=0, takes=0.0, **more):
    """Run the load generator, on its CPU, to the end. That it calls its own run INVALID where it
    should not is for timed() to judge: a generator that is disturbed has to."""
    place = cpus()
    run = load_run.Run(t, *arguments, preexec=pin(place[1]) if place else None, **more)
    run.finish(takes)
    if run.status == 3 and status != 3:
        reason = run.json["verdict_reason"]
        raise OffTolerance(f"{run.json['verdict']}: {reason}", run.json,
                           [reason] if reason.startswith("disturbed: ") else [])
    assert run.status == status, f"exit status {run.status}, expected {status}: {run.err}"
    t.note(json.dumps({k: run.json[k] for k in ("outcomes", "reasons", "latency", "window_ns")}))
    load_run.consistent(run.json)
    assert run.json["engine"] == t.engine
    return run


Measured = collections.namedtuple("Measured", "json journal run used noise")


def measure(t, server, generator, watcher=None, **more):
    """One run of the generator against the reference server: the generator's JSON, the server's
    journal, the CPU seconds of server and generator, and what disturbed them, by `watcher` (a
    noise.Watch) where there is one. The URL is appended to the generator's arguments."""
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
        failure.noise += noise
        raise failure
    return Measured(run.json, journal, run, used, noise)


def percentile(histogram, q):
    """From the buckets of the JSON, by the rank that the generator itself uses: ceil(q n)."""
    return load_run.percentile(histogram["buckets"], round(q * 1e6))


def samples_above(histogram, ns):
    return sum(count for low, _, count in histogram["buckets"] if low > ns)


def only(outcomes, **expected):
    """Every outcome that is not named must be 0."""
    assert outcomes == dict.fromkeys(outcomes, 0) | expected, \
        f"{outcomes}, expected {expected}"


def undisturbed(function):
    """Made again while the generator says that it was disturbed, and in the end inconclusive."""
    @functools.wraps(function)
    def test(t):
        for _ in range(settings.attempts):
            try:
                return function(t)
            except OffTolerance as e:
                if not e.noise:
                    raise
                why = str(e)
        raise tap.Skip(f"inconclusive, too noisy: {why}")
    return test


def case(name, function, engine, limit=load_run.SEVERAL):
    """A test with one engine."""
    test = tap.Test(name, undisturbed(function), limit=limit * settings.slow_factor)
    return load_run.with_engine(test, engine)


def both(name, function):
    return [case(name, function, engine) for engine in settings.engines]


def one_of(index):
    """The engine for a test that is too long to be made with each: they take turns."""
    return settings.engines[index % len(settings.engines)]
