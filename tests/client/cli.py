"""The command line, which all clients share: tested with one."""

import json
import os
import socket
import subprocess
import tempfile

from client.run import case, client, fetch, finish, hang, settings, start, stub
from load.addresses import bound_pair, with_hosts


def wrong(arguments, words):
    def test(t):
        run = client(t, *arguments)
        assert run.status == 2 and not run.out, (run.status, run.out)
        first, hint = run.errors.splitlines()
        assert words in first and "--help" in hint, run.errors
    return test


URL = "http://127.0.0.1:1/"
WRONG = [((), "the URL is missing"), ((URL, "more"), "'more' is one URL too many"),
         (("ftp://host/",), "ftp://host/"), (("echo://127.0.0.1:1",), "HTTP over TCP only"),
         (("http+unix:///tmp/x",), "HTTP over TCP only"), (("-c", "0", URL), "'0' is not a number from 1"),
         (("-n", "x", URL), "'x' is not a number"), (("--timeout", "0", URL), "'0' is not a time"),
         (("http://127.0.0.{i}:80/",), "{i} stands once"), ((URL + "{i}/{i}",), "{i} stands once"),
         (("http://{i}/",), "{i} stands once"), ((URL + "a b",), "0x20"), (("--nonsense", URL), "--nonsense"),
         (("--any-body", "--expect-body", "x", URL), "contradict")]


def text(t):
    s = stub(t)
    run = client(t, "-n", 6, "-c", 2, s.url + "/wait/1")
    assert run.status == 0 and "6 of 6 requests answered right" in run.out, run.out
    assert "efficiency" in run.out, run.out


def to_a_file(t):
    s = stub(t)
    with tempfile.TemporaryDirectory(prefix="iomodels-client-") as folder:
        path = os.path.join(folder, "figures.json")
        run = client(t, "-n", 6, "-c", 2, "--json", path, s.url)
        assert run.status == 0 and not run.out, run.out
        with open(path, encoding="utf-8") as f:
            assert json.load(f)["outcomes"]["ok"] == 6
        run = client(t, "--json", folder, s.url)
        assert run.status == 1 and folder in run.errors, run.errors
    assert s.requests == 6, "the job began although its figures cannot be written"


def full(t):
    s = stub(t)
    for arguments in (("--json", "/dev/full"), ("--json", "-"), ()):
        with open("/dev/full", "w", encoding="utf-8") as nowhere:
            run_full(t, nowhere, *arguments, s.url)


def run_full(t, nowhere, *arguments):
    told = subprocess.run([settings.client, "-n", "2", *arguments], stdout=nowhere, stderr=subprocess.PIPE,
                          text=True, timeout=hang(), check=False)
    assert told.returncode == 1 and "No space left" in told.stderr, (told.returncode, told.stderr)


def no_ideal(t):
    """Only where the URL says how long an answer takes, the same for all, there is a best time."""
    s = stub(t)
    for path, ideal in (("/wait/20?i={i}", 0.06), ("/wait/20", 0.06), ("/wait/2{i}", None), ("/", None),
                        ("/wait/x", None)):
        run = fetch(t, s.url + path, 6, 2)
        run.has(ok=6)
        assert run.json["ideal_s"] == ideal, (path, run.json)
        assert (run.json["efficiency"] is None) == (ideal is None), (path, run.json)


def watched(t):
    """The client waits at both ends until it is told to go on."""
    s = stub(t)
    ours, its = socket.socketpair()
    process = start("-n", 6, "-c", 2, "--events-fd", its.fileno(), s.url, pass_fds=(its.fileno(),))
    its.close()
    ours.settimeout(hang())
    with ours:
        for line, requests in ((b"start\n", 0), (b"end\n", 6)):
            assert ours.recv(16) == line
            assert s.requests == requests and process.poll() is None, s.requests
            ours.sendall(b"\n")
        assert finish(t, process).status == 0
    run = client(t, "--events-fd", 77, s.url)
    assert run.status == 1 and "nobody answers on descriptor 77" in run.errors, run.errors


def nobody_there(t):
    """Of a name with several addresses each is named, with its reason."""
    wrap = with_hosts(t)
    v6, v4 = bound_pair()
    with v6, v4:  # bound, not listening
        port = v4.getsockname()[1]
        run = client(t, f"http://twohome:{port}/", wrap=wrap)
    assert run.status == 1 and not run.out and len(run.errors.splitlines()) == 1, (run.status, run.errors)
    for part in ("twohome", f"[::1]:{port}: Connection refused", f"127.0.0.1:{port}: Connection refused"):
        assert part in run.errors, run.errors


def help_text(t):
    run = client(t, "--help")
    assert run.status == 0 and "{i} stands for the number" in run.out and "--expect-body" in run.out
    assert settings.name in client(t, "--version").out


def tests():
    return [case(f"wrong: {' '.join(arguments) or 'nothing'}", wrong(arguments, words))
            for arguments, words in WRONG] + \
        [case("the figures as text", text), case("the figures go to a file", to_a_file),
         case("a name of which no address has a server", nobody_there),
         case("the best time is told where it is known", no_ideal),
         case("whoever watches the job is waited for", watched),
         case("a full disk is noticed", full), case("--help and --version", help_text)]
