/* Whether two samples come from one distribution: the test of Kolmogorov and Smirnov.
 *
 * It sees any difference, of place, spread or shape, where a comparison of medians sees one of
 * place. The p-value holds for independent observations. Latencies of one window are not
 * independent: a stall of the machine hits hundreds of them. With the counts of a window as the
 * number of observations every two windows differ. */
#ifndef IOM_KS_H
#define IOM_KS_H

#include <stddef.h>
#include <stdint.h>

/* The largest distance of the two distribution functions, from 0 to 1. `*p` becomes the probability
 * of such a distance or a larger one where both samples come from one distribution: exact where
 * na * nb is at most 10,000 (with ties it is too large, never too small), else the asymptotic value
 * with the correction of Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and Related
 * Statistics Without Extensive Tables", Journal of the Royal Statistical Society B 32 (1970).
 * NaN among the values are passed over. Without values on a side distance and p are NaN. `p` may be
 * NULL. */
double ks_two_sample(const double *a, size_t na, const double *b, size_t nb, double *p);

/* A bar of a histogram: `count` observations of `value`. */
struct ks_bar {
    double value;
    uint64_t count;
};

/* The same of two histograms, each with its values in ascending order. `independent_a` and
 * `independent_b` say how many independent observations stand behind each (trials, say); 0 stands
 * for the sum of its counts. Without counts on a side distance and p are NaN. */
double ks_histograms(const struct ks_bar *a, size_t na, double independent_a,
                     const struct ks_bar *b, size_t nb, double independent_b, double *p);

#endif
