"""Open loop: arrivals as the server sees them, and response times against theory."""

import math
import tempfile

from accuracy.lab import (OffTolerance, both, case, one_of, only, percentile, samples_above,
                          settings)
from accuracy.noise import Watch, long, timed, within
from load import run as load_run

MS = 1_000_000

# Anderson-Darling, distribution fully specified, 1 %: D'Agostino and Stephens, "Goodness-of-Fit
# Techniques", 1986, table 4.2.
CRITICAL = 3.857


def anderson_darling(uniform):
    """A squared of values that should be uniform in (0, 1)."""
    u = sorted(min(max(x, 1e-12), 1 - 1e-12) for x in uniform)
    n = len(u)
    return -n - sum((2 * i + 1) * (math.log(u[i]) + math.log(1 - u[n - 1 - i]))
                    for i in range(n)) / n


def seen_arrivals(t, measure, rate, *generator, seconds=0.25, connections=64, **more):
    """The moments at which the server saw the requests, in ns since the first."""
    with tempfile.NamedTemporaryFile("r", prefix="iomodels-arrivals-") as file:
        found = measure(["--spin", "--arrivals", file.name],
                        ["-c", str(connections), "-R", str(rate), "-d", f"{seconds}s",
                         *generator], **{"watch": False} | more)
        arrivals = [int(line) for line in file]
    assert len(arrivals) == found.journal["requests"] == found.json["scheduled"], \
        f"{len(arrivals)} arrived of {found.json['scheduled']}"
    only(found.json["outcomes"], ok=len(arrivals))
    return arrivals, found


def valid_arrivals(*arguments):
    """The same, again where the generator calls it INVALID: such a run is not used."""
    for _ in range(3):
        try:
            return seen_arrivals(*arguments)
        except OffTolerance as e:
            last = e
    raise last


def gaps_of(arrivals):
    return [b - a for a, b in zip(arrivals, arrivals[1:])]


@long
def poisson(t, measure):
    """100 seeds. The gaps must be exponential with the rate that was asked for. And between the
    first arrival and the last the others must be uniform, which is how a Poisson process differs
    from one whose gaps have the right distribution but depend on one another (Cox and Lewis, "The
    Statistical Analysis of Series of Events", 1966, section 6.2). With the true process each of
    the two rejects 1 seed of 100 on average and more than 5 with probability 0.0005."""
    rate, rejected, not_uniform = 2000, [], []
    watch, used = Watch(t), [0.0, 0.0]
    for seed in range(1, 101):
        arrivals, found = valid_arrivals(t, measure, rate, "--arrival", "poisson", "--seed",
                                         str(seed))
        used = [a + b for a, b in zip(used, found.used)]
        if anderson_darling([1 - math.exp(-g * rate / 1e9) for g in gaps_of(arrivals)]) > CRITICAL:
            rejected.append(seed)
        if anderson_darling([a / arrivals[-1] for a in arrivals[1:-1]]) > CRITICAL:
            not_uniform.append(seed)
    measure.noise.extend(watch.finish(used))
    t.note(f"gaps not exponential: seeds {rejected}; not uniform: seeds {not_uniform}")
    within("seeds whose gaps are not exponential", len(rejected), 0, 5, "of 100")
    within("seeds whose arrivals are not uniform", len(not_uniform), 0, 5, "of 100")


@timed
def seeds(t, measure):
    """The same seed gives the same arrivals, another seed others; and the test of the arrivals
    rejects what is not Poisson."""
    first, _ = valid_arrivals(t, measure, 1000, "--arrival", "poisson", "--seed", "7")
    again, _ = valid_arrivals(t, measure, 1000, "--arrival", "poisson", "--seed", "7")
    other, _ = valid_arrivals(t, measure, 1000, "--arrival", "poisson", "--seed", "8")
    assert len(first) == len(again), "the same seed, another number of arrivals"
    apart = sorted(abs(a - b) for a, b in zip(first, again))
    within("median difference of arrivals with the same seed", apart[len(apart) // 2], 0,
           100_000)
    apart = sorted(abs(a - b) for a, b in zip(first, other))
    assert apart[len(apart) // 2] > 500_000, "another seed, the same arrivals"
    constant, _ = valid_arrivals(t, measure, 2000)
    found = anderson_darling([1 - math.exp(-g * 2000 / 1e9) for g in gaps_of(constant)])
    assert found > CRITICAL, "constant arrivals pass for Poisson: the test cannot fail"


@timed
def on_time(t, measure):
    """The generator says how late it sent; the server saw when it came. Neither may be late: 99 %
    within 50 us of the schedule by the generator's figures, and within 100 us of a perfect grid
    as the server saw it, which also had to notice. It takes little to disturb that: 1 % of 2,000 are
    20, and to keep each waiting for 100 us takes others 0.1 % of the CPU."""
    rate = 1000
    arrivals, found = seen_arrivals(t, measure, rate, seconds=2, connections=16, watch=True,
                                    others=0.001)
    j = found.json
    assert len(arrivals) == 2 * rate
    within("lateness p99", j["lateness"]["p99"], 0, 50_000)
    off = [a - i * 1e9 / rate for i, a in enumerate(arrivals)]
    middle = sorted(off)[len(off) // 2]
    off = sorted(abs(x - middle) for x in off)
    within("p99 of the distance from the grid", off[int(0.99 * len(off))], 0, 100_000)


STALL_S = 60 if settings.full else 20


@long
def stall(t, measure):
    """1,000 requests a second for 60 s are 60,000; one stall of 1 s. Those due in the stall wait
    for its end: 1,000, 999, ... 1 ms; all others wait for nothing. So the share with a response
    time above x ms is (1000 - x) / 60000, and the percentile q is at x = 1000 - 60000 (1 - q):
    p98.5 at 100 ms, p99 at 400, p99.9 at 940; with rank ceil(q n) = 59,940 it is the 61st largest,
    941 to 940 ms. Without the 1,000 intended moments, as in a closed loop, p99.9 is nothing.
    Shorter runs have the same times at lower percentiles."""
    n = 1000 * STALL_S
    j, journal, *_ = measure(["--stall", f"{STALL_S // 3}s:1s"],
                             ["-c", "100", "-R", "1000", "-d", f"{STALL_S}s"],
                             takes=STALL_S)
    only(j["outcomes"], ok=n)
    assert j["scheduled"] == journal["requests"] == n
    assert j["response_time"]["count"] == n
    histogram = j["histograms"]["response_time"]
    for longer, expected in ((900, 100), (600, 400), (60, 941)):
        q = 1 - longer / n
        within(f"p{100 * q:.5g}", percentile(histogram, q), expected * MS, 10 * MS,
               noise_adds=True)
    within("samples above 5 ms", samples_above(histogram, 5 * MS), 995, 10, "")
    # It was the server's fault, and the verdict says nothing else.
    if j["verdict"] != "ok":
        raise OffTolerance(f"verdict {j['verdict']}: {j['verdict_reason']}")


def md1(load, mean_ms, tolerance, deviation, lanes):
    """A FIFO server with service time 1 ms and Poisson arrivals. The mean response time is
    S + load S / (2 (1 - load)) (Pollaczek-Khinchine; Kleinrock, "Queueing Systems" 1, 1975,
    section 5.6): 1.5 ms at load 0.5, 3.0 ms at 0.8. The mean of n samples in a row has a standard
    error of `deviation` / sqrt(n) ms: they are far from independent, so `deviation`, found by
    simulating Lindley's recursion 300 times, is more than the 0.76 and 2.3 ms of one sample.
    `lanes` such servers at once give as many times the samples in the same time: requests are
    split among them at random, which gives each of them Poisson arrivals of its own. No more of
    them than it takes: at a higher rate each request finds more others on its way there and
    back, which is not in the formula."""
    @long
    def test(t, measure):
        rate = round(1000 * load * lanes)
        # The tolerance is to be 4 standard errors or more.
        samples = (4 * deviation / (tolerance * mean_ms)) ** 2
        seconds = max(20 if lanes < 16 else 10, math.ceil(1.05 * samples / rate))
        j, journal, *_ = measure(
            ["--spin", "--fifo", f"1ms:{lanes}"],
            ["-c", str(32 * lanes), "-R", str(rate), "--arrival", "poisson", "-d", f"{seconds}s"],
            takes=seconds)
        only(j["outcomes"], ok=j["scheduled"])
        n = j["response_time"]["count"]
        assert n == j["scheduled"] == journal["answered"]
        # A Poisson process of that rate has so many, whatever the machine did: the number's variance
        # is its mean.
        assert abs(n - rate * seconds) < 5 * math.sqrt(rate * seconds), (n, rate * seconds)
        within("lowest response time", j["response_time"]["min"], MS, MS / 10,
               noise_adds=True)
        # What the server kept them waiting for is known of these very arrivals; the rest is the
        # way there and back.
        within("mean response time beyond what the server logged",
               j["response_time"]["mean"] - journal["delay"]["mean"], 0, 50_000, noise_adds=True)
        # The server says how late its answers were: that is not in the formula.
        within(f"mean response time of {n} (standard error {1e3 * deviation / math.sqrt(n):.0f} us)",
               j["response_time"]["mean"], mean_ms * MS + journal["lateness"]["mean"],
               tolerance * mean_ms * MS)
    return test


@timed
def service_and_response(t, measure):
    """More requests than the connections can carry: they queue in the generator, and that is in the
    response time, not in the service time. Two connections at 50 ms a request, 100 requests a
    second for 2 s: request k is due at 10 k ms and sent at 50 floor(k / 2) ms. So the last one,
    k = 199, waits from 1,990 to 4,950 ms, and is answered 50 ms later."""
    j, journal, *_ = measure(["--spin", "--delay", "50ms"],
                             ["-c", "2", "-R", "100", "-d", "2s", "--drain", "1h"],
                             status=3)
    assert j["verdict"] == "INVALID", "a rate that was not delivered must not pass for a result"
    only(j["outcomes"], ok=200)
    assert j["scheduled"] == journal["answered"] == 200
    within("service time p50", j["service_time"]["p50"], 50 * MS, MS, noise_adds=True)
    within("service time max", j["service_time"]["max"], 50 * MS, 10 * MS, noise_adds=True)
    within("response time max", j["response_time"]["max"], 3010 * MS, 30 * MS,
           noise_adds=True)
    within("lateness max", j["lateness"]["max"], 2960 * MS, 30 * MS, noise_adds=True)
    # That no connection was idle is not what the generator did late.
    within("own lateness p99", j["own_lateness"]["p99"], 0, MS)


def tests():
    found = both("99 % are sent within 50 us, and the server sees it", on_time)
    found += both("the same seed gives the same arrivals", seeds)
    found += both("queueing in front of too few connections is in the response time",
                  service_and_response)
    for i, (load, mean, tolerance, deviation, lanes) in enumerate(((0.5, 1.5, 0.03, 1.733, 8),
                                                                   (0.8, 3.0, 0.05, 15.4, 16))):
        found.append(case(f"M/D/1 at load {load}: mean response time {mean} ms",
                          md1(load, mean, tolerance, deviation, lanes), one_of(i)))
    found.append(case("Poisson arrivals of 100 seeds pass Anderson-Darling", poisson, one_of(0),
                      2 * load_run.SEVERAL))
    found.append(case(f"1,000/s for {STALL_S} s, one stall of 1 s: 900 above 100 ms, 600 above 400, "
                      "60 above 940", stall,
                      one_of(1), 2 * load_run.SEVERAL))
    return found
