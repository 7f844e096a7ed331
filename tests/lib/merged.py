"""What several reports of iomodels-load come to as one: added up here once more, from the files alone."""

from fractions import Fraction

FULL = 2 ** 128 - 1
PPM = {"p50": 500_000, "p75": 750_000, "p90": 900_000, "p95": 950_000, "p99": 990_000,
       "p999": 999_000, "p9999": 999_900}
COUNTS = ("requests", "connections", "threads", "connected", "settled", "started", "bytes_in",
          "bytes_out", "in_flight_at_start", "unsolicited", "connects")


def add_histograms(each):
    """The sum of histograms, as the JSON has one."""
    buckets = {}
    for h in each:
        for low, high, n in h["buckets"]:
            buckets[low] = (max(high, buckets.get(low, (0, 0))[0]), buckets.get(low, (0, 0))[1] + n)
    some = [h for h in each if h["buckets"]]
    squares = sum(int(h["squares"]) for h in each)
    return {"unit": "ns", "significant_digits": 3,
            "buckets": [[low, *buckets[low]] for low in sorted(buckets)],
            "min": min((h["min"] for h in some), default=None),
            "max": max((h["max"] for h in some), default=None),
            "sum": str(sum(int(h["sum"]) for h in each)), "squares": str(min(squares, FULL))}


def times(h):
    """The times of a histogram."""
    n = sum(b[2] for b in h["buckets"])
    found = {"count": n, "min": h["min"], "max": h["max"]}
    if n == 0:
        return found
    mean = Fraction(int(h["sum"]), n)
    found["mean"] = int(mean + Fraction(1, 2))
    for name, ppm in PPM.items():
        rank, value = max(1, -(-n * ppm // 1_000_000)), None
        for _, high, count in h["buckets"]:
            rank -= count
            if rank <= 0:
                value = min(high, h["max"])
                break
        found[name] = value
    return found


def answers(each):
    """The answers of each connection."""
    return sorted(n for j in each for n, connections in j["fairness"]["answers"]
                  for _ in range(connections))


def differences(merged, each):
    """What is wrong with `merged`, a line each."""
    def differ(what, found, wanted):
        if found != wanted:
            yield f"{what}: {str(found)[:200]}, not {str(wanted)[:200]}"
    for name in COUNTS:
        yield from differ(name, merged[name], sum(j[name] for j in each))
    for name in merged["outcomes"]:
        yield from differ(name, merged["outcomes"][name], sum(j["outcomes"][name] for j in each))
    for name, count in merged["generator"]["syscalls"].items():
        yield from differ(name, count, sum(j["generator"]["syscalls"][name] for j in each))
    if merged["mode"] == "open":
        yield from differ("scheduled", merged["scheduled"], sum(j["scheduled"] for j in each))
        asked = sum(j["rate_asked"] for j in each)
        # The window of all is longer by what the clocks are wrong by, and a profile's last rate goes on.
        if abs(merged["rate_asked"] - asked) > 1e-3 * asked:
            yield f"rate_asked: {merged['rate_asked']}, not {asked}"
    yield from differ("histograms", set(merged["histograms"]), set(each[0]["histograms"]))
    for name, h in merged["histograms"].items():
        total = add_histograms([j["histograms"][name] for j in each])
        yield from differ(f"histogram {name}", h, total)
        found = {key: merged[name][key] for key in times(total)}
        yield from differ(f"times {name}", found, times(total))
    yield from differ("histogram", merged["histogram"], merged["histograms"]["latency"])
    yield from differ("reasons", set(merged["reasons"]), {r for j in each for r in j["reasons"]})
    every = answers(each)
    yield from differ("answers", answers([merged]), every)
    f = merged["fairness"]
    yield from differ("fairness", [f["min"], f["median"], f["max"], f["starved"]],
                      [every[0], every[(len(every) - 1) // 2], every[-1], every.count(0)])
    squares = sum(n * n for n in every)
    jain = sum(every) ** 2 / (len(every) * squares) if squares else 0
    if abs(f["jain"] - jain) > 1e-6:
        yield f"jain: {f['jain']}, not {jain}"
    answered = sum(round(j["requests_per_second"] * j["window_ns"] / 1e9) for j in each)
    rate = answered * 1e9 / merged["window_ns"]
    if abs(merged["requests_per_second"] - rate) > 1e-6 * rate:
        yield f"rate: {merged['requests_per_second']}, not {rate}"
