"""A process of a client is killed: its request is lost, and is told to be."""

import os
import signal
import sys
import threading
import time

from client.run import case, fetch, finish, hang, settings, start, stub
from lib.server import descendants
from load.stub_server import answer, send


def process_killed(t):
    asked, killed = threading.Event(), threading.Event()

    def hold(conn, request):
        """The first request is answered when its process is gone."""
        asked.set()
        killed.wait(hang())
        return send(conn, answer())

    s = stub(t, treatment=hold)
    client = start("-n", 6, "-c", 1, "--json", "-", "--timeout", f"{hang():.0f}", s.url)
    assert asked.wait(hang()), "no request came"
    child = [pid for pid in descendants(client.pid) if pid != client.pid]
    assert len(child) == 1, child
    os.kill(child[0], signal.SIGKILL)
    killed.set()
    run = finish(t, client)
    assert run.status == 5, run.status
    assert run.outcomes["lost"] >= 1 and sum(run.outcomes.values()) == 6, run.outcomes
    if settings.name == "process":  # the others have processes of their own
        run.has(ok=5, lost=1)


def none_left(t):
    """Whoever kills the client has killed its processes."""
    asked = threading.Event()

    def hold(conn, request):
        asked.set()
        conn.stub.stopping.wait(hang())
        return False

    s = stub(t, treatment=hold)
    client = start("-n", 6, "-c", 2, s.url)
    assert asked.wait(hang()), "no request came"
    child = [pid for pid in descendants(client.pid) if pid != client.pid]
    client.kill()
    client.communicate(timeout=hang())
    for pid in child:
        while state(pid) not in "ZX":
            time.sleep(0.01)


# Become the program of the arguments, with a child that ends when the descriptor does.
WITH_CHILD = """
import os, sys
if os.fork() == 0:
    os.close(1)
    os.close(2)
    os.read(int(sys.argv[1]), 1)
    os._exit(0)
os.execv(sys.argv[2], sys.argv[2:])
"""


def child_of_others(t):
    """A client waits for its own processes, not for a child that whoever started it left behind."""
    near, far = os.pipe()
    t.defer(lambda: os.close(far))
    s = stub(t)
    try:
        run = fetch(t, s.url, 6, 2, wrap=(sys.executable, "-c", WITH_CHILD, str(near)), pass_fds=[near])
    finally:
        os.close(near)
    run.has(ok=6)


def state(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def tests():
    if settings.name not in ("process", "process-pool"):
        return []
    return [case("a process is killed: its request is lost", process_killed),
            case("the client is killed: its processes end", none_left),
            case("a child that the client was born with", child_of_others)]
