"""iomodels compare and iomodels history, over runs whose figures are known (made_run.py)."""

import csv
import math
import os
import shutil

import tap
from driver.bench import Bench, equal, expect
from driver.made_run import MadeRun, Random

RATES = {"poll": 100e3, "epoll-lt": 110e3, "libuv": 90e3}


class Noise:
    """About normal, with the given deviation, by a seed."""

    def __init__(self, seed, deviation):
        self.random, self.deviation = Random(seed), deviation

    def __call__(self):
        total = sum(self.random.next() / 2 ** 64 for _ in range(12)) - 6
        return math.exp(self.deviation * total)


def rates(seed, deviation=0.01, **factors):
    """Rates of trials with noise; each model times its factor."""
    noise = Noise(seed, deviation)
    return lambda model, connections, block: (
        RATES[model] * (1 if connections > 1 else 0.3) * factors.get(model.replace("-", "_"), 1) * noise())


def compared(b, one, other, *options, status=0):
    """What is said on the terminal, and the rows of --csv."""
    path = os.path.join(b.dir, "compared.csv")
    out, _ = b.call("compare", one.dir, other.dir, "--csv", path, *options, status=status)
    with open(path, newline="", encoding="utf-8") as f:
        return out, list(csv.DictReader(f))


def verdicts(rows, figure):
    return {(r["model"], int(r["connections"])): r[f"{figure}_verdict"] for r in rows}


def only(rows, figure, model, word, others=("same", "cannot tell")):
    """The model's points have that verdict, the others none that tells of a difference."""
    for (name, n), found in verdicts(rows, figure).items():
        expect(found == word if name == model else found in others,
               f"{figure} of {name} at {n}: {found}, where {model} is {word}")


def equal_runs(t):
    b = Bench(t, models=(), pictures=False)
    one, other = (MadeRun(b, f"run {seed}", rates(seed)) for seed in (1, 2))
    out, rows = compared(b, one, other, "--fail-on-regression")
    equal(len(rows), 9, "points")
    for figure in ("rate", "cpu", "p99"):
        only(rows, figure, None, None)
    expect("The environments do not differ" in out and "no run has a yardstick" in out, out)
    for row in rows:
        at = (row["model"], int(row["connections"]))
        means = [math.exp(sum(math.log(float(r["requests_per_second"])) for r in run.rows
                              if (r["model"], r["connections"]) == at) / 5) for run in (one, other)]
        for name, wanted in (("rate_a", means[0]), ("rate_b", means[1]),
                             ("rate_ratio", means[1] / means[0])):
            expect(abs(float(row[name]) / wanted - 1) < 1e-4, f"{at}: {name} {row[name]}, not {wanted}")
        expect(float(row["rate_low"]) < float(row["rate_ratio"]) < float(row["rate_high"]), str(row))


def a_model_became_slower(t):
    b = Bench(t, models=(), pictures=False)
    one, other = MadeRun(b, "one", rates(1)), MadeRun(b, "other", rates(2, poll=0.8))
    out, rows = compared(b, one, other, "--fail-on-regression", status=4)
    only(rows, "rate", "poll", "slower")
    only(rows, "cpu", "poll", "dearer")
    expect("requests/s: 0 faster, 3 slower" in out, out)
    out, rows = compared(b, other, one, "--fail-on-regression")
    only(rows, "rate", "poll", "faster")
    compared(b, one, other)  # without the option a regression is no failure


def the_same_within_the_margin(t):
    b = Bench(t, models=(), pictures=False)
    one = MadeRun(b, "one", rates(1, 0.001))
    other = MadeRun(b, "other", rates(2, 0.001, poll=0.99))
    _, rows = compared(b, one, other)
    equal(set(verdicts(rows, "rate").values()), {"same"}, "verdicts, 1 % apart")
    _, rows = compared(b, one, other, "--margin", "0.5%")
    only(rows, "rate", "poll", "slower")


def cpu_alone(t):
    b = Bench(t, models=(), pictures=False)
    noise = Noise(3, 0.005)
    one = MadeRun(b, "one", rates(1), cpu_us=lambda *at: 5 * noise())
    other = MadeRun(b, "other", rates(2),
                    cpu_us=lambda model, *at: (6 if model == "libuv" else 5) * noise())
    _, rows = compared(b, one, other, "--fail-on-regression", status=4)
    only(rows, "rate", None, None)
    only(rows, "cpu", "libuv", "dearer")


def shape_alone(t):
    """The same rates and means; latencies that are further from their mean."""
    b = Bench(t, models=(), pictures=False)
    one = MadeRun(b, "one", rates(1))
    other = MadeRun(b, "other", rates(2),
                    spread=lambda model, *at: 0.4 if model == "epoll-lt" else 0.1)
    out, rows = compared(b, one, other)
    only(rows, "rate", None, None)
    for row in rows:
        equal(row["shape_changed"], str(int(row["model"] == "epoll-lt")), f"shape of {row['model']}")
    expect(" changed\n" in out and "shape of the latencies: 3 changed" in out, out)
    os.unlink(other.path("histograms/1.csv"))
    _, rows = compared(b, one, other)
    lost = other.rows[0]
    equal({(r["model"], int(r["connections"])) for r in rows if not r["shape"]},
          {(lost["model"], lost["connections"])}, "points without shape")


def what_limits_a_run_is_a_bound(t):
    b = Bench(t, models=(), pictures=False)
    one, other = MadeRun(b, "one", rates(1)), MadeRun(b, "other", rates(2, poll=0.8, libuv=1.2))
    for row in other.rows:
        row["verdict"] = "generator-limited"
    other.write_rows()
    _, rows = compared(b, one, other)
    only(rows, "rate", "libuv", "faster", others=("cannot tell",))
    equal({r["rate_bound"] for r in rows}, {"lower"}, "bounds where B was limited")
    equal(set(verdicts(rows, "p99").values()), {"cannot tell"}, "tails of a limited run")
    _, rows = compared(b, other, one)
    only(rows, "rate", "libuv", "slower", others=("cannot tell",))
    equal({r["rate_bound"] for r in rows}, {"upper"}, "bounds where A was limited")


def points_without_verdict(t):
    b = Bench(t, models=(), pictures=False)
    one = MadeRun(b, "one", rates(1))
    other = MadeRun(b, "other", rates(2), models=("poll", "epoll-lt"), connections=(1, 64, 256))
    for row in other.rows:
        if row["model"] == "poll":
            row.update(verdict="INVALID", reason="it is")
    other.write_rows()
    out, rows = compared(b, one, other)
    equal(verdicts(rows, "rate")["poll", 64], "INVALID", "verdict")
    equal(len(rows), 4, "points in common")
    expect("Left out: 5 points that only A has, 2 that only B has." in out, out)
    third = MadeRun(b, "third", rates(3), connections=(2,))
    _, err = b.call("compare", one.dir, third.dir, status=1)
    expect("have no point in common" in err, err)


def what_moves_all_models_alike(t):
    """Two runs cannot tell a slower hour from slower code. What goes beyond it is told all the same."""
    b = Bench(t, models=(), pictures=False)
    models = ("poll", "epoll-lt", "libuv", "select", "libev", "epoll-et")

    def of(seed, factor, poll=1):
        noise = Noise(seed, 0.005)
        return lambda model, *at: 100e3 * factor * (poll if model == "poll" else 1) * noise()
    one = MadeRun(b, "one", of(1, 1), models=models)
    out, rows = compared(b, one, MadeRun(b, "slow", of(2, 0.95), models=models), "--fail-on-regression")
    only(rows, "rate", None, None, others=("cannot tell",))
    expect("All models together, B/A: requests/s 0.95" in out, out)
    _, rows = compared(b, one, MadeRun(b, "slower", of(3, 0.95, 0.6), models=models))
    only(rows, "rate", "poll", "slower")


def environments_that_differ(t):
    b = Bench(t, models=(), pictures=False)
    one, other = MadeRun(b, "one", rates(1)), MadeRun(b, "other", rates(2), repetitions=3)
    other.environment["machine"]["kernel_release"] = "9.9.\x1b[1mbold"
    other.save_environment()
    out, _ = compared(b, one, other)
    head = out[:out.index("Rates are")]
    for what in ("kernel", "repetitions"):
        expect(f"\n  {what} " in head, f"{what} is not in {head!r}")
    expect("\x1b" not in out and "\\u001B" in head, f"{head!r}")


def corrections(t):
    b = Bench(t, models=(), pictures=False)
    one, other = MadeRun(b, "one", rates(1)), MadeRun(b, "other", rates(2))
    found = {}
    for name in ("none", "bh", "holm"):
        _, rows = compared(b, one, other, "--correction", name)
        found[name] = [float(r["rate_p"]) for r in rows]
    for none, bh, holm in zip(*(found[x] for x in ("none", "bh", "holm"))):
        expect(none <= bh + 1e-6 and bh <= holm + 1e-6, f"p-values {none}, {bh}, {holm}")
    expect(found["none"] != found["holm"], "the correction changes nothing")


def one_trial_each(t):
    """Nothing is known of the noise."""
    b = Bench(t, models=(), pictures=False)
    one, other = (MadeRun(b, f"run {s}", rates(s, poll=s), repetitions=1) for s in (1, 2))
    _, rows = compared(b, one, other, "--fail-on-regression")
    equal(set(verdicts(rows, "rate").values()), {"cannot tell"}, "verdicts")


def yardstick(t):
    """The host was slower in B, and the yardstick with it."""
    b = Bench(t, models=(), pictures=False)
    more = lambda value: {"yardstick_rps": lambda *at: value}  # noqa: E731
    one = MadeRun(b, "one", rates(1), more=more(200e3))
    slow = {"poll": 0.7, "epoll_lt": 0.7 * 0.8, "libuv": 0.7}
    other = MadeRun(b, "other", rates(2, **slow), more=more(140e3))
    out, rows = compared(b, one, other)
    if rows[0]["basis"] == "raw":
        raise tap.Skip("this version has no column yardstick_rps")
    only(rows, "rate", "epoll-lt", "slower")
    expect("yardstick itself made 0.700 times" in out, out)
    without = MadeRun(b, "without", rates(3))
    out, rows = compared(b, one, without)
    equal({r["basis"] for r in rows}, {"raw"}, "basis where one run has no yardstick")
    expect("only one run has a yardstick" in out, out)


def no_yardstick_at_a_point(t):
    """There plain requests/s are ranked and compared, and that is said."""
    b = Bench(t, models=(), pictures=False)
    one = MadeRun(b, "one", rates(1), more={"yardstick_rps": lambda *at: 200e3})
    slow = {"poll": 0.7, "epoll_lt": 0.7, "libuv": 0.7}
    other = MadeRun(b, "other", rates(2, **slow), more={
        "yardstick_rps": lambda model, n, block: "" if (model, n) == ("libuv", 64) else 140e3})
    out, rows = compared(b, one, other)
    expect("1 point has no yardstick in one of the runs" in out, out)
    for row in rows:
        plain = (row["model"], row["connections"]) == ("libuv", "64")
        equal(row["basis"], "raw" if plain else "yardstick", f"basis of {row['model']}")
        ratio = 0.7 if plain else 1
        expect(abs(float(row["rate_ratio"]) / ratio - 1) < 0.03, f"{row['rate_ratio']}, not {ratio}")
    equal(verdicts(rows, "rate")["libuv", 64], "cannot tell", "what the machine did")
    other.environment["yardstick"] = "epoll-lt"
    other.save_environment()
    b.call("report", other.dir)
    with open(other.path("report.html"), encoding="utf-8") as f:
        expect("1 point could not be held against the yardstick, epoll-lt, so the rate there is plain "
               "requests/s: http libuv 64." in f.read(), "the report does not say so")
    for row in b.rows("summary.csv", out=other.summarise(b).dir):
        if (row["model"], row["connections"]) == ("libuv", "64"):
            equal(float(row["rate"]), float(row["requests_per_second"]), "rate")


def files(t):
    b = Bench(t, models=(), pictures=True)
    one, other = MadeRun(b, "a 'quoted' one", rates(1)), MadeRun(b, "other", rates(2, poll=0.8))
    markdown, svg = os.path.join(b.dir, "m.md"), os.path.join(b.dir, "p.svg")
    b.call("compare", one.dir, other.dir, "--markdown", markdown)
    with open(markdown, encoding="utf-8") as f:
        text = f.read()
    expect("| poll | 64 |" in text and "| slower |" in text, text)
    _, err = b.call("compare", one.dir, other.dir, "--csv", "/dev/full", status=1)
    expect("cannot write /dev/full" in err, err)
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b.call("compare", one.dir, other.dir, "--plot", svg)
    with open(svg, encoding="utf-8") as f:
        drawn = f.read()
    expect(drawn.rstrip().endswith("</svg>") and "http poll" in drawn and "'quoted'" in drawn.replace(
        "&#39;", "'").replace("&apos;", "'"), drawn[-300:])
    equal([x for x in os.listdir(b.dir) if x.startswith("iomodels-compare")], [], "left behind")


def usage(t):
    b = Bench(t, models=())
    for arguments, says in (
            (("a",), "compare takes two run directories"), (("a", "b", "c"), "takes two"),
            (("a", "b", "--alpha", "5"), "'5' is not a share"),
            (("a", "b", "--alpha", "0"), "'0' is not a share"),
            (("a", "b", "--margin", "2 %"), "'2 %' is not a share"),
            (("a", "b", "--correction", "bonferroni"), "bonferroni")):
        _, err = b.call("compare", *arguments, status=2)
        expect(says in err, f"{arguments}: {err}")
    _, err = b.call("compare", os.path.join(b.dir, "x"), b.dir, status=1)
    expect("cannot read" in err and err.count("\n") == 1, err)
    _, err = b.call("history", "--plot", "x.svg", status=2)
    expect("--model" in err, err)


def history(t):
    b = Bench(t, models=(), pictures=True)
    kept = os.path.join(b.dir, "kept")
    runs = [MadeRun(b, f"run {n}", rates(n, poll=0.9 ** n), date=f"2026-11-2{n}T12:00:00Z")
            for n in (1, 2, 3)]
    runs[2].environment["machine"]["cpu"] = "another CPU"
    runs[2].save_environment()
    for run in reversed(runs):
        out, _ = b.call("history", "--add", run.dir, kept, "--model", "poll")
    equal(len(os.listdir(kept)), 3, "files")
    b.call("history", "--add", runs[0].dir, kept)
    equal(len(os.listdir(kept)), 3, "files, where a run is added twice")
    out, _ = b.call("history", kept, "--model", "poll")
    lines = [x.split() for x in out.splitlines() if x.startswith("  2026-")]
    equal([x[0] for x in lines], ["2026-11-21", "2026-11-22", "2026-11-23"], "the runs, by date")
    equal([x[2] for x in lines], ["a", "a", "b"], "their machines")
    expect("These are 2 machines" in out and "machine b: another CPU" in out, out)
    out, _ = b.call("history", kept)
    equal(sum(x in ("poll http", "epoll-lt http", "libuv http") for x in out.splitlines()), 3, "tables")
    _, err = b.call("history", kept, "--model", "nobody", status=1)
    expect("has a model 'nobody'" in err, err)
    if shutil.which("gnuplot"):
        svg = os.path.join(b.dir, "h.svg")
        b.call("history", kept, "--model", "poll", "--plot", svg)
        with open(svg, encoding="utf-8") as f:
            drawn = f.read()
        expect("http c=64, machine a" in drawn and "machine b" in drawn, "the lines are not named")


def many_machines(t):
    """Each has a mark of its own, also beyond z; and what was kept stays where a file cannot be written."""
    b = Bench(t, models=(), pictures=False)
    kept = os.path.join(b.dir, "kept")
    run = MadeRun(b, "run", rates(1))
    b.call("history", "--add", run.dir, kept)
    name, = os.listdir(kept)
    path = os.path.join(kept, name)
    with open(path, encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    for n in range(27):
        with open(f"{path[:-4]}-{n:02}.csv", "w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(dict(row, machine=f"machine number {n}") for row in rows)
    out, _ = b.call("history", kept, "--model", "poll")
    marks = [x.split()[2] for x in out.splitlines() if x.startswith("  2026-")]
    equal((len(set(marks)), sorted(marks)[:2], marks.count("ab")), (28, ["a", "aa"], 1), f"marks {marks}")
    expect("machine aa: machine number 26\n" in out, out)
    with open(path, encoding="utf-8") as f:
        before = f.read()
    os.mkdir(path + ".new")
    _, err = b.call("history", "--add", run.dir, kept, status=1)
    equal(err, f"iomodels: cannot write {path}.new: Is a directory\n", "what is said")
    with open(path, encoding="utf-8") as f:
        equal(f.read(), before, "what was kept")


def damaged_history(t):
    b = Bench(t, models=())
    kept = os.path.join(b.dir, "kept")
    out, _ = b.call("history", "--add", MadeRun(b, "run", rates(1)).dir, kept)
    path = os.path.join(kept, os.listdir(kept)[0])
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for change, says in (
            (lambda x: x.replace(",raw,", ",guess,", 1), ":2: basis is 'guess', which no run has"),
            (lambda x: x.replace(",http,", ",gopher,", 1), ":2: protocol is 'gopher'"),
            (lambda x: x.replace(",poll,1,", ",poll,0,", 1), "connections is '0'"),
            (lambda x: x.replace(",valid,", ",fine,", 1), ":2: verdict is 'fine'"),
            (lambda x: x[:-1], ":10: the last line is cut off")):
        with open(path, "w", encoding="utf-8") as f:
            f.write(change(text))
        _, err = b.call("history", kept, status=1)
        expect(path + ":" in err and says in err, f"{err!r} does not say {says!r}")
    os.unlink(path)
    _, err = b.call("history", kept, status=1)
    expect("has no runs" in err, err)


TESTS = [(f"compare: {name}", function, 120) for name, function in (
    ("equal runs", equal_runs), ("a model became slower", a_model_became_slower),
    ("the same within the margin", the_same_within_the_margin), ("CPU alone", cpu_alone),
    ("the shape of latencies alone", shape_alone),
    ("what the generator limited is a bound", what_limits_a_run_is_a_bound),
    ("points without verdict", points_without_verdict),
    ("what moves all models alike", what_moves_all_models_alike),
    ("environments that differ", environments_that_differ), ("corrections", corrections),
    ("one trial each", one_trial_each), ("by the yardstick", yardstick),
    ("no yardstick at a point", no_yardstick_at_a_point),
    ("Markdown, CSV and picture", files), ("its command line", usage))]
TESTS += [("history: runs by date, machines marked", history, 120),
          ("history: more machines than letters", many_machines, 120),
          ("history: a damaged file is named", damaged_history, 120)]
