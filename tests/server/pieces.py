"""Reads that stop short although more is there: the rest is read all the same."""

import os
import signal
import socket

from server.cli import temp_dir
from lib.server import session_members
from lib.suite import check
from lib.wire import request


def readlink(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


def holders(server, path):
    """How many descriptors of the server and its children are open on `path`."""
    found = 0
    for pid, _ in session_members(server.pid):
        try:
            for link in os.scandir(f"/proc/{pid}/fd"):
                found += readlink(link.path) == path
        except OSError:
            pass  # the process has just ended
    return found


@check("http", "descriptors passed with a request are closed, and the rest of it is read",
       on=("unix", "abstract"))
def passed_descriptors(s):
    server = s.start()
    whole = request("/echo", "POST", body=b"0123456789")
    for cut in (1, 10, len(whole) - 10, len(whole) - 1):
        with s.http(server) as c:
            for _ in range(5):
                # The second piece is there before the server has read the first, or not: both occur.
                socket.send_fds(c.sock, [whole[:cut]], [0, 1, 2])
                c.sock.sendall(whole[cut:])
                a = c.answer("POST")
                assert a.status == 200 and a.body == b"0123456789", a
    path = temp_dir(s) + "/passed"
    with open(path, "w") as passed, s.http(server) as c:
        assert holders(server, "/dev/null"), "its descriptors cannot be seen"  # its standard input
        for _ in range(20):
            socket.send_fds(c.sock, [request("/")[:9]], [passed.fileno()] * 3)
            socket.send_fds(c.sock, [request("/")[9:]], [passed.fileno()])
            assert c.answer().status == 200
            assert holders(server, path) == 0, "passed descriptors stay open"
    server.stop()


@check("http", "SIGTERM: what waits behind passed descriptors is read", on=("unix",))
def passed_and_stopped(s):
    server = s.start("--drain", "60s")
    c = s.http(server)
    whole = request("/")
    c.send(whole[:5])
    s.until_read(server, c)
    server.stand_still()
    socket.send_fds(c.sock, [whole[5:12]], [0])
    c.sock.sendall(whole[12:])
    server.send_signal(signal.SIGTERM)
    server.go_on()
    assert c.answer().status == 200
    c.close()
    server.finished()


@check("echo", "bytes that come with descriptors and after them are echoed", on=("unix",))
def echoed(s):
    server = s.start(protocol="echo")
    with s.connect(server) as c:
        for i in range(20):
            socket.send_fds(c.sock, [b"a" * i + b"b"], [0])
            c.sock.sendall(b"c" * i + b"d")
            assert c.take(2 * i + 2) == b"a" * i + b"b" + b"c" * i + b"d"
    server.stop()
