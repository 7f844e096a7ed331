"""Which engine is taken, and what the io_uring engine does where the kernel gives less."""

import ctypes
import os
import resource
import struct

from lib.server import Server
from load.outcomes import UNANNOUNCED
from load.run import (case, hang, load, named, stub_for, settings, skip, steady,
                      why_no_io_uring)
from load.stub_server import answer, send

IO_URING_SETUP, IO_URING_REGISTER = 425, 427
REGISTER_PBUF_RING = 22  # linux/io_uring.h
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
EPERM, EINVAL = 1, 22
ALLOW, ERRNO = 0x7fff0000, 0x00050000


def refuse(number, error, second=None):
    """For `preexec`: have system call `number` fail with `error`, if its second argument is
    `second` (seccomp(2))."""
    load_word, if_equal, give = 0x20, 0x15, 0x06
    code = [(load_word, 0, 0, 0)]  # the number
    if second is None:
        code += [(if_equal, 0, 1, number)]
    else:
        code += [(if_equal, 0, 3, number), (load_word, 0, 0, 24), (if_equal, 0, 1, second)]
    code += [(give, 0, 0, ERRNO | error), (give, 0, 0, ALLOW)]
    text = b"".join(struct.pack("HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(text)
    program = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)

    def apply():
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
                libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
            raise OSError(ctypes.get_errno(), "cannot filter system calls")
    apply.buffer = buffer  # must live as long as the function
    return apply


def need_io_uring():
    if why_no_io_uring():
        skip(why_no_io_uring())


def auto_takes_io_uring(t):
    need_io_uring()
    run = load(t, "-n", "20", "-c", "2", stub_for(t).url)
    assert run.json["engine"] == "io_uring" and run.err == ""
    run = load(t, "-n", "20", "-c", "2", "--engine", "auto", stub_for(t).url)
    assert run.json["engine"] == "io_uring" and run.err == ""


def auto_falls_back(t):
    run = load(t, "-n", "20", "-c", "2", stub_for(t).url, preexec=refuse(IO_URING_SETUP, EPERM))
    assert run.json["engine"] == "epoll" and run.json["outcomes"]["ok"] == 20
    assert run.json["generator"]["syscalls"]["io_uring_enter"] == 0
    assert len(run.err.splitlines()) == 1 and "epoll" in run.err, run.err
    if not why_no_io_uring():
        assert "Operation not permitted" in run.err, run.err


def io_uring_or_nothing(t):
    stub = stub_for(t)
    run = load(t, "-n", "20", "-c", "2", "--engine", "io_uring", stub.url, status=1,
               preexec=refuse(IO_URING_SETUP, EPERM))
    assert len(run.err.splitlines()) == 1 and "--engine io_uring" in run.err, run.err
    assert run.out == "" and run.json is None and stub.accepted == 0


def answered_without(t, old, mode, protocol):
    stub = stub_for(t, mode, protocol)
    j = load(t, "-n", "60", "-c", "3", "--engine", "io_uring", stub.url, preexec=old).json
    assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"ok": 60}, j["outcomes"]
    assert j["generator"]["syscalls"]["recv"] >= 60


def no_buffer_ring(t):
    """A kernel without provided buffers: the same results, with a recv for each answer."""
    need_io_uring()
    old = refuse(IO_URING_REGISTER, EINVAL, REGISTER_PBUF_RING)
    for mode, protocol in (("ok", "http"), ("split-3", "echo"), ("close-after", "http"),
                           ("close-unannounced", "echo"), ("to-eof", "http")):
        steady(t, UNANNOUNCED, lambda m=mode, p=protocol: answered_without(t, old, m, p))
    for mode, outcome in (("reset", "reset"), ("close-mid-body", "eof"), ("twice", "corrupt")):
        stub = stub_for(t, mode, every=5)
        j = load(t, "-n", "40", "-c", "4", "--engine", "io_uring", stub.url, preexec=old).json
        assert j["outcomes"]["ok"] == 32 and j["outcomes"][outcome] == 8, j["outcomes"]


def sends_that_do_not_fit(t):
    """A Unix-domain socket takes about 200 KiB at a time: the rest of a message comes after."""
    need_io_uring()
    for size in (150_000, 200_000, 230_000, 262_144):
        for mode in ("ok", "late"):
            stub = stub_for(t, mode, "echo", payload=size, family="unix")
            j = load(t, "-n", "12", "-c", "3", "--engine", "io_uring", "--payload", str(size),
                     stub.url).json
            assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"ok": 12}, j["outcomes"]
            assert j["bytes_in"] == j["bytes_out"] == 12 * size
    assert j["generator"]["syscalls"]["send"] > 0, "they all fitted: nothing was tested"


def largest_payload(t):
    for engine in ("epoll", "io_uring"):
        if engine == "io_uring":
            need_io_uring()
        size = 16 << 20
        for family in ("tcp4", "unix"):
            stub = stub_for(t, "ok", "echo", payload=size, family=family)
            j = load(t, "-n", "4", "-c", "2", "--engine", engine, "--payload", "16M",
                     stub.url).json
            assert j["outcomes"]["ok"] == 4 and j["bytes_in"] == j["bytes_out"] == 4 * size


def against(t, protocol, path, *arguments):
    """The same requests with both engines: the same counts."""
    need_io_uring()
    server = Server(f"{settings.servers}/epoll-lt", "tcp4", protocol,
                    patience=hang())
    t.defer(server.kill)
    found = []
    for engine in ("epoll", "io_uring"):
        j = load(t, *arguments, "--engine", engine, f"{protocol}://{server.address}{path}").json
        found.append({k: j[k] for k in ("requests", "bytes_in", "bytes_out", "outcomes",
                                        "connected")})
    assert found[0] == found[1], found
    assert found[0]["outcomes"]["ok"] == found[0]["requests"] > 0


def answers_of_every_size(t):
    """Around the size of a provided buffer, and well above it."""
    for size in (0, 1, 3900, 3999, 4000, 4001, 4096, 4160, 8320, 16384, 20000, 65536, 1000000):
        against(t, "http", f"/bytes/{size}", "-n", "100", "-c", "5")


def messages_of_every_size(t):
    for size in (1, 4095, 4159, 4160, 4161, 8320, 16639, 16640, 16641, 65536, 262144, 262145):
        against(t, "echo", "", "-n", "40", "-c", "4", "--payload", str(size))


def pipelined_answers_of_every_size(t):
    """Many answers in a buffer, and many buffers an answer."""
    for size, depth in ((0, 64), (1000, 64), (4100, 16), (65536, 8), (1000000, 3)):
        against(t, "http", f"/bytes/{size}", "-n", "240", "-c", "5", "--pipeline", str(depth))
    for size, depth in ((1, 100), (5000, 30), (100000, 5)):
        against(t, "echo", "", "-n", "240", "-c", "4", "--payload", str(size), "--pipeline",
                str(depth))


def second_answer_in_the_next_buffer(t):
    """An answer that fills a provided buffer, twice: the second is none to the request after. Where the
    machine stands still between the two, the next request has gone out, and the second answers it."""
    need_io_uring()
    size = 4096 + 64
    data = answer(b"x" * 3000)
    data = answer(b"x" * (3000 + size - len(data)))
    assert len(data) == size
    for engine in ("epoll", "io_uring"):
        stub = stub_for(t, every=4)
        stub.right = lambda _request: data
        stub.treatment = lambda conn, _request: send(conn, data + data)
        j = load(t, "-n", "16", "-c", "1", "--engine", engine, stub.url).json
        assert 1 <= j["outcomes"]["corrupt"] <= 4, (engine, j["outcomes"])


def need_descriptors(count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 0 <= hard < count:
        skip(f"this user may have {hard} descriptors, not {count}")


def more_answers_than_buffers(t):
    need_descriptors(2100)
    against(t, "http", "/", "-n", "20000", "-c", "2000")


def thousands(t):
    need_io_uring()
    need_descriptors(8100)
    server = Server(f"{settings.servers}/epoll-lt", "tcp4", "http",
                    patience=hang())
    t.defer(server.kill)
    j = load(t, "-c", "8000", "-t", "2", "-n", "40000", "--engine", "io_uring",
             f"http://{server.address}/").json
    assert j["connected"] == 8000 and j["outcomes"]["ok"] == 40000, j["outcomes"]
    assert server.stop()["accepted"] == 8000


def tests():
    found = [named(f) for f in (auto_takes_io_uring, auto_falls_back, io_uring_or_nothing,
                                no_buffer_ring, sends_that_do_not_fit,
                                second_answer_in_the_next_buffer)]
    found.append(named(largest_payload))
    if settings.servers and os.path.exists(f"{settings.servers}/epoll-lt"):
        found += [named(f) for f in (answers_of_every_size, pipelined_answers_of_every_size,
                                    messages_of_every_size, more_answers_than_buffers, thousands)]
        return found
    return found + [case("engines against our servers", lambda t: skip("no --servers given"))]
