"""What the generator may inherit: signals, limits, descriptors, a terminal."""

import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time

from lib import machine
from load.run import Run, consistent, load, named, stub_for, settings, skip, until


# Start the rest of the words with descriptors up to 1,500 open, and few more allowed.
FILL = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (1510, hard))
fd = os.open("/dev/null", os.O_RDONLY)
for number in range(10, 1500):
    os.dup2(fd, number, inheritable=True)
os.execv(sys.argv[1], sys.argv[1:])
"""


def all_blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def all_ignored():
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGALRM, signal.SIGUSR1, signal.SIGINT,
                   signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def no_queued_signals():
    resource.setrlimit(resource.RLIMIT_SIGPENDING, (0, 0))


def until_requests(stub, run, count):
    while stub.requests < count:
        assert run.process.poll() is None, run.process.communicate()
        time.sleep(0.005)


def signals(t):
    """It ends by a signal with its results, whatever the mask and the limits it began with."""
    for before in (all_blocked, all_ignored, no_queued_signals):
        for number in (signal.SIGINT, signal.SIGTERM):
            stub = stub_for(t)
            run = Run(t, "-d", "10h", "-c", "2", "-t", "2", stub.url, preexec=before)
            until_requests(stub, run, 50)
            run.process.send_signal(number)
            assert run.finish() in (0, 3), (run.status, run.err)
            consistent(run.json)
            assert run.json["interrupted"] and run.json["outcomes"]["ok"] >= 48, run.json["outcomes"]


def mask(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1], 16) for line in f if line.startswith("SigBlk:"))


def interrupted_before_the_run(t):
    """While it looks for the server: a blocked signal would not end it."""
    stub = stub_for(t)
    run = Run(t, "-d", "10h", "-c", "1", stub.url, preexec=all_blocked)
    until_requests(stub, run, 1)
    # Those that it waits for. While a thread is started, all are blocked for a moment.
    until(lambda: {n for n in signal.valid_signals() if mask(run.process.pid) >> (n - 1) & 1}
          == {signal.SIGINT, signal.SIGTERM}, "it blocks two signals", run.process)
    run.process.send_signal(signal.SIGTERM)
    run.finish()


def hundreds_of_descriptors(t):
    """Numbers above 1023 are descriptors as well."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 < hard < 3000:
        skip(f"no more than {hard} descriptors are allowed here")
    stub = stub_for(t)
    run = load(t, "-n", "100", "-c", "20", "-t", "2", "--idle", "5", stub.url,
               prefix=[sys.executable, "-c", FILL])
    assert run.json["outcomes"]["ok"] == 100 and run.json["connected"] == 20


def standard_descriptors(t):
    """Closed ones are no place for a socket; without standard output there is nobody to tell."""
    stub = stub_for(t)
    for closed in ((0,), (2,), (0, 2)):
        run = load(t, "-n", "20", "-c", "2", stub.url,
                   preexec=lambda fds=closed: [os.close(fd) for fd in fds])
        assert run.json["outcomes"]["ok"] == 20, closed
    done = subprocess.run([settings.load, "-n", "5", stub.url], stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: [os.close(fd) for fd in (0, 1)], check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done
    assert "standard output is closed" in done.stderr, done.stderr


def full(t):
    """Whatever is written to a full disk, the status says that it is lost."""
    stub = stub_for(t)
    for arguments in (["--help"], ["--version"], ["-n", "5", stub.url],
                      ["-n", "5", "--json", "-", stub.url],
                      ["-d", "0.1s", "-R", "50", "--search", "p50<1h", stub.url]):
        with open("/dev/full", "w", encoding="ascii") as out:
            done = subprocess.run([settings.load, *arguments], stdout=out, stderr=subprocess.PIPE,
                                  text=True, check=False)
        assert done.returncode == 1, (arguments, done)
        assert "cannot write to standard output" in done.stderr, (arguments, done.stderr)


def on_terminal(t, environment):
    """What a run of a second writes to a terminal that says this of itself."""
    ours, theirs = pty.openpty()
    t.defer(lambda: os.close(ours))
    clean = {k: v for k, v in os.environ.items() if k not in ("TERM", "NO_COLOR")}
    process = subprocess.Popen([settings.load, "-d", "1.2s", "-c", "1", stub_for(t).url],
                               stdin=theirs, stdout=theirs, stderr=theirs,
                               env=clean | environment)
    os.close(theirs)
    t.ends(process)
    text = b""
    while True:
        assert select.select([ours], [], [], machine.hang())[0], text
        try:
            data = os.read(ours, 65536)
        except OSError:  # its last user has closed it (EIO)
            break
        if not data:
            break
        text += data
    too_slow = b" 0 ok + 1 in flight" in text  # nothing was answered in the window: status 1
    assert process.wait() in ((1, 3) if too_slow else (0, 3)) and b"Verdict:" in text, text
    return text


def terminals(t):
    for environment in ({"TERM": "dumb"}, {}, {"TERM": ""}, {"TERM": "xterm", "NO_COLOR": "1"}):
        assert b"\033" not in on_terminal(t, environment), environment
    for environment in ({"TERM": "xterm"}, {"TERM": "xterm", "NO_COLOR": ""}):
        text = on_terminal(t, environment)
        assert b"\r\033[K" in text, "a line that is rewritten"
        assert text.replace(b"\033[K", b"").count(b"\033") == 0, "and no colour"


def tests():
    return [named(f) for f in (signals, interrupted_before_the_run, hundreds_of_descriptors,
                               standard_descriptors)] + [
        named(f, once=True) for f in (full, terminals)]
