#!/usr/bin/env python3
"""Does scripts/hosts make hosts that are apart, and leave nothing behind? Prints TAP.

    python3 tests/test_hosts.py [--only PATTERN]"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from lib import machine, program  # noqa: E402
from lib.hosts import Hosts, call, until  # noqa: E402

CLOCK = "python3 -c 'import time; print(time.monotonic())'"


def apart(t):
    """Each has its name and its address, knows the others by name, and reaches them alone."""
    before = os.listdir("/run")
    code, out, err = call(t, 3, "sh", "-c", """
        echo "$HOSTS $NETWORK $(hostname)"
        for h in h1 h2 h3 hub; do [ $h = hub ] || on $h hostname; getent ahostsv4 $h | head -1; done
        on h3 python3 -c 'import socket; s = socket.create_server(("h3", 7007)); print("up", flush=True)
c = s.accept()[0]; c.sendall(c.recv(9)); c.close()' >$TMPDIR/up &
        until [ -s $TMPDIR/up ]; do sleep 0.01; done
        on h1 python3 -c 'import socket; s = socket.create_connection(("h3", 7007)); s.sendall(b"hello")
print(s.recv(9).decode(), s.getsockname()[0])'
        on h1 ip route get 192.0.2.1 2>&1
        on h2 sh -c 'exit 3' || echo "status $?"
        on h9 true || echo "status $?"
    """)
    lines = out.splitlines()
    assert lines[0] == "h1,h2,h3 10.99.0.0/16 hub", (out, err)
    assert [line.split()[0] for line in lines[1:8]] == \
        ["h1", "10.99.0.2", "h2", "10.99.0.3", "h3", "10.99.0.4", "10.99.0.1"], out
    assert lines[8] == "hello 10.99.0.2", out
    assert "unreachable" in lines[9], "there is a way out"
    assert lines[10:] == ["status 3", "status 255"] and "no host 'h9'" in err, (out, err)
    assert code == 0 and os.listdir("/run") == before and socket.gethostname() != "hub"


def clocks(t):
    code, out, err = call(t, 2, "--ahead", "h2=3600", "sh", "-c", f'for h in h1 h2 h1; do on $h {CLOCK}; done')
    if code != 0 and "time" in err:
        raise tap.Skip(err.strip())
    first, ahead, last = map(float, out.split())
    assert 3600 <= ahead - first and ahead - last <= 3600, out


def passes_on(t):
    """Standard input, the exit status, and the arguments as they are."""
    h = Hosts(t, 1, "sh", "-c", "cat; printf '<%s>' \"$@\"; exit 5", "x", "a b", "", "*", stdin=subprocess.PIPE)
    with contextlib.suppress(BrokenPipeError):  # where there can be no hosts it has ended already
        h.process.stdin.write("said")
        h.process.stdin.close()
    h.process.stdin = None
    code, out, err = h.finish()
    assert (code, out) == (5, "said<a b><><*>"), (code, out, err)


def leaves_nothing(t):
    """However it ends, what runs on the hosts ends too."""
    for sent in (None, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        last = "exit 0" if sent is None else "wait"
        h = Hosts(t, 2, "sh", "-c", f"for i in h1 h2; do on $i setsid sleep 1000 & done; echo up; {last}")
        if h.process.stdout.readline() != "up\n":
            h.finish()
            raise AssertionError("it did not start")
        if sent:
            until(lambda: len(h.processes("sleep")) >= 2, "the sleepers", h.process)
            h.process.send_signal(sent)
        h.process.wait(timeout=machine.hang())
        until(lambda: not h.processes(), f"nothing is left after {sent}")
        h.kill()


def interrupted(t):
    """^C is for the command, whose status is that of all."""
    h = Hosts(t, 1, "sh", "-c", "trap 'exit 6' INT; echo up; while :; do sleep 0.05; done")
    if h.process.stdout.readline() != "up\n":
        h.finish()
    for pid in h.processes("trap"):
        with contextlib.suppress(ProcessLookupError):  # a child of the shell that was to become sleep
            os.kill(pid, signal.SIGINT)
    os.kill(h.process.pid, signal.SIGINT)
    assert h.finish()[0] == 6


def refused(t):
    """Where the rights are missing one line says what the machine refused."""
    folder = tempfile.mkdtemp(prefix="iomodels-hosts-")
    t.defer(lambda: shutil.rmtree(folder))
    program.write(f"{folder}/unshare", "#!/bin/sh\necho unshare: not permitted >&2\nexit 1\n")
    code, out, err = Hosts(t, 2, "true", PATH=f"{folder}:{os.environ['PATH']}").finish(allowed=False)
    assert (code, out, err) == (77, "", "hosts: this machine allows no namespaces: unshare: not permitted\n"), \
        (code, err)


def usage(t):
    for arguments, says in (([], "usage"), (["x", "true"], "'x'"), (["0", "true"], "'0'"), (["2"], "no command"),
                            (["1001", "true"], "1001"), (["2", "--foo", "true"], "'--foo'"),
                            (["2", "--ahead", "h3=5", "true"], "no host 'h3'"),
                            (["2", "--ahead", "h1=soon", "true"], "'h1=soon'")):
        code, out, err = Hosts(t, *arguments).finish()
        assert code == 2 and out == "" and says in err, (arguments, err)
    code, out, err = Hosts(t, "--help").finish()
    assert code == 0 and "on HOST COMMAND" in out and err == ""


def main():
    parser = argparse.ArgumentParser(prog="tests/test_hosts.py")
    tap.add_only(parser)
    arguments = parser.parse_args()
    tests = [tap.Test("the hosts are apart", apart), tap.Test("a clock can be ahead", clocks),
             tap.Test("input, arguments and status are passed on", passes_on),
             tap.Test("nothing is left", leaves_nothing), tap.Test("an interrupt is for the command", interrupted),
             tap.Test("without the rights it says so", refused), tap.Test("hosts usage", usage)]
    sys.exit(1 if tap.run(tap.only(tests, arguments.only), jobs=4) else 0)


if __name__ == "__main__":
    main()
