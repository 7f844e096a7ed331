"""What cannot be begun: wrong command lines, servers that are not there, limits."""

import re
import resource
import shutil
import socket
import tempfile

from load_checks.run import Run, load, named, peer_for


def one_line(run, *parts):
    assert run.json is None
    assert len(run.err.splitlines()) == 1, run.err
    for part in parts:
        assert part in run.err, f"'{part}' is not in: {run.err}"
    assert re.match(r"[\w.-]+: ", run.err)


def nobody_listens(t):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets the port
        address = "127.0.0.1:%d" % s.getsockname()[1]
        one_line(load(t, f"http://{address}/", status=1), address, "Connection refused")
    one_line(load(t, "echo+unix:///nonexistent/socket", status=1), "/nonexistent/socket",
             "No such file")
    one_line(load(t, "echo+unix://@nobody-has-this-name", status=1), "@nobody-has-this-name",
             "refused")


def never_accepts(t):
    """A full listen queue: SYNs are dropped, and the attempt is given up in bounded time."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fill = [socket.socket() for _ in range(4)]
        try:
            for s in fill:
                s.setblocking(False)
                s.connect_ex(listener.getsockname())
            run = load(t, "-c", "1", "http://127.0.0.1:%d/" % listener.getsockname()[1], status=1,
                       limit=9.0)
            one_line(run, "127.0.0.1", "no connection in time", "listen queue is full")
        finally:
            for s in fill:
                s.close()


def never_accepts_unix(t):
    directory = tempfile.mkdtemp(prefix="load-peer-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first, \
            socket.socket(socket.AF_UNIX) as second:
        listener.bind(directory + "/s")
        listener.listen(0)
        first.connect(directory + "/s")
        second.setblocking(False)
        second.connect_ex(directory + "/s")
        run = load(t, "-c", "1", f"http+unix://{directory}/s", status=1, limit=9.0)
        one_line(run, directory, "cannot connect", "the listen queue is full")


def unix_queue_drains(t):
    """More connections than a Unix-domain socket's queue holds: tried again until they are in."""
    directory = tempfile.mkdtemp(prefix="load-peer-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    peer = peer_for(t, family="unix")
    peer._listener.listen(1)
    j = load(t, "-c", "32", "-n", "64", peer.url).json
    assert j["connected"] == 32 and j["outcomes"]["ok"] == 64


def limit(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def descriptor_limits(t):
    peer = peer_for(t)
    run = load(t, "-c", "200", "-n", "200", peer.url, preexec=limit(64, 1024))
    assert run.json["connected"] == 200 and run.json["outcomes"]["ok"] == 200
    run = load(t, "-c", "2000", peer.url, preexec=limit(64, 1024), status=1)
    one_line(run, "2000 connections", "1024")


USAGE = [
    ([], "no URL"),
    (["http://127.0.0.1:1/", "http://127.0.0.1:2/"], "http://127.0.0.1:2/"),
    (["http://127.0.0.1:1/", "echo://127.0.0.1:1"], "echo://127.0.0.1:1"),
    (["echo://127.0.0.1:1", "echo://127.0.0.1:1"], "one URL"),
    (["http://127.0.0.1:1/@0"], "weight"),
    (["http://127.0.0.1:1/@1000001"], "weight"),
    (["--nonsense", "http://127.0.0.1:1/"], "--nonsense"),
    (["-c"], "'c'"),
    (["-c", "0", "http://127.0.0.1:1/"], "--connections"),
    (["-c", "1x", "http://127.0.0.1:1/"], "1x"),
    (["-t", "3", "-c", "2", "http://127.0.0.1:1/"], "3 threads for 2 connections"),
    (["-t", "0", "http://127.0.0.1:1/"], "--threads"),
    (["--engine", "kqueue", "http://127.0.0.1:1/"], "kqueue"),
    (["-d", "0s", "http://127.0.0.1:1/"], "--duration"),
    (["-d", "1y", "http://127.0.0.1:1/"], "1y"),
    (["-n", "0", "http://127.0.0.1:1/"], "--requests"),
    (["--warmup", "-1s", "http://127.0.0.1:1/"], "--warmup"),
    (["--timeout", "0", "http://127.0.0.1:1/"], "--timeout"),
    (["--payload", "0", "echo://127.0.0.1:1"], "--payload"),
    (["--payload", "17M", "echo://127.0.0.1:1"], "17M"),
    (["--interval", "1ms", "--csv", "/tmp/x", "http://127.0.0.1:1/"], "10 ms"),
    (["--interval", "1s", "http://127.0.0.1:1/"], "--csv"),
    (["--csv", "/tmp/x", "http://127.0.0.1:1/"], "--interval"),
    (["--ramp", "0", "http://127.0.0.1:1/"], "--ramp"),
    (["--idle", "x", "http://127.0.0.1:1/"], "--idle"),
    (["--body", "/tmp/x", "echo://127.0.0.1:1"], "--body"),
    (["--null", "--idle", "1"], "--null"),
    (["--seed", "-1", "http://127.0.0.1:1/"], "--seed"),
    (["-H", "no colon", "http://127.0.0.1:1/"], "no colon"),
    (["-H", "a b: c", "http://127.0.0.1:1/"], "a b: c"),
    (["-H", "A: b\r\nC: d", "http://127.0.0.1:1/"], "control character"),
    (["-H", "Content-Length: 1", "http://127.0.0.1:1/"], "Content-Length"),
    (["-H", "A: b", "echo://127.0.0.1:1"], "--header"),
    (["--events-fd", "99", "http://127.0.0.1:1/"], "99"),
    (["127.0.0.1:80"], "127.0.0.1:80"),
    (["https://127.0.0.1/"], "TLS"),
    (["http://127.0.0.1:99999/"], "99999"),
    (["echo://127.0.0.1"], "port"),
    (["http://127.0.0.1/a b"], "0x20"),
]


def usage_errors(t):
    for arguments, part in USAGE:
        run = Run(t, *arguments, json_file=False)
        assert run.finish() == 2, f"{arguments}: exit status {run.status}"
        lines = run.err.splitlines()
        assert len(lines) == 2 and part in lines[0], f"{arguments}: {run.err}"
        assert "--help" in lines[1] and run.out == "", f"{arguments}: {run.err}"


def long_names(t):
    """The options that the other tests give by their letters."""
    peer = peer_for(t)
    j = load(t, "--connections", "3", "--threads", "2", "--requests", "7", peer.url).json
    assert (j["connections"], j["threads"], j["requests"], j["mode"]) == (3, 2, 7, "closed"), j
    assert peer.accepted == 3 and peer.requests == 7
    run = Run(t, "--rate", "200", "--duration", "150ms", "--timeout", "20s", peer_for(t).url)
    assert run.finish() in (0, 3), run.err
    assert run.json["rate_asked"] == 200 and run.json["scheduled"] == 30
    assert run.json["window_ns"] == 150_000_000


def json_cannot_be_written(t):
    peer = peer_for(t)
    run = load(t, "-n", "1", "-c", "1", "--json", "/nonexistent/x.json", peer.url, status=1,
               json_file=False)
    assert "/nonexistent/x.json" in run.err


def tests():
    found = [named(f) for f in (nobody_listens, never_accepts, never_accepts_unix,
                                unix_queue_drains, descriptor_limits, json_cannot_be_written)]
    return found + [named(f, once=True) for f in (usage_errors, long_names)]
