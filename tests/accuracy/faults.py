"""Faults, one request in a hundred: each class must be exact."""

import json
import os
import subprocess
import sys

import tap
from accuracy.lab import both, cpus, measure, only, pin, settings
from accuracy.noise import exact
from lib import machine
from load import run as load_run

# The server's fault: how the generator must count it.
CLASSES = {
    "drop": "timeout", "short": "timeout", "reset": "reset", "reset-mid": "reset", "close": "eof",
    "close-mid": "eof", "corrupt": "corrupt", "twice": "corrupt", "garbage": "corrupt",
    "error": "non_2xx",
}


def timeout():
    """Seconds, where requests are to time out and others must not. The server may be late by a
    quarter of it, or the counts are no longer exact."""
    return 0.3 * min(machine.factor(), 4) * settings.slow_factor


def one_fault(fault):
    @exact(timeout() / 4)
    def test(t, measure):
        n = 2000
        # The first answer, by which the others are judged, is a right one: 100 is the first hit.
        j, journal, *_ = measure(["--fault", f"{fault}:100"],
                                 ["-c", "20", "-n", str(n), "--timeout", f"{timeout():.3f}s"])
        assert journal["faults"] == dict.fromkeys(journal["faults"], 0) | {fault: n // 100}
        only(j["outcomes"], ok=n - n // 100, **{CLASSES[fault]: n // 100})
        assert journal["answered"] == j["outcomes"]["ok"]
    return test


def all_at_once(t):
    """Ten kinds of fault in one run: what the server did of each is what was counted."""
    exact(timeout() / 4)(all_faults)(t)


def all_faults(t, measure):
    n = 4000
    arguments = [x for fault in CLASSES for x in ("--fault", f"{fault}:100")]
    # The first one given hits 100, 200..., the second 1, 101... of which the first would be the
    # run's first answer: a harmless one goes there.
    j, journal, *_ = measure(
        [*arguments[:2], "--fault", "informational:100", *arguments[2:]],
        ["-c", "20", "-n", str(n), "--timeout", f"{timeout():.3f}s"])
    expected = {}
    for fault, outcome in CLASSES.items():
        assert journal["faults"][fault] == n // 100, journal["faults"]
        expected[outcome] = expected.get(outcome, 0) + n // 100
    assert journal["faults"]["informational"] == n // 100
    only(j["outcomes"], ok=n - sum(expected.values()), **expected)
    assert journal["answered"] == j["outcomes"]["ok"]


def informational(t):
    """An informational answer is no answer: every request has its one, the final one."""
    j, journal, *_ = measure(t, ["--fault", "informational:1"], ["-c", "4", "-n", "400"])
    assert journal["faults"]["informational"] == journal["answered"] == 400
    only(j["outcomes"], ok=400)


def never_accepted(t):
    """Two of four connections stay in the server's listen queue for ever. To the client they are
    connected; their requests are never answered. Those end as timeouts."""
    exact(timeout() / 4)(some_accepted)(t)


def some_accepted(t, measure):
    ms = round(timeout() * 1000)
    j, journal, *_ = measure(["--accept", "2"], ["-c", "4", "-d", f"{ms * 3.5:.0f}ms", "--timeout",
                                                 f"{ms}ms"])
    outcomes = j["outcomes"]
    assert journal["accepted"] == 2 and journal["answered"] - outcomes["ok"] in (0, 1, 2), \
        "answers on their way when the window closed are the only ones not counted"
    assert 2 <= outcomes["timeout"] <= 2 * 3, f"two connections, 3.5 times the timeout: {outcomes}"
    assert sum(v for k, v in outcomes.items() if k not in ("ok", "timeout", "in_flight")) == 0, \
        outcomes


def refusing(t):
    """One request in 200 is followed by 100 ms in which nobody listens. The kernel counts the
    connections that were refused, in a network namespace where there are no others."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "refused_in_namespace.py")
    place = cpus()
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, script,
         settings.reference, load_run.settings.load, "--engine", t.engine],
        capture_output=True, text=True, check=False, timeout=load_run.hang(),
        stdin=subprocess.DEVNULL, preexec_fn=pin(place[1]) if place else None)
    if done.returncode == 77 or "unshare" in done.stderr:
        raise tap.Skip(f"no network namespace here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    t.note(found)
    j, journal = found["json"], found["journal"]
    load_run.consistent(j)
    assert journal["faults"]["refuse"] >= 2, "nothing was refused, so nothing was tested"
    assert j["outcomes"]["eof"] == journal["faults"]["refuse"]
    assert j["outcomes"]["refused"] == found["attempt_fails"] > 0, \
        f"{j['outcomes']}, the kernel counted {found['attempt_fails']}"
    assert j["outcomes"]["ok"] == journal["answered"]


def tests():
    found = []
    for fault, outcome in CLASSES.items():
        found += both(f"one request in 100, {fault}: {outcome}, exactly", one_fault(fault))
    found += both("all faults in one run, each class exact", all_at_once)
    found += both("an informational answer before each answer", informational)
    found += both("connections that are never accepted", never_accepted)
    found += both("nobody listens now and then: as many refused as the kernel counted", refusing)
    return found
