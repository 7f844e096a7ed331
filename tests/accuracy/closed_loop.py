"""Closed loop: the figures against delays that are known."""

from accuracy.lab import both, only, percentile, samples_above
from accuracy.noise import exact, timed, within

MS = 1_000_000


def fixed_delay(delay_ns, connections, requests):
    """The median must be what the server itself logged, but for the way there and back."""
    @timed
    def test(t, measure):
        j, journal, *_ = measure(
            ["--spin", "--delay", f"{delay_ns // 1000}us"],
            ["-c", str(connections), "-n", str(requests)])
        only(j["outcomes"], ok=requests)
        assert journal["answered"] == requests
        logged = journal["delay"]["p50"]
        within("p50, expected: what the server logged", j["latency"]["p50"], logged,
               max(20_000, 0.01 * logged), noise_adds=True)
        if j["latency"]["min"] < delay_ns:
            raise AssertionError("an answer came before it was sent: "
                                 f"{j['latency']['min']} ns, the delay is {delay_ns} ns")
    return test


@timed
def bimodal(t, measure):
    """Every tenth request takes 1 s, the others nothing. A tool that omits what it did not wait
    for, or counts it by time, gets another mean. 1,000 requests, of which exactly 100 are slow:
    the mean is 100 ms and 0.9 of a fast one."""
    n = 1000
    j, journal, *_ = measure(["--spin", "--slow", "10:1s"],
                               ["-c", "64", "-n", str(n)])
    only(j["outcomes"], ok=n)
    assert journal["answered"] == n and j["latency"]["count"] == n, "as many samples as answers"
    within("slow answers", samples_above(j["histogram"], 990 * MS), n // 10, 0, "", noise_adds=True)
    within("mean", j["latency"]["mean"], 100 * MS, 3 * MS, noise_adds=True)
    within("p75", j["latency"]["p75"], 0, MS)


@exact(0.2)
def stall(t, measure):
    """One stall of 1 s: in a closed loop it is seen exactly once by each connection, however many
    requests the clients would have liked to send meanwhile. That is why this latency is called a
    service time. Exact, so it needs no quiet machine, only one that does not stand still itself."""
    connections = 16
    j, journal, *_ = measure(["--stall", "500ms:1s"], ["-c", str(connections), "-d", "2s"])
    assert journal["stalled"] == connections, journal
    assert samples_above(j["histogram"], 900 * MS) == connections, j["latency"]
    assert sum(j["outcomes"].values()) == j["outcomes"]["ok"] + j["outcomes"]["in_flight"]


def little(delay, connections):
    """Little's law: mean number in the system = throughput x mean time in it. In a closed loop
    without thinking that number is the number of connections. (Little, "A proof for the queuing
    formula L = lambda W", Operations Research 9, 1961)"""
    @timed
    def test(t, measure):
        j, *_ = measure(["--spin", "--delay", delay],
                             ["-c", str(connections), "-d", "2s"])
        number = j["requests_per_second"] * j["latency"]["mean"] / 1e9
        within("throughput x latency", number, connections, 0.01 * connections, "requests")
    return test


@timed
def percentiles_of_steps(t, measure):
    """One answer in ten after 20 ms, the others after 2: each percentile is on its side of the
    step."""
    j, journal, *_ = measure(["--spin", "--delay", "2ms", "--slow", "10:20ms"],
                               ["-c", "8", "-n", "2000"])
    assert journal["answered"] == 2000
    within("samples above 19 ms", samples_above(j["histogram"], 19 * MS), 200, 0, "",
           noise_adds=True)
    for q, expected in ((0.5, 2 * MS), (0.85, 2 * MS), (0.92, 20 * MS), (0.99, 20 * MS)):
        within(f"p{100 * q:g}", percentile(j["histogram"], q), expected, 0.6 * MS,
               noise_adds=True)


def tests():
    found = []
    for delay_ns, connections, requests in ((MS // 10, 1, 2000), (MS, 1, 500), (10 * MS, 8, 400),
                                            (100 * MS, 16, 160)):
        found += both(f"every answer after {delay_ns / MS:g} ms: the median is what the server "
                      "logged", fixed_delay(delay_ns, connections, requests))
    found += both("one answer in ten after 1 s: mean 100 ms, p75 below 1 ms", bimodal)
    found += both("percentiles on both sides of a step", percentiles_of_steps)
    found += both("one stall of 1 s: as many long samples as connections", stall)
    found += both("Little's law, 32 connections, 5 ms", little("5ms", 32))
    return found
