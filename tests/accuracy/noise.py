"""Is the machine quiet enough, and what follows from that for a figure that is off."""

import functools
import json
import subprocess
import time

import tap
from accuracy import lab
from accuracy.lab import OffTolerance, cpus, settings
from lib import machine
from load import run as load_run

# What is too much noise to call a figure wrong. On an idle machine the probe finds interrupts of
# some 10 us and loses far less than 0.1 % of the time.
PROBE_LONGEST_NS = 500_000
PROBE_LOST = 0.01  # part of the time spent in gaps above 50 us
OTHERS = 0.01      # part of a CPU's time that others had during a measurement
LATE_NS = 3_000_000  # a program that was kept from its CPU for that long, once

# The tolerances are those of a usual machine. Where everything takes that many times as long, a
# figure may be off, and nobody is wrong.
SLOW = 1.5

# An attempt that begins later than that after the first is not made: what takes a minute would
# take three on a noisy machine, and end as it began.
PATIENCE_S = 15  # inconclusive: the answer where it runs out

LOOKS = 4  # how often a machine must be found noisy before a long test is not even begun

# Of the test that runs now (they run one after the other): what within() compared, and what of it
# was off. found_figures: by name, of the tests that passed.
figures, misses, found_figures = [], [], {}


def probe(*arguments):
    done = subprocess.run([settings.probe, "--for", "60ms", *arguments], capture_output=True,
                          text=True, check=True, timeout=load_run.hang())
    return json.loads(done.stdout)


def probe_noise(when):
    """What is wrong with the two CPUs now."""
    slow = [f"a machine {machine.factor():.1f} times slower than usual"] * (machine.factor() > SLOW)
    return slow + stolen(when)


def stolen(when):
    """The time that the probe finds taken from the two CPUs."""
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

    def __init__(self, t, limit=OTHERS):
        self.limit = limit
        self.process = subprocess.Popen(
            [settings.probe, "--idle", "--cpus", ",".join(map(str, cpus()))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        t.defer(self.kill)
        if self.process.stdout.readline() != "spinning\n":
            raise tap.Skip(f"no spin probe here: {self.process.communicate()[1]}")

    def finish(self, used):
        """`used`: CPU seconds of the measured program on each CPU. What was wrong, if anything:
        others had more than the limit of a CPU."""
        out, errors = self.process.communicate(timeout=load_run.hang())
        assert self.process.returncode == 0, errors
        reasons = []
        for found, ours in zip(json.loads(out), used):
            others = 1 - found["cpu_ns"] / found["spun_ns"] - ours * 1e9 / found["spun_ns"]
            if others > self.limit:
                reasons.append(f"meanwhile others had {100 * others:.2f} % of CPU {found['cpu']}")
        return reasons

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def lateness(json, journal=None):
    """A short disturbance is no large part of a long run: then server or generator was late once. So
    it is where one of them is wrong: each attempt would find it."""
    late = {"the generator": (json["own_lateness"] or {"max": 0})["max"] or 0,
            "the server": journal["lateness"]["max"] or 0 if journal else 0}
    return [f"{who} was late by {ns / 1e6:.1f} ms" for who, ns in late.items() if ns > LATE_NS]


def long(check):
    """A timed() check of half a minute. On a machine that is noisy each time one looks, it is
    inconclusive before it begins, for so it would end."""
    judge = timed(check)

    @functools.wraps(check)
    def test(t):
        noise = []
        for _ in range(LOOKS):
            noise = stolen("before") if cpus() and not settings.sanitized else []
            if not noise:
                return judge(t)
        raise tap.Skip(f"inconclusive, too noisy to begin: {'; '.join(noise)}")
    return test


def timed(check):
    """A check of figures that depend on timing: it gets a function that measures, and compares with
    within(). Where a figure is off on a quiet machine the test has failed. Where the machine was
    not quiet the check is made again, a few times but no longer than PATIENCE_S; then the test is
    inconclusive, which TAP calls skipped. Where each time nothing but a program's own lateness tells
    of noise, it has failed too. Figures within their tolerance pass, noise or not."""
    @functools.wraps(check)
    def test(t):
        if settings.sanitized:
            raise tap.Skip("a sanitizer's build is too slow to time")
        if cpus() is None:
            raise tap.Skip("inconclusive: one CPU, on which generator and server disturb each other")
        why, noisy = "?", False
        begin = time.monotonic()
        for attempt in range(settings.attempts):
            if noisy and time.monotonic() - begin > PATIENCE_S:
                break
            noise, late = probe_noise("before"), []
            figures.clear()
            misses.clear()

            def measured(server, generator, watch=True, others=OTHERS, **more):
                watcher = Watch(t, others) if watch else None
                found = lab.measure(t, server, generator, watcher, **more)
                noise.extend(found.noise)
                late.extend(lateness(found.json, found.journal))
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
                late += lateness(e.json) if e.json else []
                why = f"{e} ({'; '.join(noise + late)})"
                t.note(f"attempt {attempt + 1}: {why}")
                noisy = noisy or bool(noise)
                if not noise and not late:
                    raise AssertionError(f"{e}; the machine was quiet") from None
        if not noisy:
            raise AssertionError(f"{why}, each time, and nothing else ran")
        raise tap.Skip(f"inconclusive, too noisy: {why}")
    return test


def exact(limit_s):
    """For a check of exact counts, true where the server is no later than so. One that fails where
    the server, the generator, this process or the probe finds that something was is made again, and
    in the end inconclusive."""
    def decorate(check):
        @functools.wraps(check)
        def test(t):
            load_run.steady(t, limit_s, lambda: attempt(t))

        def attempt(t):
            latest = []

            def measured(*arguments, **more):
                found = lab.measure(t, *arguments, **more)
                latest.append(("the server", (found.journal["lateness"]["max"] or 0) / 1e9))
                latest.append(("the generator", found.json["disturbance"]["still_ns"] / 1e9))
                return found
            try:
                check(t, measured)
            except (AssertionError, OffTolerance) as e:
                reasons = list(getattr(e, "noise", ()))
                reasons += [f"{who} was {late * 1e3:.0f} ms late" for who, late in latest
                           if late > limit_s]
                reasons += probe_noise("then") if cpus() else ["one CPU"]
                if reasons:
                    raise load_run.Disturbed(f"{e} ({'; '.join(reasons)})") from e
                if isinstance(e, AssertionError):
                    raise
                raise AssertionError(str(e)) from e
        return test
    return decorate


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
