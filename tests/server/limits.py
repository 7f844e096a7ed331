"""More connections than the model, its options or its descriptors allow."""

import time

from lib.suite import check
from lib.wire import Silent, request

MANY = 1000


def served(c):
    """Ask on a connection that may have been refused: whether an answer came. Refused means an end
    or a reset, with no byte of an answer."""
    c.send_anyway(request("/bytes/4"))
    try:
        if not c.fill(more=False):
            return False
    except (ConnectionResetError, BrokenPipeError):
        return False
    a = c.answer()
    assert a.status == 200 and len(a.body) == 4, a
    return True


def until_served(s, server):
    """Try new connections until one is served: a server may learn a little late that others
    ended."""
    deadline = time.monotonic() + s.patience
    while True:
        with s.http(server) as c:
            if served(c):
                return
        assert time.monotonic() < deadline, "no new connection is served"


@check("http", "1,000 open connections at once", on=("tcp4", "unix"))
def thousand(s):
    s.needs_descriptors(2 * MANY + 200)
    if 0 < s.traits["concurrency"] < MANY:
        return one_after_the_other(s)
    limit = s.traits["max_connections"]
    if limit > MANY + 100:
        limit = 0  # of no matter here
    count = limit + 100 if limit else MANY
    server = s.start()
    conns = [s.http(server) for _ in range(count)]
    for c in conns:
        c.send_anyway(request("/"))
    kept, refused = [], 0
    for c in conns:
        try:
            ok = c.fill(more=False)
        except ConnectionResetError:
            ok = False
        if ok:
            assert c.answer().status == 200
            kept.append(c)
        else:
            refused += 1
    if limit:
        assert limit - 64 <= len(kept) <= limit, f"{len(kept)} of at most {limit} served"
    else:
        assert refused == 0, f"{refused} refused"
    for c in reversed(kept):
        c.send(request("/bytes/4"))
    for c in kept:
        assert len(c.answer().body) == 4, "not all open at the same time"
    now = server.ask_counters()
    assert now["refused"] == refused, f"{refused} seen: {now}"
    for c in conns:
        c.close()
    until_served(s, server)
    final = server.stop()
    assert final["requests"] == 2 * len(kept) + 1, (len(kept), final)


def one_after_the_other(s):
    """Of a server that serves some at a time, or one: all are queued, and each has its turn."""
    server = s.start()
    conns = [s.http(server) for _ in range(MANY)]
    for c in conns:
        c.send(request("/bytes/4", fields=["Connection: close"]))
    for c in conns:
        assert len(c.answer().body) == 4
        c.ends()
        c.close()
    final = server.stop()
    assert final["requests"] == final["accepted"] == MANY, final


@check("http", "--max-connections 5: the sixth is closed and counted", on=("tcp4", "unix"))
def max_connections(s):
    s.needs_many()
    server = s.start("--max-connections", "5")
    conns = [s.http(server) for _ in range(5)]
    for c in conns:
        assert c.ask("/").status == 200
    for _ in range(3):
        assert not served(s.http(server)), "a sixth connection was served"
    server.until_counters(lambda n: n["refused"] == 3, "three were refused")
    for c in conns:
        assert c.ask("/").status == 200, "the first five are not hurt"
    conns.pop().close()
    deadline, tries = time.monotonic() + s.patience, 0
    while True:
        c = s.http(server)
        if served(c):
            break
        c.close()
        tries += 1
        assert time.monotonic() < deadline, f"the free place is not given away, {tries} tries"
        time.sleep(0.01)
    server.until_counters(lambda n: n["refused"] == 3 + tries and n["accepted"] - n["closed"] == 5,
                          f"{3 + tries} were refused, five are open")
    assert not served(s.http(server)), "a sixth connection was served after one was replaced"
    for c in conns:
        c.close()
    assert server.stop()["refused"] == 4 + tries


def counts_refusals(s):
    """A parent that hands its descriptors on has enough of them, as have processes with one connection
    each; libuv keeps a spare one to take and close what it cannot hold, and tells nobody."""
    return s.many and s.model not in ("fork", "prefork", "libuv")


def until_done(s, server, conns):
    """Those of `conns` that have an answer, once there will be no more of them: nobody was served, and
    the server did next to nothing, for half a second."""
    if counts_refusals(s):
        server.until_counters(lambda n: n["accept_errors"] + n["refused"] > 0
                              or n["requests"] == len(conns), "it has taken all it can")
    deadline = time.monotonic() + s.patience
    answered = []
    while True:
        begin, cpu = time.monotonic(), server.cpu_seconds()
        time.sleep(0.5)
        cpu = server.cpu_seconds() - cpu
        share = cpu / (time.monotonic() - begin)
        fresh = [c for c in conns if c not in answered and c.readable(0)]
        answered += fresh
        if answered and not fresh and (share < 0.5 or s.model == "nonblocking"):
            return answered
        assert time.monotonic() < deadline, \
            f"{share:.2f} of a CPU with nothing to do: {len(answered)} have an answer"


@check("http", "no descriptors left: no death, no spin, and back to work", on=("tcp4", "unix"))
def no_descriptors(s):
    server = s.start(nofile=64)
    conns = []
    for _ in range(100):
        c = s.http(server)
        c.send_anyway(request("/"))
        conns.append(c)
    answered = until_done(s, server, conns)
    assert server.alive(), f"the server ended: {server.errors()}"
    assert answered, "nobody was served"
    # What waits in the queue must be found once there is room, with no new arrival to wake anyone.
    waiting = [c for c in conns if c not in answered]
    last = waiting[-1] if waiting else None
    for c in conns:
        if c is not last:
            c.close()
    if last and s.model != "iterative":
        try:
            if last.fill(more=False):
                assert last.answer().status == 200
        except ConnectionResetError:
            pass
        except Silent:
            raise AssertionError("a connection that had to wait was forgotten") from None
    if last:
        last.close()
    for _ in range(3):
        until_served(s, server)
    assert server.alive()
    final = server.stop()
    if counts_refusals(s) and len(answered) < len(conns):
        assert final["accept_errors"] + final["refused"] > 0, f"not counted: {final}"
