#!/usr/bin/env python3
"""Does scripts/compare-generators read every client's output right, and does it run? Prints TAP; what needs a
client that is not installed is skipped.

    python3 tests/test_compare_generators.py --build build [--only PATTERN]"""

import argparse
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(ROOT, "scripts")]
sys.dont_write_bytecode = True

import tap  # noqa: E402
from lib import machine, program  # noqa: E402
from load.run import SEVERAL, steady  # noqa: E402
from compare_generators import clients, output, servers, statistics  # noqa: E402

BUILD = None

WRK = """\
Running 1s test @ http://127.0.0.1:35049/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   171.43us   93.63us   3.05ms   97.48%
    Req/Sec   197.06k     2.81k  202.02k    63.64%
  Latency Distribution
     50%  163.00us
     75%  172.00us
     90%  181.00us
     99%    1.25ms
  200000 requests in 1.10s, 21.18MB read
  Socket errors: connect 1, read 20, write 300, timeout 4000
  Non-2xx or 3xx responses: 2000
Requests/sec: 180000.00
Transfer/sec:     19.24MB
"""
H2LOAD = """\
finished in 201.38ms, 184000.00 req/s, 18.11MB/s
requests: 36800 total, 36863 started, 36800 done, 36432 succeeded, 368 failed, 3 errored, 5 timeout
status codes: 36432 2xx, 0 3xx, 0 4xx, 368 5xx
time for request:      234us      2.15ms       347us        71us    98.92%
"""
AB = """\
Concurrency Level:      64
Time taken for tests:   2.000 seconds
Complete requests:      1000
Failed requests:        30
   (Connect: 0, Receive: 0, Length: 30, Exceptions: 0)
Non-2xx responses:      40
Keep-Alive requests:    1000
Requests per second:    500.00 [#/sec] (mean)

Percentage of the requests served within a certain time (ms)
  50%      1
  66%      1
  99%      3
 100%     10 (longest request)
"""


def reads_wrk(t):
    o = clients.parse_wrk(WRK)
    assert o.requests == 198000 and o.errors == 4321 + 2000, o
    assert abs(o.per_second - 178200) < 0.01 and (o.p50_us, o.p99_us) == (163, 1250), o
    clean = "\n".join(x for x in WRK.splitlines() if "errors" not in x and "Non-2xx" not in x)
    o = clients.parse_wrk(clean)
    assert o.requests == 200000 and o.errors == 0 and o.per_second == 180000, o


def reads_h2load(t):
    o = clients.parse_h2load(H2LOAD)
    assert o.requests == 36432 and o.errors == 368 and abs(o.per_second - 182160) < 0.01, o
    assert o.p50_us is None, "it tells no percentile"
    nothing = H2LOAD.replace("36800 done, 36432 succeeded, 368 failed",
                             "0 done, 0 succeeded, 64 failed")
    assert clients.parse_h2load(nothing).per_second == 0


def reads_ab(t):
    o = clients.parse_ab(AB)
    assert o.requests == 960 and o.errors == 40 and o.per_second == 480, o
    assert (o.p50_us, o.p99_us) == (1000, 3000), o


def environment_is_clean(t):
    """Clients and servers find none of what the user has set; nor does a parent's SIGCHLD matter."""
    directory = tempfile.mkdtemp(prefix="iomodels-generators-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    hostile = {"LC_ALL": "de_DE.UTF-8", "http_proxy": "http://10.0.0.1:1", "LIBEV_FLAGS": "1",
               "MALLOC_ARENA_MAX": "1", "A_SECRET": "do-not-write-this-down"}
    seen = os.path.join(directory, "seen")
    os.makedirs(os.path.join(directory, "build", "loadgen"))
    os.symlink(os.path.abspath(os.path.join(BUILD, "servers")),
               os.path.join(directory, "build", "servers"))
    spy = os.path.join(directory, "build", "loadgen", "iomodels-load")
    program.write(spy, f"#!{sys.executable} -B\nimport json, os, sys\n"
                  f"with open({seen!r}, 'a') as f:\n"
                  "    f.write(json.dumps(dict(os.environ)) + '\\n')\n"
                  f"real = {os.path.abspath(os.path.join(BUILD, 'loadgen', 'iomodels-load'))!r}\n"
                  "os.execv(real, [real, *sys.argv[1:]])\n")
    out = os.path.join(directory, "out")
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "compare-generators"), "--build",
         os.path.join(directory, "build"), "--rounds", "1", "--connections", "2", "--clients",
         "iomodels epoll", "--servers", "epoll-lt", "--out", out], env=os.environ | hostile,
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    if "server and client need a CPU each" in done.stderr:
        raise tap.Skip("only one CPU")
    assert done.returncode == 0, done.stdout + done.stderr
    with open(seen, encoding="utf-8") as f:
        starts = [json.loads(line) for line in f]
    assert starts
    with open(os.path.join(out, "generators.json"), encoding="utf-8") as f:
        text = f.read()
    told = json.loads(text)["session"]["environment"]
    for environment in starts:
        assert environment == told["given"] and environment["LC_ALL"] == "C", environment
        assert not set(hostile) - {"LC_ALL"} & set(environment), environment
    assert set(hostile) - {"LC_ALL"} <= set(told["withheld"]), told
    assert hostile["A_SECRET"] not in text


def full_disk_is_told(t):
    if not os.path.exists("/dev/full"):
        raise tap.Skip("no /dev/full here")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "compare-generators"), "--help"],
                              stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1, done
    assert done.stderr == "compare-generators: cannot write to standard output: No space left on device\n", done.stderr


def unwritable_results_are_told(t):
    """The file is named, and a failure of something else is not called one to write."""
    directory = tempfile.mkdtemp(prefix="iomodels-generators-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    in_the_way = os.path.join(directory, "a-file")
    with open(in_the_way, "w", encoding="utf-8"):
        pass
    done = subprocess.run(
        [os.path.join(ROOT, "scripts", "compare-generators"), "--build", BUILD, "--rounds", "1",
         "--connections", "2", "--clients", "iomodels epoll", "--servers", "epoll-lt", "--out",
         in_the_way + "/out"], capture_output=True, text=True, check=False)
    if "server and client need a CPU each" in done.stderr:
        raise tap.Skip("only one CPU")
    assert done.returncode == 1, done
    last = done.stderr.splitlines()[-1]
    assert last == f"compare-generators: cannot write {in_the_way}/out: Not a directory", done.stderr


def refuses_what_it_cannot_read(t):
    for parse in (clients.parse_wrk, clients.parse_h2load, clients.parse_ab):
        for text in ("", "something else\n"):
            try:
                parse(text)
            except (ValueError, AttributeError):
                continue
            raise AssertionError(f"{parse.__name__} makes something of {text!r}")


def client_of(name):
    client = next(c for c in clients.all_clients(BUILD) if c.name == name)
    if not client.path:
        raise tap.Skip(f"{name} is not installed")
    return client


def client_cpu():
    return max(os.sched_getaffinity(0))


def good_run(client, seconds, url):
    """The run, and its seconds; a machine may stand still for the whole of a short one."""
    for times in (1, 5, 25):
        try:
            run = clients.run(client, 4, seconds * times, url, client_cpu())
        except RuntimeError as e:
            if times == 25 or "exit status 1" not in str(e):
                raise
            continue
        if run.outcome.requests > 0 or run.outcome.errors > 0:
            break
    return run, seconds * times


def counts_alike(name):
    """Against our own server, which counts too: no errors where there are none, and nothing but
    errors where every answer is 404."""
    def check(t):
        client = client_of(name)
        server = servers.start_ours(BUILD, "epoll-lt", min(os.sched_getaffinity(0)))
        t.defer(server.stop)
        seconds = 0.2 if name.startswith(("h2load", "iomodels")) else 1
        run, seconds = good_run(client, seconds, f"http://{server.address}/")
        good = run.outcome
        t.note(run)
        assert good.requests > 0 and good.errors == 0, good
        # Of wrk the clock goes on a little after the window; on a busy machine by more.
        assert 0.5 < good.requests / (good.per_second * seconds) < 2, good
        assert 0 < run.cpu_s < run.wall_s * 1.05
        assert server.cpu_ns() > 0
        if name.startswith("iomodels"):  # no good answer at all: exit status 1
            try:
                clients.run(client, 4, seconds, f"http://{server.address}/no", client_cpu())
            except RuntimeError as e:
                assert "exit status 1" in str(e), e
                return
            raise AssertionError("only errors, and no complaint")
        bad = clients.run(client, 4, seconds, f"http://{server.address}/no", client_cpu()).outcome
        t.note(bad)
        assert bad.requests == 0 and bad.per_second == 0 and bad.errors > 0, bad
    # Its clients give up what takes too long, and count that as an error.
    return lambda t: steady(t, 0.02, lambda: check(t))


def some_answers_fail(t):
    """The verdict FAILED is an outcome of ours, as INVALID is, and no failure of the run."""
    server = servers.start_ours(BUILD, "epoll-lt", min(os.sched_getaffinity(0)))
    t.defer(server.stop)
    client = client_of("iomodels epoll")
    plain = client.command
    client.command = lambda c, s, url: plain(c, s, url + "@1") + [url + "no@1"]
    outcome = good_run(client, 0.5, f"http://{server.address}/")[0].outcome
    t.note(outcome)
    assert outcome.requests > 0 and outcome.errors > 0 and outcome.note == "FAILED", outcome


def intervals(t):
    """The coverage that is claimed, tried on a distribution with a known median."""
    middle, low, high, coverage = statistics.median_interval([7, 1, 5, 3, 2, 6, 4])
    assert (middle, low, high) == (4, 1, 7) and abs(coverage - (1 - 2 / 128)) < 1e-12
    assert statistics.median_interval([1, 2, 3])[3] == 0.75
    assert statistics.median_interval([])[0] is None
    random_ = random.Random(1)
    hits = 0
    for _ in range(2000):
        _, low, high, coverage = statistics.median_interval(
            [random_.expovariate(1) for _ in range(15)])
        hits += low <= 0.6931 <= high
    assert coverage >= 0.95 and abs(hits / 2000 - coverage) < 0.02, (hits, coverage)


def pairs_by_round(t):
    rows = [{"round": n, "server": "s", "connections": 1, "client": c, "failed": False, "errors": 0,
             "note": "", "requests": 100, "requests_per_second": rate * n, "client_cpu_s": cpu,
             "cpu_us_per_request": 1.0, "p50_us": None, "p99_us": None, "client_cpu_share": 1.0,
             "server_cpu_share": 1.0}
            for n in (1, 2, 3) for c, rate, cpu in (("wrk", 100.0, 2.0), ("x", 150.0, 1.0))]
    rows[-1]["failed"] = True  # a round without its pair is left out
    wrk, x = output.summarize(rows, ["wrk", "x"], "wrk")
    assert wrk["rate_ratio"]["median"] == 1 and wrk["failed"] == 0
    assert x["rounds"] == 2 and x["failed"] == 1
    # The machine got three times faster in the session: paired, that does not show.
    assert x["rate_ratio"]["low"] == x["rate_ratio"]["high"] == 1.5
    assert x["per_cpu_second_ratio"]["median"] == 2


def whole_session(t):
    """One round of everything that is installed."""
    steady(t, 0.02, lambda: session(t))


def session(t):
    if len(os.sched_getaffinity(0)) < 2:
        raise tap.Skip("server and client need a CPU each")
    directory = tempfile.mkdtemp(prefix="iomodels-generators-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    done = subprocess.run(
        [os.path.join(ROOT, "scripts/compare-generators"), "--rounds", "1", "--connections", "8", "--build",
         BUILD, "--out", directory + "/out"], capture_output=True, text=True, check=False,
        timeout=machine.hang() * len(clients.all_clients(BUILD)), stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    with open(directory + "/out/trials.csv", newline="") as f:
        rows = list(csv.DictReader(f))
    with open(directory + "/out/generators.json") as f:
        found = json.load(f)
    installed = [c.name for c in clients.all_clients(BUILD) if c.path]
    where = ["epoll-lt"] + (["nginx"] if servers.nginx_program() else [])
    assert len(rows) == len(installed) * len(where), done.stdout
    for row in rows:
        assert int(row["requests"]) > 0 and row["errors"] == "0", row
        assert float(row["cpu_us_per_request"]) > 0, row
        assert 0 < float(row["server_cpu_share"]) < 1.2, row
    assert [p["client"] for p in found["points"]] == installed * len(where)
    for name in installed:
        assert f"\n{name}" in done.stdout, done.stdout


def complains(t):
    def compare(*arguments):
        return subprocess.run([os.path.join(ROOT, "scripts/compare-generators"), *arguments],
                              capture_output=True, text=True, check=False, timeout=machine.hang())
    wrong = [(["--rounds", "0"], 2, "--rounds"), (["--connections", "x"], 2, "x"),
             (["--clients", "siege"], 1, "siege"),
             (["--build", "/nonexistent", "--clients", "iomodels epoll"], 1, "/nonexistent"),
             (["--servers", "no-such-model", "--build", BUILD], 1, "no-such-model")]
    if len(os.sched_getaffinity(0)) < 2:
        wrong[-1] = (["--build", BUILD], 1, "only one")
    for arguments, status, part in wrong:
        done = compare(*arguments)
        assert done.returncode == status and part in done.stderr.splitlines()[-1], \
            f"{arguments}: {done.returncode}: {done.stderr}"
    assert compare("--help").returncode == 0


def old_name(t):
    old, new = (subprocess.run([os.path.join(ROOT, "scripts", name), "--help"], capture_output=True,
                               text=True, check=False, timeout=machine.hang())
                for name in ("peers", "compare-generators"))
    assert old.returncode == 0 and old.stdout == new.stdout and new.stderr == "", (old, new)
    assert old.stderr == ("peers: scripts/peers is now called scripts/compare-generators; the old name "
                          "goes with the next release\n"), old.stderr


def main():
    global BUILD
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--build", required=True, metavar="DIR")
    tap.add_only(p)
    p.add_argument("--slow-factor", type=float, default=1.0, metavar="X")
    p.add_argument("--sanitized", action="store_true")
    o = p.parse_args()
    BUILD = os.path.abspath(o.build)
    every = [("reads wrk's output", reads_wrk), ("reads h2load's output", reads_h2load),
             ("reads ab's output", reads_ab),
             ("refuses what it cannot read", refuses_what_it_cannot_read),
             ("what is measured has a clean environment", environment_is_clean),
             ("help on a full disk", full_disk_is_told),
             ("results that cannot be written", unwritable_results_are_told),
             ("the interval covers what it claims", intervals),
             ("ratios are paired by round", pairs_by_round),
             ("some answers fail", some_answers_fail),
             ("says what is wrong", complains), ("the old name works and tells the new one", old_name)]
    if not o.sanitized:
        every += [(f"{name}: right answers and wrong ones are counted", counts_alike(name))
                  for name in ("wrk", "h2load", "ab", "iomodels epoll", "iomodels io_uring")]
        every.append(("a session of one round", whole_session))
    tests = [tap.Test(name, function, limit=SEVERAL * o.slow_factor) for name, function in every]
    return 1 if tap.run(tap.only(tests, o.only), jobs=1) else 0


if __name__ == "__main__":
    sys.exit(main())
