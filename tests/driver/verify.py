"""iomodels verify: a run that is sound has no disagreement, and each damage is one, with its place."""

import os
import re
import shutil

from driver.bench import Bench, equal, expect
from driver.environment import REFERENCE
from driver.made_run import MadeRun

RATES = {"poll": 100e3, "epoll-lt": 110e3, "libuv": 90e3}


def rate(model, connections, block):
    return RATES[model] * (1 if connections > 1 else 0.3) * (1 + 0.01 * block)


def last_line(out):
    found = re.fullmatch(r"(\d+) trials?, (\d+) checks?, (\d+) disagreements?", out.splitlines()[-1])
    expect(found, f"no count at the end of\n{out}")
    return [int(x) for x in found.groups()]


def made(t):
    b = Bench(t, models=(), pictures=False)
    run = MadeRun(b, "sound", rate).summarise(b)
    out, err = b.call("verify", run.dir)
    equal((len(out.splitlines()), err), (1, ""), f"lines of {out}")
    trials, checks, disagreements = last_line(out)
    equal((trials, disagreements), (45, 0), "trials and disagreements")
    expect(checks > 45 * 4, f"{checks} checks")


def reference(t):
    """The committed run is older than some columns, which is told apart from what disagrees."""
    b = Bench(t, models=())
    out, _ = b.call("verify", REFERENCE)
    equal(last_line(out)[0::2], [816, 0], "trials and disagreements")
    for what in ("trials without histogram", "without the column generator_verdict",
                 "break Little's law"):
        expect(re.search(rf"^cannot be checked: \d+ .*{what}", out, re.M), f"{what} is not in\n{out}")


def measured(t):
    """A run of the driver itself. Its figures were judged as the file has them."""
    b = Bench(t, models=("epoll-lt", "poll"), pictures=False)
    b.measure(b.scenario(connections="1, 8", repetitions=2, yardstick=None), "--out", b.out)
    out, _ = b.call("verify", b.out)
    equal(last_line(out)[2], 0, f"disagreements of\n{out}")
    rows = b.rows()
    expect(all(r["generator_verdict"] for r in rows if r["status"] == "ok"),
           "a row without the generator's verdict")


def damages():
    """What is done to a sound run, and what the one line about it says."""
    def cell(column, value, says, line=9):
        def apply(run):
            run.rows[line - 2][column] = value
            run.write_rows()
        return f"{column} = {value!r}", apply, f"trials.csv:{line}: ", says

    yield cell("verdict", "generator-limited", "its figures give valid")
    yield cell("reason", "I say so", "valid, 'I say so': its figures give valid, ''")
    yield cell("mean_us", "1", "its figures give INVALID, 'the mean latency, 1.000 us")
    yield cell("p99_us", "700000", "its figures give INVALID, 'p99_us is 700000.000, above p999_us")
    yield cell("requests_per_second", "5", "its figures give INVALID, ")
    yield cell("jain", "0.5", "its figures give INVALID, 'Jain's index is 0.5000")
    yield cell("throttled_fraction", "0.5", "its figures give INVALID, 'disturbed: the CPU quota")
    yield cell("connections", "2", "of the plan is http ")
    yield cell("block", "6", "of the plan is http ")
    yield cell("trial", "46", "the plan has no trial 46")

    def unlink(name):
        return lambda run: os.unlink(run.path(name))

    def write(name, change):
        def apply(run):
            with open(run.path(name), encoding="utf-8") as f:
                text = f.read()
            with open(run.path(name), "w", encoding="utf-8") as f:
                f.write(change(text))
        return apply

    yield ("a percentile of another histogram",
           lambda run: (run.rows[7].update(p50_us=run.rows[7]["max_us"]), run.write_rows()),
           "trials.csv:9: ", "p50_us is ")
    yield ("a sample more", write("histograms/8.csv", lambda x: x.replace("\n", "\n1,1,1\n", 1)),
           "histograms/8.csv", "samples, line 9 of trials.csv tells of")
    yield ("a bucket that is none",
           write("histograms/8.csv", lambda x: re.sub(r"\n(\d+),", lambda m: f"\n{int(m[1]) + 1},", x, 1)),
           "histograms/8.csv:2: ", "is no bucket of a histogram")
    yield ("a histogram of nobody",
           lambda run: shutil.copy(run.path("histograms/8.csv"), run.path("histograms/99.csv")),
           "histograms/99.csv:1: ", "no trial has this histogram")
    yield ("a trial lost", lambda run: (run.rows.pop(7), os.unlink(run.path("histograms/8.csv")),
                                        run.write_rows()),
           "trials.csv:45: ", "trial 8 is missing: http ")
    yield ("a row twice", lambda run: (run.rows.append(run.rows[7]), run.write_rows()),
           "trials.csv:47: ", "trial 8 stands in line 9 already")
    yield ("another summary", write("summary.csv", lambda x: x.replace(",valid,", ",INVALID,", 1)),
           "summary.csv:2: ", "not what is made of trials.csv")
    yield ("a summary that ends early", write("summary.csv", lambda x: x[:x[:-1].rindex("\n") + 1]),
           "summary.csv:10: ", "not what is made of trials.csv")
    yield "no summary", unlink("summary.csv"), "summary.csv:1: ", "it is missing"
    yield ("ratios of nobody", lambda run: shutil.copy(run.path("summary.csv"), run.path("ratios.csv")),
           "ratios.csv:1: ", "there is nothing to make it of")
    yield ("another scenario", write("scenario.ini", lambda x: x + "# more\n"),
           "scenario.ini:1: ", "not the text that environment.json has")
    yield ("no scenario", unlink("scenario.ini"), "scenario.ini", "cannot read")
    yield ("another seed", lambda run: (run.environment.update(seed="8"), run.save_environment()),
           "trials.csv:", "of the plan is http ")
    yield ("fewer trials", lambda run: (run.environment.update(trials=44), run.save_environment()),
           "environment.json:1: ", "44 trials of 9 points, the plan has 45 of 9")


def damaged(t):
    b = Bench(t, models=(), pictures=False)
    sound = MadeRun(b, "sound", rate).summarise(b)
    for number, (what, damage, place, says) in enumerate(damages()):
        run = MadeRun(b, f"run {number}", rate)
        shutil.copy(sound.path("summary.csv"), run.path("summary.csv"))
        damage(run)
        out, _ = b.call("verify", run.dir, status=1)
        lines = [x for x in out.splitlines() if place in x and says in x]
        expect(lines and all(x.startswith(run.dir) or x.startswith("cannot read") for x in lines),
               f"{what}: no line with {place!r} and {says!r} in\n{out}")
        expect(last_line(out)[2] >= 1, f"{what}: {out}")
        shutil.rmtree(run.dir)


def usage(t):
    b = Bench(t, models=())
    for arguments in ((), ("a", "b")):
        _, err = b.call("verify", *arguments, status=2)
        expect("verify takes one run directory" in err, err)
    out, _ = b.call("verify", os.path.join(b.dir, "nowhere"), status=1)
    expect("cannot read" in out and last_line(out) == [0, 1, 1], out)


TESTS = [("verify: a sound run has no disagreement", made, 120),
         ("verify: the committed run, of a time before some columns", reference, 120),
         ("verify: a run just measured", measured, 300),
         ("verify: each damage has its line", damaged, 300),
         ("verify: its command line", usage, 60)]
