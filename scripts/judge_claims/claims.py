"""What is taught, and what speaks for it or against it. A claim has predictions: a figure of an experiment, and
between which bounds it is said to lie. Whoever adds a claim writes its predictions before the first run."""

import math
from typing import Callable, NamedTuple, Optional

from compare_generators.statistics import CONFIDENCE, median_interval
from judge_claims.experiments import INTERVALS_MS, Line

HELD, FAILED, OPEN = "as predicted", "NOT as predicted", "cannot tell"
PY, C = "Python", "C"


class Prediction(NamedTuple):
    """`over` divided by `under`, of the same round; without `under` the figure itself, in milliseconds."""

    text: str
    experiment: str
    over: Line
    under: Optional[Line]
    low: float
    high: float


class Claim(NamedTuple):
    words: str
    judged: str  # where all predictions hold
    predictions: Callable  # of the number of CPUs and the options


def pool(language, way, work, workers):
    return Line(language, way, work, workers)


def echo(way):
    return Line(PY, way, "echo", 1)


def of_threads(n, _):
    def speed_up(text, language, way, work, low, high):
        return Prediction(text, "gil", pool(language, way, work, n), pool(language, way, work, 1), low, high)
    return [
        speed_up(f"Python's own code in {n} threads is no faster than in one", PY, "threads", "cpu", 0, 1.2),
        speed_up(f"C in {n} threads uses {n} CPUs", C, "threads", "cpu", 0.7 * n, math.inf),
        speed_up(f"hashlib on 1 MiB in {n} threads uses {n} CPUs", PY, "threads", "hash", 0.7 * n, math.inf),
        speed_up(f"hashlib on 1 KiB in {n} threads does not", PY, "threads", "hash-small", 0, 0.7 * n),
        speed_up(f"Python in {n} processes uses {n} CPUs", PY, "processes", "cpu", 0.7 * n, math.inf)]


def of_processes(n, _):
    def many(text, experiment, work, more, low, high):
        return Prediction(text, experiment, pool(PY, "processes", work, more * n), pool(PY, "processes", work, n),
                          low, high)
    return [
        many(f"{2 * n} processes compute as fast as {n}", "gil", "cpu", 2, 0.85, 1.15),
        many(f"{32 * n} processes wait more than 8 times as fast as {n}", "iobound", "wait", 32, 8, math.inf)]


def of_coroutines(n, _):
    def against(text, work, way, low, high):
        return Prediction(text, "iobound", pool(PY, "processes-coroutines", work, 32 * n), pool(PY, way, work, 32 * n),
                          low, high)
    return [
        against("jobs that only wait: no faster than coroutines in one process", "wait", "coroutines", 0, 1.15),
        against("jobs that only wait: no faster than threads", "wait", "threads", 0, 1.15),
        against(f"jobs that need more than one CPU: {n} times as fast as coroutines in one process", "mixed",
                "coroutines", 0.65 * n, math.inf),
        against(f"the same jobs: no faster than {32 * n} processes without coroutines", "mixed", "processes", 0, 1.25)]


def of_byte_codes(_, __):
    five, half = (echo(f"{ms} ms") for ms in INTERVALS_MS)
    return [
        Prediction("an echo beside a thread that computes takes milliseconds (100 byte codes: microseconds)", "gil",
                   five, None, 2, math.inf),
        Prediction("it is alone that quick", "gil", echo("alone"), None, 0, 1),
        Prediction("and follows sys.setswitchinterval(), 5 ms by default, to 0.5 ms", "gil", five, half, 4, math.inf)]


def of_order(_, o):
    links = (("not gevent > Twisted: Twisted's Agent against requests on gevent", "twisted-agent", "gevent-requests"),
             ("Twisted > Tornado: Agent against Tornado's simple client", "twisted-agent", "tornado-simple"),
             ("not Tornado > asyncio: aiohttp against Tornado's simple client", "aiohttp-client", "tornado-simple"),
             ("not gevent > asyncio: aiohttp against requests on gevent", "aiohttp-client", "gevent-requests"),
             ("asyncio without a library above it against aiohttp", "asyncio-streams", "aiohttp-client"))
    return [Prediction(f"{text}: {what}", "order", Line(PY, faster, work, o.concurrency),
                       Line(PY, slower, work, o.concurrency), 1, math.inf)
            for work, what in (("crawl", "requests a second"), ("crawl-cpu", "requests a second of CPU"))
            for text, faster, slower in links]


CLAIMS = [
    Claim("Threads cannot use several cores.",
          "false of threads; true of Python's own code, as long as no C function gives the lock up", of_threads),
    Claim("Use no more processes than cores.", "true of jobs that compute, false of jobs that wait", of_processes),
    Claim("Processes times coroutines is fastest.",
          "false where jobs wait; where the CPU is the limit it is as fast as whatever uses all CPUs", of_coroutines),
    Claim("The lock is released every 100 byte codes.",
          "true then (Python 2), false now: a thread that waits asks for it after 5 ms", of_byte_codes),
    Claim("gevent > Twisted > Tornado > asyncio.", "false of clients: asyncio is the first and gevent the last", of_order),
]


class Judged(NamedTuple):
    prediction: Prediction
    median: Optional[float]
    low: Optional[float]
    high: Optional[float]
    coverage: float
    rounds: int
    left_out: int
    verdict: str


def values(p, rows, busy=False):
    """The figure of each round in which nothing disturbed it; and how many rounds were left out, which with `busy`
    is none."""
    at = {(r.line, r.round): r for r in rows if r.experiment == p.experiment}
    numbers = sorted({r.round for r in rows if r.experiment == p.experiment})
    found, left_out = [], 0
    for number in numbers:
        over = at.get((p.over, number))
        under = at.get((p.under, number)) if p.under else over
        if over is None or under is None:
            continue
        if not busy and (over.disturbed or under.disturbed):
            left_out += 1
            continue
        found.append(over.value / under.value if p.under else over.value * 1e3)
    return found, left_out


def judge(p, rows, busy=False):
    """Held or failed where the whole interval of the median lies within or beyond the bounds."""
    found, left_out = values(p, rows, busy)
    middle, low, high, coverage = median_interval(found)
    verdict = OPEN
    if coverage >= CONFIDENCE and p.low <= low and high <= p.high:
        verdict = HELD
    elif coverage >= CONFIDENCE and (high < p.low or low > p.high):
        verdict = FAILED
    return Judged(p, middle, low, high, coverage, len(found), left_out, verdict)


def together(judged):
    """The verdict on a claim: of its predictions."""
    for verdict in (FAILED, OPEN):
        if any(j.verdict == verdict for j in judged):
            return verdict
    return HELD


def judge_all(rows, cpus, o):
    """(claim, what its predictions came to, verdict) of each claim of which anything was measured."""
    measured = {r.experiment for r in rows}
    for claim in CLAIMS:
        predictions = claim.predictions(cpus, o)
        judged = [judge(p, rows, o.busy) for p in predictions if p.experiment in measured]
        if judged:
            whole = len(judged) == len(predictions)
            yield claim, judged, together(judged) if whole else OPEN
