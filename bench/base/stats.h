/* The middle of few repetitions, and how far it may be off. */
#ifndef IOM_STATS_H
#define IOM_STATS_H

#include <stddef.h>

struct spread {
    double median;
    double low;
    double high;
    size_t n; /* values that were there (not NaN); with 0 the others are NaN */
};

/* Median and interval of `n` values; NaN among them are passed over. Sorts `values` in place.
 *
 * The interval is made of two order statistics, so nothing is assumed about the distribution:
 * x(k)..x(n+1-k) covers the true median with probability 1 - 2 P(B < k), B binomial(n, 1/2).
 * With six values or more k is the largest that still covers 95 %; with fewer no interval does,
 * and minimum..maximum is given. Source: David and Nagaraja, Order Statistics, 3rd ed.,
 * section 7.1. */
struct spread stats_spread(double *values, size_t n);

/* The probability with which stats_spread()'s interval covers the true median: 0.75 for three
 * values, 0.9375 for five, 0.969 for six. 0 for none. */
double stats_coverage(size_t n);

#endif
