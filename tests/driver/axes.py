"""Each axis of a scenario reaches the load generator and the server: told by what the server counted, by the
bytes that came, and by how the two were called."""

import json
import math
import os
import re

import tap
from driver.bench import OF_THE_MACHINE, Bench, equal, expect
from driver.spy import Spy

CONNECTIONS = 3
SWEEP = """[scenario]
name = tiny
[sweep]
protocols = {protocols}
axis = {axis}
connections = {connections}
at = {at}
repetitions = 1
duration = 0.1s
warmup = 0.02s
settle = 60s
timeout = 60s
{more}"""
# On the load generator's command line, for each value of the axis.
CALLED = {"idle": ("0, 50", [[], ["--idle", "50"]]),
          "churn": ("0, 2", [[], ["--requests-per-connection", "2"]]),
          "pipeline": ("1, 4", [["--pipeline", "1"], ["--pipeline", "4"]]),
          "slow": ("0, 5", [[], ["--slow-readers", "2", "--slow-senders", "3"]]),
          "rate": ("200", [["--rate", "200", "--arrival=poisson"]])}
ALL = {word for _, wanted in CALLED.values() for options in wanted for word in options if word[0] == "-"}


def sweep(b, axis, at, protocols="http", connections=CONNECTIONS, more=""):
    """The rows of block 1 of a run of that axis, by protocol and value."""
    text = SWEEP.format(axis=axis, at=at, protocols=protocols, connections=connections, more=more)
    b.measure(b.scenario(text), "--out", b.out)
    rows = [r for r in b.rows() if r["block"] == "1"]
    equal({r["axis"] for r in rows}, {axis}, "column axis")
    equal({r["connections"] for r in rows}, {str(connections)}, "column connections")
    return {(r["protocol"], int(r["at"])): r for r in rows}


def number(row, column):
    return float(row[column])


def spied(b):
    """The load generator, seen: a spy that takes its place."""
    spy = Spy(os.path.join(b.dir, "spy"), b.loadgen)
    b.loadgen = spy.path
    return spy


def loads(spy, rows):
    """How the load generator was called for each of the rows, which have no yardstick. A run that was too
    slow was made once more, and the rows are of the last one."""
    calls = [s["arguments"] for s in spy.seen() if "--hold" in s["arguments"]]
    expect(len(calls) >= len(rows), f"{len(calls)} load generators for {len(rows)} rows")
    return calls[len(calls) - len(rows):]


def idle(t):
    rows = sweep(Bench(t, pictures=False), "idle", "0, 50", "http, echo")
    for protocol in ("http", "echo"):
        equal(number(rows[protocol, 0], "server_accepted"), CONNECTIONS, "accepted")
        equal(number(rows[protocol, 50], "server_accepted"), CONNECTIONS + 50, "accepted with 50 idle")


def memory_of_idle(t):
    """Memory is shared out among all connections that are open."""
    row = sweep(Bench(t, pictures=False), "idle", "50")["http", 50]
    grown = number(row, "rss_kib") - number(row, "rss_before_kib")
    expect(math.isclose(number(row, "rss_kib_per_connection"), grown / (CONNECTIONS + 50),
                        abs_tol=0.001), row["rss_kib_per_connection"])


def churn(t):
    rows = sweep(Bench(t, pictures=False), "churn", "0, 2")
    equal(number(rows["http", 0], "server_accepted"), CONNECTIONS, "accepted without churn")
    row = rows["http", 2]
    accepted, requests = number(row, "server_accepted"), number(row, "server_requests")
    # At any time each connection may have made none or one of its two requests.
    expect(requests / 2 <= accepted <= requests / 2 + CONNECTIONS,
           f"{accepted} accepted for {requests} requests")


def payload(t):
    rows = sweep(Bench(t, pictures=False), "payload", "1, 5000", "http, echo")
    for at in (1, 5000):
        for protocol in ("http", "echo"):
            row = rows[protocol, at]
            out = number(row, "bytes_out") / number(row, "requests")
            if protocol == "echo":
                expect(out >= at or number(row, "requests") == 0, f"{out} bytes sent for {at}")
    # All heads have the same length but for the digits of Content-Length.
    small, large = (number(rows["http", at], "bytes_in") / number(rows["http", at], "requests")
                    for at in (1, 5000))
    # An answer that straddles an end of a window is in one figure alone, one for each connection.
    slack = sum(max(1, int(row["windows"] or 0)) * CONNECTIONS * (200 + at) / number(row, "requests")
                for at in (1, 5000) for row in [rows["http", at]])
    expect(abs(large - small - 4999 - 3) <= slack, f"{small} and {large} bytes an answer")


def cpu(t):
    row = sweep(Bench(t, pictures=False), "cpu", "0, 2000", more="yardstick = none\n")["http", 2000]
    if row["reason"].startswith(OF_THE_MACHINE):
        raise tap.Skip(f"inconclusive: {row['reason']}")
    # Work that straddles the end of the window counts, and its answer does not.
    requests = number(row, "requests")
    expect(number(row, "cpu_us_per_request") >= 2000 * (1 - CONNECTIONS / requests),
           f"{row['cpu_us_per_request']} us for {requests} requests")


def workers(t):
    rows = sweep(Bench(t, models=("reactor-pool", "epoll-lt"), pictures=False), "workers", "1, 3",
                 more="yardstick = none\n")
    equal(sorted({r["model"] for r in rows.values()}), ["reactor-pool"], "models that have workers")
    # The one that waits, and the workers.
    equal([number(rows["http", at], "threads") for at in (1, 3)], [2, 4], "threads")


def called(t):
    for axis, (values, wanted) in CALLED.items():
        b = Bench(t, pictures=False)
        spy = spied(b)
        text = SWEEP.format(axis=axis, at=values, protocols="http", connections=CONNECTIONS,
                            more="yardstick = none\n")
        b.measure(b.scenario(text), "--out", b.out)
        rows = b.rows()
        trials = loads(spy, rows)
        for row, call in zip(rows, trials):
            options = wanted[values.split(", ").index(row["at"])]
            expect(" ".join(options) in " ".join(call), f"{axis} {row['at']}: {call}")
            for word in ALL - set(options):
                expect(word not in call, f"{axis} {row['at']}: {word} in {call}")


def load(t):
    """Each load is a part of the peak of its own block, or of one before where that one is INVALID."""
    b = Bench(t, pictures=False)
    spy = spied(b)
    text = SWEEP.format(axis="load", at="0, 20", protocols="http", connections=CONNECTIONS, more="")
    text = text.replace("repetitions = 1", "repetitions = 2")
    b.measure(b.scenario(text), "--out", b.out)
    calls = loads(spy, b.rows())
    peak = {}
    for row, call in zip(b.rows(), calls):
        if row["at"] == "0":
            expect("--rate" not in call, f"the peak is offered by a schedule: {call}")
            peak[row["block"]] = number(row, "requests_per_second")
            valid = row["verdict"] != "INVALID"
        else:
            expect(row["block"] in peak, f"block {row['block']} begins with a load")
            expect("us of CPU" not in row["reason"], row["reason"])
            offered = int(call[call.index("--rate") + 1])
            of = [peak[row["block"]]] if valid else peak.values()
            expect(any(abs(offered - rps * 0.2) <= 1 for rps in of), f"{offered} of {peak}")


def transport(t):
    b = Bench(t, pictures=False)
    spy = spied(b)
    text = SWEEP.format(axis="transport", at="0, 1", protocols="http, echo", connections=CONNECTIONS,
                        more="yardstick = none\n")
    b.measure(b.scenario(text), "--out", b.out)
    calls = loads(spy, b.rows())
    for row, call in zip(b.rows(), calls):
        url = call[-1]
        expect(url.startswith(row["protocol"] + ("+unix://@" if row["at"] == "1" else "://127.0.0.1:")),
               f"{row['protocol']} {row['at']}: {url}")
        equal(row["status"], "ok", "status")


def bad_axes(t):
    b = Bench(t)
    head = "[scenario]\nname = x\n[sweep]\nconnections = 2\n"
    for text, place in ((head + "axis = width\nat = 1\n", ":5: axis = 'width' is none of connections, idle"),
                        (head + "at = 1\n", ":5: at = '1' stands below the axis"),
                        (head + "axis = pipeline\nat = 0\n", ":6: at = '0' is not a list"),
                        (head + "axis = idle\nat = 5, 5\n", ":6: at = '5, 5' is not a list"),
                        (head + "axis = idle\nat =\n", ":6: at = ''"),
                        (head + "axis = idle\n", ": [sweep] has an axis, and not at which points"),
                        (head.replace("2", "2, 4") + "axis = idle\nat = 1\n", ": connections is one number"),
                        (head + "axis = idle\nat = 1\nrank = 2\n", ": rank is none of the points"),
                        (head + "axis = load\nat = 50\n", ": the loads in [sweep] do not begin with 0"),
                        (head + "axis = cpu\nat = 50\n", ": an echo takes no CPU"),
                        (head + "axis = rate\nat = 50\nyardstick = epoll-lt\n", "yardstick = 'epoll-lt': a yardstick"),
                        (head + "axis = idle\nat = 1\n[model:epoll-lt]\nat = -1\n", ":8: at = '-1'")):
        path = b.scenario(text)
        _, err = b.call("run", path, "--out", b.out, status=2)
        equal(err.count("\n"), 1, f"lines of\n{err}")
        expect(place in err and path in err, f"'{err}' does not say '{place}'")


def older_files(t):
    """A file without the columns axis and at is of the axis connections; one with others is refused."""
    b = Bench(t, pictures=False)
    b.measure(b.scenario(connections="1, 4", repetitions=1), "--out", b.out)
    path = os.path.join(b.out, "trials.csv")
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    expect(lines[0].endswith(",axis,at"), lines[0])
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(line.rsplit(",", 2)[0] + "\n" for line in lines))
    b.call("report", b.out)
    summary = b.rows("summary.csv")
    equal([(r["axis"], r["at"]) for r in summary], [("connections", r["connections"]) for r in summary],
          "axis and at")
    for tail, named in (("connections,99", "'99'"), ("width,1", "'width'"), ("idle,x", "'x'")):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join([*lines[:-1], lines[-1].rsplit(",", 2)[0] + "," + tail]) + "\n")
        _, err = b.call("report", b.out, status=1)
        expect(f"trials.csv:{len(lines)}: axis" in err and named in err, err)


def budget(t):
    """A budget takes repetitions and points off; what is left is the run's scenario, and is told."""
    b = Bench(t, pictures=False)
    text = SWEEP.format(axis="idle", at="0, 3, 5, 7, 9", protocols="http", connections=CONNECTIONS,
                        more="rank = 3\nyardstick = none\n").replace("repetitions = 1", "repetitions = 4")
    _, err = b.call("run", b.scenario(text), "--dry-run")
    expect(re.search(r"^tiny: about \d+ min \d+ s$", err, re.M), err)
    _, err = b.measure(b.scenario(text), "--out", b.out, "--budget", "1ms")
    expect("left out, to keep to the budget: 3 of 4 repetitions; points 5, 7" in err, err)
    expect("takes longer than the budget" in err, err)
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        equal(json.load(f)["left_out"], "3 of 4 repetitions; points 5, 7", "left_out")
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        expect("3 of 4 repetitions; points 5, 7" in f.read(), "the report does not say what was left out")
    rows = b.rows()
    equal({r["block"] for r in rows} - {"0"}, {"1"}, "blocks")
    points = {int(r["at"]) for r in rows}
    equal(points, {0, 3, 9}, "points")
    out, _ = b.call("verify", b.out)
    expect("WRONG" not in out, out)
    _, err = b.call("run", "--resume", b.out, "--budget", "1m", status=2)
    expect("--resume" in err, err)


def all_scenarios(t):
    """'run all' goes through them, each with its part of the budget."""
    b = Bench(t, pictures=False)
    _, err = b.call("run", "all", "--models", "epoll-lt", "--budget", "2m", "--dry-run")
    told = re.findall(r"^== ([\w-]+) \((\d+) of (\d+)\)$", err, re.M)
    equal([int(n) for _, n, _ in told], list(range(1, int(told[0][2]) + 1)), "scenarios in turn")
    expect({"connections", "idle", "wait"} <= {name for name, _, _ in told}, f"scenarios {told}")
    for name in {name for name, _, _ in told} - {"workers", "cores"}:
        expect(re.search(rf"^{name}: about \d+ min \d+ s$", err, re.M), f"{name}: {err}")
    expect("left out, to keep to the budget" in err, err)
    expect("workers: skipped" in err, err)


TESTS = [
    ("a budget takes repetitions and points off", budget, 60),
    ("run all goes through the scenarios", all_scenarios, 60),
    ("axis idle reaches the server", idle, 60),
    ("memory is shared out among idle connections too", memory_of_idle, 60),
    ("axis churn reaches the server", churn, 60),
    ("axis payload reaches both", payload, 60),
    ("axis cpu reaches the server", cpu, 60),
    ("axis workers reaches the servers that have workers", workers, 60),
    ("each axis reaches the load generator, and no other does", called, 60),
    ("axis load: parts of the peak of the block", load, 60),
    ("axis transport reaches both", transport, 60),
    ("bad axes name file and line", bad_axes, 60),
    ("files without axis and at", older_files, 60),
]
