"""Names with more than one address."""

import errno
import os
import shutil
import socket
import subprocess
import tempfile
import time

from load.run import Disturbed, Run, load, named, stub_for, skip, steady, until

BOTH = "127.0.0.1 twohome\n::1 twohome\n127.0.0.1 onehome\n127.0.0.1 twohome\n"
RUN = 'mount --bind "$0" /etc/hosts && exec "$@"'


def with_hosts(t, text=BOTH):
    """The words before a command that has it see this /etc/hosts."""
    if not os.path.exists("/proc/net/if_inet6"):
        skip("no IPv6 here")
    directory = tempfile.mkdtemp(prefix="load-hosts-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    with open(directory + "/hosts", "w") as f:
        f.write(text)
    prefix = ["unshare", "-m", "sh", "-c", RUN, directory + "/hosts"]
    if not shutil.which("unshare") or \
            subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        skip("an /etc/hosts of its own needs root and unshare")
    return prefix


def port(stub):
    return stub.address.rsplit(":", 1)[1]


def the_one_that_accepts(t):
    """The server listens on one of two addresses, whichever."""
    prefix = with_hosts(t)
    for family in ("tcp4", "tcp6"):
        stub = stub_for(t, family=family)
        for arguments in ([], ["-t", "2"], ["--idle", "3"]):
            run = load(t, "-c", "4", "-n", "40", *arguments, f"http://twohome:{port(stub)}/",
                       prefix=prefix)
            assert run.json["outcomes"]["ok"] == 40 and run.json["address"] == stub.address
            assert run.json["connected"] == 4, run.json["connected"]
            assert f"Address      {stub.address}, of 2" in run.out, run.out
            assert b"Host: twohome:" in stub.last_request


def bound(host, number):
    """A socket at this port of a loopback address; None where another program has the port."""
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if s.family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        s.bind((host, number))
    except OSError as e:
        s.close()
        if e.errno != errno.EADDRINUSE:
            raise
        return None
    return s


def bound_pair():
    """Sockets at ::1 and 127.0.0.1, both at one port."""
    v6 = bound("::1", 0)
    v4 = bound("127.0.0.1", v6.getsockname()[1])
    if v4:
        return v6, v4
    v6.close()
    return bound_pair()


def none_accepts(t):
    prefix = with_hosts(t)
    v6, v4 = bound_pair()
    with v6, v4:  # bound, not listening
        number = v4.getsockname()[1]
        run = load(t, f"http://twohome:{number}/", prefix=prefix, status=1)
    assert len(run.err.splitlines()) == 1, run.err
    for part in ("twohome", f"[::1]:{number}: Connection refused",
                 f"127.0.0.1:{number}: Connection refused"):
        assert part in run.err, run.err


def the_other_of_a_silent_one(t):
    """One whose listen queue is full says nothing; the other one gets the load."""
    prefix = with_hosts(t)
    stub = stub_for(t)
    while not (silent := bound("::1", int(port(stub)))):
        stub = stub_for(t)
    with silent:
        silent.listen(0)
        fill = [socket.socket(socket.AF_INET6) for _ in range(4)]
        for s in fill:
            t.defer(s.close)
            s.setblocking(False)
            s.connect_ex(silent.getsockname())
        run = load(t, "-c", "2", "-n", "10", f"http://twohome:{port(stub)}/", prefix=prefix)
    assert run.json["address"] == stub.address and run.json["outcomes"]["ok"] == 10


def on_their_way(file, number):
    """The local ports of connections to port `number` that nobody has answered (SYN_SENT)."""
    with open(f"/proc/net/{file}", encoding="ascii") as f:
        rows = [line.split() for line in list(f)[1:]]
    return {int(local.rsplit(":", 1)[1], 16) for _, local, remote, state, *_ in rows
            if state == "02" and int(remote.rsplit(":", 1)[1], 16) == number}


def silent_listeners(t):
    """Listeners at ::1 and at 127.0.0.1 whose queues are full: their port, and the ports of the
    connections that fill them."""
    ours = set()
    for listener in bound_pair():
        t.defer(listener.close)
        listener.listen(0)
        host, number = listener.getsockname()[:2]
        for _ in range(4):
            filler = socket.socket(listener.family)
            t.defer(filler.close)
            filler.setblocking(False)
            filler.connect_ex((host, number))
            ours.add((listener.family, filler.getsockname()[1]))
    return number, ours


def silent_ones_are_tried_at_once(t):
    """While one attempt is on its way, so is the other. To see that takes a test that is not kept
    from looking until the generator has given up."""
    prefix = with_hosts(t)
    number, fillers = silent_listeners(t)
    looks = []  # seconds that each took

    def attempts(file, family):
        return {p for p in on_their_way(file, number) if (family, p) not in fillers}

    def both():
        begin = time.monotonic()
        before = attempts("tcp", socket.AF_INET)
        other = attempts("tcp6", socket.AF_INET6)
        seen = other and before & attempts("tcp", socket.AF_INET)
        looks.append(time.monotonic() - begin)
        return seen

    def check():
        looks.clear()
        run = Run(t, f"http://twohome:{number}/", prefix=prefix)
        try:
            until(both, "attempts at both addresses at one time", run.process)
        except AssertionError as e:
            if max(looks, default=0) < 1:
                raise
            raise Disturbed(f"a look took {max(looks):.1f} s, of some 4") from e
    steady(t, 0.2, check)


def source_chooses_the_family(t):
    prefix = with_hosts(t)
    stub = stub_for(t)
    run = load(t, "-c", "2", "-n", "10", "--source", "127.0.0.7",
               f"http://twohome:{port(stub)}/", prefix=prefix)
    assert run.json["sources"] == ["127.0.0.7"] and run.json["address"] == stub.address
    run = load(t, "--source", "::1", f"http://onehome:{port(stub)}/", prefix=prefix, status=2)
    assert "'::1'" in run.err and "IPv4" in run.err, run.err


def urls_share_an_address(t):
    """Two names that have one in common are one server."""
    prefix = with_hosts(t)
    stub = stub_for(t)
    run = load(t, "-c", "2", "-n", "20", f"http://twohome:{port(stub)}/@1",
               f"http://onehome:{port(stub)}/@1", prefix=prefix)
    assert run.json["outcomes"]["ok"] == 20 and run.json["address"] == stub.address
    run = load(t, f"http://onehome:{port(stub)}/", f"http://[::1]:{port(stub)}/", prefix=prefix,
               status=2)
    assert "is not at the address" in run.err, run.err


def one_address_is_not_tried_first(t):
    """No connection but those that are asked for, and no line about it."""
    stub = stub_for(t)
    run = load(t, "-c", "3", "-n", "9", stub.url)
    assert stub.accepted == 3 and run.json["address"] == stub.address
    assert "Address" not in run.out


def tests():
    return [named(f) for f in (the_one_that_accepts, the_other_of_a_silent_one,
                               source_chooses_the_family, urls_share_an_address,
                               one_address_is_not_tried_first)] + \
        [named(f, once=True) for f in (none_accepts, silent_ones_are_tried_at_once)]
