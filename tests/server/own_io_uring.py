"""What is the io-uring model's own: its system calls, its memory, its options, and kernels that do not
let it."""

import ctypes
import json
import os
import platform
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from lib import calls, wire
from lib.suite import check
from lib.timed import in_time
from lib.wire import request
from server.limits import until_served

IO_URING_SETUP = 425  # on every architecture
EPERM, ENOSYS = 1, 38


def refuse_io_uring(error):
    """In a child: have the kernel answer io_uring_setup() with `error` from now on, by a seccomp
    filter like those of containers (seccomp(2))."""
    def filtered():
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        instructions = [(0x20, 0, 0, 0),                     # load the number of the call
                        (0x15, 0, 1, IO_URING_SETUP),        # is it this one?
                        (0x06, 0, 0, 0x00050000 | error),    # SECCOMP_RET_ERRNO
                        (0x06, 0, 0, 0x7fff0000)]            # SECCOMP_RET_ALLOW
        code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *i)
                                                    for i in instructions))
        program = struct.pack("@HP", len(instructions), ctypes.addressof(code))
        if prctl(38, 1, 0, 0, 0) != 0 or prctl(22, 2, program, 0, 0) != 0:
            os._exit(99)
    return filtered


@check("", "io-uring: where the kernel refuses, one line that says why, and exit status 3")
def unsupported(s):
    for error, words in ((EPERM, "not allowed"), (ENOSYS, "no io_uring")):
        r = subprocess.run([s.program, "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                           preexec_fn=refuse_io_uring(error), timeout=s.patience)
        if r.returncode == 99:
            s.skip(f"no seccomp filter can be set here ({platform.machine()})")
        assert r.returncode == 3, r
        assert r.stderr.startswith("io-uring: unsupported: ") and words in r.stderr, r
        assert len(r.stderr.splitlines()) == 1 and not r.stdout, r


@check("", "io-uring: whether it can have a ring is tried before it listens")
def tried_first(s):
    if not shutil.which("strace"):
        s.skip("strace is not installed")
    with tempfile.NamedTemporaryFile("r", prefix="iomodels-") as trace:
        process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", trace.name, "-e", "trace=io_uring_setup,listen",
             s.program, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True)
        s.t.defer(lambda: (os.killpg(process.pid, signal.SIGKILL), process.communicate()))
        line = process.stdout.readline()
        if not line:
            s.skip(f"strace cannot: {process.stderr.read().strip()}")
        # Whole lines: that of the ring that serves may be half written.
        calls = trace.read().rpartition("\n")[0].splitlines()
    made = [call.split()[1].split("(")[0] for call in calls]
    assert line.startswith("listening on "), line
    # The ring that serves is another, and may be there already. The first is as small as can be.
    assert made in (["io_uring_setup", "listen"], ["io_uring_setup", "listen", "io_uring_setup"]), calls
    assert "io_uring_setup(1," in calls[0], calls


@check("http", "io-uring: with 64 connections io_uring_enter is the only system call",
       on=("tcp4", "unix"))
def only_enter(s):
    if s.sanitized:
        s.skip("a sanitizer makes calls of its own")
    if "--sqpoll" in s.settings.arguments:
        s.skip("with --sqpoll it is another thread that submits")
    server = s.start()
    with s.http(server) as c:
        assert c.ask("/").status == 200, "the ring is set up"

    def load():
        conns = [s.http(server) for _ in range(64)]
        for _ in range(20):
            for c in conns:
                c.send(request("/"))
            for c in conns:
                assert c.answer().status == 200
        for c in conns:
            c.close()

    found = calls.counted(server, load)
    enters = found.pop("io_uring_enter")
    assert not found, found
    final = server.until_counters(lambda n: n["closed"] == 65, "all closed")
    assert final["enters"] >= enters > 20, (enters, final)
    # 1,280 requests, 64 arrivals, 64 ends in two steps: at the worst one by one. A call more for each
    # request would be another 1,280.
    assert enters < 1280 + 3 * 64 + 640, f"{enters} calls for 1,280 requests"


@check("http", "io-uring: a connection takes no descriptor and little memory", on=("tcp4", "unix"))
def memory(s):
    s.needs_descriptors(1100)
    server = s.start()
    with s.http(server) as c:
        assert c.ask("/").status == 200
    fds = len(os.listdir(f"/proc/{server.pid}/fd"))
    before = server.resident()
    conns = [s.http(server) for _ in range(1000)]
    for c in conns:
        assert c.ask("/").status == 200
    assert len(os.listdir(f"/proc/{server.pid}/fd")) == fds
    if not s.sanitized:
        # The provided buffers, which all share, are touched for the first time too.
        each = (server.resident() - before - (3 << 20)) / len(conns)
        assert each < 2048, f"{each:.0f} bytes a connection"


@check("http", "io-uring: a full table of sockets refuses, counts, and goes on", on=("tcp4", "unix"))
def full_table(s):
    server = s.start(nofile=64)  # the kernel allows a table no larger than that
    conns = [s.http(server) for _ in range(64)]
    for c in conns:
        assert c.ask("/").status == 200
    for _ in range(10):
        more = s.http(server)
        more.send_anyway(request("/"))
        assert more.gone(), "a 65th connection was served"
    found = server.until_counters(lambda n: n["refused"] == 10, "ten were refused")
    assert found["accepted"] == 74 and found["accept_errors"] == 0, found
    conns.pop().close()
    server.until_counters(lambda n: n["closed"] == 11, "one has left")
    until_served(s, server)  # the place is free when the kernel has been told, which is a little later


def own_ticks(server):
    """CPU time of the server's own thread, without the kernel's that submits for it."""
    with open(f"/proc/{server.pid}/task/{server.pid}/stat", "rb") as f:
        return sum(map(int, f.read().rpartition(b") ")[2].split()[11:13]))


@check("http", "io-uring: more have data than there are buffers, and all are served",
       on=("tcp4", "unix"))
def out_of_buffers(s):
    if "--no-multishot" in s.settings.given:
        s.skip("a receive of one piece takes one buffer, and there are more than connections")
    # With --sqpoll the kernel receives also while the server is busy.
    body = b"0123456789" * 1000  # five buffers each, of 1,024

    def attempt(span):
        server = s.start("--sqpoll")
        conns = [s.http(server) for _ in range(400)]
        for c in conns:
            assert c.ask("/bytes/1").status == 200
        busy, before = s.http(server), own_ticks(server)
        span.start()
        busy.send(request(f"/cpu/{span.seconds * 1e6:.0f}"))
        while own_ticks(server) < before + 2 and not busy.readable(0):
            time.sleep(0.005)
        for c in conns:
            c.send(request("/echo", "POST", body=body))
        span.end()
        assert busy.answer().status == 200
        for c in conns:
            assert c.answer("POST").body == body
        found = server.ask_counters()
        assert found["requests"] == 801, found
        assert found["out_of_buffers"] > 0, f"there were enough buffers, nothing was tried: {found}"
        server.stop()
    in_time(s, attempt)


def fall_short(s, size):
    """One asks for answers of `size` bytes and does not read, until a send falls short."""
    if "--sqpoll" in s.settings.arguments:
        s.skip("with --sqpoll each send has a completion")
    server = s.start()
    other = s.http(server)
    whole = other.ask(f"/bytes/{size}").body
    assert len(whole) == size
    with s.http(server, receive_buffer=4096) as c:
        count = 0
        while server.ask_counters()["short_sends"] == 0:
            assert count < 20000, "no send fell short"
            for _ in range(50):
                c.send(request(f"/bytes/{size}"))
                # That one, which comes later, is answered: so are the others, one by one.
                assert other.ask("/").status == 200, "the others are served meanwhile"
            count += 50
        for i in range(count):
            a = c.answer()
            assert a.status == 200 and a.body == whole, f"answer {i} of {count}: {a}"
        assert c.ask("/").status == 200


@check("http", "io-uring: small answers to one that does not read are sent on when it does",
       on=("tcp4", "unix"))
def short_sends(s):
    fall_short(s, 3500)


@check("http", "io-uring: so are answers that keep the block that they were written to",
       on=("tcp4", "unix"))
def short_sends_of_blocks(s):
    fall_short(s, 9000)


@check("http", "io-uring: one that does not read is idle, also while its next request waits",
       on=("tcp4", "unix"))
def idle_while_waiting(s):
    if "--sqpoll" in s.settings.arguments:
        s.skip("with --sqpoll each send has a completion")

    def attempt(span):
        server = s.start("--idle-timeout", f"{span.seconds:g}s")
        with s.http(server, receive_buffer=4096) as c:
            # Whichever answer falls short, the request behind it is one that waits.
            text = (request("/bytes/3500") + request("/wait/1")) * 5000
            span.start()
            while text and server.ask_counters()["short_sends"] == 0:
                text = text[c.push(text, blocked=span.seconds / 8):]
                span.tick()
            span.end()
            found = server.until_counters(lambda n: n["closed"] == 1, "the idle timeout ends it")
        assert found["short_sends"] > 0 and found["timeouts"] == 1, found
    in_time(s, attempt)


@check("echo", "io-uring: one that sends and does not read is held up, and loses nothing",
       on=("tcp4", "unix"))
def held(s):
    server = s.start()
    text = os.urandom(1 << 20) * 16
    with s.connect(server, receive_buffer=4096) as c:
        sent = c.push(text, blocked=0.5)
        assert sent < len(text), "the server takes whatever comes"
        c.half_close()
        assert c.rest() == text[:sent]


@check("http", "io-uring: --zerocopy sends large answers without copying", on=("tcp4", "unix"))
def zerocopy(s):
    server = s.start("--zerocopy")
    for _ in range(3):
        with s.http(server) as c:
            small = c.ask("/bytes/1000")
            large = c.ask("/bytes/3000000")
            assert len(small.body) == 1000 and len(large.body) == 3000000
            assert large.body[:1000] == small.body and large.body[65536:66536] == small.body
            assert c.ask("/").status == 200
    c = s.http(server, receive_buffer=4096)
    c.send(request("/bytes/50000000"))
    c.take(100000)
    c.reset()
    server.until_counters(lambda n: n["closed"] == 4, "the one that was reset is closed")
    with s.http(server) as c:
        assert len(c.ask("/bytes/100000").body) == 100000
    final = server.stop()
    if s.transport == "tcp4":
        assert final["zerocopy_sends"] > 3 * 40, final
    else:
        assert final["zerocopy_sends"] == 0, final  # a Unix-domain socket cannot
    assert final["aborted"] == 0, final


@check("http", "io-uring: --zerocopy where no memory may be pinned copies instead")
def nothing_pinned(s):
    def mortal():  # the limit is not for who has CAP_IPC_LOCK (14): PR_CAPBSET_DROP it
        ctypes.CDLL(None).prctl(24, 14, 0, 0, 0)

    process = subprocess.Popen([s.program, "--listen", "127.0.0.1:0", "--zerocopy"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=mortal)
    s.t.defer(lambda: (process.kill(), process.communicate()))
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        s.skip(f"does not start without CAP_IPC_LOCK: {process.stderr.read().strip()}")
    c = wire.Http(line.split()[-1], s.patience)
    s.t.defer(c.close)
    assert len(c.ask("/bytes/1000").body) == 1000  # the ring, which is locked too, is set up
    resource.prlimit(process.pid, resource.RLIMIT_MEMLOCK, (0, 0))
    assert len(c.ask("/bytes/3000000").body) == 3000000
    assert len(c.ask("/bytes/10").body) == 10
    c.close()
    process.send_signal(signal.SIGTERM)
    final = json.loads(process.communicate(timeout=s.patience)[0].splitlines()[-1])
    assert final["zerocopy_sends"] == 1, f"tried once, and given up for this client: {final}"


def until_thread(s, server, states):
    """Wait until the kernel's thread is there, in one of these states (proc(5))."""
    deadline = time.monotonic() + s.patience
    while True:
        found = []
        for thread in os.listdir(f"/proc/{server.pid}/task"):
            try:
                with open(f"/proc/{server.pid}/task/{thread}/stat") as f:
                    name, _, rest = f.read().partition("(")[2].rpartition(") ")
            except OSError:
                continue  # another thread of the kernel, which has ended
            found.append((name, rest[0]))
            if name.startswith("iou-sqp") and rest[0] in states:
                return
        assert time.monotonic() < deadline, found
        time.sleep(0.01)


@check("http", "io-uring: --sqpoll has a thread of the kernel submit", on=("tcp4", "unix"))
def sqpoll(s):
    server = s.start("--sqpoll")
    until_thread(s, server, "RSD")  # it names itself
    conns = [s.http(server) for _ in range(20)]
    for path, size in (("/bytes/10", 10), ("/bytes/500000", 500000), ("/wait/20", None)):
        for c in conns:
            c.send(request(path) * 3)
        for c in conns:
            for _ in range(3):
                a = c.answer()
                assert a.status == 200 and size in (None, len(a.body)), a
    until_thread(s, server, "S")  # it has found no work for long enough
    for c in conns:
        assert c.ask("/").status == 200
    for c in conns:
        c.close()
    server.until_counters(lambda n: n["closed"] == 20, "all closed")
    assert server.stop()["requests"] == 200


def requests_taken(server):
    """How many requests the ring has taken from the queue (/proc/PID/fdinfo of io_uring_setup(2))."""
    taken = 0
    for fd in os.listdir(f"/proc/{server.pid}/fdinfo"):
        with open(f"/proc/{server.pid}/fdinfo/{fd}") as f:
            taken += sum(int(line.split()[1]) for line in f if line.startswith("SqHead:"))
    return taken


@check("http", "io-uring: --no-multishot has each piece received by a request of its own")
def single_shots(s):
    found = {}
    for option in ((), ("--no-multishot",)):
        server = s.start(*option)
        with s.http(server) as c:
            assert c.ask("/").status == 200
            before = requests_taken(server)
            if before == 0:
                s.skip("the kernel does not tell what a ring has taken")
            for _ in range(50):
                assert c.ask("/").status == 200
            server.until_asleep()
            found[option] = requests_taken(server) - before
        server.stop()
    # A send for each answer, and a receive for each.
    assert s.settings.given or 50 <= found[()] < 60, found
    assert found[("--no-multishot",)] >= 100, found


@check("http", "io-uring: --no-batching has a call for each completion")
def single_completions(s):
    found = {}
    for option in ((), ("--no-batching",)):
        server = s.start(*option)
        conns = [s.http(server) for _ in range(32)]
        for c in conns:
            assert c.ask("/").status == 200
        before = server.ask_counters()["enters"]
        server.stand_still()
        for c in conns:
            c.send(request("/"))
        server.go_on()
        for c in conns:
            assert c.answer().status == 200
        found[option] = server.ask_counters()["enters"] - before
        server.stop()
    assert s.settings.given or found[()] <= 16, found
    assert found[("--no-batching",)] >= 32, found


@check("http", "io-uring: at rest it does nothing")
def at_rest(s):
    c = s.rests("enters", 3)
    c.sock.shutdown(socket.SHUT_WR)
    c.ends()
