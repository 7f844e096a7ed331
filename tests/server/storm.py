"""Many who connect at once: those who are connected already have their turns between."""

import select
import socket

from lib.suite import check
from lib.wire import request, sockaddr

# Blocking models accept one at a time, in a thread or a process of its own.
LOOPS = ("select", "poll", "epoll-lt", "epoll-et", "nonblocking", "sigio", "coroutine",
         "epoll-multi", "reactor-pool", "libev", "libevent", "libuv")
PER_TURN = 16


@check("http", "at most 16 are accepted in a turn, and all in the end", on=("tcp4", "unix"),
       models=LOOPS)
def a_share_each_turn(s):
    one = ["--workers", "1"] if s.model in ("epoll-multi", "coroutine") else []
    server = s.start(*one, nofile=1000)
    family, target = sockaddr(server.address)
    assert server.ask_counters()["accept_bursts"] == 0
    crowd = 10 * PER_TURN
    server.stand_still()  # so that all wait when it goes on
    conns = []
    for _ in range(crowd):
        c = socket.socket(family, socket.SOCK_STREAM)
        s.t.defer(c.close)
        c.settimeout(s.patience)
        c.connect(target)
        c.sendall(request("/bytes/7"))
        conns.append(c)
    server.go_on()
    for c in conns:
        assert c.recv(4096).startswith(b"HTTP/1.1 200 ")
    n = server.until_counters(lambda n: n["accepted"] == crowd, "all are accepted")
    assert crowd // PER_TURN - 1 <= n["accept_bursts"] <= crowd // PER_TURN, n
    # What is left over from a burst does not keep the loop awake.
    if s.model != "nonblocking":
        s.until_asleep(server)
        waits = server.ask_counters()["wakeups"]
        for _ in range(5):
            server.ask_counters()
        # A signal may end a wait, too.
        assert server.ask_counters()["wakeups"] <= waits + 20, "it does not sleep any more"
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()


@check("http", "who is connected is answered before all of a crowd are accepted",
       on=("tcp4", "unix"), models=LOOPS)
def turns_between(s):
    """The order of the answers tells: an epoll instance that nobody asks meanwhile lists sockets in the
    order in which they became readable."""
    one = ["--workers", "1"] if s.traits["workers"] is not None else []
    server = s.start(*one, nofile=1000)
    family, target = sockaddr(server.address)
    order = select.epoll()
    s.t.defer(order.close)

    def connect():
        c = socket.socket(family, socket.SOCK_STREAM)
        s.t.defer(c.close)
        c.settimeout(s.patience)
        c.connect(target)
        order.register(c, select.EPOLLIN)
        return c

    established = [s.http(server) for _ in range(8)]
    for c in established:
        assert c.ask("/").status == 200
        order.register(c.sock, select.EPOLLIN)
    s.until_asleep(server)
    server.stand_still()
    crowd = [connect() for _ in range(10 * PER_TURN)]
    for c in crowd:
        c.sendall(request("/bytes/7"))
    for c in established:
        c.send(request("/bytes/7"))
    server.go_on()
    for c in [*crowd, *(c.sock for c in established)]:
        c.settimeout(s.patience)
        assert c.recv(1, socket.MSG_PEEK)
    seen = [fd for fd, _ in order.poll(0, 1000)]
    assert len(seen) == len(crowd) + len(established), seen
    last = max(seen.index(c.sock.fileno()) for c in established)
    behind = len(seen) - 1 - last
    assert behind >= PER_TURN, f"the last of them had {last} answers before it, {behind} behind it"
    server.stop()
