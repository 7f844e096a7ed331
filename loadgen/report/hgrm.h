/* A histogram as HdrHistogram writes it: the text form of its percentiles (".hgrm"), which its
 * plotter (https://hdrhistogram.github.io/HdrHistogram/plotFiles.html), wrk2's users and many
 * scripts read. */
#ifndef IOM_HGRM_H
#define IOM_HGRM_H

#include <stdbool.h>
#include <stdio.h>

#include "common/histogram.h"

/* Write `*h`, whose values are nanoseconds, in milliseconds: the columns Value, Percentile,
 * TotalCount and 1/(1-Percentile), five rows for each halving of the distance to 100 %
 * (outputPercentileDistribution() of HdrHistogram with its usual five ticks), then the lines with
 * mean, standard deviation, maximum, count and size. The mean and the deviation are exact, not from
 * buckets. Returns false where writing failed. */
bool hgrm_write(FILE *out, const struct histogram *h);

/* The same to file `path`. Returns false, and tells, where that cannot be written. */
bool hgrm_write_file(const char *path, const struct histogram *h);

#endif
