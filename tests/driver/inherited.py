"""What a parent can leave behind: signals ignored and blocked, descriptors closed and open, limits."""

import os
import resource
import signal
import sys

from driver import spy
from driver.bench import ARGS, Bench, equal, expect, nothing_left
from driver.environment import EXTERNAL, copy_of_reference
from driver.resume import begun
from lib import program


def ignore(number):
    return lambda: signal.signal(number, signal.SIG_IGN)


def child_signal_ignored(t):
    """With SIGCHLD ignored the kernel reaps children itself and their exit status is lost."""
    b = Bench(t, fakes=("dies-at-once",))
    place, empty = copy_of_reference(b, "copy"), os.path.join(b.dir, "empty")
    os.mkdir(empty)
    _, err = b.call("plot", place, status=1, env={"PATH": empty}, preexec_fn=ignore(signal.SIGCHLD))
    expect("gnuplot is not installed" in err, err)
    b.call("run", b.scenario(connections="1", repetitions=1), "--out", b.out, status=1,
           preexec_fn=ignore(signal.SIGCHLD))
    reasons = {r["model"]: (r["status"], r["reason"]) for r in b.rows()}
    equal(reasons["dies-at-once"], ("failed", "server died before it was ready: exit status 5: "
                                              "cannot find my slippers"), "its row")
    equal(reasons["epoll-lt"][0], "ok", f"the other's ({reasons['epoll-lt'][1]})")


def signals_blocked(t):
    """A driver that is drawing ends on SIGTERM all the same, and its children block nothing."""
    b = Bench(t, models=())
    place, programs = copy_of_reference(b, "copy"), os.path.join(b.dir, "programs")
    os.mkdir(programs)
    fake = os.path.join(programs, "gnuplot")
    program.write(fake, f"#!{sys.executable}\nimport signal\nwith open('{b.dir}/pipe', 'w') as f:\n"
                  "    f.write('begun')\nsignal.pause()\n")
    os.mkfifo(os.path.join(b.dir, "pipe"))
    p = b.start("plot", place, env={"PATH": programs}, preexec_fn=lambda: signal.pthread_sigmask(
        signal.SIG_BLOCK, set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}))
    t.defer(p.kill)
    with open(os.path.join(b.dir, "pipe"), encoding="utf-8") as f:
        equal(f.read(), "begun", "what gnuplot says")
    p.send_signal(signal.SIGTERM)
    p.communicate()
    equal(p.returncode, -signal.SIGTERM, "end of the driver")


def many_descriptors(t):
    """Children have none of the driver's open files, nor its signals."""
    b = Bench(t)
    spies, path = spy.on_path(b, "gnuplot")
    load = spy.Spy(os.path.join(b.dir, "load"), ARGS.loadgen)
    ours = spy.Spy(os.path.join(b.servers, "spied"), os.path.join(ARGS.servers, "epoll-lt"))
    external = spy.Spy(os.path.join(b.dir, "theirs"), sys.executable)
    b.loadgen = load.path
    left = os.path.join(b.dir, "left open")
    opened = [os.open(left, os.O_RDWR | os.O_CREAT) for _ in range(300)]
    t.defer(lambda: [os.close(fd) for fd in opened])

    def set_up():
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGALRM})

    b.measure(b.scenario(connections="1", repetitions=1), "--out", b.out,
              "--external", f"{external.path} {EXTERNAL} {{port}} {{protocol}} good",
              env={"PATH": path}, pass_fds=opened, preexec_fn=set_up)
    for who, one in (("the load generator", load), ("a server", ours), ("a server of others", external),
                     ("gnuplot", spies["gnuplot"])):
        for start in one.seen():
            files = start["descriptors"]
            equal([fd for fd, name in files.items() if name == left], [], f"open in {who}")
            expect({"0", "1", "2"} <= set(files), f"{who} has {files}")
            # Python itself ignores SIGPIPE and SIGXFSZ.
            python = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
            equal(int(start["signals"]["SigIgn"], 16) & ~python, 0, f"signals that {who} ignores")
            equal(int(start["signals"]["SigBlk"], 16), 0, f"signals that {who} blocks")


def standard_closed(t):
    """Nothing that is opened takes the place of a closed descriptor, where a message would end up."""
    b = Bench(t)
    closed = lambda: [os.close(fd) for fd in (0, 1, 2)]  # noqa: E731
    p = b.start("run", b.scenario(connections="1", repetitions=1), "--out", b.out,
                preexec_fn=closed)
    p.communicate()
    equal(p.returncode, 1, "status, as the table could not be written")
    equal({r["status"] for r in b.rows()}, {"ok"}, "rows")
    with open(os.path.join(b.out, "trials.csv"), encoding="utf-8") as f:
        expect("trials" not in f.read().splitlines()[-1], "a message in trials.csv")
    for name in ("environment.json", "summary.csv", "report.html"):
        expect(os.path.getsize(os.path.join(b.out, name)) > 100, name)
    nothing_left(b)


def reader_goes(t):
    """Who stops reading the table still gets the report."""
    b = Bench(t)
    p = b.start("run", b.scenario(connections="1", repetitions=1), "--out", b.out)
    p.stdout.close()
    err = p.stderr.read()
    p.wait()
    equal(p.returncode, 1, f"status\n{err}")
    expect("cannot write to standard output" in err, err)
    expect(os.path.exists(os.path.join(b.out, "report.html")), f"no report\n{err}")


def hang_up_ignored(t):
    """nohup(1): the run goes on when the terminal goes."""
    b = Bench(t)
    p = b.start("run", b.scenario(repetitions=2), "--out", b.out, preexec_fn=ignore(signal.SIGHUP))
    begun(b, p, 1)
    p.send_signal(signal.SIGHUP)
    _, err = p.communicate()
    expect("interrupted" not in err and p.returncode != 130, err)
    planned, _ = b.call("run", os.path.join(b.dir, "tiny.ini"), "--dry-run")
    expect(len(b.rows()) >= planned.count("\n") - 1, f"{len(b.rows())} rows of\n{planned}")


def hang_up(t):
    """Without it the run ends, and can go on. These tests may run under nohup(1) themselves."""
    b = Bench(t)
    p = b.start("run", b.scenario(repetitions=3, connections="1, 2, 4"), "--out", b.out,
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
    begun(b, p, 1)
    p.send_signal(signal.SIGHUP)
    p.communicate()
    equal(p.returncode, 130, "status")


def no_queued_signals(t):
    """ulimit -i 0: no signal can be queued, and a run still ends on SIGTERM."""
    b = Bench(t, models=(), fakes=("plain",))
    limit = lambda: resource.setrlimit(resource.RLIMIT_SIGPENDING, (0, 0))  # noqa: E731
    out, _ = b.call("list", preexec_fn=limit)
    expect("plain" in out, out)
    p = b.start("run", b.scenario(repetitions=9, connections="1, 2, 4"), "--out", b.out,
                preexec_fn=limit)
    begun(b, p, 1)
    p.send_signal(signal.SIGTERM)
    _, err = p.communicate()
    equal(p.returncode, 130, f"status\n{err}")
    nothing_left(b)


TESTS = [
    ("SIGCHLD ignored by the parent", child_signal_ignored, 60),
    ("signals blocked by the parent", signals_blocked, 60),
    ("descriptors and signals do not reach children", many_descriptors, 60),
    ("descriptors 0, 1 and 2 closed", standard_closed, 60),
    ("a reader of the table that goes", reader_goes, 60),
    ("SIGHUP under nohup", hang_up_ignored, 60),
    ("SIGHUP", hang_up, 60),
    ("no queued signals", no_queued_signals, 60),
]
