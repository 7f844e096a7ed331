"""Data of a run that no run writes: refused with the place, not drawn."""

import csv
import json
import os
import shutil

import tap
from driver.bench import Bench, equal, expect
from driver.environment import REFERENCE
from driver.resume import complete

RATE = "requests_per_second"


class Copy:
    """A copy of the committed run, to be damaged."""

    def __init__(self, b, name):
        self.dir = os.path.join(b.dir, name)
        shutil.copytree(REFERENCE, self.dir, ignore=shutil.ignore_patterns("plots", "report.html"))
        with open(self.path("trials.csv"), newline="", encoding="utf-8") as f:
            self.rows = list(csv.reader(f))
        self.header = self.rows[0]

    def path(self, name):
        return os.path.join(self.dir, name)

    def set(self, line, column, value):
        self.rows[line - 1][self.header.index(column)] = value

    def write(self, more=b""):
        with open(self.path("trials.csv"), "w", newline="", encoding="utf-8") as f:
            csv.writer(f, lineterminator="\n").writerows(self.rows)
        with open(self.path("trials.csv"), "ab") as f:
            f.write(more)

    def usable_at_rank(self):
        """Line, trial and histogram of a row that the latency distribution needs."""
        at = self.header.index
        for line, row in enumerate(self.rows[1:], 2):
            if (row[at("protocol")], row[at("model")], row[at("connections")],
                    row[at("verdict")]) == ("http", "poll", "64", "valid") and row[at("block")] != "0":
                trial = row[at("trial")]
                return line, trial, self.path(f"histograms/{trial}.csv")
        raise AssertionError("the committed run has no such row")


def table_damage():
    """What is done to trials.csv, and what the refusal says after "trials.csv"."""
    def cell(line, column, value, says):
        return f"{column} = {value!r}", lambda c: (c.set(line, column, value), c.write()), \
            f":{line}: {says}"

    yield cell(7, RATE, "-5x", f"{RATE} is '-5x', no number")
    yield cell(7, RATE, "-5", f"{RATE} is below zero")
    yield cell(7, RATE, "nan", f"{RATE} is 'nan', no number")
    yield cell(7, RATE, "0x10", f"{RATE} is '0x10', no number")
    yield cell(7, RATE, "1,5", f"{RATE} is '1,5', no number")
    yield cell(7, RATE, "1e999", f"{RATE} is '1e999', no number")
    yield cell(8, "cpu_us_per_request", "fast", "cpu_us_per_request is 'fast', no number")
    yield cell(9, "p99_us", " 12", "p99_us is ' 12', no number")
    yield cell(5, "trial", "", "trial is '', no whole number from 1 to ")
    yield cell(5, "trial", "0", "trial is '0', no whole number")
    yield cell(5, "trial", "1.5", "trial is '1.5', no whole number")
    yield cell(5, "block", "4000000000", "block is '4000000000', no whole number from 0 to 1000")
    yield cell(5, "block", "1001", "block is '1001', no whole number from 0 to 1000")
    yield cell(5, "connections", "0", "connections is '0', no whole number")
    yield cell(5, "connections", "99999999999", "connections is '99999999999', no whole number")
    yield cell(5, "protocol", "gopher", "protocol is 'gopher'")
    yield cell(5, "protocol", "http, all of it", "protocol is 'http, all of it'")
    yield cell(5, "status", "okay", "status is 'okay', which is none that there is")
    yield cell(5, "verdict", "valid?", "verdict is 'valid?', which is none that there is")
    yield cell(5, "model", "pol", "environment.json knows no model 'pol'")
    yield cell(5, "model", "\x1b[1mpoll", "the model's name: a name has")
    yield cell(5, "scenario", "another", "scenario 'another', in line 2 it is ")

    last = lambda c: len(c.rows)  # noqa: E731
    yield ("a row twice", lambda c: (c.rows.append(list(c.rows[20])), c.write()),
           lambda c: f":{last(c)}: trial {c.rows[20][0]} stands in line 21 already")

    def same_point(c):
        c.rows.append(list(c.rows[20]))
        c.set(len(c.rows), "trial", "100000")
        c.write()
    yield ("a point twice in a block", same_point, lambda c: f":{last(c)}: ")

    def no_rate(c):
        line = c.usable_at_rank()[0]
        c.set(line, RATE, "")
        c.write()
    yield ("a valid row without its rate", no_rate,
           lambda c: f":{c.usable_at_rank()[0]}: a trial that is valid without {RATE}")

    def lines(change):
        def apply(c):
            with open(c.path("trials.csv"), "rb") as f:
                text = f.read().split(b"\n")
            with open(c.path("trials.csv"), "wb") as f:
                f.write(b"\n".join(change(text)))
        return apply
    width = lambda c: len(c.header)  # noqa: E731
    yield ("too few fields", lines(lambda x: x[:30] + [x[30].rsplit(b",", 3)[0]] + x[31:]),
           lambda c: f":31: {width(c) - 3} fields, the header has {width(c)}")
    yield ("too many fields", lines(lambda x: x[:30] + [x[30] + b",1"] + x[31:]),
           lambda c: f":31: {width(c) + 1} fields, the header has {width(c)}")
    yield ("an empty line", lines(lambda x: x[:30] + [b""] + x[30:]),
           lambda c: f":31: 1 field, the header has {width(c)}")
    yield ("two rows in one line", lines(lambda x: x[:30] + [x[30] + x[31]] + x[32:]), ":31: ")
    yield ("a NUL", lines(lambda x: x[:30] + [x[30][:9] + b"\0" + x[30][9:]] + x[31:]),
           ":31: a byte of zero")
    yield ("an open quote", lines(lambda x: x[:30] + [b'"' + x[30]] + x[31:]),
           ":31: a quote is not closed")
    yield ("a column twice", lines(lambda x: [x[0].replace(b",p50_us,", b",p90_us,")] + x[1:]),
           ":1: there are two columns 'p90_us'")
    yield ("a column lost", lines(lambda x: [x[0].replace(b",verdict,", b",verdikt,")] + x[1:]),
           " has no column 'verdict'")
    yield "an empty file", lines(lambda x: []), " has no header line"


def refuses(b, c, command, says):
    _, err = b.call(command, c.dir, status=1)
    equal(err.count("\n"), 1, f"lines of\n{err}")
    expect(says in err, f"{command}: {err!r} does not say {says!r}")
    expect(not os.path.exists(c.path("report.html")), "a report was made")


def table(t):
    b = Bench(t, models=())
    for number, (what, damage, says) in enumerate(table_damage()):
        c = Copy(b, f"copy {number}")
        damage(c)
        wanted = "trials.csv" + (says(c) if callable(says) else says)
        try:
            for command in ("plot", "report"):
                refuses(b, c, command, wanted)
        except AssertionError as e:
            raise AssertionError(f"{what}: {e}") from None
        shutil.rmtree(c.dir)


def environment(t):
    b = Bench(t, models=())
    path = os.path.join(REFERENCE, "environment.json")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    whole = json.loads(text)

    def without(*names):
        changed = json.loads(text)
        inner = changed
        for name in names[:-1]:
            inner = inner[name]
        del inner[names[-1]]
        return json.dumps(changed)

    c = Copy(b, "copy")
    half = text[:len(text) // 2]
    for content, says in (
            ("", "environment.json:1: "), ("{}", "its format is another than 1"),
            ("[]", "it is no JSON object"), (half, f"environment.json:{half.count(chr(10)) + 1}: "),
            (json.dumps(dict(whole, format=2)), "its format is another than 1"),
            (without("scenario"), "it has no scenario"),
            (without("scenario", "rank"), "it has no scenario with a name and a rank"),
            (without("placement"), "it has no placement"), (without("models"), "it has no models"),
            (without("models", 0, "name"), "a model in it has no name"), (None, "No such file")):
        if content is None:
            os.unlink(c.path("environment.json"))
        else:
            with open(c.path("environment.json"), "w", encoding="utf-8") as f:
                f.write(content)
        for command in ("plot", "report"):
            refuses(b, c, command, says)
            refuses(b, c, command, "environment.json")


def histograms(t):
    b = Bench(t, models=())
    c = Copy(b, "copy")
    line, _, path = c.usable_at_rank()
    with open(path, encoding="utf-8") as f:
        rows = f.read().splitlines()
    low, high, count = rows[2].split(",")
    below = rows[1].split(",")[0]
    for changed, says in (
            (rows[:2] + ["garbage"] + rows[3:], ":3: 1 field, the header has 3"),
            (rows[:2] + [f"{low},{high},many"] + rows[3:], ":3: no bucket"),
            (rows[:2] + [f"{low},{high},-1"] + rows[3:], ":3: no bucket"),
            (rows[:2] + [f"{high}9,{high},{count}"] + rows[3:], ":3: no bucket"),
            (rows[:2] + [f"{below},{high},{count}"] + rows[3:], ":3: no bucket"),
            (rows[:2] + [rows[2], rows[2]] + rows[3:], ":4: no bucket"),
            (["low,high,count"] + rows[1:], ":2: no bucket"),
            (rows[:2] + [f"{low},{high},{int(count) + 1}"] + rows[3:],
             f" samples, line {line} of trials.csv tells of "),
            (rows[:-1], " samples, line "), ([], " has no header line")):
        with open(path, "w", encoding="utf-8") as f:
            f.write("".join(x + "\n" for x in changed))
        refuses(b, c, "plot", path + says if says[0] == ":" else says)
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(rows)[:-1])
    refuses(b, c, "plot", f"{path}:{len(rows)}: the last line is cut off")


def missing_histogram(t):
    """A distribution of some of the trials would be another: the model has none then, which is told."""
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t, models=())
    c = Copy(b, "copy")
    os.unlink(c.usable_at_rank()[2])
    _, err = b.call("plot", c.dir)
    expect(err.endswith(".csv is missing: poll has no latency distribution\n"), err)
    with open(c.path("plots/latency_distribution_http.tsv"), encoding="utf-8") as f:
        models = {line.split("\t")[0] for line in f}
    expect("poll" not in models and "epoll-lt" in models, f"models: {models}")


def no_ratios(t):
    """Where no server of others is in a run any more, a ratios.csv of before is none of it."""
    b = Bench(t, models=(), pictures=False)
    c = Copy(b, "copy")
    with open(c.path("ratios.csv"), "w", encoding="utf-8") as f:
        f.write("of before\n")
    b.call("plot", c.dir, status=1)  # without gnuplot
    expect(not os.path.exists(c.path("ratios.csv")), "ratios.csv is still there")


def cut_off(t):
    """What a killed writer leaves is told and left out; --resume measures that trial again."""
    b = Bench(t, models=())
    c = Copy(b, "copy")
    c.write(b"900,1,mod")
    _, err = b.call("report", c.dir)
    equal(err, f"iomodels: {c.path('trials.csv')}:{len(c.rows) + 1}: the last line is cut off; "
          "it is left out\n", "what is said")

    b = Bench(t)
    b.measure(b.scenario(connections="1", repetitions=2), "--out", b.out, "--seed", "3")
    path = os.path.join(b.out, "trials.csv")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    # In the last row, before it, and before any row is whole.
    for end in (len(text) - 9, text.rindex("\n", 0, -1) + 4, text.index("\n") + 5, 40):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text[:end])
        _, err = b.measure("--resume", b.out)
        expect("the last line was cut off; its trial is measured again" in err, err)
        complete(b, b.out, 3)


TESTS = [
    ("a damaged trials.csv is refused", table, 90),
    ("a damaged environment.json is refused", environment, 60),
    ("damaged histograms are refused", histograms, 60),
    ("a missing histogram is told", missing_histogram, 60),
    ("a ratios.csv of before goes", no_ratios, 60),
    ("a last line that is cut off is told", cut_off, 60),
]
