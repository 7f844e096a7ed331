#!/usr/bin/env python3
"""iomodels-load-mpi on hosts that scripts/hosts makes. Prints TAP.

    python3 tests/test_mpi.py --load-mpi BUILD/loadgen/iomodels-load-mpi --driver BUILD/bench/iomodels
                              --servers BUILD/servers [--brief] [--only PATTERN]

--brief: one run on two hosts, and what needs no host. Tests are skipped where mpirun or the rights to
make namespaces are missing."""

import argparse
import csv
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from lib import machine, merged  # noqa: E402
from lib.hosts import Hosts, until  # noqa: E402
from load.schema import check  # noqa: E402

ARGS = argparse.Namespace()

# The server is on the hub, and the address that only some hosts may reach with it.
SERVE = """ip addr add 10.99.200.1/32 dev lo
{server} --listen '*:0' --ready-fd 3 3>{dir}/address >{dir}/counters &
until [ -s {dir}/address ]; do sleep 0.01; done
port=$(sed -n '1s/.*://p' {dir}/address)
url=http://hub:$port/
"""


class Load:
    """A server on the hub, and the load generator on all hosts."""

    def __init__(self, t, hosts, *arguments, url="$url", ahead=(), before=""):
        self.t = t
        self.dir = tempfile.mkdtemp(prefix="iomodels-mpi-")
        t.defer(lambda: shutil.rmtree(self.dir, ignore_errors=True))
        text = SERVE.format(server=f"{ARGS.servers}/epoll-lt", dir=self.dir)
        command = " ".join(f"'{a}'" for a in arguments)
        text += f"""{before}
            cd {self.dir}
            on-all {ARGS.load_mpi} --timeout 1h --json {self.dir}/all.json --own-json {self.dir}/own {command} {url}
            exit $?"""
        options = [x for a in ahead for x in ("--ahead", a)]
        self.hosts = Hosts(t, hosts, *options, "sh", "-c", text)
        self.count = hosts

    def ranks(self):
        """{rank: pid} of the load generators."""
        found = self.hosts.processes("iomodels-load-mpi", "--own-json")
        return {int(e["OMPI_COMM_WORLD_RANK"]): pid for pid, e in found.items()
                if "OMPI_COMM_WORLD_RANK" in e and comm(pid).startswith("iomodels-load-m")}

    def counter(self, name):
        """Of the server."""
        for pid in self.hosts.processes("epoll-lt", "--ready-fd"):
            if comm(pid) == "epoll-lt":
                os.kill(pid, signal.SIGUSR1)
        with open(f"{self.dir}/counters", encoding="utf-8") as f:
            lines = [line for line in f if line.startswith("{") and line.endswith("}\n")]
        return json.loads(lines[-1])[name] if lines else 0

    def until_loading(self):
        until(lambda: len(self.ranks()) == self.count and self.counter("requests") > 0,
              "requests are answered", self.hosts.process)

    def finish(self):
        code, out, err = self.hosts.finish()
        for mark in ("Sanitizer", "runtime error:"):
            assert mark not in err, err[:4000]
        self.t.note(out[-1500:] + err[-1500:])
        return code, out, err

    def reports(self):
        with open(f"{self.dir}/all.json", encoding="utf-8") as f:
            every = json.load(f)
        each = []
        for i in range(self.count):
            with open(f"{self.dir}/own.{i}.json", encoding="utf-8") as f:
                each.append(json.load(f))
        for j in (every, *each):
            check(j)
        return every, each


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
            return f.read().strip()
    except OSError:
        return ""


def disturbed(report):
    """Its verdict is due to what else runs on this machine, on which all hosts are."""
    return report["verdict"] != "FAILED" and report["requests"] > 0


def is_the_sum(load, code):
    """The report of all, against the sum of the reports of the hosts; both."""
    every, each = load.reports()
    wrong = list(merged.differences(every, each))
    assert not wrong, "\n".join(wrong)
    verdicts = {"ok": 0, "generator-limited": 0, "INVALID": 3, "FAILED": 5}
    assert code == verdicts[every["verdict"]] and disturbed(every), (code, every["verdict_reason"])
    worst = max((j["verdict"] for j in each), key=list(verdicts).index)
    assert list(verdicts).index(every["verdict"]) >= list(verdicts).index(worst), (every["verdict"], worst)
    hosts = every["hosts"]
    assert [h["name"] for h in hosts["each"]] == [f"h{i + 1}" for i in range(load.count)]
    for h, j in zip(hosts["each"], each):
        assert (h["requests"], h["verdict"], h["window_ns"]) == (j["requests"], j["verdict"], j["window_ns"])
        assert j["hosts"] is None
    assert hosts["skew_ns"] == max(h["opened_ns"] for h in hosts["each"])
    assert hosts["bound_ns"] == max(h["bound_ns"] for h in hosts["each"])
    longest = max(j["window_ns"] for j in each)
    # The windows are planned for one moment, but for what the clocks are wrong by.
    most = longest + 2 * hosts["bound_ns"] + 1_000_000
    assert longest <= every["window_ns"] <= most  # not judged: what was planned, however late it was done
    if every["steps"]:
        return every, each  # which iomodels merge refuses
    out = subprocess.run([ARGS.driver, "merge", *sorted(glob.glob(f"{load.dir}/own.*.json")), "--json", "-"],
                         capture_output=True, text=True, check=False).stdout
    by_files = json.loads(out)
    for name in ("histograms", "outcomes", "fairness", "requests", "connections", "latency", "scheduled"):
        assert by_files[name] == every[name], f"iomodels merge tells another {name}"
    if every["rate_asked"]:
        assert abs(by_files["rate_asked"] / every["rate_asked"] - 1) < 1e-6, by_files["rate_asked"]
    return every, each


def knows_the_clock(every, ahead):
    """The clocks differ by what scripts/hosts was told: the error is within the bound that is told."""
    hosts = every["hosts"]["each"]
    for i, h in enumerate(hosts):
        error = h["offset_ns"] - ahead.get(i, 0) * 10 ** 9
        assert abs(error) <= h["bound_ns"], f"{h['name']}: {error} ns wrong, and {h['bound_ns']} is the bound"
    if every["hosts"]["bound_ns"] > 1_000_000:  # inconclusive: a round trip took more than 2 ms
        assert every["verdict"] == "INVALID"
        return False
    return True


def two(t):
    load = Load(t, 2, "-c", "5", "-d", "2", "--seed", "7", ahead=["h2=3600"])
    every, each = is_the_sum(load, load.finish()[0])
    assert [j["connections"] for j in each] == [3, 2] and every["connections"] == 5
    assert [j["seed"] for j in each] == [7, 8] and every["seed"] == 7
    if not knows_the_clock(every, {1: 3600}):
        raise tap.Skip("inconclusive: a round trip took more than 2 ms")


def three(t):
    """Open loop: the schedule is one, whoever sends what is due."""
    load = Load(t, 3, "-c", "8", "-t", "2", "-R", "200,400/0.4s", "--arrival", "constant", "--warmup", "0.1",
                "--interval", "100ms", "--csv", "rows.csv", ahead=["h1=50", "h3=3600"])
    every, each = is_the_sum(load, load.finish()[0])
    assert [j["connections"] for j in each] == [3, 3, 2]
    assert every["scheduled"] == 240 and [j["scheduled"] for j in each] == [80, 80, 80], every["scheduled"]
    steps = [[(s["scheduled"], s["ok"]) for s in j["steps"]] for j in each]
    total = [(s["scheduled"], s["ok"]) for s in every["steps"]]
    asked = [[round(s["rate_asked"], 3) for s in j["steps"]] for j in (every, *each)]
    assert asked == [[200, 400]] + 3 * [[66.667, 133.333]], asked
    assert total == [tuple(map(sum, zip(*step))) for step in zip(*steps)], (total, steps)
    knows_the_clock(every, {1: -50, 2: 3550})
    with open(f"{load.dir}/rows.csv", newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    assert sum(int(r["requests"]) for r in rows) == every["requests"], "rows do not add up to the report"
    assert all(r["p99_us"] for r in rows if int(r["requests"]) > 0)
    assert max(float(r["max_us"]) for r in rows if r["max_us"]) == every["latency"]["max"] / 1e3
    asked = sum(float(r["rate_asked"]) * float(r["interval_s"]) for r in rows)
    assert abs(asked - 240) < 1 and len(rows) >= 8, rows


def rate(t):
    """The rate of all is asked of each in parts: of the files of each iomodels merge makes it again."""
    load = Load(t, 2, "-c", "5", "-R", "90", "-d", "2")
    every, each = is_the_sum(load, load.finish()[0])
    assert every["rate_asked"] == 90 and [j["rate_asked"] for j in each] == [45, 45], every["rate_asked"]


def counted(t):
    """-n is the number of all; several URLs, short connections, idle ones."""
    load = Load(t, 3, "-c", "7", "-n", "100", "--requests-per-connection", "3", "--idle", "4",
                url="$url@1 ${url}bytes/1000@2 ${url}nothing@1", before="")
    code, out, _ = load.finish()
    every, each = load.reports()
    wrong = list(merged.differences(every, each))
    assert not wrong, "\n".join(wrong)
    ended = sum(n for name, n in every["outcomes"].items() if name not in ("in_flight", "unsent"))
    assert ended == 100 and every["outcomes"]["non_2xx"] > 0, every["outcomes"]
    assert code in (3, 5) and every["verdict"] in ("FAILED", "INVALID")  # what is not there is an error
    for i, url in enumerate(every["urls"]):
        for name in ("ok", "non_2xx"):
            assert url[name] == sum(j["urls"][i][name] for j in each), (url, name)
    assert every["background"]["idle"]["asked"] == 4
    assert [j["background"]["idle"]["asked"] for j in each] == [2, 1, 1]
    assert "h1: " in out and "Hosts        3" in out


def cannot_connect(t):
    """One host has no way to the server: the run ends for all, and one line says which and why."""
    load = Load(t, 3, "-c", "6", "-d", "10h", url="http://10.99.200.1:$port/",
                before="on h2 ip route add unreachable 10.99.200.1")
    code, out, err = load.finish()
    assert code == 1, (code, out, err)
    assert sum("cannot connect" in line for line in err.splitlines()) == 1, err
    assert "h2: cannot connect to 10.99.200.1:" in err and "route to host" in err, err
    assert "Requests/sec" not in out and not os.path.exists(f"{load.dir}/all.json")


def gives_up(t):
    """One host has too few descriptors: it says so, and nobody waits for it."""
    load = Hosts(t, 3, "on-all", "sh", "-c", "[ $(hostname) != h2 ] || ulimit -n 30; exec "
                 f"{ARGS.load_mpi} -c 60 -d 10h http://hub:1/")
    code, out, err = load.finish()
    assert code == 1 and out == "", (code, out)
    assert "iomodels-load-mpi h2: 20 connections need " in err, err


def killed(t):
    load = Load(t, 3, "-c", "6", "-d", "10h")
    load.until_loading()
    began = time.monotonic()
    os.kill(load.ranks()[1], signal.SIGKILL)
    code, out, err = load.finish()
    t.note(f"{time.monotonic() - began:.1f} s after the kill all had ended")
    assert code not in (0, 3, 5), code
    assert "Requests/sec" not in out and not os.path.exists(f"{load.dir}/all.json"), out
    assert "h2" in err and "signal 9" in err, err


TOO_LATE = "inconclusive: the window was over before"


def loading_rank(load, number):
    """The process of a rank, while the load goes on."""
    try:
        load.until_loading()
        return load.ranks()[number]
    except (AssertionError, KeyError):
        if load.hosts.process.poll() is None:
            raise
        raise tap.Skip(TOO_LATE) from None


def stopped(t):
    """A host that stood still for half a second."""
    load = Load(t, 3, "-c", "6", "-d", "3")  # of which half a second is too much
    pid = loading_rank(load, 2)
    began = time.time_ns()
    try:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: all_stopped(pid), "its threads stop")
    except (ProcessLookupError, FileNotFoundError):
        raise tap.Skip(TOO_LATE) from None
    time.sleep(0.5)
    went_on = time.time_ns()
    os.kill(pid, signal.SIGCONT)
    code, out, _ = load.finish()
    every, _ = load.reports()
    window = (every["opened"]["unix_ns"], every["opened"]["unix_ns"] + every["window_ns"])
    if began < window[0] or went_on > window[1]:
        raise tap.Skip("inconclusive: the machine was too slow to stop it within the window")
    assert code == 3 and every["verdict"] == "INVALID", out
    if not every["verdict_reason"].startswith("h3: disturbed: the generator stood still"):
        others = [h["verdict"] for h in every["hosts"]["each"][:2]]
        assert every["hosts"]["each"][2]["verdict"] == "INVALID" and "INVALID" in others, every["hosts"]


def all_stopped(pid):
    states = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8") as f:
            states.append(f.read().rsplit(")", 1)[1].split()[0])
    return set(states) == {"T"}


def interrupted(t):
    """^C to one host ends the windows of no other; that the run was interrupted is told."""
    load = Load(t, 2, "-c", "4", "-d", "10")
    os.kill(loading_rank(load, 1), signal.SIGINT)
    load.finish()
    every, each = load.reports()
    assert not list(merged.differences(every, each))
    if not each[1]["interrupted"]:
        raise tap.Skip(TOO_LATE)
    assert every["interrupted"] and not each[0]["interrupted"]


def search(t):
    """All hosts go through the same probes; the first tells."""
    load = Load(t, 2, "-c", "4", "-d", "50ms", "-R", "50", "--search", "p99<1h")
    _, out, err = load.finish()
    with open(f"{load.dir}/all.json", encoding="utf-8") as f:
        every = json.load(f)
    check(every)
    assert len(every["hosts"]["each"]) == 2 and len(every["search"]["probes"]) >= 2, err
    assert out.count("Highest rate with p99<1h") == 1 and out.count("Verdict:") == 1, out


def search_interrupted(t):
    """^C to one host in the drain of a probe: no host begins another."""
    load = Load(t, 2, "-c", "4", "-d", "200ms", "-R", "50", "--drain", "1h", "--search", "p99<1h",
                url="${url}wait/5000")
    until(lambda: len(load.ranks()) == 2 and load.counter("bytes_in") > 0, "requests have come", load.hosts.process)
    time.sleep(1)  # by then the drain has begun, most likely; in the window the same is right
    os.kill(load.ranks()[1], signal.SIGINT)
    load.finish()
    with open(f"{load.dir}/all.json", encoding="utf-8") as f:
        every = json.load(f)
    assert every["search"]["interrupted"] and len(every["search"]["probes"]) <= 1, every["search"]


def alone(t):
    """Without mpirun it is a run on one host; what asks for text alone starts no MPI."""
    def call(*arguments, **more):
        p = subprocess.run([ARGS.load_mpi, *arguments], capture_output=True, text=True, check=False,
                           timeout=2 * machine.hang(), **more)
        return p.returncode, p.stdout, p.stderr
    code, out, err = call("--version")
    assert code == 0 and out.startswith("iomodels-load-mpi ") and not err
    # mpirun is not to be found, nor a place for what MPI_Init() makes.
    for asked in ("--help", "-h", "--hel", "--vers"):
        code, out, err = call(asked, env={"PATH": "/nonexistent", "TMPDIR": "/nonexistent"})
        assert code == 0 and out and not err, (asked, err)
    code, out, err = call("--nonsense")
    assert code == 2 and "--nonsense" in err.splitlines()[0], err
    env = dict(os.environ, OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_btl="self", OMPI_MCA_pml="ob1")
    code, out, err = call("--null", "-c", "2", "-n", "1000", "--json", "-", env=env)
    assert code in (0, 3), (code, err)
    report = json.loads(out)
    check(report)
    host = report["hosts"]["each"][0]
    assert len(report["hosts"]["each"]) == 1 and host["requests"] == report["requests"] > 0
    assert report["hosts"]["bound_ns"] == 0 and host["offset_ns"] == 0


SCENARIO = """[scenario]
name = far
[sweep]
models = epoll-lt
protocols = http
connections = 6
repetitions = 1
duration = 0.5s
settle = 60s
timeout = 60s
[load]
hosts = {load}
launcher = on-all --on {{hosts}} sh -c 'echo $(hostname) $(basename $1) >>{dir}/who; exec "$@"' x
{server}
"""


def scenario(t, server, hosts, who):
    """iomodels run with generators on hosts: the trial's row, and which programs ran where."""
    where = tempfile.mkdtemp(prefix="iomodels-mpi-")
    t.defer(lambda: shutil.rmtree(where, ignore_errors=True))
    with open(f"{where}/far.ini", "w", encoding="utf-8") as f:
        f.write(SCENARIO.format(dir=where, load=hosts, server=server))
    h = Hosts(t, 3, ARGS.driver, "run", f"{where}/far.ini", "--out", f"{where}/run", "--no-unit-costs",
              "--servers", ARGS.servers, "--loadgen", ARGS.load_mpi.removesuffix("-mpi"))
    code, out, err = h.finish()
    t.note(out[-1500:] + err[-1500:])
    with open(f"{where}/run/trials.csv", newline="", encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if r["block"] != "0"]
    with open(f"{where}/who", encoding="utf-8") as f:
        ran = sorted(set(f.read().split("\n")) - {""})
    assert ran == sorted(who), ran
    assert code in (0, 1) and len(rows) == 1, (code, rows)
    (row,) = rows
    assert row["status"] == "ok" and float(row["requests"]) > 0, row
    assert float(row["connected"]) == 6 and float(row["settled"]) == 6, row
    assert float(row["window_s"]) >= 0.5, row
    return row


def scenario_here(t):
    """The server runs here, and is counted; the load comes from two hosts."""
    row = scenario(t, "", "h1,h2", ["h1 iomodels-load-mpi", "h2 iomodels-load-mpi"])
    assert float(row["server_requests"]) >= float(row["requests"]), row


def scenario_there(t):
    """The server runs on a host of its own."""
    row = scenario(t, "[server]\nhost = h3", "h1,h2",
                   ["h1 iomodels-load-mpi", "h2 iomodels-load-mpi", "h3 epoll-lt"])
    assert row["server_cpu_us"] == "" and row["cpu_us_per_request"] == "", row


def scenario_wrong(t):
    """What the load generators say of the run is in the row."""
    where = tempfile.mkdtemp(prefix="iomodels-mpi-")
    t.defer(lambda: shutil.rmtree(where, ignore_errors=True))
    with open(f"{where}/far.ini", "w", encoding="utf-8") as f:
        f.write(SCENARIO.format(dir=where, load="h1,h2", server="[server]\naddress = 127.0.0.1")
                .replace("settle = 60s", "settle = 0"))
    code, out, err = Hosts(t, 3, ARGS.driver, "run", f"{where}/far.ini", "--out", f"{where}/run",
                           "--no-unit-costs", "--servers", ARGS.servers,
                           "--loadgen", ARGS.load_mpi.removesuffix("-mpi")).finish()
    with open(f"{where}/run/trials.csv", newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    assert code == 1 and all("cannot connect to 127.0.0.1:" in r["reason"] for r in rows), (rows, out, err)


ONE_AND_THREE = """
for hosts in h1 h1,h2,h3; do
    sed "s/LOADERS/$hosts/" {dir}/far.ini >{dir}/$hosts.ini
    {driver} run {dir}/$hosts.ini --out {dir}/$hosts --no-unit-costs --servers {servers} --loadgen {load} || true
done
"""


def believe(run):
    """Take the trials as if nothing had disturbed them: what waits for the server's pause can bear much.
    Whether any was disturbed."""
    path = f"{run}/trials.csv"
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    disturbed = [row for row in rows if row["reason"].startswith("disturbed: ")]
    for row in disturbed:
        row["verdict"], row["reason"] = "valid", ""
    with open(path, "w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return bool(disturbed)


def one_and_three(t):
    """The same load from one host and from three: 24 connections that wait 50 ms for each answer."""
    where = tempfile.mkdtemp(prefix="iomodels-mpi-")
    t.defer(lambda: shutil.rmtree(where, ignore_errors=True))
    text = SCENARIO.format(dir=where, load="LOADERS", server="").replace("= 6", "= 24")
    text = text.replace("repetitions = 1", "repetitions = 4").replace("[load]", "path = /wait/50\n[load]")
    with open(f"{where}/far.ini", "w", encoding="utf-8") as f:
        f.write(text)
    script = ONE_AND_THREE.format(dir=where, driver=ARGS.driver, servers=ARGS.servers,
                                  load=ARGS.load_mpi.removesuffix("-mpi"))
    _, out, err = Hosts(t, 3, "sh", "-c", script).finish()
    t.note(out[-1000:] + err[-1000:])
    runs = [f"{where}/h1", f"{where}/h1,h2,h3"]
    disturbed = [run for run in runs if believe(run)]
    p = subprocess.run([ARGS.driver, "compare", *runs, "--margin", "10%", "--csv", f"{where}/compare.csv"],
                       capture_output=True, text=True, check=False)
    t.note(p.stdout[-2000:] + p.stderr)
    assert p.returncode == 0, p.stderr
    with open(f"{where}/compare.csv", newline="", encoding="utf-8") as f:
        (row,) = csv.DictReader(f)
    if not row["rate_ratio"]:
        raise tap.Skip("inconclusive: too few trials were valid")
    # With three times the rate, or the sum of three tails, it would be far off.
    if not disturbed:
        assert 0.5 < float(row["rate_ratio"]) < 2, row
    found = {figure: row[f"{figure}_verdict"] for figure in ("rate", "p99")}
    if row["rate_a"] == row["rate_b"]:
        found["rate"] = "same"  # without any noise compare has nothing to judge by
    if set(found.values()) != {"same"}:
        raise tap.Skip(f"inconclusive: the machine is too restless to tell: {found}")


def usage(t):
    """What is wrong is told once, not by each host."""
    wrong = (("-c 2", "--connections: 2 for 3 hosts"), ("-c 9 -n 2", "--requests: 2 for 3 hosts"),
             ("-c 9 --gate", "--gate"), ("-c 9 --csv /nonexistent/x --interval 1s", "/nonexistent/x"), ("-c 9 --data -", "--data"),
             ("-c 9 --nonsense", "--nonsense"), ("-c 9 --json /nonexistent/x", "/nonexistent/x"))
    calls = "".join(f"on-all {ARGS.load_mpi} {a} http://hub:1/ </dev/null; echo $?; echo == >&2\n" for a, _ in wrong)
    code, out, err = Hosts(t, 3, "sh", "-c", calls).finish()
    each = err.split("==\n")
    assert out.split() == ["2"] * 3 + ["1"] + ["2"] * 2 + ["1"], (out, err)
    for (arguments, says), told in zip(wrong, each):
        lines = [x for x in told.splitlines() if x.startswith("iomodels-load-mpi")]
        assert len(lines) == 1 and says in lines[0], (arguments, told)


def tests(brief):
    if not shutil.which("mpirun"):
        return [tap.Test("iomodels-load-mpi", skip)]
    few = [tap.Test("two hosts: the sum of both, and the clock of each", two, 240),
           tap.Test("alone", alone)]
    if brief:
        return few
    return few + [tap.Test(name, function, 240) for name, function in (
        ("three hosts: one schedule, and steps", three), ("two hosts: a rate in two parts", rate),
        ("three hosts: URLs and short connections", counted),
        ("a host that cannot connect", cannot_connect), ("a host that gives up", gives_up), ("a host that is killed", killed),
        ("a host that stands still", stopped), ("a host that is interrupted", interrupted),
        ("a search on two hosts", search), ("a search that is interrupted", search_interrupted),
        ("a scenario with the server here", scenario_here),
        ("a scenario with the server there", scenario_there), ("a scenario that cannot connect", scenario_wrong),
        ("one host and three, the same load", one_and_three), ("usage is told once", usage))]


def skip(t):
    raise tap.Skip("mpirun is not installed (scripts/setup --with-mpi)")


def main():
    parser = argparse.ArgumentParser(prog="tests/test_mpi.py")
    for name in ("load-mpi", "driver", "servers"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--brief", action="store_true")
    tap.add_only(parser)
    parser.parse_args(namespace=ARGS)
    for name in ("load_mpi", "driver", "servers"):
        setattr(ARGS, name, os.path.abspath(getattr(ARGS, name)))
    sys.exit(1 if tap.run(tap.only(tests(ARGS.brief), ARGS.only), jobs=2, verbose=True) else 0)


if __name__ == "__main__":
    main()
