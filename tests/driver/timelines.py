"""iomodels run crash and run hog: what happens to the others."""

import os
import re
import signal
import time

import tap
from driver.bench import README, Bench, equal, expect, nothing_left
from lib import machine

CONNECTIONS = 6


def crash(b, *args, after="1s"):
    """A crash of each model; its rows by server, and what was printed."""
    out, err = b.call("run", "crash", "-c", str(CONNECTIONS), "--before", "1.1s", "--after", after,
                      "--out", b.out, *args)
    return {r["server"]: r for r in b.rows("crash.csv")}, out, err


def who_dies(t):
    """By the numbers of processes: a server, a worker, a child."""
    for after in ("1s", "5s", "25s"):
        b = Bench(t, models=("epoll-lt", "thread", "fork", "iterative"), pictures=False)
        rows, out, err = crash(b, after=after)
        # Where the driver stood still when the crash was to come, there is no time after it.
        if int(rows["epoll-lt"]["failed"]) > 0 and int(rows["thread"]["failed"]) > 0 \
                and float(rows["fork"]["rate_after"] or 0) > 0:
            break
    equal(sorted(rows), ["epoll-lt", "fork", "thread"], "servers")
    expect("iterative serves one connection at a time" in err, err)
    for name in ("epoll-lt", "thread"):
        row = rows[name]
        equal([row[c] for c in ("processes", "died", "replaced", "server_died", "cut", "again_ms")],
              ["1", "1", "0", "1", str(CONNECTIONS), ""], name)
        expect(int(row["failed"]) > 0, f"nobody was refused after the death: {row}")
    row = rows["fork"]
    # The parent, a child for each connection and one for the client that asked.
    equal([row[c] for c in ("processes", "died", "replaced", "server_died", "cut", "failed")],
          [str(CONNECTIONS + 2), "1", "0", "0", "0", "0"], "fork")
    expect(row["again_ms"] != "", row)
    expect("One crash ends epoll-lt and thread, with all 6 connections" in out
           or "One crash ends thread and epoll-lt, with all 6 connections" in out, out)
    expect("fork loses none but the one that asked for it" in out, out)
    series = b.rows("timeline.csv")
    dead = [r for r in series if r["server"] == "epoll-lt"]
    first = next((i for i, r in enumerate(dead) if r["failed"] != "0"), len(dead))
    expect(all(r["answers"] == "0" for r in dead[first + 1:]), "answers of a dead server")
    lives = [r for r in series if r["server"] == "fork"]
    expect(any(r["answers"] != "0" for r in lives if float(r["time_s"]) > 0), "nobody is served on")
    with open(os.path.join(b.out, "finding.txt"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    expect(lines[0] in out and len(lines) == 4 and lines[-1].count("\t") == 1, lines)
    nothing_left(b)


def who_is_replaced(t):
    """A worker is replaced, but perhaps only when this machine has come to it."""
    for after in ("1s", "5s", "25s"):
        b = Bench(t, models=("prefork", "coroutine"), pictures=False)
        rows, out, _ = crash(b, after=after)
        if all(r["replaced"] != "0" for r in rows.values() if r["server_died"] == "0"):
            break
    row = rows["prefork"]
    equal([row[c] for c in ("processes", "died", "replaced", "server_died", "cut")],
          [str(CONNECTIONS + 2), "1", "1", "0", "0"], "prefork")
    row = rows["coroutine (2 processes)"]
    equal([row[c] for c in ("processes", "died", "replaced", "server_died")],
          ["3", "1", "1", "0"], "two workers")
    expect(int(row["cut"]) <= CONNECTIONS, row)
    equal(rows["coroutine"]["server_died"], "1", "one worker is the server itself")
    expect("1 of 3 processes died, 1 new" in out, out)
    nothing_left(b)


def hog(t):
    for before, after in ((0.3, 1.5), (1.2, 6.0), (5, 24)):
        b = Bench(t, models=("epoll-lt", "thread"), pictures=False)
        out, _ = b.call("run", "hog", "-c", str(CONNECTIONS), "--before", f"{before}s",
                        "--after", f"{after}s", "--out", b.out)
        rows = {r["server"]: r for r in b.rows("hog.csv")}
        if all(float(r[c]) > 0 for r in rows.values() for c in ("rate_without", "hog_rate")) and \
                rows["epoll-lt"]["max_us_with"]:
            break
    else:
        raise tap.Skip("inconclusive: nobody is answered for seconds here")
    equal(sorted(rows), ["epoll-lt", "thread"], "servers")
    window = after + 1.3  # of the hog
    for row in rows.values():
        # A burst takes 200 ms of CPU; of the first the end may be all that the window sees.
        expect(float(row["hog_rate"]) * window <= window / 0.2 + 1, f"bursts overlap: {row}")
    # Who is on its way when a burst begins waits for the end of it.
    row = rows["epoll-lt"]
    expect(float(row["max_us_with"]) >= 100000, f"all passed the hog: {row}")
    expect("One client asks for 200 ms of CPU again and again" in out, out)
    times = [float(r["time_s"]) for r in b.rows("timeline.csv") if r["server"] == "thread"]
    expect(times == sorted(times) and times[0] < 0 < times[-1], "the two windows in turn")
    nothing_left(b)


def columns_are_documented(t):
    b = Bench(t, pictures=False)
    crash(b, after="50ms")
    again = os.path.join(b.dir, "hog")
    b.call("run", "hog", "-c", "2", "--before", "50ms", "--after", "50ms", "--cpu", "1000",
           "--out", again)
    with open(README, encoding="utf-8") as f:
        text = f.read()
    for directory, name in ((b.out, "timeline.csv"), (b.out, "crash.csv"), (again, "hog.csv")):
        documented = re.findall(r"^\| `(\w+)` \|", text.split(f"## {name}")[1].split("\n## ")[0], re.M)
        with open(os.path.join(directory, name), encoding="utf-8") as f:
            equal(f.readline().strip().split(","), documented, f"columns of {name}")
    _, err = b.call("run", "crash", "--out", b.out, status=1)
    expect("timeline.csv" in err, "an old run is overwritten")


def pictures(t):
    b = Bench(t, models=("epoll-lt", "coroutine"), pictures=True)
    _, _, err = crash(b, after="100ms")
    expect("no picture" not in err, err)
    with open(os.path.join(b.out, "plots", "timeline_crash.svg"), encoding="utf-8") as f:
        text = f.read()
    for words in ("epoll-lt", "coroutine (2 processes)", "the crash", "One crash ends"):
        expect(words in text, f"'{words}' is not in the picture")
    again = os.path.join(b.dir, "hog")
    b.call("run", "hog", "-c", "2", "--before", "50ms", "--after", "50ms", "--cpu", "1000", "--models",
           "epoll-lt", "--out", again)
    with open(os.path.join(again, "plots", "timeline_hog.svg"), encoding="utf-8") as f:
        text = f.read()
    expect("the hog comes" in text and "the crash" not in text, "the picture of hog names another event")


def interrupted(t):
    b = Bench(t, models=("epoll-lt", "fork", "thread"), pictures=False)
    p = b.start("run", "crash", "-c", "2", "--after", "60s", "--out", b.out)
    path = os.path.join(b.out, "timeline.csv")
    deadline = time.monotonic() + machine.hang()
    while not os.path.exists(path) or len(b.left()) < 3:
        expect(p.poll() is None and time.monotonic() < deadline, "no server is loaded")
        time.sleep(0.01)
    p.send_signal(signal.SIGINT)
    _, err = p.communicate()
    equal(p.returncode, 130, f"status {err}")
    nothing_left(b)


def usage(t):
    b = Bench(t, models=("epoll-lt", "iterative"))
    for args, word in ((("crash", "-c", "0"), "--connections"), (("crash", "quick"), "quick"),
                       (("hog", "--cpu", "0"), "--cpu"), (("hog", "--models", "nope"), "nope"),
                       (("crash", "--cpu", "5"), "--cpu")):
        _, err = b.call("run", *args, "--out", b.out, status=2)
        expect(word in err.splitlines()[0] and not os.path.exists(b.out), err)
    _, err = b.call("run", "hog", "--models", "iterative", "--out", b.out, status=1)
    expect("there is no server to load" in err, err)
    out, _ = b.call("list")
    for name in ("two-speeds", "crash", "hog", "slow-clients"):
        expect(re.search(rf"^  {name} ", out, re.M), out)


TESTS = [("timelines: who dies", who_dies, 60), ("timelines: who is replaced", who_is_replaced, 120),
         ("timelines: the hog", hog, 60), ("timelines: columns are documented", columns_are_documented, 60),
         ("timelines: pictures", pictures, 60), ("timelines: interrupted", interrupted, 60),
         ("timelines: usage", usage, 60)]
