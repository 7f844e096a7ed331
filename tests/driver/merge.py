"""iomodels merge: several reports are one, to the last bucket, and what is not of one load is refused."""

import copy
import json
import os
import subprocess

from driver.bench import Bench, equal, expect
from lib import merged
from load.schema import check

STARVED = "the window of {} had no answer"


def measured(b, name, *arguments, seed=1):
    """A report of a run that needs no server; its path and what it says."""
    path = os.path.join(b.dir, name)
    # As often as it takes until a crowded machine lets it do anything in its window.
    for duration in ("0.02", "0.5", "5"):
        subprocess.run([b.loadgen, "--null", "-d", duration, "--seed", str(seed), "--json", path,
                        *arguments], check=False, stdout=subprocess.DEVNULL)
        with open(path, encoding="utf-8") as f:
            report = json.load(f)
        if report["requests"] > 0:
            return report
    raise AssertionError(STARVED.format(name))


def align(*reports):
    """As if all had been started together, and nothing had disturbed any."""
    for r in reports:
        r["opened"] = {"unix_ns": 1_700_000_000_000_000_000, "late_ns": 1000}
        r["verdict"], r["verdict_reason"] = "ok", ""


def write(b, /, **reports):
    for name, report in reports.items():
        with open(os.path.join(b.dir, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(report, f)
    return [name + ".json" for name in reports]


def read(b, name):
    with open(os.path.join(b.dir, name), encoding="utf-8") as f:
        return json.load(f)


def same_as_the_sum(t):
    b = Bench(t, models=(), pictures=False)
    kinds = {"closed": ([], []), "open": (["-R", "5k"], ["-R", "3k", "--arrival", "constant"]),
             "short": (["--requests-per-connection", "5"], ["--requests-per-connection", "5"])}
    for kind, (first, second) in kinds.items():
        each = [measured(b, "a", "-c", "3", *first), measured(b, "b", "-c", "5", "-t", "2", *second, seed=2),
                measured(b, "c", "-c", "1", *first, seed=3)]
        align(*each)
        # Numbers that no double holds, and beyond the last bucket.
        h = each[0]["histograms"]["latency"]
        h["buckets"].append([2 ** 42 - 2 ** 31, 2 ** 43, 1])
        h["max"], h["sum"], h["squares"] = 2 ** 43, str(int(h["sum"]) + 2 ** 43), str(2 ** 128 - 2)
        names = write(b, a=each[0], b=each[1], c=each[2])
        out, err = b.call("merge", *names, "--json", "all.json")
        equal(err, "", kind)
        report = read(b, "all.json")
        wrong = list(merged.differences(report, each))
        expect(not wrong, "\n".join([kind, *wrong]))
        check(report)
        expect("Verdict: ok" in out and "a.json" in out, out)
        equal([h["name"] for h in report["hosts"]["each"]], names, "the hosts")
        b.call("merge", *names[:2], "--json", "two.json")
        b.call("merge", "two.json", names[2], "--json", "again.json")
        wrong = list(merged.differences(read(b, "again.json"), each))
        expect(not wrong, "\n".join([f"{kind} in two steps", *wrong]))
    # Standard output is the JSON alone.
    out, _ = b.call("merge", *names, "--json", "-")
    check(json.loads(out))


def the_worst_verdict(t):
    b = Bench(t, models=(), pictures=False)
    each = [measured(b, "a"), measured(b, "b")]
    align(*each)

    def verdict(a, other, status, says):
        first, second = copy.deepcopy(each)
        (first["verdict"], first["verdict_reason"]), (second["verdict"], second["verdict_reason"]) = a, other
        write(b, a=first, b=second)
        out, _ = b.call("merge", "a.json", "b.json", status=status)
        expect(out.splitlines()[-1] == f"Verdict: {says}", f"{says} is not in\n{out}")
    verdict(("ok", ""), ("generator-limited", "busy"), 0, "generator-limited: b.json: busy")
    verdict(("FAILED", "many"), ("generator-limited", "busy"), 5, "FAILED: a.json: many")
    verdict(("FAILED", "many"), ("INVALID", "late"), 3, "INVALID: b.json: late")
    # Windows of 1 s that opened 9 ms apart, and 11 ms.
    for r in each:
        r["window_ns"] = 1_000_000_000
    for apart, status, says in ((9, 0, "ok"), (11, 3, "the windows did not open together: 11.000 ms")):
        for part in ("unix_ns", "late_ns"):
            late = copy.deepcopy(each[1])
            late["opened"][part] += apart * 1_000_000
            write(b, a=each[0], b=late)
            out, _ = b.call("merge", "a.json", "b.json", "--json", "m.json", status=status)
            expect(says in out.splitlines()[-1], out)
            equal(read(b, "m.json")["hosts"]["skew_ns"], apart * 1_000_000, "the skew")


def refused(t):
    """What cannot be added up: one line that names the file and the reason."""
    b = Bench(t, models=(), pictures=False)
    good = measured(b, "good")
    align(good)

    def damage(change, says):
        bad = copy.deepcopy(good)
        change(bad)
        write(b, a=good, b=bad)
        _, err = b.call("merge", "a.json", "b.json", "--json", "never.json", status=1)
        expect(err.count("\n") == 1 and "b.json" in err and says in err, f"{says} is not in\n{err}")
        expect(not os.path.exists(os.path.join(b.dir, "never.json")), "it was written")

    def put(*path):
        def change(r):
            for key in path[:-2]:
                r = r[key]
            r[path[-2]] = path[-1]
        return change
    latency = good["histograms"]["latency"]
    damage(put("url", "http://other/"), "'url' is not the same")
    damage(put("warmup_ns", 5), "'warmup_ns' is not the same")
    damage(put("windows", 3), "'windows' cannot be merged")
    damage(lambda r: r.pop("threads"), "'threads' is missing")
    damage(put("bytes_in", "many"), "'bytes_in' is no number")
    damage(put("bytes_in", 2 ** 63 - 1), "'bytes_in' is too large")
    damage(put("urls", []), "other URLs")
    damage(lambda r: r["fairness"].pop("answers"), "'answers'")
    damage(lambda r: r["histograms"].pop("latency"), "histogram 'latency'")
    damage(lambda r: r["histograms"]["latency"].pop("min"), "an older iomodels-load")
    damage(put("histograms", "latency", "sum", "12x"), "128 bits")
    damage(put("histograms", "latency", "sum", str(2 ** 128)), "128 bits")
    damage(put("histograms", "latency", "max", latency["max"] * 1000), "in no bucket")
    damage(put("histograms", "latency", "buckets", [[5001, 5003, 1]]), "a bucket that no histogram has")
    for text, says in (("[", "b.json:1: "), ("{}", "b.json is not what"), (None, "b.json")):
        os.remove(os.path.join(b.dir, "b.json"))
        if text:
            with open(os.path.join(b.dir, "b.json"), "w", encoding="utf-8") as f:
                f.write(text)
        _, err = b.call("merge", "a.json", "b.json", status=1)
        expect(says in err and err.count("\n") == 1, err)
        write(b, b=good)
    _, err = b.call("merge", status=2)
    expect("merge takes the files" in err, err)
    _, err = b.call("merge", "a.json", "--json", "/dev/full", status=1)
    expect("cannot write /dev/full" in err, err)
    write(b, a={**good, "search": {}})
    _, err = b.call("merge", "a.json", status=1)
    expect("a.json: 'search' cannot be merged" in err, err)


TESTS = [("merge: the sum to the last bucket", same_as_the_sum, 120),
         ("merge: the worst verdict wins, and windows apart are INVALID", the_worst_verdict, 120),
         ("merge: what is not of one load is refused", refused, 120)]
