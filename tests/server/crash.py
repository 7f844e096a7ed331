"""--allow-crash: what dies with the request that hits a bug in the server."""

import os
import signal
import time

from lib.suite import check
from lib.wire import Ended, request
from server.workers import PROCESSES, all_alive, children, in_each, start_processes

CORES = ("/bin/sh", "-c", 'ulimit -c "$(ulimit -H -c)"; exec "$@"', "sh")


@check("http", "/crash is not found without --allow-crash")
def not_allowed(s):
    with s.http() as c:
        assert c.ask("/crash").status == 404
        assert c.ask("/").status == 200


@check("http", "/crash takes GET and HEAD alone", models=("epoll-lt", "thread"))
def methods(s):
    server = s.start("--allow-crash")
    with s.http(server) as c:
        a = c.ask("/crash", "OPTIONS")
        assert a.status == 200 and a.value("allow") == "GET, HEAD, OPTIONS", a.fields
        assert c.ask("/crash", "POST", body=b"x").status == 405
        assert c.ask("/crash/").status == 404
        assert c.ask("/").status == 200
    server.stop()


@check("echo", "--allow-crash is for http alone", kind="options")
def echo_cannot(s):
    from server.cli import run
    r = run(s, "--protocol", "echo", "--allow-crash")
    assert r.returncode == 2 and "--allow-crash" in r.stderr.splitlines()[0], r


def cut(c):
    """Is this connection of somebody else cut?"""
    try:
        return c.ask("/").status != 200
    except (Ended, OSError):
        return True


def status_of(server):
    """The wait status of the server, once it has ended, which tells also whether there was a core."""
    deadline = time.monotonic() + server.patience
    while True:
        pid, status = os.waitpid(server.pid, os.WNOHANG)
        if pid != 0:
            server.process.returncode = os.waitstatus_to_exitcode(status)
            return status
        assert time.monotonic() < deadline, "the server outlived the crash"
        time.sleep(0.01)


@check("http", "--allow-crash: a crash ends the server, by SIGSEGV and without a core")
def whole_server(s):
    if s.model == "fork":
        s.skip("a crash ends one of its processes")
    server = s.start("--allow-crash", wrap=CORES)
    if s.traits["workers"]:
        all_alive(server, s.traits["workers"])
    if children(server):
        s.skip("a crash ends one of its processes")
    with s.http(server) as idle, s.http(server) as c:
        if s.traits["concurrency"] != 1:
            assert idle.ask("/").status == 200
        else:
            idle.close()
        c.send(request("/crash"))
        assert c.gone(), "an answer to /crash"
        status = status_of(server)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV, hex(status)
        assert not os.WCOREDUMP(status), "a core was written"
        server.nothing_left()
        if s.traits["concurrency"] != 1:
            assert idle.gone(), "a connection has outlived its server"


@check("http", "--allow-crash: a crash ends one worker, which is replaced", models=PROCESSES)
def one_worker(s):
    server = start_processes(s, 2, "--allow-crash")
    before = children(server)
    assert server.ask_counters()["workers_replaced"] == 0
    conns = in_each(s, server, 2, "/")
    for c in conns:
        assert c.answer().status == 200
    conns[0].send(request("/crash"))
    assert conns[0].gone(), "an answer to /crash"
    lost = server.until_counters(lambda n: n["aborted"] > 0, "the death is counted")["aborted"]
    others = [cut(c) for c in conns[1:]]
    assert sum(others) == lost - 1 and not all(others), f"{others}, and {lost} are counted"
    server.until_counters(lambda n: n["workers_replaced"] == 1, "one was replaced")
    all_alive(server, 2)
    assert len(set(children(server)) & set(before)) == 1, "one process is new"
    assert f"signal {int(signal.SIGSEGV)}" in server.errors(), server.errors()
    with s.http(server) as c:
        assert c.ask("/").status == 200
    for c in conns:
        c.close()
    final = server.stop()
    assert (final["aborted"], final["workers_replaced"]) == (lost, 1), final


@check("http", "--allow-crash: a crash ends one connection", models=("fork",))
def one_connection(s):
    server = s.start("--allow-crash")
    with s.http(server) as other, s.http(server) as c:
        assert other.ask("/").status == c.ask("/").status == 200
        before = children(server)
        c.send(request("/crash"))
        assert c.gone(), "an answer to /crash"
        server.until_counters(lambda n: n["aborted"] == 1, "the death is counted")
        assert len(children(server)) == 1 and set(children(server)) < set(before)
        assert other.ask("/").status == 200
        with s.http(server) as new:
            assert new.ask("/").status == 200
    assert server.stop()["aborted"] == 1
