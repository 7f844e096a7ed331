#!/usr/bin/env python3
"""Does scripts/judge-claims judge right, and do its programs do the work that they say? Prints TAP. With
IOMODELS_TEST_EXTENT=full its experiments gil and iobound are run too, a round each.

    python3 tests/test_judge_claims.py --build build [--only PATTERN]"""

import argparse
import csv
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(ROOT, "scripts")]
sys.dont_write_bytecode = True

import tap  # noqa: E402
from lib import machine, program  # noqa: E402
from judge_claims import claims, experiments, measure, output  # noqa: E402
from judge_claims.claims import FAILED, HELD, OPEN, Prediction  # noqa: E402
from judge_claims.experiments import Line, Row  # noqa: E402

PROGRAM = os.path.join(ROOT, "scripts", "judge-claims")
O = argparse.Namespace(build=None, rounds=1, seed=1, concurrency=100, busy=False)
FAST, SLOW = Line("C", "threads", "cpu", 2), Line("C", "threads", "cpu", 1)


def rows(ratios, disturbed=(), experiment="gil"):
    return [Row(experiment, i, line, value, 0.0, i in disturbed and line == FAST)
            for i, ratio in enumerate(ratios, 1) for line, value in ((SLOW, 10.0 * i), (FAST, 10.0 * i * ratio))]


def judged(ratios, low, high, **more):
    return claims.judge(Prediction("x", "gil", FAST, SLOW, low, high), rows(ratios, **more))


def judges(t):
    seven = [1.7, 1.8, 1.9, 1.9, 1.9, 2.0, 2.1]
    for low, high, verdict in ((1.4, math.inf, HELD), (0, 1.2, FAILED), (2.5, math.inf, FAILED), (1.9, math.inf, OPEN),
                               (0, 1.9, OPEN)):
        j = judged(seven, low, high)
        assert j.verdict == verdict and abs(j.median - 1.9) < 1e-9 and j.rounds == 7, (low, high, j)
    assert judged(seven[:5], 1.4, math.inf).verdict == OPEN, "five rounds tell nothing"
    assert judged([], 0, 1).verdict == OPEN


def leaves_out(t):
    """A round in which others took CPUs is not judged, nor one without both sides."""
    ratios = [1.9] * 7 + [1.0, 1.0]
    j = judged(ratios, 1.4, math.inf, disturbed=(8, 9))
    assert (j.verdict, j.rounds, j.left_out) == (HELD, 7, 2), j
    assert judged(ratios, 1.95, math.inf).verdict == FAILED
    j = claims.judge(Prediction("x", "gil", FAST, SLOW, 1.4, math.inf), rows(ratios, disturbed=(8, 9)), busy=True)
    assert (j.verdict, j.rounds, j.left_out) == (OPEN, 9, 0), j
    some = [r for r in rows([1.9] * 7) if (r.round, r.line) != (3, SLOW)]
    assert claims.judge(Prediction("x", "gil", FAST, SLOW, 0, 9), some).rounds == 6
    other = rows([1.9] * 7, experiment="iobound")
    assert claims.judge(Prediction("x", "gil", FAST, SLOW, 0, 9), other).rounds == 0


def a_claim_is_its_predictions(t):
    def of(*verdicts):
        return claims.together([claims.Judged(None, 1, 1, 1, 1, 9, 0, v) for v in verdicts])
    assert of(HELD, HELD) == HELD and of(HELD, OPEN) == OPEN and of(OPEN, FAILED) == FAILED
    found = list(claims.judge_all(rows([1.9] * 7), 2, O))
    by_words = {claim.words: (predictions, verdict) for claim, predictions, verdict in found}
    assert by_words["Use no more processes than cores."][1] == OPEN, "half of its predictions are not measured"
    c, = [j for j in by_words["Threads cannot use several cores."][0] if j.prediction.over == FAST]
    assert c.verdict == HELD, c


def every_line_is_measured(t):
    """A prediction names a line that its experiment has."""
    for cpus in (2, 4):
        there = {"gil": set(experiments.gil_lines(cpus)) | {claims.echo(x) for x in ("alone", "5 ms", "0.5 ms")},
                 "iobound": set(experiments.iobound_lines(cpus)),
                 "order": {Line("Python", x, work, O.concurrency) for x in experiments.ORDER
                           for work in ("crawl", "crawl-cpu")}}
        for claim in claims.CLAIMS:
            for p in claim.predictions(cpus, O):
                assert {p.over, p.under or p.over} <= there[p.experiment], (claim.words, p)


def does(line, size):
    """What a pool says that it did: checked by run_pool()."""
    def test(t):
        expected = {}
        row = experiments.run_pool(O, "gil", 1, line, 5, size, expected)
        assert row.value > 0, row
        if line.work == "cpu":
            x = 1
            for _ in range(size):
                x = x * 48271 % 2147483647
            assert list(expected.values()) == [[x]], expected
        if line.work == "wait":
            assert row.value <= line.workers / (experiments.WAIT_MS / 1e3) * 1.001, row
    return test


def lies_are_found(t):
    """A pool that leaves jobs out, or does others."""
    folder = tempfile.mkdtemp(prefix="iomodels-claims-")
    t.defer(lambda: shutil.rmtree(folder))
    os.mkdir(os.path.join(folder, "bench"))
    o = argparse.Namespace(build=folder)
    for said, why in (({"jobs": 4, "results": [7]}, "4 of 5 jobs"), ({"jobs": 5, "results": [7, 8]}, "results [7, 8]"),
                      ({"jobs": 5, "results": [8]}, "results [8]")):
        text = json.dumps(said | {"wall_s": 1, "cpu_s": 1})
        program.write(os.path.join(folder, "bench", "pools"), f"#!/bin/sh\necho '{text}'\n")
        try:
            experiments.run_pool(o, "gil", 1, FAST, 5, 1, {("C", "cpu"): [7]})
        except measure.Failed as e:
            assert why in str(e), e
        else:
            raise AssertionError(f"{said} was believed")


def reads_crawl(t):
    """Others spoil the time of a job, and not its CPU; what is INVALID for another reason is spoiled in both."""
    job = {"counting": "0", "status": "ok", "verdict": "valid", "reason": "", "requests": "200", "wall_s": "0.5",
           "cpu_us_per_request": "250", "other_client_cpu_fraction": "0.01", "repetition": "3", "client": "aiohttp-client",
           "concurrency": "100"}
    def of(**more):
        return [(r.line.work, r.value, r.disturbed) for r in experiments.crawl_rows([job | more])]
    assert of() == [("crawl", 400.0, False), ("crawl-cpu", 4000.0, False)]
    assert of(counting="1") == [] and of(status="failed") == []
    assert of(cpu_us_per_request="") == [("crawl", 400.0, False)]
    busy, lies = {"verdict": "INVALID", "reason": "disturbed: others"}, {"verdict": "INVALID", "reason": "left URLs out"}
    assert [d for _, _, d in of(**busy)] == [True, False] and [d for _, _, d in of(**lies)] == [True, True]


def echoes(t):
    """It waits for the lock: at least as long as the interval says; by the clock of the one that asks."""
    row = experiments.run_echo(1, "5 ms")
    assert row.value >= 0.0045, row
    assert experiments.run_echo(1, "alone").value > 0


def writes(t):
    """All files, from rows that are made; and the pictures, where gnuplot is installed."""
    folder = tempfile.mkdtemp(prefix="iomodels-claims-")
    t.defer(lambda: shutil.rmtree(folder))
    made = []
    for number in range(1, 8):
        for name, lines in (("gil", experiments.gil_lines(2)), ("iobound", experiments.iobound_lines(2))):
            made += [Row(name, number, x, 10.0 * x.workers + number, 0.3, False) for x in lines]
        made += [Row("gil", number, claims.echo(x), 0.001 * number, 0.3, False) for x in ("alone", "5 ms", "0.5 ms")]
        made += [Row("order", number, Line("Python", x, work, 100), 100.0, math.nan, False, "it's, said")
                 for x in experiments.ORDER for work in ("crawl", "crawl-cpu")]
    session = {"date": "now", "cpus": 2, "cpu": "a \"CPU\"", "kernel": "6", "python": "3", "rounds": 7, "seed": 1,
               "concurrency": 100, "busy": False, "experiments": ["gil"], "others": output.others(made)}
    verdicts = list(claims.judge_all(made, 2, O))
    text = output.text_of(verdicts, session)
    assert "A BUSY HOUR" in text and "nan" not in text, text
    for claim in claims.CLAIMS:
        assert claim.words in text, text
    output.write(folder, session, made, verdicts, text)
    with open(os.path.join(folder, "claims.json"), encoding="utf-8") as f:
        assert len(json.load(f)["claims"]) == len(claims.CLAIMS)
    for name, count in (("trials.csv", len(made)), ("claims.csv", sum(len(j) for _, j, _ in verdicts))):
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as f:
            assert len(list(csv.DictReader(f))) == count, name
    again, known = output.read(folder)
    assert known == session and [r._replace(others=0) for r in again] == [r._replace(others=0) for r in made]
    told = output.pictures(folder, session, made)
    if not shutil.which("gnuplot"):
        assert all("no picture" in x for x in told), told
        raise tap.Skip("no pictures: gnuplot is not installed")
    assert told == [], told
    for name in ("gil", "iobound", "echo", "order", "order_cpu", "mixed"):
        assert os.path.getsize(os.path.join(folder, "plots", name + ".svg")) > 1000, name


def complains(t):
    def run(*arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=machine.hang())
    for arguments, status, words in ((("nothing",), 2, "no experiment 'nothing'; there are: gil, iobound, order"),
                                     (("--rounds", "0"), 2, "--rounds takes a number"),
                                     (("--from", "/nowhere"), 1, "cannot read what was measured in /nowhere"),
                                     (("--build", "/nowhere", "gil"), 1, "/nowhere/bench/pools is not there")):
        p = run(*arguments)
        assert p.returncode == status and words in p.stderr, p
    with open("/dev/full", "w", encoding="utf-8") as full:
        p = subprocess.run([PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                           timeout=machine.hang())
    assert p.returncode == 1 and "cannot write to standard output" in p.stderr, p


def whole(t):
    folder = tempfile.mkdtemp(prefix="iomodels-claims-")
    t.defer(lambda: shutil.rmtree(folder))
    p = subprocess.run([PROGRAM, "gil", "iobound", "--rounds", "1", "--build", O.build, "--out", folder],
                       capture_output=True, text=True, check=False)
    assert p.returncode == 0, p.stderr
    assert p.stdout.count("cannot tell") >= 4 and "as predicted" not in p.stdout, p.stdout  # one round tells nothing
    with open(os.path.join(folder, "trials.csv"), encoding="utf-8", newline="") as f:
        assert len(list(csv.DictReader(f))) == len(list(experiments.gil_lines(len(measure.cpus())))) + 3 + \
            len(list(experiments.iobound_lines(len(measure.cpus()))))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--build", required=True, metavar="DIR")
    tap.add_only(p)
    o = p.parse_args()
    O.build = os.path.abspath(o.build)
    every = [("judges a prediction by its whole interval", judges),
             ("leaves out what others disturbed", leaves_out),
             ("a claim holds where all its predictions do", a_claim_is_its_predictions),
             ("every line of a prediction is measured", every_line_is_measured),
             ("a pool that lies is found", lies_are_found),
             ("reads what iomodels crawl leaves", reads_crawl),
             ("an echo waits for the lock", echoes),
             ("writes all files and draws all pictures", writes),
             ("says what is wrong", complains)]
    every += [(f"does its work: {line}", does(line, size)) for line, size in (
        (Line("C", "threads", "cpu", 2), 1000), (Line("C", "processes", "cpu", 2), 1000),
        (Line("C", "processes", "wait", 2), 0), (Line("C", "threads", "mixed", 2), 10),
        (Line("Python", "threads", "cpu", 2), 1000), (Line("Python", "processes", "cpu", 2), 1000),
        (Line("Python", "threads", "hash", 2), 1), (Line("Python", "threads", "hash-small", 2), 1),
        (Line("Python", "coroutines", "wait", 2), 0), (Line("Python", "processes-coroutines", "mixed", 4), 10))]
    if os.environ.get("IOMODELS_TEST_EXTENT") == "full" and len(measure.cpus()) > 1:
        every.append(("a session of one round", whole))
    tests = [tap.Test(name, function, limit=machine.HANG) for name, function in every]
    return 1 if tap.run(tap.only(tests, o.only), jobs=2) else 0


if __name__ == "__main__":
    sys.exit(main())
