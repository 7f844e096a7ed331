"""The instruments themselves, without the load generator: what they say must be so."""

import os
import select
import signal
import socket
import subprocess
import sys
import time

import tap
from accuracy import noise
from accuracy.lab import OffTolerance, Reference, cpus, pin, settings
from load import run as load_run

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = bytes(ord("a") + i % 26 for i in range(64))
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + BODY


def ask(address, size, count=1):
    """Send `count` requests on a connection; what comes back, and how it ended. Waits for `size`
    bytes, and then a little for more."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as s:
        s.sendall(REQUEST * count)
        data = b""
        try:
            while True:
                s.settimeout(load_run.hang() if len(data) < size else 0.1)  # not judged: more than is due
                more = s.recv(65536)
                if not more:
                    return data, "closed"
                data += more
        except TimeoutError:
            return data, "open"
        except ConnectionResetError:
            return data, "reset"


# Fault: what a client must see.
SEEN = {
    "drop": (b"", "open"),
    "reset": (b"", "reset"),
    "reset-mid": (ANSWER[:len(ANSWER) // 2], "reset"),
    "close": (b"", "closed"),
    "close-mid": (ANSWER[:len(ANSWER) // 2], "closed"),
    "corrupt": (ANSWER[:-32] + b"!" + ANSWER[-31:], "open"),
    "twice": (ANSWER * 2, "open"),
    "short": (ANSWER[:-5], "open"),
    "garbage": (b"What?\r\n\r\n", "open"),
    "error": (ANSWER.replace(b"200 OK", b"500 Internal Server Error"), "open"),
    "informational": (b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + ANSWER, "open"),
}


def faults_are_made(t):
    for fault, (data, end) in SEEN.items():
        reference = Reference(t, "--fault", f"{fault}:2")
        assert ask(reference.address, len(ANSWER)) == (ANSWER, "open"), \
            f"{fault}: the first is a right one"
        found = ask(reference.address, len(data) if end == "open" else 1 << 20)
        if fault != "reset-mid":  # a reset overtakes data that nobody has read
            assert found == (data, end), f"{fault}: {found}, expected {(data, end)}"
        else:
            assert found[1] == "reset" and data.startswith(found[0]), found
        # The client of a request that is dropped does not see when that is done.
        reference.until(lambda j, f=fault: j["requests"] == 2 and j["faults"][f] == 1, f"the {fault}")
        journal = reference.finish()
        assert journal["requests"] == journal["accepted"] == 2
        assert journal["faults"] == dict.fromkeys(journal["faults"], 0) | {fault: 1}, journal
        assert journal["answered"] == 1 + (fault == "informational")


def delays_are_kept(t):
    """Never shorter than asked, by the client's clock as by the server's own."""
    reference = Reference(t, "--delay", "20ms", "--slow", "5:100ms")
    for number in range(1, 11):
        begin = time.monotonic()
        host, port = reference.address.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as s:
            s.sendall(REQUEST)
            assert s.recv(1000) == ANSWER
        took = time.monotonic() - begin
        assert took >= (0.1 if number % 5 == 0 else 0.02), f"request {number}: {took:.4f} s"
    journal = reference.finish()
    assert journal["delay"]["count"] == 10 and journal["delay"]["p50"] >= 20_000_000
    assert journal["delay"]["p90"] >= 100_000_000, journal["delay"]


def pieces_and_batches(t):
    reference = Reference(t, "--coalesce", "3")
    assert ask(reference.address, 0, count=2) == (b"", "open"), "held until there are three"
    assert ask(reference.address, 3 * len(ANSWER), count=3) == (ANSWER * 3, "open")
    reference.finish()
    load_run.steady(t, 0.02, lambda: pieces_by_themselves(t))


def pieces_by_themselves(t):
    reference = Reference(t, "--split", "bytes:1ms")
    host, port = reference.address.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as s:
        s.sendall(REQUEST)
        pieces = []
        while sum(map(len, pieces)) < len(ANSWER):
            pieces.append(s.recv(1000))
    assert b"".join(pieces) == ANSWER and len(pieces) > len(ANSWER) / 4, len(pieces)
    reference.finish()


def fifo_is_one_server(t):
    """Ten requests at once to a server that needs 20 ms for each: 200 ms."""
    reference = Reference(t, "--fifo", "20ms")
    host, port = reference.address.rsplit(":", 1)
    begin = time.monotonic()
    with socket.create_connection((host, int(port))) as s:
        s.sendall(REQUEST * 10)
        data = b""
        while len(data) < 10 * len(ANSWER):
            data += s.recv(65536)
    assert time.monotonic() - begin >= 0.2 and data == ANSWER * 10
    journal = reference.finish()
    assert journal["delay"]["count"] == 10 and 200_000_000 <= journal["delay"]["max"]
    assert 110_000_000 <= journal["delay"]["mean"], "the mean of 20, 40, ... 200 ms"


def ends_with_its_parent(t):
    """The program that started it is killed, without a word."""
    script = ("import subprocess, sys, time\n"
              "p = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE,"
              " stdout=subprocess.DEVNULL)\n"
              "print(p.pid, flush=True)\n"
              "time.sleep(36000)\n")
    parent = subprocess.Popen([sys.executable, "-c", script, settings.reference],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    t.ends(parent)
    pid = int(parent.stdout.readline())
    fd = os.pidfd_open(pid)
    t.defer(lambda: os.close(fd))
    parent.kill()

    if not select.select([fd], [], [], load_run.hang())[0]:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        raise AssertionError("the server outlived its parent")


def noise_is_seen(t):
    """A process that spins on one of the CPUs: both ways to look must find it, on that CPU."""
    if cpus() is None:
        raise tap.Skip("one CPU")
    busy = cpus()[1]
    spinner = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               preexec_fn=pin(busy))
    t.ends(spinner)
    spinner.stdout.readline()
    assert any(f"CPU {busy}" in reason for reason in noise.probe_noise("now"))
    watch = noise.Watch(t)
    time.sleep(0.3)
    assert any(f"of CPU {busy}" in reason for reason in watch.finish((0.0, 0.0)))


def judged(found, noisy, **more):
    """How timed() ends where 100 +- 10 is expected and `found` was found."""
    @noise.timed
    def check(t, measure):
        noise.within("it", found, 100, 10, **more)

    kept = noise.probe_noise
    noise.probe_noise = lambda when: ["a storm"] if noisy else []
    try:
        check(tap.T("an experiment"))
    except tap.Skip:
        return "inconclusive"
    except AssertionError:
        return "failed"
    finally:
        noise.probe_noise = kept
        noise.found_figures.pop("an experiment", None)
    return "passed"


def verdicts(t):
    if settings.sanitized or cpus() is None:
        raise tap.Skip("nothing is timed here")
    for found, noisy, more, expected in (
            (105, False, {}, "passed"), (105, True, {}, "passed"), (None, False, {}, "failed"),
            (111, False, {}, "failed"), (111, True, {}, "inconclusive"),
            (89, True, {}, "inconclusive"), (89, True, {"noise_adds": True}, "failed"),
            (111, True, {"noise_adds": True}, "inconclusive")):
        assert judged(found, noisy, **more) == expected, (found, noisy, more, expected)
    assert issubclass(OffTolerance, Exception) and not issubclass(OffTolerance, AssertionError)


def tests():
    limit = load_run.SEVERAL * settings.slow_factor
    return [tap.Test(name, function, limit=limit) for name, function in (
        ("reference server: each fault is what it is called", faults_are_made),
        ("reference server: delays are kept", delays_are_kept),
        ("reference server: pieces and batches", pieces_and_batches),
        ("reference server: a FIFO server serves one at a time", fifo_is_one_server),
        ("reference server: it ends with its parent", ends_with_its_parent),
        ("noise probe: a busy CPU is seen", noise_is_seen),
        ("a figure that is off: failed, or inconclusive", verdicts))]
