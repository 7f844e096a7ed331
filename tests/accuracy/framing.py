"""Answers in any pieces: no misparse. No figure of these depends on timing."""

from accuracy.lab import both, measure, only
from accuracy.noise import exact


def sizes(body):
    return len("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n") + len(str(body)) + body


@exact(0.002)
def cut_everywhere(t, measure):
    """Every answer in two segments. Each place to cut is tried on some connection or other: as
    many answers as it has bytes, and twice over."""
    size = sizes(64)
    n = 2 * size
    j, journal, *_ = measure(["--split", "two:5ms"], ["-c", "8", "-n", str(n)])
    assert journal["answered"] == n
    only(j["outcomes"], ok=n)
    assert j["bytes_in"] == n * size
    # Pieces must have been seen by themselves, or the test tested nothing. A late wake-up finds
    # both; most are not late, and each spoils no more than one answer a connection.
    if j["engine"] == "epoll":
        assert j["generator"]["syscalls"]["recv"] >= 1.2 * n, j["generator"]["syscalls"]


@exact(0.002)
def byte_by_byte(t, measure):
    n = 64
    size = sizes(16)
    j, journal, *_ = measure(["--split", "bytes:500us", "--body", "16"],
                             ["-c", "8", "-n", str(n)])
    assert journal["answered"] == n
    only(j["outcomes"], ok=n)
    assert j["bytes_in"] == n * size
    if j["engine"] == "epoll":
        assert j["generator"]["syscalls"]["recv"] >= 5 * n, j["generator"]["syscalls"]


def informational_cut(t):
    """The same with an informational answer before each: more places to go wrong."""
    j, journal, *_ = measure(t, ["--split", "two:1ms", "--fault", "informational:1"],
                               ["-c", "8", "-n", "400"])
    assert journal["faults"]["informational"] == 400
    only(j["outcomes"], ok=400)


def coalesced(t):
    """64 answers to 64 pipelined requests in one send."""
    n = 64 * 100
    j, journal, *_ = measure(t, ["--coalesce", "64"],
                               ["-c", "1", "-n", str(n), "--pipeline", "64"])
    assert journal["requests"] == journal["answered"] == n
    only(j["outcomes"], ok=n)
    assert j["latency"]["count"] == n and j["bytes_in"] == n * sizes(64)
    if j["engine"] == "epoll":
        assert j["generator"]["syscalls"]["recv"] < n / 10, "they did not come together"


def one_wrong_among_many(t):
    """A wrong byte in bodies among 64 answers that come together: those are corrupt. The framing of
    the others can be trusted, so they are right, before a wrong one and after it. No more is asked
    than the 64, so each number is known."""
    for wrong, good in ((64, 63), (40, 63), (2, 32)):
        j, journal, *_ = measure(t, ["--coalesce", "64", "--fault", f"corrupt:{wrong}"],
                                 ["-c", "1", "-n", "64", "--pipeline", "64"])
        assert journal["faults"]["corrupt"] == 64 // wrong
        only(j["outcomes"], ok=good, corrupt=64 - good)


def tests():
    found = []
    found += both("answers cut in two, at every byte in turn", cut_everywhere)
    found += both("answers byte by byte", byte_by_byte)
    found += both("answers after an informational one, cut at every byte in turn",
                  informational_cut)
    found += both("64 pipelined answers in one segment", coalesced)
    found += both("64 pipelined answers in one segment, one of them wrong", one_wrong_among_many)
    return found
