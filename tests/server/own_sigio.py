"""What is the sigio model's own: the queue of signals, and what happens when it is full."""

import os
import resource
import signal

from lib.suite import check
from lib.wire import request


def limit_queue(server, most):
    """Allow the server's user `most` queued signals, those of other processes among them."""
    resource.prlimit(server.pid, resource.RLIMIT_SIGPENDING,
                     (most, resource.prlimit(server.pid, resource.RLIMIT_SIGPENDING)[1]))


def queued(server):
    """How many signals and timers the user of the server has queued now, in all processes."""
    with open(f"/proc/{server.pid}/status") as f:
        line = [x for x in f if x.startswith("SigQ:")][0]
    return int(line.split()[1].split("/")[0])


@check("http", "sigio: every request comes with a signal, and no more", on=("tcp4", "unix"))
def signals(s):
    server = s.start()
    conns = [s.http(server) for _ in range(8)]
    server.until_counters(lambda n: n["accepted"] == 8, "all accepted")
    s.until_asleep(server)  # the signals of arrivals may still stand in the queue
    before = server.ask_counters()
    for _ in range(25):
        for c in conns:
            assert c.ask("/").status == 200
    found = server.until_counters(lambda n: n["requests"] == 200, "200 requests")
    assert found["signals"] - before["signals"] == 200, (before, found)
    assert found["wakeups"] - before["wakeups"] >= 200 and found["max_events"] == 1, found
    assert found["overflows"] == found["stale_signals"] == 0, found


@check("http", "sigio: with no room for any signal all are served by polling",
       on=("tcp4", "unix"))
def no_queue(s):
    server = s.start()
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.until_counters(lambda n: n["closed"] == 1, "the first has closed")
    s.until_asleep(server)  # a signal of the first may still have been on its way
    before = server.ask_counters()
    limit_queue(server, 0)
    conns = [s.http(server) for _ in range(50)]
    for c in conns:
        c.send(request("/bytes/300000"))
    for c in conns:
        assert len(c.answer().body) == 300000
    for c in conns[:25]:
        c.close()
    for c in conns[25:]:
        assert c.ask("/").status == 200
    found = server.until_counters(lambda n: n["closed"] == 26, "25 closed and the first")
    assert found["overflows"] > before["overflows"] == 0, found
    assert found["signals"] == before["signals"], \
        f"{found['signals'] - before['signals']} signals are queued although none may be"
    # And back: with room again the signals are.
    limit_queue(server, queued(server) + 10000)
    for c in conns[25:]:
        assert c.ask("/").status == 200
    again = server.ask_counters()
    assert again["signals"] >= found["signals"] + 25, again
    assert again["overflows"] == found["overflows"], again
    for c in conns:
        c.close()
    server.until_counters(lambda n: n["closed"] == 51, "all closed")


@check("http", "sigio: a queue that overflows in a burst loses nobody", on=("tcp4", "unix"))
def burst(s):
    server = s.start()
    conns = [s.http(server) for _ in range(300)]
    for c in conns:
        assert c.ask("/").status == 200
    limit_queue(server, 100)  # with those of others: 350 of its own do not fit in any case
    try:
        server.stand_still()
        for c in conns:
            c.send(request("/bytes/4"))
        for c in conns[:50]:
            c.half_close()
    finally:
        server.go_on()
    for c in conns:
        assert len(c.answer().body) == 4
    for c in conns[:50]:
        c.ends()
    found = server.until_counters(lambda n: n["closed"] == 50, "those that closed are counted")
    assert found["overflows"] >= 1 and found["requests"] == 600, found


@check("http", "sigio: signals of a descriptor's former owner do not hurt the next one")
def reused(s):
    server = s.start()
    # What stands in the queue when the server goes on: the old ones' requests, for which they are
    # closed; the arrival of the fresh ones, who get their numbers; the old ones' resets.
    for _ in range(20):
        old = [s.http(server) for _ in range(10)]
        for c in old:
            assert c.ask("/").status == 200
        server.stand_still()
        try:
            for c in old:
                c.send(request("/"))
            fresh = [s.http(server) for _ in range(8)]
            for c in fresh:
                c.send(request("/wait/20"))
            for c in old:
                c.reset()
        finally:
            server.go_on()
        for c in fresh:
            assert c.answer().status == 200, "hurt by signals of a closed connection"
            assert c.ask("/bytes/5").status == 200
        for c in fresh:
            c.close()
    final = server.stop()
    assert final["stale_signals"] > 0, f"no signal was stale, so nothing was tried: {final}"
    assert final["overflows"] == 0, final


@check("http", "sigio: at rest it does nothing")
def at_rest(s):
    s.rests("wakeups", 2)
