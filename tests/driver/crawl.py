"""iomodels crawl: what a client says is held against what the server saw."""

import json
import os
import shutil
import subprocess

import tap
from driver.bench import OF_THE_MACHINE, README, ROOT, Bench, equal, expect, nothing_left

FAKE = os.path.join(ROOT, "tests", "driver", "fake_client.py")
CLIENTS = os.path.join(ROOT, "bench", "external-clients")
C, ROUNDS = 3, 2
N = C * ROUNDS


def scenario(b, ways="tuned", wait=20, concurrency=C):
    path = os.path.join(b.dir, "job.ini")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"[crawl]\nname = job\nquestion = Who lies?\nways = {ways}\nconcurrency = {concurrency}\n"
                f"rounds = {ROUNDS}\nwait = {wait}\n")
    return path


def crawl(b, fakes, *more, ways="tuned", wait=20, status=0, concurrency=C, needs="python os"):
    """The rows of clients that lie so, by name, and of ours."""
    folder = os.path.join(b.dir, "clients")
    os.mkdir(folder)
    for mode in fakes:
        command = f"{{python}} -B {FAKE} {mode} {CLIENTS}"
        with open(os.path.join(folder, mode + ".ini"), "w", encoding="utf-8") as f:
            f.write(f"[client]\nsummary = lies\nneeds = {needs}\npackages = a-package\n"
                    f"first = {command} --first\ntuned = {command}\n")
    out, err = b.call("crawl", scenario(b, ways, wait, concurrency), "--external-clients", folder, "--out", b.out, *more,
                      status=status)
    nothing_left(b)
    return {r["client"]: r for r in b.rows("crawl.csv")}, out, err


def believed(row):
    """Nothing speaks against it but perhaps this machine."""
    equal(row["status"], "ok", row)
    expect(row["verdict"] == "valid" or row["reason"].startswith(OF_THE_MACHINE), row)


def were_at_once(row, least):
    """Whether this machine let so many requests come before the first was answered."""
    if int(row["max_in_service"]) < least:
        raise tap.Skip(f"inconclusive: the server saw {row['max_in_service']} requests at once")


def refused(row, words):
    equal((row["status"], row["verdict"]), ("ok", "INVALID"), row)
    expect(words in row["reason"], row)


def lies(t):
    b = Bench(t, models=("epoll-et",), pictures=False)
    modes = ("good", "fewer", "twice", "head", "wrong", "clock")
    rows, out, _ = crawl(b, modes, "--clients", ",".join(modes + ("epoll", "process-pool")))
    equal(sorted(rows), sorted(modes + ("epoll", "process-pool")), "clients")
    for name in ("good", "epoll", "process-pool"):
        row = rows[name]
        believed(row)
        equal([row[x] for x in ("kind", "way", "concurrency", "requests", "ok", "server_requests")],
              ["external" if name == "good" else "ours", "tuned", str(C), str(N), str(N), str(N)], name)
        expect(1 <= int(row["max_in_service"]) <= C, row)
        expect(float(row["ideal_s"]) <= float(row["wall_s"]) <= float(row["window_s"]), row)
    equal(rows["good"]["server_accepted"], str(N), "connections")
    refused(rows["fewer"], f"the server answered {N - 1} requests, not {N}")
    refused(rows["twice"], "did not answer each URL once")
    refused(rows["head"], "did not answer each URL once, with its body")
    refused(rows["wrong"], f"0 of {N} requests were answered right")
    refused(rows["clock"], "took 0.001000 s, which takes 0.040000 s at least")
    expect("Who lies?" in open(os.path.join(b.out, "summary.txt"), encoding="utf-8").read(), out)
    with open(os.path.join(b.out, "machine.json"), encoding="utf-8") as f:
        expect(json.load(f)["placement"]["server_cpus"], "machine.json")


def too_many(t):
    """More at once than asked for; or, as first written, than the client says."""
    b = Bench(t, models=("epoll-et",), pictures=False)
    rows, _, _ = crawl(b, ("many",), "--clients", "many", wait=2000)
    were_at_once(rows["many"], 2 * C)
    refused(rows["many"], f"the server saw {2 * C} requests at once, and {C} are the most that the client may")


def first_written(t):
    b = Bench(t, models=("epoll-et",), pictures=False)
    rows, out, _ = crawl(b, ("many", "one"), "--clients", "many,one", ways="first", wait=2000)
    believed(rows["many"])  # it says so itself
    equal(rows["many"]["at_once"], str(2 * C), "at once")
    were_at_once(rows["one"], C)
    refused(rows["one"], f"the server saw {C} requests at once, and 1 are the most that the client says")
    expect("many (first)" in out, out)


def learned(t):
    """A client says with its first job what it makes at once; shorter jobs after that are another line."""
    b = Bench(t, models=("epoll-et",), pictures=False)
    _, out, _ = crawl(b, ("one",), "--clients", "one", "--repetitions", "2", ways="first", wait=1000)
    equal([r["requests"] for r in b.rows("crawl.csv")], [str(N), "5"], "requests")  # 5 s, one at a time
    table = out[out.index(f"\n{C} at once"):]
    lines = [x.split() for x in table.splitlines() if x.strip().startswith("one (first)")]
    equal(sorted(x[2] for x in lines), ["5", str(N)], out)


def failures(t):
    """A job that fails is a row that says why, and the others go on."""
    b = Bench(t, models=("epoll-et",), pictures=False)
    modes = ("dies", "mute", "leaves", "good")
    rows, _, err = crawl(b, modes, "--clients", ",".join(modes), status=1)
    for name, words in (("dies", "nothing works"), ("mute", "told no figures"), ("leaves", "were left")):
        equal((rows[name]["status"], rows[name]["verdict"]), ("failed", ""), name)
        expect(words in rows[name]["reason"], rows[name])
    believed(rows["good"])
    expect("3 jobs failed" in err, err)


def skipped(t):
    """A client that makes one at once is not waited for when that would take minutes."""
    b = Bench(t, models=("epoll-et",), pictures=False)
    rows, _, _ = crawl(b, (), "--clients", "serial", wait=1000, concurrency=6)
    equal((rows["serial"]["status"], rows["serial"]["trial"]), ("skipped", "1"), rows)
    expect("it makes 1 at once" in rows["serial"]["reason"], rows)


def not_installed(t):
    b = Bench(t, models=("epoll-et",), pictures=False)
    rows, _, err = crawl(b, ("good",), "--clients", "good,epoll", needs="python no_such_module")
    equal(list(rows), ["epoll"], "clients")
    expect("left out: good: not installed (no Python module no_such_module): apt-get install a-package" in err, err)
    out, _ = b.call("list", "--json")
    clients = json.loads(out)["clients"]
    expect(len([c for c in clients if c["kind"] == "ours"]) >= 10, clients)
    expect(len([c for c in clients if c["kind"] == "external"]) >= 18, clients)
    expect(all(c["packages"] for c in clients if c["kind"] == "external"), clients)


def without_perf(t):
    """What no counter tells is not known: it is not 0, and no text says nan."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise tap.Skip("needs root and setpriv")
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="utf-8") as f:
        if int(f.read()) < 2:
            raise tap.Skip("here perf needs no right")
    b = Bench(t, models=("epoll-et",), pictures=True)
    p = subprocess.run(["setpriv", "--bounding-set", "-sys_admin,-perfmon",
                        *b.command("crawl", scenario(b, concurrency="1,2"), "--clients", "epoll,serial",
                                   "--out", b.out)],
                       env=b.environment(), capture_output=True, text=True, check=False)
    equal(p.returncode, 0, p.stderr)
    equal(p.stderr.count("perf gives no CPU time"), 1, p.stderr)
    row = next(r for r in b.rows("crawl.csv") if r["client"] == "epoll")
    for name in ("cpu_us_per_request", "client_cpu_fraction", "server_cpu_fraction",
                 "other_client_cpu_fraction", "other_server_cpu_fraction"):
        equal(row[name], "", name)
    expect(row["wall_s"] and row["stolen_client_cpu_fraction"], row)
    with open(os.path.join(b.out, "summary.txt"), encoding="utf-8") as f:
        text = f.read()
    expect("nan" not in text + p.stdout, text + p.stdout)
    if row["verdict"] == "valid":
        expect("(epoll)" in text, text)
    drawn(b, p.stderr)


def wrong(t):
    b = Bench(t, models=("epoll-et",), pictures=False)
    path = os.path.join(b.dir, "bad.ini")
    for text, words in (("[crawl]\nname = x\nconcurrency = 3, 2\n", "bad.ini:3: concurrency = '3, 2'"),
                        ("[crawl]\nname = x\nconcurrency = 1\nways = best\n", "bad.ini:4: ways = 'best'"),
                        ("[crawl]\nconcurrency = 1\n", "has no name")):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        _, err = b.call("crawl", path, status=2)
        expect(words in err, err)
    _, err = b.call("crawl", "--clients", "nobody", status=2)
    expect("no client 'nobody'" in err, err)
    _, err = b.call("crawl", "-c", "0", status=2)
    expect("'0' is not a list" in err, err)


def columns(t):
    """Each column has its line in results/README.md."""
    b = Bench(t, models=("epoll-et",), pictures=True)
    rows, _, err = crawl(b, (), "--clients", "epoll,serial", "-c", "1,2")
    with open(README, encoding="utf-8") as f:
        text = f.read()
    missing = [c for c in rows["epoll"] if f"| `{c}`" not in text and f"`{c}`," not in text]
    equal(missing, [], "columns that results/README.md lacks")
    drawn(b, err)


def drawn(b, err):
    """All pictures, where gnuplot is installed. Each client is held against the ideal time of its own job, at
    the most requests at once."""
    if not shutil.which("gnuplot"):
        expect("no picture" in err, err)
        return
    expect("no picture" not in err, err)
    for name in ("crawl_efficiency", "crawl_cpu"):
        expect(os.path.getsize(os.path.join(b.out, "plots", name + ".svg")) > 1000, name)
    most = [r for r in b.rows("crawl.csv") if (r["concurrency"], r["counting"]) == ("2", "0")]
    expected = {r["client"]: float(r["wall_s"]) / float(r["ideal_s"]) for r in most if r["verdict"] == "valid"}
    with open(os.path.join(b.out, "plots", "crawl_time.tsv"), encoding="utf-8") as f:
        dots = {client: float(tuned) for client, _, tuned in (x.rstrip("\n").split("\t") for x in list(f)[1:])}
    equal(sorted(dots), sorted(expected), "clients with a valid job")
    for client, times in expected.items():
        expect(abs(dots[client] - times) < 0.001 * times, (client, dots, expected))
    if not dots:  # on a busy machine no job may be valid
        return
    known = any(r["cpu_us_per_request"] for r in most if r["verdict"] == "valid")
    for name in ("crawl_time", "crawl_cost") if known else ("crawl_time",):
        expect(os.path.getsize(os.path.join(b.out, "plots", name + ".svg")) > 1000, name)
    with open(os.path.join(b.out, "plots", "crawl_time.txt"), encoding="utf-8") as f:
        words = f.readline()
    expect("2 at once" in words, words)


TESTS = [("crawl: a client that lies is INVALID by the server's counts", lies, 300),
         ("crawl: a client that makes too many requests at once is INVALID", too_many, 300),
         ("crawl: a client as first written makes what it says", first_written, 300),
         ("crawl: jobs of another length are not put together", learned, 300),
         ("crawl: a job that fails is a row that says why", failures, 300),
         ("crawl: what would take minutes is skipped", skipped, 300),
         ("crawl: what is not installed is left out, and told", not_installed, 300),
         ("crawl: without the right to use perf", without_perf, 300),
         ("crawl: bad input", wrong, 300),
         ("crawl: columns and pictures", columns, 300)]
