"""Page faults: a server keeps the memory that its traffic needs. One that gives it back between two
batches of requests takes a page fault for each page the next time, which can be dearer than the
request.

Batches are what brings it to light: the server is stopped, a request comes on each connection, and
it goes on with all of them at once. So the result does not depend on how fast it is."""

import os
import select
import signal

from lib.server import session_members
from lib.suite import check
from lib.wire import Silent, request

CONNECTIONS = 64
SIZES = (42, 1 << 10, 3 << 10, 4 << 10, 8 << 10, 16 << 10, 64 << 10, 256 << 10)
REQUESTS = 256  # in a window, in rounds of one on each connection
WINDOWS = 12    # the most that a server may take to have all pages that it needs
MOST = 0.02     # faults a request


def faults(server):
    """Minor faults so far of all processes of the server."""
    return sum(int(fields[7]) for _, fields in session_members(server.pid))


def exchange(conns, data, length, go):
    """Send `data` on each connection, as much as goes; call `go`; send the rest, and read `length`
    bytes on each."""
    sent, received = [0] * len(conns), [0] * len(conns)

    def push(i):
        try:
            sent[i] += conns[i].sock.send(data[sent[i]:])
        except BlockingIOError:
            pass

    for i, c in enumerate(conns):
        c.sock.setblocking(False)
        push(i)
    go()
    poll, number = select.poll(), {c.sock.fileno(): i for i, c in enumerate(conns)}
    for fd, i in number.items():
        poll.register(fd, select.POLLIN | (select.POLLOUT if sent[i] < len(data) else 0))
    left = len(conns)
    while left > 0:
        ready = poll.poll(conns[0].patience * 1000)
        if not ready:
            raise Silent(f"{left} of {len(conns)} answers are not complete")
        for fd, events in ready:
            i = number[fd]
            if events & select.POLLOUT:
                push(i)
                if sent[i] == len(data):
                    poll.modify(fd, select.POLLIN)
            if events & ~select.POLLOUT:
                got = len(conns[i].sock.recv(262144))
                assert got > 0, f"closed after {received[i]} of {length} bytes"
                received[i] += got
            if received[i] >= length:
                assert received[i] == length, f"{received[i]} bytes, expected {length}"
                poll.unregister(fd)
                left -= 1


def window(server, conns, data, length):
    """Faults a request, over REQUESTS of them."""
    pids = [pid for pid, _ in session_members(server.pid)]

    def signal_all(number):
        for pid in pids:
            os.kill(pid, number)

    before, rounds = faults(server), REQUESTS // len(conns)
    for _ in range(rounds):
        signal_all(signal.SIGSTOP)
        exchange(conns, data, length, lambda: signal_all(signal.SIGCONT))
    return (faults(server) - before) / (rounds * len(conns))


def judge(s, question):
    """`question(conn, size)` asks once and returns the request and the length of its answer."""
    if s.sanitized:
        s.skip("memory is the sanitizer's")
    server = s.start()
    most = s.traits["concurrency"] or CONNECTIONS
    conns = [s.http(server) for _ in range(min(most, CONNECTIONS))]
    for size in SIZES:
        data, length = question(conns[0], size)
        seen = []
        while not seen or seen[-1] >= MOST:
            assert len(seen) < WINDOWS, \
                f"{size} bytes: faults a request in {WINDOWS} windows: {seen}"
            seen.append(window(server, conns, data, length))


def asked(c, data):
    before = c.received
    c.send(data)
    assert c.answer().status == 200
    return data, c.received - before


@check("http", "page faults: fewer than 0.02 an answer of 42 bytes to 256 KiB", limit=120)
def get(s):
    judge(s, lambda c, size: asked(c, request(f"/bytes/{size}")))


@check("http", "page faults: fewer than 0.02 an upload of 42 bytes to 256 KiB", limit=120)
def post(s):
    judge(s, lambda c, size: asked(c, request("/echo", "POST", body=bytes(size))))


@check("echo", "page faults: fewer than 0.02 a message of 42 bytes to 256 KiB", limit=120)
def echo(s):
    judge(s, lambda c, size: (bytes(size), size))
