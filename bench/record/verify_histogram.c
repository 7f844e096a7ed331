#include "bench/record/verify_histogram.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/histogram.h"

/* The file has latencies in microseconds with three decimals: a nanosecond. */
static const double rounding_us = 0.0011;

static const struct {
    enum metric metric;
    uint32_t ppm;
} percentiles[] = {{M_P50_US, 500000},  {M_P75_US, 750000}, {M_P90_US, 900000},
                   {M_P95_US, 950000},  {M_P99_US, 990000}, {M_P999_US, 999000},
                   {M_P9999_US, 999900}};

/* The samples again, each as the highest value of its bucket. */
static struct histogram *rebuild(const struct buckets *b, double max_us)
{
    struct histogram *h = xmalloc(sizeof *h);
    histogram_init(h);
    for (size_t i = 0; i < b->count; i++)
        histogram_add(h, (uint64_t)b->at[i].highest_ns, (uint64_t)b->at[i].count);
    if (max_us > 0)
        h->max = (uint64_t)llround(max_us * 1e3);
    return h;
}

/* Bounds that no histogram of ours has; the last bucket may end anywhere. */
static const struct bucket *wrong_bounds(const struct buckets *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct bucket *x = &b->at[i];
        size_t index = histogram_index((uint64_t)x->lowest_ns);
        bool last = index == HISTOGRAM_BUCKETS - 1;
        if ((x->lowest_ns > 0 && histogram_index((uint64_t)x->lowest_ns - 1) == index) ||
            histogram_index((uint64_t)x->highest_ns) != index ||
            (!last && histogram_index((uint64_t)x->highest_ns + 1) == index))
            return x;
    }
    return NULL;
}

static bool percentiles_agree(const struct histogram *h, const struct trial_row *row, char *why,
                              size_t size)
{
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        uint64_t ns = 0;
        double is = row->value[percentiles[i].metric];
        if (!histogram_percentile(h, percentiles[i].ppm, &ns) ||
            fabs(is - (double)ns / 1e3) <= rounding_us)
            continue;
        snprintf(why, size, "%s is %.3f, the histogram of trial %u has %.3f",
                 metric_names[percentiles[i].metric], is, row->trial, (double)ns / 1e3);
        return false;
    }
    return true;
}

/* Least, greatest and mean latency lie where the buckets are. The deviation is within half a
 * bucket, 0.05 % of the values, of that of the buckets' middles. */
static bool moments_agree(const struct buckets *b, const struct trial_row *row, char *why,
                          size_t size)
{
    const double *v = row->value;
    double low = 0, high = 0, squares = 0;
    const struct bucket *first = &b->at[0], *last = &b->at[b->count - 1];
    for (size_t i = 0; i < b->count; i++) {
        double middle = (b->at[i].lowest_ns + b->at[i].highest_ns) / 2e3;
        low += b->at[i].lowest_ns / 1e3 * b->at[i].count / b->total;
        high += b->at[i].highest_ns / 1e3 * b->at[i].count / b->total;
        squares += middle * middle * b->at[i].count / b->total;
    }
    double mean = (low + high) / 2;
    double deviation = sqrt(fmax(squares - mean * mean, 0));
    double slack = rounding_us + 1e-3 * sqrt(squares);
    if (v[M_MIN_US] * 1e3 < first->lowest_ns - 1 || v[M_MIN_US] * 1e3 > first->highest_ns + 1)
        snprintf(why, size, "min_us is %.3f, the first bucket of trial %u goes to %.3f",
                 v[M_MIN_US], row->trial, first->highest_ns / 1e3);
    else if (v[M_MAX_US] * 1e3 < last->lowest_ns - 1 ||
             v[M_MAX_US] * 1e3 > last->highest_ns + 1)
        snprintf(why, size, "max_us is %.3f, the last bucket of trial %u begins at %.3f",
                 v[M_MAX_US], row->trial, last->lowest_ns / 1e3);
    else if (v[M_MEAN_US] < low - rounding_us || v[M_MEAN_US] > high + rounding_us)
        snprintf(why, size, "mean_us is %.3f, the histogram of trial %u allows %.3f to %.3f",
                 v[M_MEAN_US], row->trial, low, high);
    else if (fabs(v[M_STDDEV_US] - deviation) > slack)
        snprintf(why, size, "stddev_us is %.3f, the histogram of trial %u has %.3f",
                 v[M_STDDEV_US], row->trial, deviation);
    else
        return true;
    return false;
}

enum buckets_result verify_histogram(const char *dir, const struct trial_row *row,
                                     struct fault *fault, char *why, size_t size)
{
    struct buckets b = {0};
    *fault = (struct fault){0};
    enum buckets_result result = buckets_read(&b, dir, row, why, size);
    if (result == BUCKETS_GOOD && b.count > 0) {
        const struct bucket *wrong = wrong_bounds(&b);
        struct histogram *h = rebuild(&b, row->value[M_MAX_US]);
        if (wrong) {
            fault->line = (size_t)(wrong - b.at) + 2;
            snprintf(why, size, "%.0f to %.0f is no bucket of a histogram", wrong->lowest_ns,
                     wrong->highest_ns);
        } else if (!percentiles_agree(h, row, why, size) ||
                   !moments_agree(&b, row, why, size)) {
            *fault = (struct fault){row->line, true};
        }
        result = fault->line > 0 ? BUCKETS_BAD : BUCKETS_GOOD;
        free(h);
    }
    free(b.at);
    return result;
}
