#include "bench/stats/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/ascending.h"
#include "common/err.h"

const char *const estimator_names[ESTIMATE_COUNT + 1] = {"mean",
                                                         "trimmed mean",
                                                         "median",
                                                         "ratio of sums",
                                                         "ratio of medians",
                                                         "ratio of lower quartiles",
                                                         NULL};

/* Between the two nearest of the sorted values. */
static double quantile(const double *values, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < n ? below + 1 : below;
    return values[below] + (at - (double)below) * (values[above] - values[below]);
}

static double quantile_of(const double *values, size_t n, double q)
{
    double *copy = xcalloc(n, sizeof *copy);
    memcpy(copy, values, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, ascending);
    double found = quantile(copy, n, q);
    free(copy);
    return found;
}

static double sum(const double *values, size_t n)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += values[i];
    return all;
}

static double of_log_ratios(enum estimator e, const double *a, const double *b, size_t n)
{
    double *logs = xcalloc(n, sizeof *logs);
    for (size_t i = 0; i < n; i++)
        logs[i] = log(a[i] / b[i]);
    qsort(logs, n, sizeof *logs, ascending);
    size_t cut = e == ESTIMATE_TRIMMED ? n / 4 : 0;
    double found = e == ESTIMATE_MEDIAN ? quantile(logs, n, 0.5)
                                        : sum(logs + cut, n - 2 * cut) / (double)(n - 2 * cut);
    free(logs);
    return found;
}

double estimate_log_ratio(enum estimator e, const double *a, const double *b, size_t n)
{
    if (n == 0)
        return NAN;
    switch (e) {
    case ESTIMATE_SUMS:
        return log(sum(a, n) / sum(b, n));
    case ESTIMATE_MEDIANS:
        return log(quantile_of(a, n, 0.5) / quantile_of(b, n, 0.5));
    case ESTIMATE_LOW:
        return log(quantile_of(a, n, 0.25) / quantile_of(b, n, 0.25));
    default:
        return of_log_ratios(e, a, b, n);
    }
}

struct moments moments_of(const double *values, size_t n)
{
    double mean = n > 0 ? sum(values, n) / (double)n : NAN;
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (struct moments){mean, n > 1 ? sqrt(squares / (double)(n - 1)) : NAN, n};
}
