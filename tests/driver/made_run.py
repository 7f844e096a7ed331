"""Run directories that no run made: valid ones whose figures a test chooses, so that what is read out of a
run can be tested without measuring.

Each is written as iomodels run writes it: the plan of its seed, rows that agree with one another and with
their histograms. summary.csv is then made by the driver itself."""

import csv
import json
import math
import os

from driver.environment import REFERENCE

MASK = (1 << 64) - 1
WINDOW_S = 0.35

SCENARIO = """[scenario]
name = {name}
[sweep]
models = {models}
protocols = http
connections = {connections}
repetitions = {repetitions}
duration = 0.35s
settle = 2s
warmup = 0.1s
timeout = 2s
rank = 64
"""


def bucket(ns):
    """Lowest and highest value of the bucket of `ns` (common/histogram.h)."""
    shift = max((ns | 1024).bit_length() - 11, 0)
    lowest = ns >> shift << shift
    return lowest, lowest + (1 << shift) - 1


class Random:
    """common/random.h."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = z = (self.state + 0x9e3779b97f4a7c15) & MASK
        z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & MASK
        z = ((z ^ z >> 27) * 0x94d049bb133111eb) & MASK
        return z ^ z >> 31

    def below(self, n):
        """bench/plan/plan.c."""
        while True:
            z = self.next()
            if z < MASK - MASK % n:
                return z % n


def number(value, digits):
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


STEPS = 20


def latencies(n, mean, spread):
    """`n` latencies in steps from `spread` below the mean to `spread` above it: (ns, count)."""
    values = [int(mean * (1 + spread * (2 * i / (STEPS - 1) - 1))) for i in range(STEPS)]
    return [(ns, n // STEPS + (i < n % STEPS)) for i, ns in enumerate(values)]


def percentile(samples, n, ppm):
    rank, below = -(-n * ppm // 1000000), 0
    for ns, count in samples:
        below += count
        if below >= rank:
            return min(bucket(ns)[1], samples[-1][0])
    raise AssertionError(f"no percentile {ppm}")


def figures(connections, rate, spread, cpu_us):
    """The measured columns of a trial with about `rate` requests/s, whose latencies lie up to `spread` from
    their mean; and its histogram."""
    each = max(1, round(rate * WINDOW_S / connections))
    n = each * connections
    samples = latencies(n, connections * WINDOW_S * 1e9 / n, spread)
    mean = sum(ns * count for ns, count in samples) / n
    deviation = math.sqrt(sum((ns - mean) ** 2 * count for ns, count in samples) / n)
    us = lambda ns: number(ns / 1e3, 3)  # noqa: E731
    row = {"connected": connections, "settled": connections, "window_s": WINDOW_S,
           "counter_window_s": WINDOW_S, "requests": n,
           "requests_per_second": number(n / WINDOW_S, 1), "min_us": us(samples[0][0]),
           "mean_us": us(mean), "stddev_us": us(deviation), "max_us": us(samples[-1][0]), "ok": n, "in_flight": connections, "requests_started": n,
           "in_flight_at_start": connections, "oldest_in_flight_us": us(samples[0][0]),
           "requests_min": each, "requests_median": each, "requests_max": each, "jain": 1, "starved": 0,
           "server_cpu_us": number(cpu_us * n, 0), "server_cpu_fraction": 0.9,
           "cpu_us_per_request": number(cpu_us, 4), "generator_cpu_us": number(1.5 * n, 0),
           "generator_cpu_fraction": 0.5, "generator_thread_cpu_fraction": 0.5,
           "generator_coalesced_fraction": 0, "generator_cpu_us_per_request": 1.5,
           "other_server_cpu_fraction": 0, "other_generator_cpu_fraction": 0,
           "stolen_server_cpu_fraction": 0, "stolen_generator_cpu_fraction": 0,
           "throttled_periods": 0, "throttled_fraction": 0, "processes": 1, "threads": 1}
    for name in ("timeout", "reset", "refused", "eof", "corrupt", "non_2xx", "unsolicited"):
        row[name] = 0
    for name, ppm in (("p50_us", 500000), ("p75_us", 750000), ("p90_us", 900000), ("p95_us", 950000),
                      ("p99_us", 990000), ("p999_us", 999000), ("p9999_us", 999900)):
        row[name] = us(percentile(samples, n, ppm))
    counts = {}
    for ns, count in samples:
        counts[bucket(ns)] = counts.get(bucket(ns), 0) + count
    return row, sorted(counts.items())


class MadeRun:
    """A run of `models` at `connections`. `rate(model, connections, block)` gives the requests/s of a
    trial, `spread` and `cpu_us` (functions of the same) what else can differ."""

    def __init__(self, b, name, rate, models=("poll", "epoll-lt", "libuv"), connections=(1, 16, 64),
                 repetitions=5, seed=7, date="2026-11-26T12:00:00Z", spread=None, cpu_us=None,
                 more=None, scenario="made"):
        self.dir = os.path.join(b.dir, name)
        self.models, self.connections, self.repetitions = models, connections, repetitions
        self.scenario = scenario
        os.makedirs(os.path.join(self.dir, "histograms"))
        with open(os.path.join(REFERENCE, "trials.csv"), newline="", encoding="utf-8") as f:
            self.header = next(csv.reader(f)) + ["generator_verdict", "note"]
        self.write_environment(seed, date)
        self.rows = []
        for trial, (block, model, n) in enumerate(self.plan(seed), 1):
            at = (model, n, block)
            row, buckets = figures(n, rate(*at), spread(*at) if spread else 0.1,
                                   cpu_us(*at) if cpu_us else 0.9e6 / rate(*at))
            row.update(trial=trial, block=block, scenario=scenario, protocol="http", model=model,
                       connections=n, status="ok", verdict="valid", reason="", started=date,
                       wall_s=0.6, concurrency=0, engine="io_uring", answer="",
                       generator_verdict="ok", note="",
                       **{k: v(*at) for k, v in (more or {}).items()})
            self.rows.append(row)
            self.write_histogram(trial, buckets)
        self.write_rows()

    def plan(self, seed):
        random = Random(seed)
        for block in range(1, self.repetitions + 1):
            points = [(block, m, n) for m in self.models for n in self.connections]
            for i in range(len(points), 1, -1):
                j = random.below(i)
                points[i - 1], points[j] = points[j], points[i - 1]
            yield from points

    def path(self, name):
        return os.path.join(self.dir, name)

    def write_environment(self, seed, date):
        text = SCENARIO.format(name=self.scenario, models=", ".join(self.models),
                               connections=", ".join(map(str, self.connections)),
                               repetitions=self.repetitions)
        with open(os.path.join(REFERENCE, "environment.json"), encoding="utf-8") as f:
            self.environment = e = json.load(f)
        points = len(self.models) * len(self.connections)
        known = {m["name"]: m for m in e["models"]}
        e.update(date=date, seed=str(seed), counting=False, points=points,
                 trials=points * self.repetitions, skipped=[],
                 models=[dict(known[m], differs=None, options=None) for m in self.models])
        e["scenario"].update(name=self.scenario, question=None, expect=None, order=None, rank=64,
                             repetitions=self.repetitions, duration_s=0.35, warmup_s=0.1, text=text)
        with open(self.path("scenario.ini"), "w", encoding="utf-8") as f:
            f.write(text)
        self.save_environment()

    def save_environment(self):
        with open(self.path("environment.json"), "w", encoding="utf-8") as f:
            json.dump(self.environment, f, indent=2)

    def write_histogram(self, trial, buckets):
        with open(self.path(f"histograms/{trial}.csv"), "w", encoding="utf-8") as f:
            f.write("lowest_ns,highest_ns,count\n")
            for (lowest, highest), count in buckets:
                f.write(f"{lowest},{highest},{count}\n")

    def write_rows(self):
        self.header += [x for x in self.rows[0] if x not in self.header]
        with open(self.path("trials.csv"), "w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, self.header, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def summarise(self, b):
        """Have summary.csv made."""
        b.summarise(self.dir)
        return self
