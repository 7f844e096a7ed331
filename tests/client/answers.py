"""Answers that are right, however they come."""

import os
import tempfile

from client.run import case, client, fetch, settings, stub
from load.addresses import port, with_hosts
from load.stub_server import BODY

RIGHT = ("ok", "split", "split-3", "chunked", "padded-chunk", "informational", "big", "no-reason", "late")
# Each of these is the last answer of its connection.
LAST = ("close-after", "announce-close", "close-unannounced", "to-eof", "http-1.0")


def right(mode):
    def test(t):
        s = stub(t, mode)
        run = fetch(t, s.url)
        run.has(ok=12)
        assert s.requests == 12 and s.accepted == run.json["connections"], \
            f"{s.requests} requests on {s.accepted} connections: {run.json}"
        assert settings.fits(s.accepted, 3, 12), s.accepted
        assert run.json["sent_again"] in (0, None)
    return test


def last(mode):
    def test(t):
        s = stub(t, mode)
        run = fetch(t, s.url)
        run.has(ok=12)
        # A request can be in a connection that the server has closed: it is not read there.
        assert s.requests == 12, s.requests
        assert s.accepted == run.json["connections"] == 12, (s.accepted, run.json)
    return test


def bodies(t):
    s = stub(t, "by-path")
    fetch(t, s.url + "/one").has(ok=12)
    run = fetch(t, s.url + "/{i}", 12, 3, "--any-body")
    run.has(ok=12)
    run = fetch(t, s.url + "/{i}", 12, 3)
    run.has(ok=1, corrupt=11)


def expected(t):
    s = stub(t)
    with tempfile.TemporaryDirectory(prefix="iomodels-client-") as folder:
        path = os.path.join(folder, "body")
        for text, outcome in ((BODY, "ok"), (BODY[:-1], "corrupt"), (b"", "corrupt")):
            with open(path, "wb") as f:
                f.write(text)
            fetch(t, s.url, 6, 2, "--expect-body", path).has(**{outcome: 6})
        run = client(t, "--expect-body", path + "-none", s.url)
        assert run.status == 1 and "cannot read" in run.errors, run.errors


def targets(t):
    """Each number once, and nothing else of the URL changed."""
    s = stub(t)
    seen = []
    count = s.count

    def note(request):
        seen.append(request.split(b"\r\n"))
        return count(request)

    s.count = note
    fetch(t, s.url + "/wait/0?page={i}&x=%7Bi%7D#{i}", 12, 3).has(ok=12)
    assert sorted(r[0] for r in seen) == \
        sorted(b"GET /wait/0?page=%d&x=%%7Bi%%7D HTTP/1.1" % i for i in range(1, 13)), seen
    hosts = {line for r in seen for line in r if line.lower().startswith(b"host:")}
    assert hosts == {b"Host: " + s.address.encode()}, hosts
    seen.clear()
    fetch(t, s.url + "?q=1", 3, 3).has(ok=3)
    assert {r[0] for r in seen} == {b"GET /?q=1 HTTP/1.1"}, seen


def two_addresses(t):
    """The server listens on one of the two addresses of its name, whichever."""
    wrap = with_hosts(t)
    for family in ("tcp4", "tcp6"):
        s = stub(t, family=family)
        fetch(t, f"http://twohome:{port(s)}/", 6, 2, wrap=wrap).has(ok=6)
        assert s.requests == 6, s.requests


def tests():
    return [case(f"right answers: {mode}", right(mode)) for mode in RIGHT] + \
        [case(f"right answers: {mode}", last(mode)) for mode in LAST] + \
        [case("bodies must be the same unless told otherwise", bodies),
         case("bodies are compared with a file", expected),
         case("the number of the request stands in its URL", targets),
         case("a name with two addresses, of which one has a server", two_addresses)]
