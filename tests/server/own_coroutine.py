"""What is the coroutine model's own: its system calls, its stacks, its two ways to switch."""

import os
import subprocess

from lib import calls, server as servers
from lib.suite import check
from lib.wire import request

CONNECTIONS, ROUNDS = 64, 20
MANY = 1000


def rounds(s, server):
    """A keep-alive load, from the first connection to the last close."""
    conns = [s.http(server) for _ in range(CONNECTIONS)]
    for _ in range(ROUNDS):
        for c in conns:
            c.send(request("/"))
        for c in conns:
            assert c.answer().status == 200
    for c in conns:
        c.close()
    server.until_counters(lambda n: n["closed"] == CONNECTIONS, "all closed")


def traced(s, server):
    found = calls.counted(server, lambda: rounds(s, server))
    # Of asking for the counters, not of the service.
    for name in ("getrusage", "write"):
        found.pop(name, None)
    return found


def plain(s):
    """Skips the test where the calls that are made are not those of the model with its defaults."""
    if s.sanitized:
        s.skip("a sanitizer makes calls of its own")
    if s.settings.arguments:
        s.skip("of the model with its defaults")


@check("http", "coroutine: with 64 connections no system call that epoll-et does not make",
       on=("tcp4", "unix"))
def same_calls(s):
    plain(s)
    other = os.path.join(os.path.dirname(s.program), "epoll-et")
    if not os.path.exists(other):
        s.skip("epoll-et is not beside it")
    own = traced(s, s.start())
    compared = servers.Server(other, s.transport, "http", patience=s.patience)
    s.t.defer(compared.kill)
    et = traced(s, compared)
    assert set(own) <= set(et), f"made by coroutine only: {set(own) - set(et)}"
    served = CONNECTIONS * ROUNDS
    for found in (own, et):
        assert found["sendto"] == served, found
        # And for each connection the one that finds its end, and at most one that finds nothing.
        received = found["recvfrom"] + found["recvmsg"]  # the latter on Unix-domain sockets
        assert served + CONNECTIONS <= received <= served + 2 * CONNECTIONS, found
        # One for each connection, two at the start, and one a turn that left some to be accepted.
        assert found["epoll_ctl"] <= CONNECTIONS + 2 + CONNECTIONS // 16, found
        assert found["accept4"] <= 2 * CONNECTIONS, found


@check("http", "coroutine: --switch ucontext costs two system calls a resume, asm none")
def switch_calls(s):
    plain(s)
    for how, each in (("ucontext", 2), ("asm", 0)):
        server = s.start("--switch", how)
        found = traced(s, server)
        resumes = server.stop()["resumes"]
        assert resumes >= CONNECTIONS * ROUNDS, resumes
        # To make the context of a new connection is one more.
        made = CONNECTIONS if each else 0
        assert found["rt_sigprocmask"] == each * resumes + made, f"{how}: {resumes}, {found}"


@check("http", "coroutine: --switch takes asm and ucontext, and names what it does not take")
def switch_names(s):
    r = subprocess.run([s.program, "--switch", "longjmp"], capture_output=True, text=True,
                       timeout=s.patience)
    assert r.returncode == 2 and "longjmp" in r.stderr and "ucontext" in r.stderr, r
    server = s.start("--switch", "ucontext")
    with s.http(server) as c:
        c.send(request("/wait/50") + request("/bytes/3000000") + request("/"))
        assert c.answer().status == 200
        assert len(c.answer().body) == 3000000
        assert c.answer().status == 200
    assert server.stop()["aborted"] == 0


@check("http", "coroutine: a connection costs two pages of stack and little else")
def memory(s):
    if s.sanitized:
        s.skip("a sanitizer's memory is not the server's")
    s.needs_descriptors(MANY + 100)
    server = s.start("--workers", "1")  # each keeps some stacks
    with s.http(server) as c:
        assert c.ask("/").status == 200
    before, mappings = server.resident(), count_mappings(server)
    conns = [s.http(server) for _ in range(MANY)]
    for c in conns:
        assert c.ask("/").status == 200
    each = (server.resident() - before) / len(conns)
    assert each < 12 * 1024, f"{each / 1024:.1f} KiB a connection"
    added = count_mappings(server) - mappings
    assert added <= 2 * len(conns) + 100, f"{added} mappings for {len(conns)} connections"
    for c in conns:
        c.close()
    server.until_counters(lambda n: n["closed"] == MANY + 1, "all closed")
    left = server.resident() - before
    assert left < each * len(conns) / 2, f"{left >> 10} KiB are kept for stacks nobody uses"


def count_mappings(server):
    with open(f"/proc/{server.pid}/maps") as f:
        return len(f.readlines())


@check("http", "coroutine: signals that come while one runs", on=("unix",))
def signals(s):
    # The handler has a stack of its own: a coroutine's is small.
    server = s.start()
    conns = [s.http(server) for _ in range(4)]
    for c in conns:
        c.send(request("/cpu/200000"))
    for _ in range(50):
        server.ask_counters()
    for c in conns:
        assert c.answer().status == 200
    for c in conns:
        c.close()
    assert server.stop()["requests"] == 4


@check("http", "coroutine: a single worker, which is no process of its own, is alive too")
def single_worker(s):
    server = s.start("--workers", "1")
    # It says that it listens before the loop begins.
    server.until_counters(lambda n: [w["alive"] for w in n["workers"]] == [1], "it is alive")
    assert [w["alive"] for w in server.stop()["workers"]] == [0]
