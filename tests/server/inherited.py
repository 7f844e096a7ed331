"""What a server does not rely upon: what its parent leaves behind, and room on the disk."""

import os
import signal
import socket
import subprocess
import sys

from server.cli import run, temp_dir
from lib.suite import check

# Runs the rest of the command line after some Python.
BEFORE = "import os, resource, signal, sys\n{}\nos.execv(sys.argv[1], sys.argv[1:])"


def before(text):
    return [sys.executable, "-c", BEFORE.format(text)]


def answers_and_stops(s, server):
    with s.http(server) as c:
        assert c.ask("/").status == 200
        c.ask("/", fields=["Connection: close"])
        c.ends()
    final = server.stop()
    assert final["requests"] == 2 and final["aborted"] == 0, final
    return final


@check("", "no room for queued signals (ulimit -i 0): it starts, serves, stops", on=("tcp4", "unix"))
def no_queued_signals(s):
    none = before("resource.setrlimit(resource.RLIMIT_SIGPENDING, (0, 0))")
    server = s.start(wrap=none)
    answers_and_stops(s, server)
    # The drain's timer too: a request that takes longer is cut short.
    server = s.start("--drain", "50ms", wrap=none)
    with s.http(server) as c:
        c.send(b"GET /wait/30000 HTTP/1.1\r\nHost: a\r\n\r\n")
        server.until_counters(lambda n: n["bytes_in"] >= c.sent, "read")
        assert server.stop()["aborted"] == 1


@check("", "signals that the parent blocked or ignored")
def blocked_signals(s):
    for what in ("signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
                 "[signal.signal(n, signal.SIG_IGN) for n in signal.valid_signals() - {9, 19}]",
                 "signal.signal(signal.SIGCHLD, signal.SIG_IGN)"):
        server = s.start(wrap=before(what))
        server.ask_counters()
        answers_and_stops(s, server)


@check("", "an alarm that is not its own does not end it")
def alarm(s):
    server = s.start(wrap=before("signal.setitimer(signal.ITIMER_REAL, 3600)"))
    with open(f"/proc/{server.pid}/timers") as f:
        assert f.read() == "", "a timer"
    server.send_signal(signal.SIGALRM)
    answers_and_stops(s, server)
    # One that waits, and a timer that counts CPU time.
    server = s.start(wrap=before(
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGPROF}); "
        "os.kill(os.getpid(), signal.SIGALRM); signal.setitimer(signal.ITIMER_PROF, 1e-3, 1e-3)"))
    with s.http(server) as c:
        assert c.ask("/cpu/30000").status == 200
    server.stop()


@check("", "descriptors 0, 1 and 2 that are closed get no socket")
def closed_descriptors(s):
    r, w = os.pipe()
    with os.fdopen(r) as ready:
        p = subprocess.Popen([s.program, *s.arguments, "--listen", "127.0.0.1:0", "--ready-fd",
                              str(w)], pass_fds=[w], start_new_session=True,
                             preexec_fn=lambda: os.closerange(0, 3))
        s.t.ends(p)
        os.close(w)
        host, port = ready.readline().strip().rsplit(":", 1)
    for fd in (0, 1, 2):
        assert os.readlink(f"/proc/{p.pid}/fd/{fd}") == "/dev/null", fd
    with socket.create_connection((host, int(port)), 60) as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: c.recv(4096), b""))
        assert text.startswith(b"HTTP/1.1 200 ") and b"listening" not in text, text
    p.send_signal(signal.SIGUSR1)
    p.send_signal(signal.SIGTERM)
    assert p.wait(2 * s.patience) == 0


@check("", "hundreds of inherited descriptors")
def many_descriptors(s):
    open_many = "[os.set_inheritable(os.open('/dev/null', 0), True) for _ in range({})]"
    answers_and_stops(s, s.start(wrap=before(open_many.format(600)), nofile=1000))
    if s.model == "select":
        r = subprocess.run([*before(open_many.format(1100)), s.program, "--listen", "127.0.0.1:0"],
                           capture_output=True, text=True, timeout=2 * s.patience)
        assert r.returncode == 1 and "FD_SETSIZE" in r.stderr or "1024" in r.stderr, r


@check("", "what does not fit on a full disk is a failure, with one line")
def full_disk(s):
    for arguments in (["--help"], ["--describe"], ["--version"], ["--listen", "127.0.0.1:0"]):
        with open("/dev/full", "w") as full:
            r = subprocess.run([s.program, *s.arguments, *arguments], stdout=full,
                               stderr=subprocess.PIPE, text=True, timeout=2 * s.patience)
        assert r.returncode == 1, f"{arguments}: status {r.returncode}, {r.stderr!r}"
        assert r.stderr.startswith(f"{s.model}: ") and r.stderr.count("\n") == 1, r.stderr
        assert os.strerror(28) in r.stderr, r.stderr  # ENOSPC


@check("", "counters that do not fit on a full disk are a failure", on=("unix",))
def full_disk_at_the_end(s):
    # A file may grow to so many bytes: the line that says the address fits, the counters do not.
    limit = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); " \
            "os.dup2(os.open({!r}, os.O_WRONLY | os.O_CREAT), 1); " \
            "resource.setrlimit(resource.RLIMIT_FSIZE, (256, 256))"
    for end, drain in (("stopped", "10000s"), ("drained", "50ms")):
        server = s.start("--drain", drain, wrap=before(limit.format(f"{temp_dir(s)}/out")))
        with s.http(server) as c:
            if end == "drained":
                c.send(b"GET /wait/30000 HTTP/1.1\r\nHost: a\r\n\r\n")
                s.until_read(server, c)
            server.send_signal(signal.SIGTERM)
            status = server.wait()
        assert status == 1, f"{end}: status {status}"
        if end == "stopped":
            assert "counters" in server.errors() and os.strerror(27) in server.errors(), \
                server.errors()


@check("", "variables that change what a library does are not obeyed",
       models=("libev", "libevent", "libuv"))
def environment(s):
    from lib import calls
    variables = {"libev": ["LIBEV_FLAGS=1"], "libevent": ["EVENT_NOEPOLL=1"],
                 "libuv": ["UV_USE_IO_URING=1"]}[s.model]
    server = s.start(wrap=["env", *variables])

    def ask():
        with s.http(server) as c:
            assert c.ask("/").status == 200

    found = calls.counted(server, ask)
    assert found["epoll_wait"] + found["epoll_pwait"] > 0, found
    assert not found["select"] + found["pselect6"] + found["poll"], found
    r = run(s, "--describe")
    assert r.returncode == 0
