"""What is written besides the summary: percentiles, time series, the line on a terminal."""

import json
import math
import os
import pty
import resource
import signal
import subprocess
import tempfile
import time

from load.run import (Disturbed, Run, consistent, hang, load, named, stub_for, series_sum, settings,
                      steady, until)
from lib.tables import whole_rows

OUTCOMES = ("timeout", "reset", "refused", "eof", "corrupt", "non_2xx")
NAMES = ["time_s", "interval_s", "requests", "requests_per_second", *OUTCOMES, "mean_us", "p50_us",
         "p99_us", "max_us", "late", "late_max_us", "rate_asked"]


def scratch(t, name):
    directory = tempfile.TemporaryDirectory(prefix="load-files-")
    t.defer(directory.cleanup)
    return f"{directory.name}/{name}"


def read_hgrm(path):
    """The rows, as numbers, and what the footer says; by the rules of HdrHistogram's plotter: four
    columns, and lines that begin with # are left out."""
    with open(path) as f:
        lines = f.read().splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"], lines[0]
    assert lines[1] == ""
    rows = [[float(x) for x in line.split()] for line in lines[2:] if not line.startswith("#")]
    assert all(len(row) == 4 for row in rows)
    footer = {}
    for line in lines:
        if line.startswith("#["):
            for part in line[2:-1].split(","):
                name, value = part.split("=")
                footer[name.strip()] = float(value)
    return rows, footer


def levels(count):
    """The first percentiles that HdrHistogram tells of: five for each halving."""
    level, found = 0.0, []
    while len(found) < count:
        found.append(level)
        half = 2 ** (math.floor(math.log2(100 / (100 - level))) + 1)
        level += 100 / (5 * half)
    return found


def percentiles_for_plotters(t):
    path = scratch(t, "x.hgrm")
    stub = stub_for(t, "late", every=20)
    j = load(t, "-n", "1000", "-c", "4", "--hgrm", path, stub.url).json
    rows, footer = read_hgrm(path)
    h, buckets = j["latency"], j["histogram"]["buckets"]
    assert footer.keys() == {"Mean", "StdDeviation", "Max", "Total count", "Buckets", "SubBuckets"}
    assert footer["Total count"] == h["count"] == 1000
    assert abs(footer["Mean"] * 1e6 - h["mean"]) <= 1 and round(footer["Max"] * 1e6) == h["max"]
    assert abs(footer["StdDeviation"] * 1e6 - h["stddev"]) <= 1
    assert rows[-1][:3] == [h["max"] / 1e6, 1.0, 1000] and rows[-1][3] == math.inf
    told = [row[1] * 100 for row in rows[:-1]]
    assert len(told) >= 10 and all(abs(a - b) < 1e-9 for a, b in zip(told, levels(len(told)))), told
    for value, percentile, count, inverse in rows[:-1]:
        rank = max(1, math.ceil(percentile * 1000 - 1e-9))
        seen = 0
        for low, high, n in buckets:
            seen += n
            if seen >= rank:
                break
        assert round(value * 1e6) == min(high, h["max"]), (percentile, value)
        assert count == seen and abs(inverse - 1 / (1 - percentile)) <= 0.006, (percentile, count)
    assert rows == sorted(rows, key=lambda row: row[:3]), "not in order"


def percentiles_of_nothing(t):
    path = scratch(t, "x.hgrm")
    load(t, "-n", "5", "-c", "1", "--hgrm", path, stub_for(t, "404").url, status=1)
    rows, footer = read_hgrm(path)
    assert rows == [] and footer["Total count"] == 0


def read_series(path):
    """The rows so far."""
    if not os.path.exists(path):
        return []
    return whole_rows(path)


def check_series(rows, j, interval):
    """The rows add up to exactly what the report says, and none is missing."""
    assert list(rows[0]) == NAMES, list(rows[0])
    assert sum(int(r["requests"]) for r in rows) == j["requests"]
    for name in OUTCOMES:
        assert sum(int(r[name]) for r in rows) == j["outcomes"][name], name
    for k, r in enumerate(rows[:-1]):
        assert abs(float(r["time_s"]) - (k + 1) * interval) < 1e-6, "a row is missing"
        assert abs(float(r["interval_s"]) - interval) < 1e-6
    assert abs(float(rows[-1]["time_s"]) - j["window_ns"] / 1e9) < 2e-6, rows[-1]
    for r in rows:
        if int(r["requests"]) > 0:
            assert 0 < float(r["p50_us"]) <= float(r["p99_us"]) <= float(r["max_us"])
            if float(r["interval_s"]) < 0.001:
                continue  # the last one, of a run that was interrupted: printed to a microsecond
            rate = int(r["requests"]) / float(r["interval_s"])
            assert abs(float(r["requests_per_second"]) - rate) <= 0.01 * rate
    if j["latency"]["count"]:
        longest = max(float(r["max_us"]) for r in rows if r["max_us"])
        assert abs(longest - j["latency"]["max"] / 1e3) < 0.01


def series(t):
    path = scratch(t, "x.csv")

    def check():
        stub = stub_for(t, "404", every=7)
        j = load(t, "-d", "1s", "-c", "6", "-t", "3", "--warmup", "0.1s", "--interval", "100ms",
                 "--csv", path, stub.url, status=None).json
        rows = read_series(path)
        assert len(rows) == 10, rows
        check_series(rows, j, 0.1)
        if j["latency"]["max"] >= 50_000_000:
            raise Disturbed("an interval may be empty")
        assert all(int(r["requests"]) > 0 for r in rows), rows
    steady(t, 0.02, check)


def series_with_a_rest(t):
    path = scratch(t, "x.csv")
    j = load(t, "-d", "0.25s", "-c", "2", "--interval", "100ms", "--csv", path,
             stub_for(t).url, status=None).json
    rows = read_series(path)
    check_series(rows, j, 0.1)
    assert [r["interval_s"] for r in rows] == ["0.100000", "0.100000", "0.050000"]
    # -n ends the threads at different times.
    j = load(t, "-n", "301", "-c", "3", "-t", "3", "--interval", "10ms", "--csv", path,
             stub_for(t).url).json
    assert sum(int(r["requests"]) for r in read_series(path)) == j["requests"] == 301


def series_of_an_open_loop(t):
    """50 ms an answer on one connection, and 40 requests a second are due: more and more are late,
    and the rows go on until the last has its answer."""
    path = scratch(t, "x.csv")
    run = Run(t, "-R", "40", "-d", "0.5s", "-c", "1", "--interval", "100ms",
              "--csv", path, stub_for(t, "late").url)
    assert run.finish() in (0, 3), run.err
    consistent(run.json)
    rows, j = read_series(path), run.json
    assert sum(int(r["requests"]) for r in rows) == j["outcomes"]["ok"] == 20, j["outcomes"]
    assert float(rows[-1]["time_s"]) >= 0.95, "what came after the window is missing"
    lateness = j["histograms"]["lateness"]["buckets"]
    late = [sum(n for low, high, n in lateness if low > limit) for limit in (990_000, 1_010_000)]
    assert late[0] >= sum(int(r["late"]) for r in rows) >= late[1] > 10
    longest = max(float(r["late_max_us"]) for r in rows)
    assert abs(longest - j["lateness"]["max"] / 1e3) < 0.01
    assert abs(max(float(r["max_us"]) for r in rows if r["max_us"]) -
               j["response_time"]["max"] / 1e3) < 0.01


def series_of_a_stall(t):
    """Nothing happens: the rows come all the same, on time, and say so."""
    path = scratch(t, "x.csv")
    run = Run(t, "-d", "10h", "-c", "2", "--interval", "50ms", "--csv", path,
              stub_for(t, "stall").url)
    until(lambda: len(read_series(path)) >= 4, "rows", run.process)
    rows = read_series(path)
    assert all(r["requests"] == "0" and r["p50_us"] == "" for r in rows), rows
    assert run.interrupt() == 1
    check_series(read_series(path), run.json, 0.05)


def interrupted(t, number):
    path = scratch(t, "x.csv")
    stub = stub_for(t)
    run = Run(t, "-d", "10h", "-c", "4", "-t", "2", "--interval", "50ms", "--csv", path, stub.url)
    until(lambda: len(read_series(path)) >= 3 and series_sum(path, "requests") > 0, "rows",
          run.process)
    run.process.send_signal(number)
    return run, path


def series_survives_an_interrupt(t):
    run, path = interrupted(t, signal.SIGINT)
    assert run.finish() == 0
    consistent(run.json)
    check_series(read_series(path), run.json, 0.05)


def series_survives_a_kill(t):
    run, path = interrupted(t, signal.SIGKILL)
    run.process.wait(hang())
    rows = read_series(path)
    assert len(rows) >= 3 and sum(int(r["requests"]) for r in rows) > 0
    assert all(r[name] is not None for r in rows for name in NAMES), "half a row"


def series_of_a_stopped_generator(t):
    """What it slept through is many intervals at once: none is missing."""
    path = scratch(t, "x.csv")
    run = Run(t, "-d", "10h", "-c", "2", "-t", "2", "--interval", "10ms", "--csv", path,
              stub_for(t).url)
    until(lambda: len(read_series(path)) >= 3, "rows", run.process)
    run.stand_still()
    begin = len(read_series(path))
    time.sleep(0.3)  # the stop is what is tested
    run.go_on()
    until(lambda: len(read_series(path)) >= begin + 31, "more rows", run.process)
    run.interrupt()
    check_series(read_series(path), run.json, 0.01)


def disk_full(t):
    """A file that cannot be written whole costs neither the run nor the other files."""
    stub = stub_for(t)
    path = scratch(t, "x.hgrm")
    run = load(t, "-n", "20", "-c", "1", "--json", "/dev/full", "--hgrm", path, stub.url, status=1,
               json_file=False)
    assert run.err.count("\n") == 1 and "'/dev/full': No space" in run.err, run.err
    assert read_hgrm(path)[1]["Total count"] == 20 and "20 ok" in run.out


def disk_full_in_mid_run(t):
    """The file of the time series may not grow beyond its first rows."""
    path = scratch(t, "x.csv")

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
    run = Run(t, "-n", "20", "--think", "20ms", "-c", "1", "--interval", "10ms", "--csv", path,
              "--json", "-", stub_for(t).url, json_file=False, preexec=small_files)
    assert run.finish() == 1, run.err
    assert run.err.count("\n") == 1 and f"'{path}': File too large" in run.err, run.err
    j = json.loads(run.out)
    consistent(j)
    assert j["outcomes"]["ok"] == 20 and not j["interrupted"]


def on_a_terminal(t, duration, enough, *arguments):
    """What a run writes to a terminal that is its standard error: until it ends by itself, or what
    came is `enough`."""
    stub = stub_for(t)
    ours, theirs = pty.openpty()
    command = [settings.load, "-d", duration, "-c", "2", "--engine", t.engine, *arguments, stub.url]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=theirs, text=True, env=os.environ | {"TERM": "xterm"})
    t.defer(lambda: process.poll() is None and process.kill())
    os.close(theirs)
    t.defer(lambda: os.close(ours))
    text, asked = b"", False
    try:
        while data := os.read(ours, 65536):
            text += data
            if not asked and enough(text):
                asked = True
                process.send_signal(signal.SIGINT)
    except OSError:
        pass  # the terminal's other end is closed
    out, _ = process.communicate(timeout=hang())
    return text.decode(), out


def line_on_a_terminal(t):
    text, out = on_a_terminal(t, "10h", lambda text: text.count(b" ok ") >= 3)
    lines = [part for part in text.split("\r\033[K") if part]
    assert len(lines) >= 3 and "\n" not in text, repr(text)
    assert all(" requests/s " in part and " ok " in part for part in lines), repr(text)
    assert "of 36000.0s" in lines[-1] and text.endswith("\r\033[K"), "it is left there"
    counts = [int(part.split(" ok ")[0].split()[-1]) for part in lines]
    assert counts == sorted(counts), counts
    assert "\033" not in out and "Requests/sec" in out


def quiet(t):
    """The line would be written after half a second."""
    text, out = on_a_terminal(t, "0.7s", lambda text: False, "--quiet")
    assert text == "" and "Requests/sec" in out, repr(text)
    text, _ = on_a_terminal(t, "0.1s", lambda text: False, "-q")
    assert text == "", repr(text)
    run = load(t, "-d", "0.7s", "-c", "2", stub_for(t).url, status=None)
    assert run.err == "", "something is written though there is no terminal"


def tests():
    return [named(f) for f in (
        percentiles_for_plotters, percentiles_of_nothing, series, series_with_a_rest,
        series_of_an_open_loop, series_of_a_stall, series_survives_an_interrupt,
        series_survives_a_kill, series_of_a_stopped_generator, disk_full, disk_full_in_mid_run,
        line_on_a_terminal, quiet)]
