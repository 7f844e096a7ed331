"""How many requests and connections there are, and how many at once: as the server saw it."""

import resource
import threading

import tap
from client.run import case, client, fetch, hang, settings, stub
from lib.server import Server
from load.stub_server import BODY, answer, send


class Gate:
    """Requests wait until `size` of them have come, then all are answered. So a client that makes
    fewer at once gets no answer ever."""

    def __init__(self, size):
        self.size, self.most, self.waiting, self.round = size, 0, 0, 0
        self.all_here = threading.Condition()

    def __call__(self, conn, request):
        with self.all_here:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            mine = self.round
            # A moment, in which one too many would come.
            if self.waiting == self.size:
                self.all_here.wait(0.02)  # not judged: how long the gate looks for one too many
                self.round += 1
                self.waiting = 0
                self.all_here.notify_all()
            while self.round == mine and not conn.stub.stopping.is_set():
                self.all_here.wait(0.1)  # not judged: how often to look
        return send(conn, answer(BODY))


def at_once(concurrency):
    def test(t):
        size = settings.at_once(concurrency)
        gate = Gate(size)
        s = stub(t, treatment=gate)
        run = fetch(t, s.url, 4 * size, concurrency, "--timeout", f"{hang():.0f}")
        run.has(ok=4 * size)
        assert gate.most == size, f"{gate.most} at once, not {size}"
        assert s.accepted == run.json["connections"] == settings.connections(size, 4 * size), s.accepted
    return test


def one_each(t):
    s = stub(t)
    run = fetch(t, s.url, 12, 3, "--close")
    run.has(ok=12)
    assert s.accepted == run.json["connections"] == 12, s.accepted
    assert b"\r\nConnection: close\r\n" in s.last_request, s.last_request


def one_each_kept(t):
    """Also where the server would keep them."""
    s = stub(t, "announce-close")
    run = fetch(t, s.url, 12, 3, "--close")
    run.has(ok=12)
    assert s.accepted == 12, s.accepted


def few(t):
    s = stub(t)
    run = fetch(t, s.url, 3, 100)
    run.has(ok=3)
    assert s.requests == 3 and s.accepted <= 3, (s.requests, s.accepted)


def one(t):
    s = stub(t)
    fetch(t, s.url, 1, 1).has(ok=1)
    assert s.requests == 1


def ours(arguments, transport="tcp4"):
    """A server of ours and the client agree."""
    def test(t):
        server = Server(f"{settings.servers}/epoll-et", transport, patience=hang())
        t.defer(server.kill)
        run = fetch(t, f"http://{server.address}/wait/20?i={{i}}", 40, 8, *arguments)
        run.has(ok=40)
        found = server.stop()
        assert found["requests"] == 40 and found["aborted"] == 0, found
        assert found["accepted"] == run.json["connections"], found
        assert found["accepted"] == 40 if arguments else settings.fits(found["accepted"], 8, 40), found
        assert found["max_in_service"] <= settings.at_once(8), found
        assert run.json["body_bytes"] == 40 * len(BODY), run.json
        ideal = run.json["ideal_s"]
        assert ideal == 0.1 and run.json["wall_s"] >= 40 / settings.at_once(8) * 0.02, run.json
        assert abs(run.json["efficiency"] - ideal / run.json["wall_s"]) < 1e-6, run.json
        assert run.json["cpu_us_per_request"] >= 0 and run.json["max_rss_kib"] > 100, run.json
        if found["max_in_service"] < settings.at_once(8):  # inconclusive: by the server's counter
            raise tap.Skip("inconclusive: the first answer came before the last request of a round")
    return test


def many(t):
    server = Server(f"{settings.servers}/epoll-et", "tcp4", patience=hang())
    t.defer(server.kill)
    run = fetch(t, f"http://{server.address}/bytes/100000?i={{i}}", 600, 100)
    run.has(ok=600)
    assert run.json["body_bytes"] == 600 * 100000
    found = server.stop()["accepted"]
    assert found == run.json["connections"] and settings.fits(found, 100, 600), found


def crowd(t):
    """More answers at once than the library takes events at once (1,024): it reads an answer before it tells
    that the request was written."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4000:
        raise tap.Skip("needs 4,000 descriptors")
    server = Server(f"{settings.servers}/epoll-et", "tcp4", patience=hang())
    t.defer(server.kill)
    run = fetch(t, f"http://{server.address}/", 30000, 2000)
    run.has(ok=30000)
    assert server.stop()["requests"] == 30000


def too_many(t):
    """A model that holds no more says so, and does not begin."""
    most = settings.traits["max_concurrency"]
    s = stub(t)
    run = client(t, "-c", most + 1, s.url)
    if most == 1:  # it does what it can
        assert run.status == 0 and s.accepted == 1, (run.status, s.accepted)
    else:
        assert run.status == 2 and f"holds {most} connections" in run.errors, run.errors
        assert s.accepted == 0, s.accepted


def tests():
    return [case("4 at once, never more", at_once(4)),
            case("25 at once, never more", at_once(25)),
            case("a connection for each request with --close", one_each),
            case("a connection for each request with --close, which the server leaves open", one_each_kept),
            case("fewer requests than may be at once", few),
            case("one request", one),
            case("our server has counted the same", ours(())),
            case("our server has counted the same with --close", ours(("--close",))),
            case("our server has counted the same over IPv6", ours((), "tcp6")),
            case("large answers on 100 connections", many)] + \
        ([case("more at once than it holds", too_many)] if settings.traits["max_concurrency"] else []) + \
        ([case("more answers at once than a round of the library takes", crowd)] if settings.name == "libuv" else [])
