"""What a scenario expects, and whether a run came out so."""

import os
import re

from driver.bench import README, ROOT, Bench, equal, expect, nothing_left
from driver.environment import copy_of_reference
from driver.made_run import MadeRun

SCENARIO = """[scenario]
name = tiny
expect = value(starved iterative, connections=4) >= 3: It serves one connection, so three starve.
expect = value(processes epoll-lt, connections=4) > 1:
 It has <one> process.
expect = ratio(iterative / epoll-lt, connections=4) > 1
expect = Prose is shown, and not judged.
[sweep]
models = iterative, epoll-lt
protocols = http
connections = 4
repetitions = 3
duration = 0.1s
warmup = 0.02s
settle = 60s
timeout = 60s
"""
FORMS = ["value(starved iterative, connections=4) >= 3", "value(processes epoll-lt, connections=4) > 1",
         "ratio(iterative / epoll-lt, connections=4) > 1"]
YES, NO, OPEN = "as predicted", "NOT as predicted", "cannot tell"


def verdicts(b, out=None):
    """That of each expectation, in the order of the scenario."""
    return [v for _, v in sorted({(int(r["prediction"]), r["prediction_verdict"])
                                  for r in b.rows("predictions.csv", out)})]


def printed(text):
    """The verdict that a run printed above each expectation's figures."""
    below = text.partition("\nPredictions: ")[2].splitlines()
    return [line[2:18].strip() for form in FORMS for line in below if line.endswith(form)]


def judged(t):
    """One that certainly holds, one that certainly does not, one that nobody can tell."""
    b = Bench(t, models=("iterative", "epoll-lt"), pictures=False)
    out, _ = b.measure(b.scenario(SCENARIO), "--out", b.out)
    equal(printed(out), verdicts(b), "what was printed, and the file")
    b.believe()
    b.start("plot", b.out).communicate()
    equal(verdicts(b), [YES, NO, OPEN], "verdicts")
    holds, fails, open_ = b.rows("predictions.csv")
    with open(README, encoding="utf-8") as f:
        section = f.read().split("## predictions.csv")[1].split("\n## ")[0]
    equal(list(holds), re.findall(r"^\| `(\w+)` \|", section, re.M), "columns of predictions.csv")
    equal([holds[x] for x in ("expectation", "protocol", "model", "against", "kind", "metric", "axis", "at",
                              "n", "figure", "figure_low", "expected_low", "verdict", "why")],
          [FORMS[0], "http", "iterative", "", "value", "starved", "connections", "4", "3", "3", "3", "3",
           YES, ""], "what holds")
    equal([fails[x] for x in ("figure", "figure_high", "expected_low", "why")], ["1", "1", "1", ""],
          "what fails")
    equal(open_["why"], "iterative at connections = 4: starves connections", "why it cannot be told")
    b.call("report", b.out)
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        page = f.read()
    for part in ('<h3 id="predictions">Predictions</h3>', ">NOT as predicted</td>", "It has &lt;one&gt; process.",
                 "value(starved iterative, connections=4) &gt;= 3</td>", "<p><b>Expected:</b> Prose is shown"):
        expect(part in page, f"no {part} in the report")
    text, _ = b.call("report", "--markdown", b.out)
    expect("| NOT as predicted | value(processes epoll-lt, connections=4) > 1 |" in text, text)
    nothing_left(b)


def not_measured(t):
    """Who is left out of a run is missing, and that is no mistake of the scenario."""
    b = Bench(t, models=("iterative", "epoll-lt"), pictures=False)
    text = SCENARIO.replace("repetitions = 3", "repetitions = 1")
    text = text.replace(FORMS[1], "within(iterative, epoll-lt, 5%)")
    out, _ = b.measure(b.scenario(text), "--models", "epoll-lt", "--out", b.out)
    rows = b.rows("predictions.csv")
    equal([r["at"] for r in rows], ["4", "", "4"], "where")
    equal([rows[1]["verdict"], rows[1]["why"]], [OPEN, "they were not both measured at any value"], "within")
    equal([rows[0]["verdict"], rows[0]["why"]], [OPEN, "not measured"], "value")
    equal([rows[2]["verdict"], rows[2]["why"]], [OPEN, "iterative at connections = 4: not measured"], "ratio")
    expect("http iterative, connections = 4: not measured" in out, out)


def refused(t):
    """What the scenario does not measure, or nobody can read, is told before anything is measured."""
    b = Bench(t, pictures=False)
    bad = {
        "value(starved iterativ, connections=4) >= 3": "'iterativ' is none of the servers",
        "value(starved poll, connections=4) >= 3": "'poll' is none of the servers",
        "value(starved epoll-lt, connections=5) >= 3": "epoll-lt is not measured at connections = 5, but at 4",
        "value(starved epoll-lt, idle=4) >= 3": "the scenario sweeps connections, not idle",
        "value(hunger epoll-lt, connections=4) >= 3": "'hunger' is no figure of summary.csv",
        "value(starved epoll-lt, connections=4) = 3": "one of <, <=, >, >= is missing before '= 3",
    }
    for form, said in bad.items():
        path = b.scenario(SCENARIO.replace(FORMS[0], form))
        _, err = b.call("run", path, "--out", b.out, status=2)
        expect(f"{path}:3: expect = " in err and said in err and err.count("\n") == 1, f"{form}: {err}")
        expect(not os.path.exists(b.out), f"{form}: a bad scenario made a directory")


def made(b, name, rate, *forms, **kwargs):
    """A run with such rates and expectations, and the predictions that the driver made of it."""
    run = MadeRun(b, name, rate, models=("poll", "epoll-lt"), connections=(1, 64), **kwargs)
    lines = "".join(f"expect = {form}\n" for form in forms)
    with open(run.path("scenario.ini"), encoding="utf-8") as f:
        text = f.read().replace("[sweep]", lines + "[sweep]")
    with open(run.path("scenario.ini"), "w", encoding="utf-8") as f:
        f.write(text)
    run.environment["scenario"].update(text=text, expectations=list(forms))
    run.save_environment()
    return run.summarise(b)


def paired(t):
    """A machine that halves its speed from block to block halves both sides of a ratio."""
    b = Bench(t, models=(), pictures=False)

    def rate(model, connections, block):
        return 64e3 / 2 ** block * (0.4 if (model, connections) == ("poll", 64) else 1)

    run = made(b, "made", rate, "ratio(poll / epoll-lt, connections=64) < 0.5",
               "ratio(poll, connections=64 / connections=1) < 0.3", "within(poll, epoll-lt, 5%)",
               "value(requests_per_second poll, connections=64) > 4000")
    equal(verdicts(b, run.dir), [YES, NO, NO, OPEN], "verdicts")
    rows = b.rows("predictions.csv", run.dir)
    equal([(r["at"], r["verdict"]) for r in rows if r["prediction"] == "3"], [("1", YES), ("64", NO)],
          "both values of the axis")
    expect(all(r["n"] == "5" for r in rows), rows)
    out, _ = b.call("verify", run.dir)
    expect(out.endswith(" 0 disagreements\n"), out)
    path = run.path("predictions.csv")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(f",{YES},", f",{NO},", 1))
    out, _ = b.call("verify", run.dir, status=1)
    expect("predictions.csv:2: " in out and out.endswith(" 1 disagreement\n"), out)


def other_expectations(t):
    """environment.json and scenario.ini must tell of the same."""
    b = Bench(t, models=(), pictures=False)
    run = made(b, "made", lambda *_: 64e3, "within(poll, epoll-lt, 5%): so")
    for forms in (["within(poll, epoll-lt, 6%): so"], ["within(poll, epoll-lt, 5%): no"], []):
        run.environment["scenario"]["expectations"] = forms
        run.save_environment()
        out, _ = b.call("verify", run.dir, status=1)
        expect("environment.json:1: other expectations than scenario.ini" in out, out)
    for bad in ("within(poll)", 5):
        run.environment["scenario"]["expectations"] = [bad]
        run.save_environment()
        _, err = b.call("report", run.dir, status=1)
        expect(f"{run.dir}/environment.json: expect = " in err and err.count("\n") == 1, err)


def none(t):
    """A run of before, and any that expects nothing, is as it was."""
    b = Bench(t, models=(), pictures=False)
    out = copy_of_reference(b, "old")
    b.start("plot", out).communicate()
    b.call("report", out)
    expect(not os.path.exists(os.path.join(out, "predictions.csv")), "predictions of nothing")
    with open(os.path.join(out, "report.html"), encoding="utf-8") as f:
        expect("Prediction" not in f.read(), "a section of nothing")
    text, _ = b.call("report", "--markdown", out)
    expect("Prediction" not in text, text)


def of_the_suite(t):
    """What our scenarios expect is what they measure."""
    b = Bench(t, models=("epoll-lt", "coroutine"), pictures=False)  # the second has workers
    b.external = os.path.join(ROOT, "bench", "external")
    folder = os.path.join(ROOT, "bench", "scenarios")
    for name in sorted(x for x in os.listdir(folder) if x.endswith(".ini")):
        run = b.start("run", os.path.join(folder, name), "--dry-run")
        _, err = run.communicate()
        nothing = run.returncode == 1 and "can be measured here" in err  # for want of servers or CPUs
        expect(run.returncode == 0 or nothing, f"{name}: status {run.returncode}: {err}")


TESTS = [
    ("predictions: one holds, one does not, one cannot be told", judged, 120),
    ("predictions: a model that is not measured", not_measured, 120),
    ("predictions: bad ones are refused before anything is measured", refused, 120),
    ("predictions: ratios are paired by block, and verified", paired, 120),
    ("predictions: scenario and environment tell of the same", other_expectations, 120),
    ("predictions: a run without any", none, 120),
    ("predictions: the scenarios of the suite", of_the_suite, 120),
]
