/* What one session of paired windows says of the ratio of two costs.
 *
 * A cost is a figure that noise makes larger: time a request, CPU a request, a latency. Others on
 * the machine only ever slow a window down, so the noise is one-sided, with a long tail to the
 * right. Which estimator bears it best was found out on recorded windows: docs/method.md,
 * "Duels". */
#ifndef IOM_ESTIMATE_H
#define IOM_ESTIMATE_H

#include <stddef.h>

enum estimator {
    ESTIMATE_MEAN,    /* the mean of the log ratios of the pairs */
    ESTIMATE_TRIMMED, /* the same without the lowest and the highest quarter of them */
    ESTIMATE_MEDIAN,  /* their median */
    ESTIMATE_SUMS,    /* the log of the ratio of the two sums: of all time by all requests */
    ESTIMATE_MEDIANS, /* the log of the ratio of the two medians */
    ESTIMATE_LOW,     /* the log of the ratio of the two lower quartiles: the quiet windows */
    ESTIMATE_COUNT
};

extern const char *const estimator_names[ESTIMATE_COUNT + 1]; /* ended by NULL */

/* The log of the cost of A over that of B, from `n` pairs of positive costs; pair i is a[i] and
 * b[i]. NaN without pairs. */
double estimate_log_ratio(enum estimator e, const double *a, const double *b, size_t n);

struct moments {
    double mean;
    double deviation; /* standard deviation, by n - 1; NaN for fewer than two values */
    size_t n;
};

struct moments moments_of(const double *values, size_t n);

#endif
