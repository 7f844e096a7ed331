"""The HTTP service: what it answers, and on which connection (RFC 9110, RFC 9112)."""

import socket
import threading
import time

from server.http_cases import HELLO
from lib.suite import check
from lib.timed import in_time
from lib.wire import request

EVERYWHERE = ("tcp4", "tcp6", "unix", "abstract")
MEMORY_BOUND = 12 << 20


@check("http", "GET and HEAD of /", on=EVERYWHERE)
def get_and_head(s):
    with s.http() as c:
        a = c.ask("/")
        assert a.status == 200 and a.body == HELLO, a
        assert a.value("content-type").startswith("text/plain"), a
        b = c.ask("/", "HEAD")
        assert b.status == 200, b
        assert b.value("content-length") == str(len(HELLO)), b
        assert c.ask("/").body == HELLO, "after a HEAD"


@check("http", "a hundred requests on one connection", on=EVERYWHERE)
def keep_alive(s):
    with s.http() as c:
        for i in range(100):
            a = c.ask(f"/bytes/{i}")
            assert a.status == 200 and len(a.body) == i and not a.closes, a


@check("http", "HTTP/1.0: the end after the answer, unless asked to keep alive", on=EVERYWHERE)
def http_1_0(s):
    with s.http() as c:
        a = c.ask("/", version="1.0")
        assert a.status == 200 and a.body == HELLO and a.closes, a
        c.ends()
    with s.http() as c:
        for _ in range(3):
            a = c.ask("/", version="1.0", fields=["Connection: Keep-Alive"])
            assert a.status == 200 and a.body == HELLO, a
            assert "keep-alive" in a.options(), f"a 1.0 client is not told: {a}"
        assert c.ask("/", version="1.0").status == 200
        c.ends()


@check("http", "Connection: close", on=EVERYWHERE)
def connection_close(s):
    with s.http() as c:
        assert not c.ask("/").closes
        a = c.ask("/", fields=["Connection: close"])
        assert a.status == 200 and a.closes, a
        c.ends()


@check("http", "a request cut at every byte", on=("tcp4", "unix"))
def cut_everywhere(s):
    one = request("/bytes/7", fields=["A: b", "Connection: keep-alive"])
    post = request("/echo", "POST", body=b"0123456789")
    with s.http() as c:
        c.send_pieces(one)
        assert len(c.answer().body) == 7
        for cut in range(1, len(one)):
            c.send_pieces(one, [cut])
            assert len(c.answer().body) == 7, cut
        for cut in range(1, len(post)):
            c.send_pieces(post, [cut])
            assert c.answer().body == b"0123456789", cut
        both = one + post
        for cut in range(len(one) - 3, len(one) + 4):
            c.send_pieces(both, [cut])
            assert len(c.answer().body) == 7 and c.answer().body == b"0123456789", cut


@check("http", "pipelined bursts of 100 and 1,000 in one write, answered in order", on=EVERYWHERE)
def bursts(s):
    with s.http() as c:
        for count in (100, 1000):
            c.send(b"".join(request(f"/bytes/{i}") for i in range(count)))
            for i in range(count):
                a = c.answer()
                assert a.status == 200 and len(a.body) == i, f"answer {i}: {a}"


@check("http", "pipelining of unlike requests", on=("tcp4", "unix"))
def mixed_pipeline(s):
    body = bytes(range(256)) * 20
    kinds = [("GET", "/", b"", 200), ("GET", "/wait/20", b"", 200),
             ("HEAD", "/bytes/500", b"", 200),
             ("POST", "/echo", body, 200), ("GET", "/bytes/30000", b"", 200),
             ("GET", "/nothing", b"", 404), ("GET", "/cpu/100", b"", 200),
             ("POST", "/", b"drop me", 405), ("GET", "/wait/1", b"", 200),
             ("POST", "/echo", b"", 200)]
    with s.http() as c:
        c.send(b"".join(request(path, method, body=b) for method, path, b, _ in kinds * 4))
        for i, (method, path, b, status) in enumerate(kinds * 4):
            a = c.answer(method)
            assert a.status == status, f"answer {i} ({path}): {a}"
            assert not a.closes, f"answer {i} ({path}) closes: {a}"
            if path == "/echo":
                assert a.body == b, f"answer {i}: other bytes"
            if path.startswith("/bytes/") and method == "GET":
                assert len(a.body) == 30000


@check("http", "a request after a closing one is not answered")
def nothing_after_close(s):
    with s.http() as c:
        c.send(request("/") + request("/", fields=["Connection: close"]) + request("/") * 3)
        assert not c.answer().closes
        assert c.answer().closes
        c.ends()


@check("http", "HEAD: the fields of GET, and no body")
def head(s):
    with s.http() as c:
        for path in ("/", "/bytes/0", "/bytes/100000", "/wait/1", "/cpu/1", "/nothing"):
            get, only = c.ask(path), c.ask(path, "HEAD")
            assert get.status == only.status, (get, only)
            assert get.value("content-length") == only.value("content-length"), (get, only)
            assert get.value("content-type") == only.value("content-type"), (get, only)


@check("http", "Date, Allow and a length on every answer")
def fields_of_answers(s):
    with s.http() as c:
        a = c.ask("/echo")  # Date and the length are checked on every answer read
        assert a.status == 405 and "POST" in a.value("allow"), a
        a = c.ask("/", "POST", body=b"x")
        assert a.status == 405, a
        allow = [m.strip() for m in a.value("allow").split(",")]
        assert "GET" in allow and "HEAD" in allow and "POST" not in allow, a
        for target in ("*", "/", "/echo"):
            a = c.ask(target, "OPTIONS")
            assert a.status in (200, 204) and a.value("allow"), f"OPTIONS {target}: {a}"
        assert c.ask("/").status == 200


@check("http", "/bytes/N: the same bytes each time, a shorter one begins a longer one")
def bytes_are_stable(s):
    with s.http() as c:
        big = c.ask("/bytes/10000000")
        assert big.status == 200 and len(big.body) == 10000000
        for n in (0, 1, 100, 4095, 4096, 4097, 65536, 1000000):
            a = c.ask(f"/bytes/{n}")
            assert a.status == 200 and a.body == big.body[:n], f"/bytes/{n}"
        assert len(set(big.body[:1000])) > 5, "a body without a pattern shows no misplaced byte"


@check("http", "/bytes/10000000 to a client that reads in small steps", on=("tcp4", "unix"))
def large_answer_slowly(s):
    with s.http() as c:
        whole = c.ask("/bytes/10000000").body
    with s.http(receive_buffer=8192) as c:
        c.send(request("/bytes/10000000") + request("/"))
        c.until(b"\r\n\r\n")
        assert c.take(10000000) == whole, "other bytes for a slow reader"
        assert c.answer().body == HELLO


@check("http", "large answers to a reader that does not read cost bounded memory",
       on=("tcp4", "unix"))
def slow_reader(s):
    server = s.start()
    with s.http(server, receive_buffer=65536) as c:
        assert c.ask("/").status == 200
        before = most = server.settled_resident()
        count, size = 300, 100000
        asked = request(f"/bytes/{size}") * count
        assert c.push(asked, blocked=s.patience) == len(asked), \
            "the requests themselves were not read"
        for _ in range(10):
            time.sleep(0.05)
            most = max(most, server.resident())
        assert s.sanitized or most - before < MEMORY_BOUND, \
            f"resident memory grew by {(most - before) >> 20} MiB for {count} answers not read"
        first = c.answer().body
        assert len(first) == size
        for i in range(1, count):
            assert c.answer().body == first, f"answer {i}: other bytes"
        assert c.ask("/").status == 200


@check("http", "/bytes of 1 GiB is never in memory")
def gibibyte(s):
    server = s.start()
    with s.http(server) as c:
        assert c.ask("/").status == 200
        before = server.settled_resident()
        c.send(request("/bytes/1073741824"))
        head = c.until(b"\r\n\r\n")
        assert b" 200 " in head and b"1073741824" in head, head
        c.take(20 << 20)
        grown = server.resident() - before
        assert s.sanitized or grown < MEMORY_BOUND, f"resident memory grew by {grown >> 20} MiB"
        c.reset()
    with s.http(server) as c:
        assert c.ask("/").status == 200


@check("http", "/wait/50 takes 50 ms, /cpu/20000 takes CPU", on=("tcp4", "unix"))
def takes_time(s):
    server = s.start()
    with s.http(server) as c:
        c.ask("/")
        begin = time.monotonic()
        assert c.ask("/wait/50").status == 200
        took = time.monotonic() - begin
        assert took > 0.049, f"/wait/50 took {took:.3f} s"
        begin, cpu = time.monotonic(), server.cpu_seconds()
        for _ in range(5):
            assert c.ask("/cpu/20000").status == 200
        took, cpu = time.monotonic() - begin, server.cpu_seconds() - cpu
        assert took > 0.099, f"five /cpu/20000 took {took:.3f} s"
        assert cpu > 0.05, f"five /cpu/20000 burned {cpu:.3f} s of CPU"
        cpu = server.cpu_seconds()
        assert c.ask("/wait/400").status == 200
        cpu = server.cpu_seconds() - cpu
        assert cpu < 0.2 or s.model == "nonblocking", f"/wait/400 burned {cpu:.3f} s of CPU"


@check("http", "a wait on one connection does not hold up another", on=("tcp4", "unix"))
def waits_beside(s):
    s.needs_many()
    waiting, other = s.http(), s.http()
    other.ask("/")

    def attempt(span):
        span.start()
        waiting.send(request(f"/wait/{span.seconds * 1000:.0f}"))
        for _ in range(5):
            assert other.ask("/").status == 200
        over = waiting.readable(0)
        span.end()
        assert waiting.answer().status == 200
        assert not over, f"a wait of {span.seconds:g} s was over before five other answers"
    in_time(s, attempt)


@check("http", "fifty waits pass at the same time")
def many_waits(s):
    s.needs_many()
    count = s.at_most(50)

    def attempt(span):
        server = s.start()
        conns = [s.http(server) for _ in range(count)]
        span.start()
        for c in conns:
            c.send(request(f"/wait/{span.seconds * 1000:.0f}"))
        # All are read, and none is answered.
        n = server.until_counters(lambda n: n["bytes_in"] == sum(c.sent for c in conns), "all read")
        assert n["bytes_out"] == 0, n
        span.end()
        for c in conns:
            assert c.answer().status == 200
            assert len(c.ask("/bytes/9").body) == 9
    in_time(s, attempt)


@check("http", "one at a time: the second connection is served after the first")
def one_at_a_time(s):
    if s.many:
        s.skip("serves many connections at a time")
    first, second = s.http(), s.http()
    second.send(request("/bytes/2"))
    assert first.ask("/").status == 200
    assert not second.readable(0.2), "the second was served beside the first"
    first.close()
    assert len(second.answer().body) == 2


@check("http", "half-close after the request: the answer still comes", on=EVERYWHERE)
def half_close(s):
    with s.http() as c:
        c.send(request("/"))
        c.half_close()
        assert c.answer().body == HELLO
        c.ends()
    with s.http() as c:
        c.send(request("/wait/100") + request("/bytes/1000000") + request("/"))
        c.half_close()
        assert c.answer().status == 200
        assert len(c.answer().body) == 1000000
        assert c.answer().body == HELLO
        c.ends()


@check("http", "the end in the middle of a request", on=("tcp4", "unix"))
def end_in_request(s):
    whole = request("/echo", "POST", body=b"0123456789")
    for cut in list(range(0, len(whole), 7)) + [len(whole) - 1]:
        with s.http() as c:
            c.send(whole[:cut])
            c.half_close()
            if c.fill(more=False):
                a = c.answer()
                assert a.status in (400, 408) and a.closes, f"cut at {cut}: {a}"
            c.ends()
    with s.http() as c:
        c.send(request("/") + b"GET /by")
        c.half_close()
        assert c.answer().status == 200


@check("http", "resets at any moment: the server and the others go on")
def resets(s):
    other = s.http() if s.many else None
    halves = [b"", b"GE", request("/")[:-2], request("/echo", "POST", body=b"0" * 1000)[:-500],
              request("/"), request("/wait/200"), request("/bytes/100000000"),
              request("/bytes/100000") * 100, request("/wait/30") * 20 + b"GET"]
    for half in halves * 2:
        c = s.http()
        c.send(half)
        if half.startswith(b"GET /bytes"):
            c.take(50000)
        c.reset()
        if other:
            assert other.ask("/").status == 200
    with s.http() as c:
        assert c.ask("/").status == 200


@check("http", "many clients at once, unlike requests")
def many_clients(s):
    s.needs_many()
    server, wrong = s.server(), []

    def client(number):
        try:
            with s.http(server) as c:
                for i in range(15):
                    n = number * 1000 + i
                    assert len(c.ask(f"/bytes/{n}").body) == n
                    body = b"%d" % n * 50
                    assert c.ask("/echo", "POST", body=body).body == body
                    assert c.ask("/wait/5").status == 200
        except (AssertionError, OSError) as e:
            wrong.append(f"client {number}: {e}")

    threads = [threading.Thread(target=client, args=(i,), daemon=True)
               for i in range(s.at_most(20))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, wrong[0]


@check("http", "what comes behind an urgent byte is found", on=("tcp4", "tcp6"))
def urgent(s):
    # recv stops at the urgent mark with bytes behind it (tcp(7)): a short read proves nothing here.
    with s.http() as c:
        whole = request("/bytes/7")
        for cut in (1, 10, len(whole) - 1):
            c.send(request("/cpu/20000") + whole[:cut])
            c.sock.send(b"!", socket.MSG_OOB)
            c.send(whole[cut:])
            assert c.answer().status == 200
            a = c.answer()
            assert a.status == 200 and len(a.body) == 7, a


@check("http", "one that reads as fast as it can does not keep the others waiting", on=("tcp4",))
def greedy_reader(s):
    s.needs_many()
    server = s.server()
    greedy = s.http(server)
    greedy.send(request("/bytes/1000000000") * 100)
    stop = threading.Event()

    def swallow():
        while not stop.is_set() and greedy.sock.recv(1 << 20):
            pass
    reader = threading.Thread(target=swallow, daemon=True)
    reader.start()
    try:
        with s.http(server) as c:
            for _ in range(20):
                assert c.ask("/").status == 200
        assert reader.is_alive(), "the large answer was over before the small ones"
    finally:
        stop.set()
        reader.join()
