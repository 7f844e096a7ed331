"""The counters line: what it says is what happened."""

from lib.suite import check
from lib.wire import request


@check("http", "counters: at the exit, exactly what was done", on=("tcp4", "unix"))
def exact(s):
    server = s.start()
    sent = received = 0
    for count in (1, 10, 3):
        with s.http(server) as c:
            for i in range(count):
                assert c.ask(f"/bytes/{i * 1000}").status == 200
            assert c.ask("/nothing").status == 404
            sent, received = sent + c.sent, received + c.received
    final = server.stop()
    assert final["model"] == s.model and final["protocol"] == "http", final
    assert (final["accepted"], final["closed"], final["refused"]) == (3, 3, 0), final
    assert final["requests"] == 17, final
    assert final["bytes_in"] == sent, f"{sent} bytes sent: {final}"
    assert final["bytes_out"] == received, f"{received} bytes received: {final}"
    assert (final["timeouts"], final["aborted"], final["accept_errors"]) == (0, 0, 0), final
    assert final["user_us"] + final["system_us"] > 0 and final["max_rss_kib"] > 100, final
    assert final["max_events"] <= final["events"], final


@check("http", "counters: on SIGUSR1, while connections live", on=("tcp4", "unix"))
def live(s):
    server = s.start()
    assert server.ask_counters()["accepted"] == 0
    conns = [s.http(server) for _ in range(3 if s.many else 1)]
    requests = 0
    for _ in range(5):
        for c in conns:
            assert c.ask("/").status == 200
            requests += 1
        found = server.until_counters(lambda n: n["requests"] == requests, f"{requests} were sent")
        assert found["accepted"] == len(conns) and found["closed"] == 0, found
    sent, received = sum(c.sent for c in conns), sum(c.received for c in conns)
    server.until_counters(lambda n: n["bytes_in"] == sent and n["bytes_out"] == received,
                          f"{sent} and {received} bytes")
    for c in conns:
        c.close()
    server.until_counters(lambda n: n["closed"] == len(conns), "all closed")
    assert server.stop()["requests"] == requests


@check("http", "counters: SIGUSR1 does not disturb a request", on=("tcp4",))
def undisturbed(s):
    server = s.start()
    with s.http(server) as c:
        c.send(request("/wait/400") + request("/bytes/5000000") + request("/cpu/50000"))
        for _ in range(20):
            server.ask_counters()
        assert c.answer().status == 200
        for _ in range(20):
            server.ask_counters()
        assert len(c.answer().body) == 5000000
        assert c.answer().status == 200


@check("http", "counters: a burst is many requests", on=("tcp4",))
def burst(s):
    server = s.start()
    with s.http(server) as c:
        c.send(request("/") * 500)
        for _ in range(500):
            assert c.answer().status == 200
    assert server.stop()["requests"] == 500


@check("http", "counters: the most requests in service at once, on SIGUSR1", on=("tcp4", "unix"))
def most_in_service(s):
    """All of them wait so long that the first is in service when the last one comes."""
    server = s.start()
    at_once = s.at_most(5)
    conns = [s.http(server) for _ in range(at_once)]
    for i, c in enumerate(conns):
        assert server.ask_counters()["max_in_service"] == i
        c.send(request("/wait/60000"))
        server.until_counters(lambda n: n["max_in_service"] == i + 1, f"{i + 1} wait")


@check("http", "counters: requests one after the other are never two in service", on=("tcp4", "unix"))
def one_in_service(s):
    server = s.start()
    conns = [s.http(server) for _ in range(s.at_most(3))]
    for target in ("/wait/1", "/cpu/10", "/", "/bytes/100000", "/nothing", "/wait/2"):
        for c in conns:
            c.ask(target)
    assert server.stop()["max_in_service"] == 1


@check("http", "counters: requests of clients that have gone are in service no more, on SIGUSR1", on=("tcp4",))
def gone_from_service(s):
    """However a model learns of it: at the latest when the time of the request has come."""
    server = s.start()
    sent = 0
    for _ in range(3):
        with s.http(server) as c:
            c.send(request("/wait/50"))
            sent += c.sent
            server.until_counters(lambda n: n["bytes_in"] == sent, f"{sent} bytes were sent")
        server.until_counters(lambda n: n["accepted"] == n["closed"], "the connection is closed")
    assert server.stop()["max_in_service"] == 1


@check("http", "counters: what /wait was asked for, in any order", on=("tcp4",))
def wait_targets(s):
    server = s.start()
    seen = [server.ask_counters()["wait_targets"]]
    with s.http(server) as c:
        for asked in ("12", "21", "11", "22", ""):
            for i in asked:
                assert c.ask(f"/wait/0?i={i}").status == 200
            if not asked:
                c.ask("/wait/0?i=1", method="HEAD")
                c.ask("/?i=1")
            seen.append(server.ask_counters()["wait_targets"])
    one_two, two_one, ones, twos, none = [(b - a) % (1 << 48) for a, b in zip(seen, seen[1:])]
    assert seen[0] == 0 and none == 0, seen
    assert one_two == two_one, seen
    assert len({one_two, ones, twos}) == 3 and ones + twos != 0, seen
    assert (ones + twos - 2 * one_two) % (1 << 48) == 0, seen
