"""Medians, and how well they are known."""

import math
import statistics

CONFIDENCE = 0.95


def median(values):
    values = [v for v in values if v is not None and not math.isnan(v)]
    return statistics.median(values) if values else None


def median_interval(values):
    """Median, lower end, upper end, coverage. The interval is one of order statistics: for n
    independent values the k-th smallest and k-th largest enclose the median of their distribution,
    whatever that is, with probability 1 - 2 P(B < k), B binomial (n, 1/2). k is the largest for
    which that is at least 95 %; for fewer than 6 values there is none, and the interval is
    from the smallest to the largest, with the coverage that it has. (Conover, "Practical
    Nonparametric Statistics", 3rd edition, 1999, section 3.2)"""
    values = sorted(values)
    n = len(values)
    if n == 0:
        return None, None, None, 0.0

    def coverage(k):
        return 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2 ** n

    k = 1
    while 2 * (k + 1) <= n and coverage(k + 1) >= CONFIDENCE:
        k += 1
    return statistics.median(values), values[k - 1], values[n - k], max(0.0, coverage(k))
