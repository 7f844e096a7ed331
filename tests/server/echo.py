"""The echo service: bytes back in order, whatever way they come and go (RFC 862)."""

import random
import threading
import time

from lib.suite import check

EVERYWHERE = ("tcp4", "tcp6", "unix", "abstract")
MEMORY_BOUND = 12 << 20


def noise(n, seed=1):
    return random.Random(seed).randbytes(n)


@check("echo", "what is sent comes back", on=EVERYWHERE)
def comes_back(s):
    with s.connect() as c:
        for text in (b"x", b"hello\r\n", bytes(range(256)), b"\0" * 1000, noise(20000)):
            assert c.swap(text, len(text)) == text
        c.half_close()
        c.ends()


@check("echo", "a message split at every byte", on=("tcp4", "unix"))
def split_everywhere(s):
    text = noise(120)
    with s.connect() as c:
        c.send_pieces(text)
        assert c.take(len(text)) == text
        for cut in range(1, len(text)):
            c.send_pieces(text, [cut])
            assert c.take(len(text)) == text
        c.half_close()
        c.ends()


@check("echo", "1 MiB pipelined through", on=EVERYWHERE)
def one_mebibyte(s):
    text = noise(1 << 20)
    with s.connect() as c:
        assert c.swap(text, len(text)) == text
        assert c.swap(text, len(text)) == text, "the second time"


@check("echo", "half-close: everything is echoed, then the end", on=EVERYWHERE)
def half_close(s):
    for n in (0, 1, 100, 200000):
        text = noise(n)
        with s.connect() as c:
            pusher = threading.Thread(target=lambda: (c.sock.sendall(text), c.half_close()))
            pusher.start()
            got = c.rest()
            pusher.join()
            assert got == text, f"{len(got)} of {n} bytes, or others"


@check("echo", "half-close with a reader that starts late", on=("tcp4", "unix"))
def half_close_late_reader(s):
    text = noise(16 << 20)
    with s.connect() as c:
        sent = c.push(text, blocked=0.2)
        c.half_close()
        got = c.rest()
        assert got == text[:sent], f"{len(got)} of {sent} bytes, or others"


@check("echo", "a reader that does not read costs bounded memory", on=("tcp4", "unix"))
def slow_reader(s):
    server = s.start()
    text = noise(1 << 20) * 96
    with s.connect(server, receive_buffer=65536) as c:
        assert c.swap(b"first", 5) == b"first"
        before = server.settled_resident()
        most = [before]
        begin = [time.monotonic()]

        def watch():
            if time.monotonic() - begin[0] > 0.05:
                begin[0] = time.monotonic()
                most[0] = max(most[0], server.resident())

        sent = c.push(text, blocked=0.5, each=watch)
        grown = max(most[0], server.resident()) - before
        assert s.sanitized or grown < MEMORY_BOUND, \
            f"resident memory grew by {grown >> 20} MiB for {sent >> 20} MiB sent and not read"
        c.half_close()
        got = c.rest()
        assert len(got) == sent, f"{len(got)} of {sent} bytes came back"
        assert got == text[:sent], "other bytes came back"


@check("echo", "resets in mid-stream: the server and the others go on")
def resets(s):
    text = noise(3 << 20)
    other = s.connect() if s.many else None
    for n in (0, 1, 1000, len(text)):
        c = s.connect()
        if n:
            c.push(text[:n], blocked=0.05)
        c.reset()
        if other:
            assert other.swap(b"still here", 10) == b"still here"
    with s.connect() as c:
        assert c.swap(text, len(text)) == text


@check("echo", "many connections, interleaved, each with its own bytes")
def interleaved(s):
    count, size = (s.at_most(64), 6000) if s.many else (1, 60000)
    rng = random.Random(7)
    for _ in range(1 if s.many else 8):
        texts = [noise(size, seed) for seed in range(count)]
        conns = [s.connect() for _ in texts]
        at = [0] * count
        while any(a < size for a in at):
            i = rng.choice([i for i in range(count) if at[i] < size])
            n = min(rng.randint(1, 2000), size - at[i])
            conns[i].send(texts[i][at[i]:at[i] + n])
            at[i] += n
        for c, text in zip(conns, texts):
            assert c.take(size) == text
        for c in conns:
            c.close()


@check("echo", "a flood on one connection does not starve another")
def flood(s):
    s.needs_many()
    text = noise(1 << 20)
    flooding, quiet = s.connect(), s.connect()
    over = threading.Event()
    wrong = []

    def run():
        try:
            while not over.is_set():
                if flooding.swap(text, len(text)) != text:
                    wrong.append("other bytes came back")
        except (AssertionError, OSError) as e:
            wrong.append(str(e))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        for i in range(50):
            ping = b"ping %d" % i
            assert quiet.swap(ping, len(ping)) == ping
    finally:
        over.set()
        thread.join()
    assert not wrong, wrong


@check("echo", "one at a time: the second connection is served after the first")
def one_at_a_time(s):
    if s.many:
        s.skip("serves many connections at a time")
    first, second = s.connect(), s.connect()
    assert first.swap(b"one", 3) == b"one"
    second.send(b"two")
    assert not second.readable(0.2), "the second was served beside the first"
    first.close()
    assert second.take(3) == b"two"


@check("echo", "counters: every byte is counted once", on=("tcp4", "unix"))
def counted(s):
    server = s.start()
    total = 0
    for n in (10, 5000, 300000):
        with s.connect(server) as c:
            assert c.swap(noise(n), n) == noise(n)
            c.half_close()
            c.ends()
        total += n
    final = server.stop()
    assert final["accepted"] == 3 and final["refused"] == 0, final
    assert final["bytes_in"] == final["bytes_out"] == total, final
    assert final["protocol"] == "echo" and final["model"] == s.model, final
