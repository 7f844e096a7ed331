"""iomodels machine: the unit costs, measured, shown, and in the files of a run."""

import contextlib
import copy
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

import tap
from driver.bench import ARGS, ROOT, Bench, equal, expect, nothing_left
from driver.environment import REFERENCE
from lib import machine

SHORT = ("--seconds", "0.3s")
# What may have no figure, and then says why; all else is measured on any machine.
OPTIONAL = ("io_uring_", "wake_")
# The second does all that the first does, and more: whatever the machine, it takes longer.
ORDERED = [("syscall", "recv_empty"), ("syscall", "send_64"), ("recv_empty", "recv_64"),
           ("recv_64", "send_recv_64"), ("send_recv_64", "send_recv_4096"),
           ("syscall", "epoll_wait_ready"), ("syscall", "poll_idle_1000"),
           ("syscall", "select_idle_1000"), ("syscall", "io_uring_enter_1"),
           ("io_uring_enter_1", "io_uring_enter_64"), ("syscall", "wake_round_trip"),
           ("wake_cross_cpu", "wake_round_trip"), ("syscall", "thread_create_join"),
           ("syscall", "fork_wait"), ("syscall", "accept_close"), ("syscall", "timer_set")]


def names():
    with open(os.path.join(ROOT, "bench", "machine", "unit_costs.h"), encoding="utf-8") as f:
        found = re.findall(r'X\([A-Z0-9_]+, "([a-z0-9_]+)"', f.read().partition("#define UNIT_COSTS")[2])
    expect(len(found) == len(set(found)) >= 26, f"names of costs: {found}")
    return found


def measured(b, *more, **kwargs):
    out, err = b.call("machine", "--json", *SHORT, *more, **kwargs)
    equal(err, "", "standard error")
    return json.loads(out)


def check_figures(costs):
    equal(sorted(costs), sorted(names()), "the costs")
    for name, cost in costs.items():
        if cost["ns"] is None:
            expect(cost["why"] and len(cost) == 2, f"{name}: {cost}")
            expect(name.startswith(OPTIONAL) or name.endswith("_far"), f"{name} has no figure: {cost['why']}")
            continue
        expect(cost["ns"] > 0 and cost["batches"] >= 3, f"{name}: {cost}")
        expect(cost["fastest"] <= cost["low"] <= cost["ns"] <= cost["high"], f"{name}: {cost}")


def disordered(costs):
    found = [(less, costs[less], more, costs[more]) for less, more in ORDERED
             if costs[less]["ns"] is not None and costs[more]["ns"] is not None]
    return [f"{less} {a} takes longer than {more} {z}" for less, a, more, z in found if z["high"] < a["low"]]


def all_costs(t):
    b = Bench(t, models=())
    told = measured(b)
    nothing_left(b)
    equal(sorted(told), ["date", "machine", "unit_costs"], "groups")
    expect(told["machine"]["kernel_release"], told["machine"])
    unit = told["unit_costs"]
    check_figures(unit["costs"])
    if len(os.sched_getaffinity(0)) > 1:
        expect(unit["costs"]["wake_round_trip"]["ns"], "two CPUs, and no wake-up between them")
    wrong = disordered(unit["costs"])
    for _ in range(5):  # on a crowded machine all batches of one cost can be disturbed
        if wrong:
            wrong = disordered(measured(b)["unit_costs"]["costs"])
    expect(not wrong, wrong)
    with open(os.path.join(ROOT, "docs", "machine.md"), encoding="utf-8") as f:
        equal(re.findall(r"(?m)^\| `([a-z0-9_]+)`", f.read()), names(), "the costs of docs/machine.md")


def one_cpu(t):
    """Nobody can be woken on another CPU; the rest is measured."""
    b = Bench(t, models=())
    cpu = min(os.sched_getaffinity(0))
    unit = measured(b, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))["unit_costs"]
    check_figures(unit["costs"])
    equal((unit["server_cpu"], unit["generator_cpu"]), (cpu, cpu), "CPUs")
    for name in ("wake_cross_cpu", "wake_round_trip"):
        equal(unit["costs"][name],
              {"ns": None, "why": "server and load generator share one CPU"}, name)


def few_descriptors(t):
    b = Bench(t, models=())
    costs = measured(b, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (512, 512)))["unit_costs"]["costs"]
    for name in ("poll_idle_1000", "select_idle_1000"):
        equal(costs[name], {"ns": None, "why": "cannot open 1,000 descriptors: Too many open files"},
              name)
    expect(costs["epoll_ctl"]["ns"] > 0, "nothing else is in the way of the other costs")


def select_limit(t):
    """Descriptors below FD_SETSIZE that others hold are missing for select, and for select alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        raise tap.Skip("a process may have too few descriptors here")
    b = Bench(t, models=())
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(100)] if soft > 200 else []
    try:
        costs = measured(b, pass_fds=held)["unit_costs"]["costs"]
    finally:
        for fd in held:
            os.close(fd)
    expect(costs["poll_idle_1000"]["ns"] > 0, costs["poll_idle_1000"])
    why = costs["select_idle_1000"].get("why")
    equal(why, "a call failed: Too many open files" if held else None, "select")


def without_session_cost(t):
    """A driver that stands alone."""
    b = Bench(t, models=())
    alone = os.path.join(b.dir, "iomodels")
    # By another process: a test beside this one may fork while a file is open for writing here, and
    # an executable that is open for writing does not start.
    subprocess.run(["cp", ARGS.driver, alone], check=True)
    out = subprocess.run([alone, "machine", "--json", *SHORT], env=b.environment(), check=True,
                         capture_output=True, text=True).stdout
    costs = json.loads(out)["unit_costs"]["costs"]
    for name in ("session_http", "session_echo"):
        equal(costs[name], {"ns": None, "why": "the program session-cost is not there"}, name)


def session_cost(t):
    program = os.path.join(os.path.dirname(ARGS.driver), "session-cost")
    alone = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           close_fds=True, check=False)
    equal((alone.returncode, alone.stderr.count("\n")), (1, 1), f"started by hand: {alone.stderr}")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        p = subprocess.Popen([program], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                             close_fds=False, preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
        theirs.close()
        with ours.makefile("rw") as asked:
            for question in ("http 1", "echo 1", "http 1000", "echo 1000"):
                asked.write(question + "\n")
                asked.flush()
                expect(float(asked.readline()) > 0, question)
            asked.write("gopher 7\n")
            asked.flush()
            ours.shutdown(socket.SHUT_WR)  # one that answers this ends all the same
        _, err = p.communicate()
    equal((p.returncode, err), (1, "session-cost: asked for 'gopher 7'\n"), "a wrong question")


def system_clock(t):
    """A clock that enters the kernel is found: slow-clock.so asks for CPU time, which no vdso knows."""
    b = Bench(t, models=())
    slow = os.path.join(os.path.dirname(ARGS.driver), "..", "tests", "reference_server", "slow-clock.so")
    if not os.path.exists(slow):
        raise tap.Skip("slow-clock.so was not built")
    preload = {"LD_PRELOAD": os.path.abspath(slow)}
    if b.start("--version", env=preload).wait() != 0:
        raise tap.Skip("a program with a sanitizer takes no preloaded clock")
    out, _ = b.call("machine", "--json", "--seconds", "1ms", env=preload)
    equal(json.loads(out)["unit_costs"]["clock_is_system_call"], True, "the clock is a system call")


def saved(b, name, told):
    path = os.path.join(b.dir, name)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(told, f, indent=2)
    return path


def made_up(virtualised=True):
    """A machine where each cost takes 100 ns."""
    one = {"ns": 100.0, "low": 90.0, "high": 1200.0, "fastest": 80.0, "batches": 40}
    return {"date": "2026-01-01T00:00:00Z", "machine": {"cpu": "Z80", "virtualised": virtualised},
            "unit_costs": {"version": 1, "seconds": 3.0, "server_cpu": 1, "generator_cpu": 0,
                           "clock_is_system_call": False,
                           "costs": {name: dict(one) for name in names()}}}


def warnings(b, told):
    out, _ = b.call("machine", saved(b, "card.json", told))
    return [line for line in out.splitlines() if line.startswith("WARNING")]


def card(t):
    b = Bench(t, models=())
    told = made_up()
    costs = told["unit_costs"]["costs"]
    costs["io_uring_enter_64"] = {"ns": None, "why": "this kernel has no io_uring"}
    out, _ = b.call("machine", saved(b, "card.json", told))
    head, *lines = out.splitlines()
    equal(head, "Z80 (virtualised), 2026-01-01T00:00:00Z, CPU 1 (the other: 0), 3 s", "the first line")
    rows = {line.split()[0]: line for line in lines[1:1 + len(costs)]}
    equal(list(rows), names(), "rows of the card")
    expect(re.search(r"syscall +100 ns +90.0 ns–1.20 µs +80.0 ns +34.0 ns \(1\) ", rows["syscall"]),
           rows["syscall"])
    expect(re.search(r"io_uring_enter_64 +n/a +n/a +n/a ", rows["io_uring_enter_64"]), out)
    expect("no io_uring_enter_64: this kernel has no io_uring" in lines, out)
    expect(any(line.startswith("(1) lmbench") for line in lines), f"no source:\n{out}")
    equal(warnings(b, told), [], "warnings")


def card_warns(t):
    b = Bench(t, models=())
    told = made_up()
    costs = told["unit_costs"]["costs"]
    fork = costs["fork_wait"]
    fork.update(ns=3.1e6, low=3.0e6, high=3.2e6, fastest=2.9e6)
    says = ("WARNING: fork_wait takes 3.10 ms here, 14 times the 223 µs of bare metal: the figures of "
            "fork are the {} here, not the model's.")
    equal(warnings(b, told), [says.format("hypervisor's")], "fork of 3.1 ms")
    told["machine"]["virtualised"] = False
    equal(warnings(b, told), [says.format("machine's")], "the same on no virtual machine")
    fork.update(fastest=2.2e6)
    equal(warnings(b, told), [], "a fork whose fastest batch is not far above")
    fork.update(fastest=1.5e6)
    disturbed = "WARNING: the machine did not hold still: 1 cost took at the median more than 2 times " \
        "as long as in the fastest batch."
    equal(warnings(b, told), [disturbed], "a fork that was disturbed")
    told = made_up()
    told["unit_costs"]["clock_is_system_call"] = True
    found = warnings(b, told)
    expect(len(found) == 1 and "the clock is a system call here (100 ns)" in found[0], found)


def two_machines(t):
    b = Bench(t, models=())
    one, two = made_up(), made_up(virtualised=False)
    for cost in two["unit_costs"]["costs"].values():
        cost.update(ns=250.0, fastest=200.0)
    two["unit_costs"]["costs"]["wake_cross_cpu"] = {"ns": None, "why": "one CPU"}
    run = os.path.join(b.dir, "some-run")
    os.mkdir(run)
    saved(b, "some-run/environment.json", two)
    out, _ = b.call("machine", saved(b, "one.json", one), run)
    lines = out.splitlines()
    expect(lines[0].startswith("A: Z80 (virtualised)") and lines[1].startswith("B: Z80, "), out)
    rows = {line.split()[0]: line for line in lines[3:]}
    equal(list(rows), names(), "rows")
    for name, row in rows.items():
        wanted = r" n/a +n/a +n/a " if name == "wake_cross_cpu" else r" 250 ns +90.0 ns–1.20 µs +2\.50 "
        expect(re.search(wanted, row), row)
    again, _ = b.call("machine", "--json", run)
    equal(json.loads(again), two, "a file, printed as JSON")


def bad_files(t):
    b = Bench(t, models=())
    good = saved(b, "good.json", made_up())
    cases = {"nothing.json": "cannot read {}: No such file or directory"}
    for name, text, says in (
            ("text.json", '{\n"date": 1,\nnothing\n}', "{}:3: "),
            ("empty.json", "", "{}:1: "),
            ("twice.json", '{"date": 1,\n"date": 2}', "{}:2: duplicate object key"),
            ("list.json", "[]", "{}: there are no unit_costs in it")):
        with open(os.path.join(b.dir, name), "w", encoding="utf-8") as f:
            f.write(text)
        cases[name] = says
    for name, change, says in (
            ("old.json", lambda u: u.clear(), "{}: unit_costs.version is another than 1"),
            ("cost.json", lambda u: u["costs"]["send_64"].update(ns="fast"),
             "{}: unit_costs.costs.send_64.ns is neither null nor a time"),
            ("low.json", lambda u: u["costs"]["send_64"].update(low=101),
             "{}: unit_costs.costs.send_64.low, .ns and .high do not rise")):
        told = copy.deepcopy(made_up())
        change(told["unit_costs"])
        saved(b, name, told)
        cases[name] = says
    os.mkdir(os.path.join(b.dir, "empty"))
    for name, says in cases.items():
        path = os.path.join(b.dir, name)
        for arguments in ((path,), (path, good), (good, path), ("--json", path)):
            out, err = b.call("machine", *arguments, status=1)
            equal((out, err.count("\n")), ("", 1), f"{arguments}: output, and lines of\n{err}")
            expect(err.startswith("iomodels: " + says.format(path)), err)
    _, err = b.call("machine", os.path.join(b.dir, "empty"), status=1)
    equal(err, f"iomodels: cannot read {b.dir}/empty/environment.json: No such file or directory\n",
          "a directory without a run")
    for wrong, says in (((good, good, good), "machine takes two files at most"),
                        (("--json", good, good), "--json shows one machine"),
                        (("--seconds", "1", good), "--seconds is for measuring, not for files"),
                        (("--seconds", "never"), "--seconds: 'never' is not a time")):
        _, err = b.call("machine", *wrong, status=2)
        expect(err.startswith(f"iomodels: {says}"), err)


def interrupted(t):
    b = Bench(t, models=())
    # What starts these tests may have it ignored.
    p = b.start("machine", "--seconds", "10m",
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    deadline = time.monotonic() + machine.hang()
    while len(b.left()) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)  # it is starting those that measure; nothing tells when
    expect(len(b.left()) >= 3, "nobody measures")
    p.send_signal(signal.SIGINT)
    p.communicate()
    equal(p.returncode, -signal.SIGINT, "exit status")
    while b.left() and time.monotonic() < deadline:
        time.sleep(0.01)  # the kernel is ending them; nothing tells when
    nothing_left(b)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def far_ends(pid):
    """Of those that measure the costs with "far" in their names, the processes on the other CPU."""
    found = []
    for one in children(pid):
        for other in children(one):
            try:
                if os.sched_getaffinity(one) != os.sched_getaffinity(other):
                    found.append(other)
            except OSError:
                pass  # gone
    return found


def far_ends_die(t):
    """What their partners measure has no figure then, and nobody waits for them for ever."""
    if len(os.sched_getaffinity(0)) < 2:
        raise tap.Skip("one CPU")
    b = Bench(t, models=())
    p = b.start("machine", "--json", "--seconds", "2s")
    deadline = time.monotonic() + machine.hang()
    while len(far_ends(p.pid)) < 4 and p.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)  # they are being started; nothing tells when
    killed = far_ends(p.pid)
    for pid in killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if len(killed) < 4:
        raise tap.Skip("inconclusive: no far ends were seen")
    out, err = p.communicate(timeout=machine.hang())
    equal((p.returncode, err), (0, ""), "status and standard error")
    costs = json.loads(out)["unit_costs"]["costs"]
    for name in ("recv_64_far", "select_recv_64_far", "sleep_round_64_far"):
        equal(costs[name]["ns"], None, f"{name}: {costs[name]}")
    expect(costs["recv_64"]["ns"] > 0, f"recv_64: {costs['recv_64']}")
    nothing_left(b)


def recorded(b):
    with open(os.path.join(b.out, "environment.json"), encoding="utf-8") as f:
        return json.load(f).get("unit_costs")


def page(b, out):
    b.call("report", out)
    with open(os.path.join(out, "report.html"), encoding="utf-8") as f:
        return f.read()


def in_a_run(t):
    """Measured at the start, kept when the run goes on, on the page; and a run of before has none."""
    b = Bench(t, pictures=False, costs=True)
    b.measure(b.scenario(connections="1", repetitions=2), "--out", b.out)
    first = recorded(b)
    check_figures(first["costs"])
    with open(os.path.join(b.out, "trials.csv"), encoding="utf-8") as f:
        lines = f.readlines()
    with open(os.path.join(b.out, "trials.csv"), "w", encoding="utf-8") as f:
        f.writelines(lines[:-1])
    b.measure("--resume", b.out)
    equal(recorded(b), first, "unit costs after going on")
    text = page(b, b.out)
    for name in names():
        expect(f"<td class=\"left\">{name}</td>" in text, f"no {name} on the page")
    b.call("machine", b.out)
    b.change("unit_costs", "seconds", "three")
    _, err = b.call("report", b.out, status=1)
    equal(err, f"iomodels: {b.out}/environment.json: unit_costs.seconds is no time\n", "refusal")
    old = os.path.join(b.dir, "old")
    shutil.copytree(REFERENCE, old, ignore=shutil.ignore_patterns("plots"))
    with open(os.path.join(old, "environment.json"), encoding="utf-8") as f:
        has = "unit_costs" in json.load(f)
    equal('id="unit-costs"' in page(b, old), has, "a card on the page of the committed run")


def not_added(t):
    """What is measured when the trials are over cannot be written. All else of the run is there."""
    b = Bench(t, pictures=False, costs=True)
    p = b.start("run", b.scenario(connections="1", repetitions=8, duration="0.5s"), "--out", b.out)
    path = os.path.join(b.out, "environment.json")
    while p.poll() is None and not os.path.exists(path):
        time.sleep(0.01)
    os.mkdir(path + ".new")
    _, err = p.communicate()
    equal(p.returncode, 1, "status")
    expect(f"iomodels: cannot add the unit costs to {path}: Is a directory\n" in err, err)
    equal(sorted(recorded(b)["costs"]), sorted(names()), "costs of before")
    for name in ("summary.csv", "report.html"):
        expect(os.path.exists(os.path.join(b.out, name)), f"no {name}")
    nothing_left(b)


TESTS = [
    ("machine measures every cost, in the order that logic forces", all_costs, 60),
    ("machine on one CPU", one_cpu, 60),
    ("machine with few descriptors", few_descriptors, 60),
    ("machine where low descriptors are taken", select_limit, 60),
    ("machine without session-cost", without_session_cost, 60),
    ("session-cost answers, and refuses", session_cost, 60),
    ("machine whose clock is a system call", system_clock, 60),
    ("the card of a machine", card, 60),
    ("the card warns of costs far above the usual", card_warns, 60),
    ("two machines side by side", two_machines, 60),
    ("machine and bad files", bad_files, 60),
    ("machine, interrupted, leaves nothing running", interrupted, 60),
    ("machine whose far ends die", far_ends_die, 60),
    ("unit costs in a run", in_a_run, 60),
    ("unit costs of after the trials that cannot be written", not_added, 60),
]
