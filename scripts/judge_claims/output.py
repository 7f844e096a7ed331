"""What a session leaves: rows, verdicts, a text for people, pictures."""

import csv
import json
import math
import os
import statistics
import subprocess
import textwrap

from compare_generators import environment
from compare_generators.statistics import median_interval
from judge_claims.experiments import Line, Row

SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNITS = {"echo": "seconds", "crawl": "requests/s", "crawl-cpu": "requests/s of CPU"}  # of a row; of a pool: jobs/s
BUSY = 0.15


def number(value):
    if value is None or math.isinf(value):
        return None
    return float(f"{value:.4g}")


def bounds(p):
    """Between which bounds a figure is predicted to lie, in words."""
    unit = "" if p.under else " ms"
    if math.isinf(p.high):
        return f"at least {p.low:g}{unit}"
    if p.low == 0:
        return f"at most {p.high:g}{unit}"
    return f"from {p.low:g} to {p.high:g}{unit}"


def figure(j):
    if j.median is None:
        return "no figure"
    unit = "" if j.prediction.under else " ms"
    return f"{j.median:.3g}{unit} [{j.low:.3g}, {j.high:.3g}]"


def why_open(j):
    return f", {j.left_out} round{'s' if j.left_out != 1 else ''} left out: others took CPUs" if j.left_out else ""


def text_of(judged, session):
    lines = [f"{session['cpus']} CPUs, {session['cpu']}, Linux {session['kernel']}, Python {session['python']}",
             f"medians of {session['rounds']} rounds with intervals, ratios paired by round; seed {session['seed']}"]
    if session["others"] is not None and session["others"] > BUSY:
        lines.append(f"A BUSY HOUR: other programs took {session['others']:.0%} of the CPUs in the median run"
                     + (" (judged all the same: --busy)" if session["busy"] else ""))
    for claim, predictions, verdict in judged:
        lines += ["", f"\"{claim.words}\" {verdict}" + (f": {claim.judged}" if verdict == "as predicted" else "")]
        for j in predictions:
            lines.append(f"  {j.verdict:<16} {j.prediction.text}")
            lines.append(f"  {'':<16} {figure(j)}, predicted {bounds(j.prediction)}; {j.rounds} "
                         f"round{'s' if j.rounds != 1 else ''}{why_open(j)}")
    return "\n".join(lines) + "\n"


def write_rows(directory, rows):
    with open(os.path.join(directory, "trials.csv"), "w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(("experiment", "round", "language", "way", "work", "workers", "value", "unit", "others",
                         "disturbed", "note"))
        for r in rows:
            others = "" if math.isnan(r.others) else f"{r.others:.3f}"
            writer.writerow((r.experiment, r.round, *r.line, f"{r.value:.6g}", UNITS.get(r.line.work, "jobs/s"), others,
                             int(r.disturbed), r.note))


def write_verdicts(directory, judged):
    with open(os.path.join(directory, "claims.csv"), "w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(("claim", "prediction", "experiment", "figure", "low", "high", "at_least", "at_most", "rounds",
                         "left_out", "coverage", "verdict"))
        for claim, predictions, _ in judged:
            for j in predictions:
                p = j.prediction
                writer.writerow((claim.words, p.text, p.experiment, *(number(x) for x in (j.median, j.low, j.high)),
                                 number(p.low), number(p.high), j.rounds, j.left_out, f"{j.coverage:.3f}", j.verdict))


def write_json(directory, session, judged):
    told = [{"claim": claim.words, "verdict": verdict, "judged": claim.judged,
             "predictions": [{"text": j.prediction.text, "experiment": j.prediction.experiment,
                              "figure": number(j.median), "low": number(j.low), "high": number(j.high),
                              "at_least": number(j.prediction.low), "at_most": number(j.prediction.high),
                              "rounds": j.rounds, "left_out": j.left_out, "verdict": j.verdict} for j in predictions]}
            for claim, predictions, verdict in judged]
    with open(os.path.join(directory, "claims.json"), "w", encoding="utf-8") as f:
        json.dump({"session": session, "claims": told}, f, indent=1)
        f.write("\n")


def kinds_of(rows):
    """The kinds of pools, each with its lines from the fewest workers on; those of one line alone are left out."""
    kinds = {}
    for line in sorted({r.line for r in rows if r.line.work not in UNITS}):
        kinds.setdefault((line.language, line.way, line.work), []).append(line)
    return {kind: lines for kind, lines in kinds.items() if len(lines) > 1 and lines[0].workers == 1}


def write_speed_up(path, rows):
    """How much faster than one worker, paired by round. Returns the middle of the most workers of each kind."""
    at = {(r.line, r.round): r.value for r in rows}
    most = {}
    with open(path, "w", encoding="utf-8") as f:
        for kind, lines in kinds_of(rows).items():
            one = {number: value for (line, number), value in at.items() if line == lines[0]}
            points = []
            for line in lines:
                ratios = [at[line, n] / value for n, value in one.items() if (line, n) in at]
                middle, low, high, _ = median_interval(ratios)
                if middle is not None:
                    points.append(f"{line.workers}\t{middle:.4g}\t{low:.4g}\t{high:.4g}\n")
                    most[kind] = (line.workers, middle)
            if points:
                f.write(("\n\n" if f.tell() else "") + f"\"{kind[0]} {kind[1]}, {kind[2]}\"\n" + "".join(points))
    return most


def short(figure):
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def speed_up_found(most):
    """In words: the slowest and the fastest kind of those that have the most workers."""
    workers = max(n for n, _ in most.values())
    last = sorted((middle, f"{kind[0]} {kind[1]}, {kind[2]}") for kind, (n, middle) in most.items() if n == workers)
    (least, slow), (best, fast) = last[0], last[-1]
    return f"{workers} workers are {least:.3g} ({slow}) to {best:.3g} ({fast}) times as fast as one"


def write_dots(path, rows, scale, less_is_better):
    """Best first. Returns the lines and their middles."""
    found = []
    for line in {r.line for r in rows}:
        middle, low, high, _ = median_interval([r.value * scale for r in rows if r.line == line])
        if middle is not None:
            found.append((middle if less_is_better else -middle, str(line), middle, low, high))
    with open(path, "w", encoding="utf-8") as f:
        f.write("name\tfigure\tlow\thigh\n")
        for _, line, middle, low, high in sorted(found):
            f.write(f"{line}\t{middle:.4g}\t{low:.4g}\t{high:.4g}\n")
    return [(line, middle) for _, line, middle, _, _ in sorted(found)]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def draw(directory, name, script, title, session, more):
    """A line that says why there is no picture, or None."""
    busy = session["others"] is not None and session["others"] > BUSY
    conditions = f"{session['cpu']}, {session['cpus']} CPUs, Python {session['python']}, {session['rounds']} rounds" + (
        "; a busy hour" if busy else "")
    given = {"dir": directory, "scripts": os.path.join(SCRIPTS, "plots"), "name": name,
             "title": "\n".join(textwrap.wrap(title, 72)), "conditions": conditions,
             "note": "medians of rounds; bars: their intervals, of at least 95 % from 6 rounds on"} | more
    words = "; ".join(f"{k}={quoted(v) if isinstance(v, str) else v}" for k, v in given.items())
    try:
        p = subprocess.run(["gnuplot", "-d", "-e", words, os.path.join(SCRIPTS, "plots", script + ".gp")],
                           capture_output=True, text=True, check=False, env=environment.clean())
    except OSError as e:
        return f"no picture: gnuplot: {e.strerror}"
    return None if p.returncode == 0 else f"no picture {name}: {(p.stderr.strip().splitlines() or ['gnuplot'])[-1]}"


def pictures(directory, session, rows):
    """Draw all; returns lines that say what is not drawn."""
    os.makedirs(os.path.join(directory, "plots"), exist_ok=True)
    told = []

    if not session["busy"]:
        rows = [r for r in rows if not r.disturbed]

    def of(name, script, title, **more):
        told.append(draw(directory, name, script, title, session, more))

    for experiment, title in (("gil", "Jobs that compute"), ("iobound", "Jobs that wait")):
        here = [r for r in rows if r.experiment == experiment]
        most = write_speed_up(os.path.join(directory, "plots", experiment + ".tsv"), here) if here else {}
        if most:
            of(experiment, "speed_up", f"{title}: {speed_up_found(most)}", cpus=session["cpus"])
    for work, name, title, x_title, scale in (
            ("echo", "echo", "An echo beside a thread that computes, by the switch interval", "round trip, milliseconds", 1e3),
            ("crawl", "order", "Clients of the order that is taught", "requests a second", 1),
            ("crawl-cpu", "order_cpu", "Clients of that order, by their CPU", "requests a second of CPU", 1),
            ("mixed", "mixed", "Jobs that wait and compute", "jobs a second", 1)):
        here = [r for r in rows if r.line.work == work]
        found = write_dots(os.path.join(directory, "plots", name + ".tsv"), here, scale, work == "echo") if here else []
        if found:
            (first, best), (last, worst) = found[0], found[-1]
            of(name, "dots", f"{title}: {short(best)} ({first}) to {short(worst)} ({last}) {x_title.split(', ')[-1]}",
               x_title=x_title)
    return [line for line in told if line]


def read(directory):
    """The rows and the session that write() has left there."""
    with open(os.path.join(directory, "claims.json"), encoding="utf-8") as f:
        session = json.load(f)["session"]
    with open(os.path.join(directory, "trials.csv"), encoding="utf-8", newline="") as f:
        return [row_of(r) for r in csv.DictReader(f)], session


def row_of(r):
    line = Line(r["language"], r["way"], r["work"], int(r["workers"]))
    others_took = float(r["others"]) if r["others"] else math.nan
    return Row(r["experiment"], int(r["round"]), line, float(r["value"]), others_took, r["disturbed"] == "1", r["note"])


def others(rows):
    known = [r.others for r in rows if not math.isnan(r.others)]
    return statistics.median(known) if known else None


def write(directory, session, rows, judged, text):
    write_rows(directory, rows)
    write_verdicts(directory, judged)
    write_json(directory, session, judged)
    with open(os.path.join(directory, "summary.txt"), "w", encoding="utf-8") as f:
        f.write(text)
