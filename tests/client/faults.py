"""Servers that fail: each failure is counted as what it is, and the job goes on."""

import resource
import socket
import sys

import tap
from client.run import case, client, fetch, settings, stub
from load.stub_server import CLOSE

# Every fourth request gets this, and ends so. The first three are answered right, so that the client
# knows the right body.
ENDS = {"reset-mid-body": "reset", "close-mid-head": "eof", "close-mid-body": "eof", "404": "non_2xx",
        "garbage": "corrupt", "bare-lf": "corrupt", "bad-chunk": "corrupt", "other-body": "corrupt",
        "other-length": "corrupt", "other-body-split": "corrupt", "other-body-chunked": "corrupt",
        "two-lengths": "corrupt", "no-content": "corrupt", "long": "corrupt", "twice": "corrupt"}
# Who takes what others refuse.
LENIENT = {"libcurl-multi": ("bare-lf", "long", "twice")}
STALLS = ("stall", "stall-mid-head", "stall-mid-body", "only-informational")


def ends(mode, outcome):
    def test(t):
        s = stub(t, mode, every=4, sound=3)
        run = fetch(t, s.url, 23, 3)
        assert s.requests == 23 and s.faults == 5, (s.requests, s.faults)
        if mode in LENIENT.get(settings.name, ()):
            run.has(ok=23)
            return
        run.has(ok=18, **{outcome: 5})
        assert run.json["efficiency"] is None, run.json
    return test


def on_new_connections(mode, outcome):
    """Nothing has come, and the connection is new: the request is not made again."""
    def test(t):
        s = stub(t, mode, every=4, sound=3)
        fetch(t, s.url, 23, 3, "--close").has(ok=18, **{outcome: 5})
        assert s.requests == 23, s.requests
    return test


def closed_meanwhile(t):
    """The server closes kept connections when the next request comes: it is made once more on a new
    one. There it is the first, and is answered."""
    def after_first(conn, request):
        return CLOSE if conn.requests > 1 else conn.stub.treatments["ok"](conn, request)

    s = stub(t, treatment=after_first)
    run = fetch(t, s.url, 6, 3)  # libcurl gives up when a handle has repeated five in its life
    run.has(ok=6)
    assert s.accepted == run.json["connections"] == 6, s.accepted
    again = run.json["sent_again"]
    assert again is None or s.requests == 6 + again, (s.requests, again)


def no_time_anew(t):
    """The server closes the kept connection when more than half of the time is over, and answers the request
    that is made once more after as long again: that is too late."""
    def late(limit):
        def treatment(conn, request):
            if conn.stub.requests > 1:
                conn.stub.stopping.wait(0.6 * limit)  # not judged: the pace of the server
            return CLOSE if conn.requests > 1 else conn.stub.treatments["ok"](conn, request)
        return treatment

    # A client that is kept from the CPU at its limit may find the answer there too, and takes it.
    for limit in 0.5, 2, 8:
        s = stub(t, treatment=late(limit))
        run = fetch(t, s.url, 2, 1, "--timeout", f"{limit}s")
        if run.outcomes != {"ok": 2}:
            break
    if s.requests == 1 or run.outcomes == {"timeout": 2}:
        raise tap.Skip("inconclusive: the first answer came too late")
    run.has(ok=1, **{"timeout": 1})


def stalls(mode):
    def test(t):
        s = stub(t, mode, every=7, sound=0)
        run = fetch(t, s.url, 14, 3, "--timeout", "1s")
        others = set(run.outcomes) - {"ok", "timeout"}
        assert not others and run.status == 5, run.outcomes
        assert sum(run.outcomes.values()) == 14 and run.outcomes["timeout"] >= 2, run.outcomes
        assert run.json["wall_s"] >= 1, run.json
        if run.outcomes["timeout"] > s.faults:
            raise tap.Skip("inconclusive: sound answers came too late too")
        assert s.faults == 2, s.faults
    return test


def trickle(conn, request):
    """A byte now and then, for ever: each recv gets something, and there is no end."""
    conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not conn.stub.stopping.wait(0.02):
        conn.send(b"x")
    return CLOSE


def trickles(t):
    s = stub(t, treatment=trickle)
    run = fetch(t, s.url, 4, 2, "--timeout", "0.3s")
    run.has(**{"timeout": 4})
    assert run.json["wall_s"] >= 0.6, run.json


def silent_listener(t):
    """The connection comes up in the kernel, and nobody accepts it."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        port = listener.getsockname()[1]
        fetch(t, f"http://127.0.0.1:{port}/", 4, 2, "--timeout", "0.2s").has(**{"timeout": 4})


def full_queue(t):
    """The handshake does not end: the queue of the listener is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for f in fillers:
            t.defer(f.close)
            f.setblocking(False)
            f.connect_ex(address)
        run = fetch(t, f"http://127.0.0.1:{address[1]}/", 4, 2, "--timeout", "0.2s")
        run.has(**{"timeout": 4})


def refused(t):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        run = fetch(t, f"http://127.0.0.1:{nobody.getsockname()[1]}/", 12, 3)
        run.has(refused=12)
        assert run.json["connections"] == 0


def no_descriptors(t):
    """Where the system gives no socket the request has failed, and the job goes on."""
    s = stub(t)

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))

    if settings.name == "poll":  # whose list may not be longer than there may be descriptors
        run = client(t, "-n", 120, "-c", 40, s.url, preexec_fn=few)
        assert run.status == 1 and "cannot poll 40 sockets" in run.errors, run.errors
    run = fetch(t, s.url, 120, 16 if settings.name == "poll" else 40, preexec_fn=few)
    assert set(run.outcomes) <= {"ok", "system"} and run.outcomes["ok"] > 0, run.outcomes
    assert sum(run.outcomes.values()) == 120 and s.requests == run.outcomes["ok"], (run.outcomes, s.requests)
    assert run.status == (5 if "system" in run.outcomes else 0), run.status
    if settings.name in ("serial", "process", "process-pool"):  # one connection in a process
        assert "system" not in run.outcomes, run.outcomes
    elif settings.name not in ("thread", "thread-pool", "poll"):  # whose threads may begin late, or has fewer
        assert "system" in run.outcomes, run.outcomes


# Become the program of the arguments, with every descriptor below 1024 in use.
TAKE_1024 = """
import os, sys
for fd in range(3, 1024):
    os.dup2(0, fd)
os.execv(sys.argv[1], sys.argv[1:])
"""


def beyond_the_set(t):
    """A descriptor that select() has no bit for is refused, and no memory is damaged."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2200:
        raise tap.Skip("needs 2,200 descriptors")
    s = stub(t)
    fetch(t, s.url, 12, 3, wrap=(sys.executable, "-c", TAKE_1024)).has(system=12)


def tests():
    kept = [case("a request that is made once more has no time anew", no_time_anew)] \
        if settings.traits["keeps_connections"] else []
    return kept + [case(f"a fault: {mode} is {outcome}", ends(mode, outcome)) for mode, outcome in ENDS.items()] + \
        [case(f"a fault on a new connection: {mode} is {outcome}", on_new_connections(mode, outcome))
         for mode, outcome in (("reset", "reset"), ("close-before", "eof"))] + \
        [case(f"a fault: {mode} is timeout", stalls(mode)) for mode in STALLS] + \
        [case("a fault: an answer that never ends is timeout", trickles),
         case("a fault: a listener that does not accept is timeout", silent_listener),
         case("a fault: a listener whose queue is full is timeout", full_queue),
         case("a fault: no listener is refused", refused),
         case("a kept connection that the server closed", closed_meanwhile),
         case("a fault: no descriptor is system", no_descriptors)] + \
        ([case("a fault: a descriptor beyond the set is system", beyond_the_set)] if settings.name == "select" else [])
