/* What long tails hardly move: the location of values, and a sequence of intervals for the
 * middle of a symmetric distribution.
 *
 * Of two equal servers either may be hit by what disturbs the machine, so noise in the log
 * ratio is symmetric; but a few disturbed sessions are many times as far out as the others. The
 * standard deviation that a t-test needs is mostly theirs. */
#ifndef IOM_ROBUST_H
#define IOM_ROBUST_H

#include <stddef.h>

#include "bench/stats/estimate.h"
#include "bench/stats/interval.h"

/* Huber's location of the values in place of their mean, and its standard error times sqrt(n)
 * in place of their deviation. A value counts as it is within 0.7 times the scale, which is the
 * median distance from the median, as for the normal distribution; beyond that it counts as if
 * it lay there. Source: Huber and Ronchetti, Robust Statistics, 2nd edition, sections 3.2, 6.4
 * and 7.6 for few values. All values the same: deviation 0. */
struct moments huber_moments(const double *values, size_t n);

/* The scale by which value i is measured, from the values before it alone: scales[i] for each i
 * < n. The first two have none: 0. */
void scales_before(const double *values, size_t n, double *scales);

/* The log of how much the values speak against a symmetric distribution about `middle`;
 * positive where they lie above it, negative where they lie below. With probability 1 - alpha
 * its size never reaches log(1/alpha), however often one looks.
 *
 * With u the distance of a value from the middle by its scale, cut off at 0.7, exp(b u - b^2
 * u^2 / 2) has at most the mean 1 for each b, since u is symmetric. So the product over all
 * values is a supermartingale. Over a normal b of variance 1 / r it comes to
 *     sqrt(r / (V + r)) exp(S^2 / (2 (V + r))),  S = sum(u), V = sum(u^2),
 * and Ville's inequality bounds it. Nothing else is assumed: no moments, no number of values.
 * Sources: de la Pena, "A General Class of Exponential Inequalities for Martingales and
 * Ratios", Annals of Probability 27 (1999); Howard, Ramdas, McAuliffe and Sekhon,
 * "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49
 * (2021). */
double symmetric_evidence(const double *values, const double *scales, size_t n, double middle);

/* The middles against which the values do not speak with log(1/alpha), from the lowest to the
 * highest. Infinite where they cannot tell anything. */
struct interval sequence_symmetric(const double *values, const double *scales, size_t n,
                                   double alpha);

#endif
