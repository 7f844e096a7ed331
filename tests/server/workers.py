"""What the models with workers promise: who serves, what a death costs, who waits for whom."""

import os
import signal
import socket
import threading
import time

from lib.suite import check
from lib.timed import in_time
from lib.wire import Ended, request, sockaddr

# Models whose workers are processes, by their names; epoll-multi's are where an option says so.
PROCESSES = ("prefork", "coroutine", "epoll-multi")


def children(server):
    """The process numbers of the workers, in no order."""
    with open(f"/proc/{server.pid}/task/{server.pid}/children") as f:
        return [int(pid) for pid in f.read().split()]


def kill(server, pids):
    """Kill these workers and wait until they are gone: what dies may still have accepted."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    server.until_counters(lambda _: not set(pids) & set(children(server)), f"{pids} are gone")


def start_processes(s, count, *arguments):
    """A server with so many workers, which are processes and have all started."""
    server = s.start("--workers", str(count), *arguments)
    all_alive(server, count)
    if not children(server):
        s.skip("the workers are threads")
    return server


def all_alive(server, count):
    server.until_counters(lambda n: [w["alive"] for w in n["workers"]] == [1] * count,
                          f"{count} workers alive")


def in_each(s, server, count, target, most=200):
    """Connections with a request for `target` under way, at least one at each worker."""
    conns = []
    while True:
        n = server.ask_counters()
        if all(w["accepted"] for w in n["workers"]):
            return conns
        assert len(conns) < most, f"{most} connections, and a worker has none: {n['workers']}"
        c = s.http(server)
        c.send(request(target))
        conns.append(c)
        server.until_counters(lambda n: n["accepted"] >= len(conns), "accepted")


@check("http", "a worker that is killed is replaced, the others go on",
       models=PROCESSES)
def killed_worker(s):
    def attempt(span):
        server = start_processes(s, 3)
        before = children(server)
        span.start()
        conns = in_each(s, server, 3, f"/wait/{span.seconds * 1000:.0f}")
        os.kill(before[0], signal.SIGKILL)
        n = server.until_counters(lambda n: n["aborted"] > 0, "the death is counted")
        span.end()
        lost = n["aborted"]
        cut = answered = 0
        for c in conns:
            try:
                answered += c.answer().status == 200
            except (Ended, ConnectionResetError):
                cut += 1
        assert cut == lost and 1 <= lost < len(conns), \
            f"{cut} connections cut, {lost} counted, of {len(conns)}"
        assert answered == len(conns) - lost
        all_alive(server, 3)
        assert len(set(children(server)) - set(before)) == 1, "one new process"
        assert "signal 9" in server.errors() and "replaced" in server.errors(), server.errors()
        with s.http(server) as c:
            assert c.ask("/").status == 200
        assert server.stop()["aborted"] == lost
    in_time(s, attempt, (2.0, 8.0, 32.0))


@check("http", "a worker that is told to end finishes its request, and is replaced",
       models=PROCESSES)
def stopped_worker(s):
    def attempt(span):
        server = start_processes(s, 2)
        before = children(server)
        span.start()
        conns = in_each(s, server, 2, f"/wait/{span.seconds * 1000:.0f}")
        os.kill(before[0], signal.SIGTERM)
        server.until_asleep()
        span.end()
        answers = [c.answer() for c in conns]
        assert all(a.status == 200 for a in answers)
        assert any(a.closes for a in answers) and not all(a.closes for a in answers), answers
        server.until_counters(lambda n: before[0] not in children(server)
                              and all(w["alive"] for w in n["workers"]), "replaced")
        with s.http(server) as c:
            assert c.ask("/").status == 200
        for c in conns:
            c.close()
        assert server.stop()["aborted"] == 0
    in_time(s, attempt)


@check("http", "a worker that dies at once is no fork storm", models=PROCESSES)
def no_storm(s):
    server = start_processes(s, 2)
    seen = set(children(server))
    begin, seconds = time.monotonic(), 2.5
    # Each is replaced, however long that takes.
    while time.monotonic() - begin < (seconds if len(seen) >= 4 else s.patience):
        for pid in children(server):
            seen.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.005)
    # Two at the start, and each again at most once a second.
    assert 4 <= len(seen) <= 2 * (2 + int(time.monotonic() - begin)), f"{len(seen)} processes"
    all_alive(server, 2)
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()


@check("http", "a request whose process is killed is in service no more", models=(*PROCESSES, "fork"))
def killed_in_service(s):
    server = s.start() if s.model == "fork" else start_processes(s, 2)
    with s.http(server) as c:
        c.send(request("/wait/60000"))
        server.until_counters(lambda n: n["max_in_service"] == 1, "in service")
        pids = children(server)
        kill(server, pids)
    with s.http(server) as c:
        assert c.ask("/").status == 200
    assert server.stop()["max_in_service"] == 1


@check("http", "a killed parent leaves no worker, also one that is at work", models=PROCESSES)
def orphans(s):
    server = start_processes(s, 4)
    with s.http(server) as c:
        c.send(request("/wait/60000"))
        server.until_counters(lambda n: n["accepted"] == 1, "accepted")
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        server.nothing_left()
        assert c.gone()


@check("http", "--max-connections holds over all workers", models=(*PROCESSES, "thread-pool",
                                                                   "reactor-pool"))
def limit_over_all(s):
    server = s.start("--workers", "8", "--max-connections", "3")
    conns = [s.http(server) for _ in range(3)]
    for c in conns:
        assert c.ask("/").status == 200
    for _ in range(20):
        assert s.http(server).gone(), "a fourth connection was served"
    server.until_counters(lambda n: n["refused"] == 20 and n["accepted"] - n["closed"] == 3,
                          "twenty were refused, and three are there")
    for c in conns:
        assert c.ask("/").status == 200
        c.close()
    server.until_counters(lambda n: n["accepted"] == n["closed"], "all closed")
    with s.http(server) as c:
        assert c.ask("/").status == 200
    assert server.stop()["refused"] == 20


@check("http", "the connections are spread over the workers", models=("epoll-multi",))
def spread(s):
    server = s.start("--workers", "4")
    for _ in range(200):
        with s.http(server) as c:
            assert c.ask("/").status == 200
    workers = server.stop()["workers"]
    assert sum(w["accepted"] for w in workers) == 200
    # A hash: 50 each, give or take 6 (one standard deviation).
    assert min(w["accepted"] for w in workers) >= 15, workers
    assert all(w["requests"] == w["accepted"] for w in workers), workers


IDLE, HERD = 12, 25


def herd(s, how):
    """How often children left a CPU in HERD connections, one after the other, each of which found
    all IDLE of them asleep."""
    server = s.start("--workers", str(IDLE), "--accept", how)
    all_alive(server, IDLE)
    server.until_asleep()
    before = server.times_slept()
    for _ in range(HERD):
        server.until_asleep()
        with s.http(server) as c:
            assert c.ask("/", fields=["Connection: close"]).status == 200
            c.ends()
    server.until_asleep()
    return server.times_slept() - before


@check("http", "the default number of workers, all alive, serve and end", models=(
    *PROCESSES, "thread-pool", "reactor-pool"))
def default_number(s):
    count = s.settings.default["workers"]
    server = s.start("--workers", str(count))
    all_alive(server, count)
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()


@check("http", "--accept none shows the thundering herd, the others its cures",
       models=("prefork",))
def thundering_herd(s):
    none = herd(s, "none")
    # Each connection wakes all; the cures wake one, perhaps two, and each wakes once more to read.
    assert none > HERD * IDLE * 3 / 4, f"{none} switches: no herd"
    for how in ("block", "lock", "exclusive"):
        cured = herd(s, how)
        assert cured < none / 2, f"--accept {how}: {cured} switches, none: {none}"


@check("http", "--accept lock: a child killed while it holds the lock does not keep it",
       models=("prefork",))
def lock_survives(s):
    server = s.start("--workers", "3", "--accept", "lock")
    all_alive(server, 3)
    # Two of three: one of them holds the lock, or the third does and is alive.
    kill(server, children(server)[:2])
    with s.http(server) as c:
        assert c.ask("/").status == 200
    kill(server, children(server))
    with s.http(server) as c:
        assert c.ask("/").status == 200
    server.stop()


@check("http", "a wrong value of the model's own option is a usage error",
       models=("prefork", "thread-pool", "epoll-multi"))
def wrong_option(s):
    from server.cli import run
    option = {"prefork": "--accept", "thread-pool": "--queue", "epoll-multi": "--workers-as"}
    for value in ("nonsense", "0", "-1", ""):
        r = run(s, option[s.model], value)
        assert r.returncode == 2 and option[s.model] in r.stderr and f"'{value}'" in r.stderr, r
        assert len(r.stderr.splitlines()) == 2, r
    r = run(s, option[s.model])
    assert r.returncode == 2 and "needs a value" in r.stderr, r
    assert option[s.model] in run(s, "--help").stdout


@check("http", "connections beyond the workers wait in the queue, and behind it",
       on=("tcp4", "unix"), models=("thread-pool",))
def queue(s):
    server = s.start("--workers", "2", "--queue", "3")
    busy = [s.http(server) for _ in range(2)]
    for c in busy:
        assert c.ask("/").status == 200
    assert server.ask_counters()["queued"] == 0
    waiting = [s.http(server) for _ in range(8)]
    for c in waiting:
        c.send(request("/bytes/7", fields=["Connection: close"]))
    n = server.until_counters(lambda n: n["queue_full"] == 1, "the queue is full")
    assert n["queued"] == n["max_queued"] == 3 and n["accepted"] == 5, n
    assert not any(c.readable(0.05) for c in waiting), "served by whom?"
    busy[0].close()  # one worker is enough for all of them
    for c in waiting:
        assert len(c.answer().body) == 7
        c.ends()
    n = server.until_counters(lambda n: n["closed"] == 9, "nine closed")
    assert n["queued"] == 0 and n["max_queued"] == 3 and n["accepted"] == 10, n
    busy[1].close()
    server.stop()


@check("http", "SIGTERM: what waits in the queue is answered", on=("unix",),
       models=("thread-pool",))
def queue_drained(s):
    server = s.start("--workers", "1", "--queue", "2", "--drain", "10000s", "--idle-timeout", "0")
    busy = s.http(server)
    busy.send(request("/")[:-2])  # keeps the worker until the rest of it comes
    s.until_read(server, busy)
    waiting = [s.http(server) for _ in range(2)]
    for c in waiting:
        c.send(request("/"))
    server.until_counters(lambda n: n["queued"] == 2, "two are queued")
    server.send_signal(signal.SIGTERM)
    server.until_asleep()
    busy.send(b"\r\n")
    for c in (busy, *waiting):
        a = c.answer()
        assert a.status == 200 and a.closes, a
        c.ends()
        c.close()
    assert server.finished()["aborted"] == 0


@check("http", "a slow request does not hold up the other connections",
       models=("reactor-pool", "thread", "thread-pool", "fork", "prefork"))
def no_head_of_line_blocking(s):
    more = ("--workers", "4") if s.traits["workers"] else ()

    def attempt(span):
        server = s.start(*more)
        slow = s.http(server)
        others = [s.http(server) for _ in range(3)]
        for c in others:
            assert c.ask("/").status == 200
        span.start()
        slow.send(request(f"/cpu/{span.seconds * 1e6:.0f}"))
        for _ in range(10):
            for c in others:
                assert c.ask("/").status == 200
        assert not slow.readable(0), f"thirty answers took longer than {span.seconds:g} s of CPU"
        span.end()
        assert slow.answer().status == 200
        server.stop()
    in_time(s, attempt)


@check("http", "tries and hits: an idle server tries, and only requests hit",
       models=("nonblocking",))
def tries_and_hits(s):
    server = s.start()
    first = server.ask_counters()
    second = server.until_counters(lambda n: n["tries"] > first["tries"] + 1000, "it tries")
    assert second["hits"] == 0 and second["wakeups"] == 0, second
    with s.http(server) as c:
        for _ in range(10):
            assert c.ask("/").status == 200
        server.until_counters(lambda n: n["hits"] == 11, "one accept and ten requests hit")
    server.until_counters(lambda n: n["closed"] == 1, "the client's end is seen")
    final = server.stop()
    # The last try of all may find the listening socket shut down.
    assert final["hits"] == 12, final
    assert final["tries"] - final["hits"] - final["eagain"] in (0, 1), final


@check("http", "SIGTERM: who waits in the kernel's queue, or for it, is turned away at once",
       on=("tcp4", "unix"), models=("iterative",))
def unaccepted(s):
    server = s.start("--drain", "10000s", "--idle-timeout", "0", "--backlog", "2")
    served = s.http(server)
    served.send(request("/")[:-2])  # keeps the server until the rest of it comes
    server.until_counters(lambda n: n["accepted"] == 1, "one is served")
    waiting = [s.http(server) for _ in range(3)]  # a queue takes one more than its backlog
    late = unix_connect(server) if s.transport == "unix" else None
    server.send_signal(signal.SIGTERM)
    for c in waiting:
        assert c.gone()
    if late:
        error = late(s.patience)
        assert isinstance(error, (ConnectionRefusedError, FileNotFoundError)), error
    served.send(b"\r\n")
    assert served.answer().status == 200
    final = server.finished()
    assert final["unaccepted"] == 3 and final["accepted"] == 1, final


def unix_connect(server):
    """Connect in a thread, for which there is no place in the queue. Returns, most likely when the
    thread sleeps in connect(), a function that waits for what connect() raises."""
    family, target = sockaddr(server.address)
    found, ids = [], []

    def connect():
        ids.append(threading.get_native_id())
        with socket.socket(family, socket.SOCK_STREAM) as c:
            try:
                c.connect(target)
            except OSError as e:
                found.append(e)

    def wait(patience):
        thread.join(patience)
        assert not thread.is_alive(), "it waits for a place in the queue for ever"
        return found[0] if found else None

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    asleep = 0  # looks in a row: it may also wait for the interpreter's lock
    while thread.is_alive() and asleep < 5:
        time.sleep(0.005)
        asleep = asleep + 1 if ids and sleeps(f"/proc/self/task/{ids[0]}/stat") else 0
    return wait


def sleeps(path):
    try:
        with open(path) as f:
            return f.read().rpartition(")")[2].split()[0] == "S"
    except OSError:
        return True  # it has ended


@check("http", "unsupported: one line, exit status 3, told by --describe", on=("tcp4",),
       models=("epoll-multi",))
def unsupported(s):
    from server.cli import run
    for address in ("unix:/nonexistent/socket", "unix:@iomodels-unsupported"):
        r = run(s, "--listen", address, "--workers", "2")
        assert r.returncode == 3 and not r.stdout, r
        assert r.stderr.startswith("epoll-multi: unsupported: ") and r.stderr.count("\n") == 1, r
        assert "SO_REUSEPORT" in r.stderr, r
