"""Options, addresses, and the words a server has for what is wrong."""

import json
import os
import socket
import subprocess
import tempfile
import shutil

from lib.suite import check
from lib.wire import sockaddr


def run(s, *arguments, transport=None):
    fit = s.settings.fit(transport or s.transport)
    return subprocess.run([s.program, *fit, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=s.patience)


def temp_dir(s):
    path = tempfile.mkdtemp(prefix="iomodels-")
    s.t.defer(lambda: shutil.rmtree(path, ignore_errors=True))
    return path


@check("", "usage errors: exit status 2, one line that names it, and a hint", kind="options")
def usage(s):
    for arguments, named in ((["--bogus"], "bogus"), (["-x"], "x"), (["extra"], "extra"),
                             (["--listen", "nonsense"], "nonsense"), (["--listen"], "listen"),
                             (["--listen", "127.0.0.1:99999"], "99999"),
                             (["--listen", "127.0.0.1:http"], "http"),
                             (["--listen", "::1:8080"], "::1"), (["--listen", "unix:"], "unix:"),
                             (["--listen", "unix:/" + "a" * 200], "path"),
                             (["--protocol", "ftp"], "ftp"), (["--backlog", "x"], "x"),
                             (["--backlog", "-1"], "-1"), (["--max-connections", "many"], "many"),
                             (["--idle-timeout", "-1"], "-1"), (["--idle-timeout", "1w"], "1w"),
                             (["--drain", "soon"], "soon"), (["--max-body", "1X"], "1X"),
                             (["--ready-fd", "x"], "x")):
        r = run(s, *arguments)
        what = f"{arguments}: status {r.returncode}, {r.stderr!r}"
        assert r.returncode == 2, what
        lines = r.stderr.splitlines()
        assert 1 <= len(lines) <= 2 and named in lines[0], what
        assert "--help" in r.stderr and not r.stdout, what


@check("", "set-up errors: exit status 1, one line that names it", kind="options")
def set_up(s):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        address = "127.0.0.1:%d" % busy.getsockname()[1]
        cases = [(["--listen", address], address), (["--listen", "192.0.2.1:0"], "192.0.2.1"),
                 (["--listen", "unix:/nonexistent/x"], "/nonexistent/x"),
                 (["--listen", "127.0.0.1:0", "--root", "/nonexistent/y"], "/nonexistent/y"),
                 (["--listen", "127.0.0.1:0", "--ready-fd", "999"], "999")]
        for arguments, named in cases:
            r = run(s, *arguments, transport="unix" if "unix:" in arguments[1] else "tcp4")
            what = f"{arguments}: status {r.returncode}, {r.stderr!r}"
            assert r.returncode == 1 or (r.returncode == 2 and "999" in named), what
            assert r.stderr.startswith(s.model + ": ") and named in r.stderr, what
            assert len(r.stderr.splitlines()) == 1 or r.returncode == 2, what


@check("", "--help and --version")
def help_and_version(s):
    r = run(s, "--help")
    assert (r.returncode, r.stdout) == (0, run(s, "-h").stdout), "-h is --help"
    assert r.returncode == 0 and not r.stderr, r
    for option in ("listen", "protocol", "backlog", "max-connections", "idle-timeout", "drain",
                   "root", "ready-fd", "max-body", "allow-crash", "describe", "help",
                   "version"):
        assert f"--{option}" in r.stdout, f"--{option} is not in --help"
    assert ("--workers" in r.stdout) == (s.traits["workers"] is not None)
    assert max(len(line) for line in r.stdout.splitlines()) <= 100
    r = run(s, "--version")
    assert r.returncode == 0 and len(r.stdout.splitlines()) == 1 and any(map(str.isdigit, r.stdout))


@check("", "--describe")
def describe(s):
    r = run(s, "--describe")
    assert r.returncode == 0 and len(r.stdout.splitlines()) == 1, r
    d = json.loads(r.stdout)
    assert d["model"] == os.path.basename(s.program), d
    assert len(d["summary"]) > 10 and d["max_connections"] >= 0 and d["concurrency"] >= 0, d
    assert d["unsupported"] is None and (d["workers"] is None or d["workers"] > 0), d


@check("", "--workers: a number from 1 to 1024, or refused with the reason")
def workers(s):
    if s.traits["workers"] is None:
        r = run(s, "--workers", "2")
        lines = r.stderr.splitlines()
        assert r.returncode == 2 and len(lines) == 2 and not r.stdout, r
        assert lines[0].startswith(f"{s.model}: --workers: ") and len(lines[0]) > 40, r
        return
    for wrong in ("0", "-1", "1025", "two", ""):
        r = run(s, "--workers", wrong)
        assert r.returncode == 2 and "--workers" in r.stderr and f"'{wrong}'" in r.stderr, r
    described = json.loads(run(s, "--workers", "3", "--describe").stdout)
    assert described["workers"] == 3, described
    server = s.start("--workers", "3")
    with s.http(server) as c:
        assert c.ask("/").status == 200
    final = server.stop()
    assert len(final["workers"]) == 3, final
    assert sum(w["requests"] for w in final["workers"]) == final["requests"] == 1, final
    assert sum(w["closed"] for w in final["workers"]) <= 1, final
    assert not any(w["alive"] for w in final["workers"]), final


@check("", "the real address: on --ready-fd and on standard output",
       on=("tcp4", "tcp6", "unix", "abstract"))
def real_address(s):
    server = s.start()
    assert server.ready_text.count("\n") == 1, server.ready_text
    assert server.line() == f"listening on {server.address}"
    if s.transport.startswith("tcp"):
        assert not server.address.endswith(":0"), server.address
    with s.http(server) as c:
        assert c.ask("/").status == 200


@check("", "every protocol by its name")
def protocols(s):
    server = s.start("--backlog", "16", protocol="echo")
    with s.connect(server) as c:
        assert c.swap(b"GET / HTTP/1.1\r\n\r\n", 18) == b"GET / HTTP/1.1\r\n\r\n"
    assert server.stop()["protocol"] == "echo"


@check("", "a restart on the same port, connections of before notwithstanding")
def restart(s):
    server = s.start()
    with s.http(server) as c:
        assert c.ask("/", fields=["Connection: close"]).status == 200
        c.ends()  # the server closed first: its side is in TIME_WAIT
    server.stop()
    again = s.start(listen=server.address)
    assert again.address == server.address
    with s.http(again) as c:
        assert c.ask("/").status == 200


@check("", "two servers do not share a port", kind="options")
def no_sharing(s):
    server = s.start()
    r = run(s, "--listen", server.address)
    assert r.returncode == 1 and server.address in r.stderr, r


@check("", "a socket file is removed at the end", on=("unix",))
def socket_file(s):
    path = temp_dir(s) + "/socket"
    server = s.start(listen=f"unix:{path}")
    assert os.path.exists(path)
    with s.http(server) as c:
        assert c.ask("/").status == 200
        c.ask("/", fields=["Connection: close"])
        assert os.path.exists(path), "gone while the server is there"
    server.stop()
    assert not os.path.exists(path), "still there"


@check("", "a stale socket file is replaced", on=("unix",), kind="options")
def stale(s):
    path = temp_dir(s) + "/socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    server = s.start(listen=f"unix:{path}")
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()
    assert not os.path.exists(path)


@check("", "a live socket file is left alone", on=("unix",), kind="options")
def live(s):
    path = temp_dir(s) + "/socket"
    server = s.start(listen=f"unix:{path}")
    r = run(s, "--listen", f"unix:{path}")
    assert r.returncode == 1 and path in r.stderr and r.stderr.count("\n") == 1, r
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()
    assert not os.path.exists(path)


@check("", "a file that is no socket is left alone", on=("unix",), kind="options")
def no_socket(s):
    path = temp_dir(s) + "/precious"
    with open(path, "w") as f:
        f.write("precious")
    r = run(s, "--listen", f"unix:{path}")
    assert r.returncode == 1 and path in r.stderr and r.stderr.count("\n") == 1, r
    with open(path) as f:
        assert f.read() == "precious"


@check("", "a live datagram socket is left alone", on=("unix",), kind="options")
def datagrams(s):
    path = temp_dir(s) + "/socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(path)
        r = run(s, "--listen", f"unix:{path}")
        assert r.returncode == 1 and path in r.stderr, r
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as c:
            c.sendto(b"hello", path)
        assert other.recv(10) == b"hello"


@check("", "an abstract name in use is refused", on=("abstract",), kind="options")
def abstract_in_use(s):
    server = s.start()
    r = run(s, "--listen", server.address)
    assert r.returncode == 1 and server.address in r.stderr, r
    family, target = sockaddr(server.address)
    with socket.socket(family) as c:
        c.connect(target)


@check("", "the shared servers of this run end cleanly, every connection accounted for",
       last=True)
def shared_servers(s):
    for server in s.settings.pool.drain():
        s.t.defer(server.kill)
        final = server.stop()
        assert final["refused"] == final["timeouts"] == final["accept_errors"] == 0, final
