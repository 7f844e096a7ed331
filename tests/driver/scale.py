"""iomodels scale: connections are held and answered, memory is told, and what cannot be is refused."""

import json
import os
import re
import resource
import stat

import tap
from driver.bench import Bench, equal, expect, nothing_left
from load.schema import check

FULL = os.environ.get("IOMODELS_TEST_EXTENT") == "full"
PARTS = ("servers", "generators", "slab", "kernel_stacks", "page_tables")


def read(b, name="all.json"):
    with open(os.path.join(b.dir, name), encoding="utf-8") as f:
        return json.load(f)


def available():
    with open("/proc/meminfo", encoding="utf-8") as f:
        text = f.read()
    kib = [int(re.search(rf"{name}: *(\d+)", text)[1]) for name in ("MemAvailable", "SReclaimable")]
    return (kib[0] - kib[1]) * 1024


def by_others(err):
    """Did a run end for what other programs did with the memory? These tests need some hundred MiB."""
    return "other programs take and give back more" in err or \
        "given up" in err and available() < 2 << 30


def hold(b, *arguments, rates=(1000, 200, 50)):
    """A run that a slow machine gets more time for: the lower the rate, the longer the pauses."""
    for rate in rates:
        p = b.start("scale", "--reserve", "64M", "--rate", str(rate), "--json", "all.json", *arguments)
        out, err = p.communicate()
        if by_others(err):
            raise tap.Skip(f"inconclusive: {err.splitlines()[-1]}")
        if p.returncode == 0 or "answers in the window" not in err:
            break
    else:
        raise tap.Skip(f"inconclusive: too slow for {rates[-1]} requests a second")
    equal(p.returncode, 0, f"the exit status; {err}")
    return out, read(b)


def held_and_answered(t, model="epoll-multi", n=1000, processes=2, *more):
    b = Bench(t, models=(model,))
    # 192 descriptors are for other things.
    room = -(-n // processes)
    out, run = hold(b, "-m", model, "-c", str(n), "--descriptors", str(192 + 7 + room), "--honest", "7",
                    "--at-once", "3", *more)
    equal([run[k] for k in ("honest", "reserve", "at_once")], [7, 64 << 20, 3],
          "what was asked for")
    point = run["points"][0]
    equal([point["connections"], point["servers"]], [n, processes], "connections and servers")
    crowd = point["crowd"]
    check(crowd)
    equal([crowd["connections"], crowd["connected"], crowd["settled"]], [n] * 3, "connections of the crowd")
    equal(len(crowd["hosts"]["each"]), processes, "generators")
    expect(crowd["fairness"]["min"] >= 2 and point["answers"]["failed"] == 0, crowd["fairness"])
    equal(sum(count for _, count in crowd["fairness"]["answers"]), n, "connections that are counted")
    ended = {k: v for k, v in crowd["outcomes"].items() if v > 0 and k != "in_flight"}
    equal(ended, {"ok": crowd["requests"]}, "outcomes")
    # Both ends are sockets of this machine; all others that there are come on top.
    expect(point["held"]["tcp_sockets"] >= 2 * n, point["held"])
    each = point["kib_per_connection"]
    expect(abs(sum(each[k] for k in PARTS) - each["sum"]) < 1e-3, each)
    for moment in ("alone", "silent", "asking"):
        expect(point["honest"][moment]["requests"] > 0, point["honest"])
        equal(point["honest"][moment]["clients"], 7, "clients, over two servers")
        expect(0 < point["honest"][moment]["p50_us"] <= point["honest"][moment]["p99_us"], point["honest"])
    expect(f"{model}: {n:,} connections over echo, {processes} servers" in out, out)
    nothing_left(b)


def many(t):
    if not FULL:
        raise tap.Skip("only with IOMODELS_TEST_EXTENT=full")
    held_and_answered(t, "io-uring", 20000, 3, "--answers=3")


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))


def refused(t):
    """Before anything is held: the sum, and what is free."""
    b = Bench(t)
    reserve = available() - (256 << 20)
    if reserve < 0:
        raise tap.Skip("less than 256 MiB of memory are free")
    _, err = b.call("scale", "-m", "epoll-lt", "-c", "200k", "--reserve", str(reserve), status=1)
    line = err.splitlines()[-1]
    if any(other in line for other in ("fs.file-max", "given up", "other programs take and give back more",
                                    "had 0 answers in the window")):
        raise tap.Skip(f"inconclusive: {line}")
    found = re.search(r"200,000 connections would take ([\d.]+) GiB: ([\d.]+) KiB a connection, ([\d.]+) MiB "
                      r"for each of (\d+) servers", line)
    expect(found, line)
    total, each, pair, pairs = map(float, found.groups())
    expect(abs(total - (each * 200_000 / 1024 + pair * pairs) / 1024) < 0.02 * total + 0.05, line)
    expect("asking" not in err and "200,000 connections, " not in err, "it began all the same")
    _, err = b.call("scale", "-m", "epoll-lt", "-c", "100", "--reserve", "1000000G", status=1)
    expect("given up: " in err.splitlines()[-1] and "--reserve" in err, err)
    # Ends, memory, tasks or descriptors: which is short first is the machine's.
    _, err = b.call("scale", "-m", "epoll-lt", "-c", "100M", "--reserve", "1M", status=1)
    line = err.splitlines()[-1]
    expect(any(says in line for says in ("100,000,000 connections ", "given up: ", "servers with ",
                                         "other programs take and give back more")), err)
    # Many servers, where this program has few descriptors to watch them; none is started.
    _, err = b.call("scale", "-m", "epoll-lt", "-c", "100k", "--reserve", "1M", status=1, preexec_fn=few_descriptors)
    if "fs.file-max" not in err:
        expect(re.fullmatch(r"iomodels: epoll-lt: 100,000 connections take \d+ servers and as many load generators: this "
                            r"program needs [\d,]+ descriptors to watch them, and may have 1,024 \(ulimit -Hn\)\n",
                            err), err)
    nothing_left(b)


def generator(b, name, text):
    """The load generator with something before it."""
    path = os.path.join(b.dir, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, stat.S_IRWXU)
    return path


def faults(t):
    """What went wrong is told in a line, and the exit status says it."""
    b = Bench(t, models=("epoll-lt", "iterative"), fakes=("says-500",))
    real = b.loadgen

    def fails(says, *arguments, text=f'exec {real} "$@"'):
        b.loadgen = generator(b, "load", text)
        _, err = b.call("scale", "-c", "20", "--rate", "1000", "--honest", "0", "--reserve", "1M",
                        *arguments, status=1)
        expect(says in err.splitlines()[-1], err)
    fails("requests failed: ", "-m", "says-500", "--protocol", "http")
    fails("load generator ended during the load: exit status 7", "-m", "epoll-lt", text="exit 7")
    # A window that is over before the second answer.
    fails("answers in the window, and each is to have 2", "-m", "epoll-lt", text=f'exec {real} "$@" -d 1ms')
    fails("iterative serves 1 connections at one time", "-m", "iterative")
    fails("descriptors a process are too few", "-m", "epoll-lt", "--descriptors", "100")
    nothing_left(b)


def honest_failures(t):
    """Requests of the clients beside that fail are told, and the others go on."""
    b = Bench(t)
    b.loadgen = generator(b, "load", f'case "$*" in *--gate*) exec {b.loadgen} "$@";; esac\n'
                                     f'exec {b.loadgen} "$@" --timeout 1us')
    out, run = hold(b, "-m", "epoll-lt", "-c", "20", "--honest", "3")
    for moment, told in run["points"][0]["honest"].items():
        expect(told["failed"] > 0 and "tim" in told["cause"], f"{moment}: {told}")
    equal(len(re.findall(r"[\d,]+ of these clients' requests failed: .*tim", out)), 3, out)
    nothing_left(b)


def wrong(t):
    b = Bench(t)
    for arguments, says in ((["-c", "0"], "'0'"), (["-c", "10,10"], "10,10"), (["-c", "1.5"], "1.5"),
                            (["-m", "nothing"], "nothing"), (["-m", "epoll-lt,poll"], "epoll-lt,poll"),
                            (["--extrapolate", "x"], "'x'"), (["here"], "'here'"),
                            (["--extrapolate", "1M", "-c", "1,2,3"], "4 numbers"),
                            (["-m", "epoll-lt", "--options", "--nonsense"], "--nonsense")):
        _, err = b.call("scale", *arguments, status=2)
        expect(says in err.splitlines()[0] and len(err.splitlines()) == 2, err)
    _, err = b.call("scale", "-m", "epoll-lt", "-c", "1,2,3,4", "--extrapolate", "5", "--reserve", "1M",
                    "--json", "/dev/full", status=1)
    expect("cannot write /dev/full" in err, err)
    _, err = b.call("scale", "-m", "epoll-lt", "--descriptors", "1025", status=2, preexec_fn=few_descriptors)
    expect(err.startswith("iomodels: --descriptors 1025: the hard limit is 1024 "), err)
    _, err = b.call("scale", "-m", "epoll-lt", "-c", "10", "--json", "nowhere/all.json", status=1)
    equal(err, "iomodels: cannot write nowhere/all.json: No such file or directory\n", "all that is told")
    _, err = b.call("scale", "-m", "epoll-lt", "-c", "10", "--reserve", "1000000G", "--json", "all.json", status=1)
    equal(read(b)["points"], [], "the points of a run that held none")
    nothing_left(b)


def line(t):
    """The line is that of the points it was fitted to; the others judge it."""
    b = Bench(t, models=("thread",))
    p = b.start("scale", "-m", "thread", "-c", "50,100,200,400", "--extrapolate", "1M", "--reserve", "64M",
                "--json", "all.json")
    out, err = p.communicate()
    expect(p.returncode in (0, 1) and os.path.exists(os.path.join(b.dir, "all.json")), err)
    told = read(b)["line"]
    if not told and by_others(err):
        raise tap.Skip(f"inconclusive: {err.splitlines()[-1]}")
    points = told["points"]
    equal([q["held_out"] for q in points], [False, True, False, True], "who is held out")
    worst = float("inf")
    if all((q["measured_kib"] or 0) > 0 for q in points):
        worst = max(abs(q["line_kib"] / q["measured_kib"] - 1) for q in points if q["held_out"])
        expect(abs(worst - told["worst_error"]) < 1e-6, told)
    else:
        equal([told["worst_error"], told["base_kib"]], [None, None], "the line of values that are none")
    holds = worst <= 0.05
    equal(p.returncode, int(not holds), "the exit status")  # memory of a busy machine is no line
    equal("1,000,000 connections would take" in out, holds, out)
    equal([told["connections"], told["kib"] is not None], [1_000_000 if holds else None, holds], "what is told")
    expect(0.99 < told["tasks_per_connection"] < 1.01, told)
    nothing_left(b)


TESTS = [("scale: held and answered", held_and_answered, 0), ("scale: many", many, 0),
         ("scale: refused beforehand", refused, 0), ("scale: faults", faults, 0), ("scale: honest clients that fail", honest_failures, 0),
         ("scale: wrong command lines", wrong, 0), ("scale: a line through memory", line, 0)]
