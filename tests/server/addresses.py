"""What a server listens on: all addresses of a name, and a socket file that is its own."""

import fcntl
import os
import signal
import socket
import subprocess

from server.cli import run, temp_dir
from server.workers import children
from lib import wire
from lib.suite import check, have_ipv6
from lib.wire import request



def own_hosts(s, text):
    """A command that gives the rest of its line a /etc/hosts of its own, by a mount namespace."""
    path = temp_dir(s) + "/hosts"
    with open(path, "w") as f:
        f.write(text)
    user = [] if os.geteuid() == 0 else ["-Ur"]
    wrap = ["unshare", *user, "-m", "sh", "-c", f'mount --bind {path} /etc/hosts && exec "$@"', "-"]
    if subprocess.run([*wrap, "true"], capture_output=True).returncode != 0:
        s.skip("no mount namespace can be had here")
    return wrap


def port(address):
    return address.rsplit(":", 1)[1]


def served_on_all(s, server):
    for address in server.addresses:
        assert server.line() == f"listening on {address}"
    for address in server.addresses * 2:
        with wire.Http(address, patience=s.patience) as c:
            assert c.ask("/", fields=["Connection: close"]).status == 200, address
            c.ends()
    n = len(server.addresses) * 2
    assert server.stop()["accepted"] == n


@check("", "a name with several addresses: all are listened on, with one port, and said")
def all_of_a_name(s):
    names = ["127.0.0.1", "127.0.0.2"] + (["::1"] if have_ipv6() else [])
    wrap = own_hosts(s, "".join(f"{a} several\n" for a in names))
    server = s.start(listen="several:0", wrap=wrap)
    found = {a.rsplit(":", 1)[0].strip("[]") for a in server.addresses}
    assert found == set(names) and len(server.addresses) == len(names), server.addresses
    assert len({port(a) for a in server.addresses}) == 1 and port(server.address) != "0"
    served_on_all(s, server)


@check("", "a name with several addresses: many on each, and one whose request is in flight at SIGTERM")
def several_at_once(s):
    s.needs_many()
    wrap = own_hosts(s, "127.0.0.1 several\n127.0.0.2 several\n")
    server = s.start(listen="several:0", wrap=wrap)
    each = min(20, (s.traits["concurrency"] or 40) // 2)
    conns = [wire.Http(a, patience=s.patience) for a in server.addresses * each]
    for c in conns:
        s.t.defer(c.close)
        c.send(request("/"))
    for c in conns:
        assert c.answer().status == 200
    conns[0].send(request("/")[:-2])
    server.until_counters(lambda n: n["bytes_in"] >= sum(c.sent for c in conns), "read")
    server.send_signal(signal.SIGTERM)
    s.until_asleep(server)
    conns[0].send(b"\r\n")
    a = conns[0].answer()
    assert a.status == 200 and a.closes, a
    for c in conns:
        c.ends()
    assert server.finished()["aborted"] == 0


@check("", "of a name the addresses that this machine has not are left out, and told")
def left_out(s):
    wrap = own_hosts(s, "192.0.2.1 several\n127.0.0.1 several\n")
    server = s.start(listen="several:0", wrap=wrap)
    assert [a.rsplit(":", 1)[0] for a in server.addresses] == ["127.0.0.1"], server.addresses
    assert "not listening on 192.0.2.1" in server.errors(), server.errors()
    served_on_all(s, server)


@check("", "an address of a name that is in use by another is an error")
def one_in_use(s):
    wrap = own_hosts(s, "127.0.0.1 several\n127.0.0.2 several\n")
    for _ in range(20):
        with socket.create_server(("127.0.0.2", 0)) as busy:
            at = busy.getsockname()[1]
            r = subprocess.run([*wrap, s.program, *s.arguments, "--listen", f"several:{at}"],
                               capture_output=True, text=True, timeout=2 * s.patience)
        assert r.returncode == 1 and r.stderr.count("\n") == 1, r
        if f"127.0.0.1:{at}" not in r.stderr:  # there another program has this port by chance
            break
    assert f"127.0.0.2:{at}" in r.stderr, r


@check("", "*:PORT and [::]:PORT take IPv4 and IPv6, and say so")
def everywhere(s):
    if not have_ipv6():
        s.skip("no IPv6 here")
    for listen in ("*:0", "[::]:0"):
        server = s.start(listen=listen)
        assert len(server.addresses) == 2, server.addresses
        assert server.addresses == [f"[::]:{port(server.address)}", f"0.0.0.0:{port(server.address)}"]
        served_on_all(s, server)


@check("", "a name with [::] and 0.0.0.0: the first takes the connections of both")
def everywhere_by_name(s):
    if not have_ipv6():
        s.skip("no IPv6 here")
    server = s.start(listen="several:0", wrap=own_hosts(s, ":: several\n0.0.0.0 several\n"))
    assert server.addresses == [f"[::]:{port(server.address)}", f"0.0.0.0:{port(server.address)}"]
    served_on_all(s, server)


@check("", "a server that drains leaves the socket file of its successor alone", on=("unix",))
def successor(s):
    path = temp_dir(s) + "/socket"
    for _ in range(2):
        old = s.start("--drain", "60s", listen=f"unix:{path}")
        c = s.http(old)
        half = request("/")
        c.send(half[:20])
        s.until_read(old, c)
        old.send_signal(signal.SIGTERM)
        while os.path.exists(path):  # it goes when nobody listens any more, not at the end
            assert old.alive(), "ended with half a request in flight"
        new = s.start(listen=f"unix:{path}")
        c.send(half[20:])
        assert c.answer().status == 200
        c.close()
        old.finished()
        with s.http(new) as c:
            assert c.ask("/").status == 200
        new.stop()
        assert not os.path.exists(path), "its own is still there"


@check("", "a socket file that another one has put in its place is left alone", on=("unix",))
def replaced(s):
    path = temp_dir(s) + "/socket"
    server = s.start(listen=f"unix:{path}")
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)  # perhaps with the number of the inode that has just become free
        other.listen()
        server.stop()
        with socket.socket(socket.AF_UNIX) as c:
            c.connect(path)


@check("", "of servers that start at one time over a stale file one listens, and keeps it",
       on=("unix",))
def race(s):
    path = temp_dir(s) + "/socket"
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
        command = [s.program, *s.arguments, "--listen", f"unix:{path}"]
        started = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) for _ in range(4)]
        s.t.defer(lambda started=started: [p.kill() for p in started])
        first = [p.stdout.readline() for p in started]
        listening = [p for p, line in zip(started, first) if line.startswith("listening on")]
        assert len(listening) == 1, f"{len(listening)} of four listen: {first}"
        with wire.Http(f"unix:{path}", patience=s.patience) as c:
            assert c.ask("/").status == 200
        listening[0].send_signal(signal.SIGTERM)
        for p in started:
            _, errors = p.communicate(timeout=2 * s.patience)
            assert p.returncode == (0 if p in listening else 1), errors
            assert p in listening or path in errors, errors
        assert not os.path.exists(path)


@check("", "a socket file in a directory that a stranger keeps locked", on=("unix",))
def locked(s):
    directory = temp_dir(s)
    fd = os.open(directory, os.O_RDONLY)
    s.t.defer(lambda: os.close(fd))
    fcntl.flock(fd, fcntl.LOCK_EX)
    server = s.start(listen=f"unix:{directory}/socket")
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()
    assert not os.path.exists(f"{directory}/socket")


@check("", "the processes that serve have none of the listening sockets of several addresses",
       models=("fork",))
def not_in_children(s):
    wrap = own_hosts(s, "127.0.0.1 several\n127.0.0.2 several\n")
    server = s.start(listen="several:0", wrap=wrap)
    with s.http(server) as c:
        assert c.ask("/").status == 200
        child, = children(server)
        at = f"/proc/{child}/fd/"
        open_ones = [os.readlink(at + fd) for fd in os.listdir(at)]
        assert sum(name.startswith("socket:") for name in open_ones) == 1, open_ones
        assert "anon_inode:[eventpoll]" not in open_ones, open_ones
    server.stop()


@check("", "* is no address with a name behind it")
def no_star(s):
    for wrong in ("*", "*:", "*:x", "*x:80", "*:" + "0" * 15 + "8080"):
        r = run(s, "--listen", wrong)
        assert r.returncode == 2 and "--listen" in r.stderr, r
