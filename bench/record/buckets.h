/* histograms/TRIAL.csv, read: all latencies of a trial. */
#ifndef IOM_BUCKETS_H
#define IOM_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/trial/row.h"

struct bucket {
    double lowest_ns;
    double highest_ns;
    double count;
};

/* Buckets of one trial or of several, one after the other. Free `at`. */
struct buckets {
    struct bucket *at;
    size_t count;
    double total; /* of the counts */
};

enum buckets_result { BUCKETS_GOOD, BUCKETS_MISSING, BUCKETS_BAD };

/* Add the histogram of the trial of `row`, below the run directory `dir`. BUCKETS_MISSING where
 * there is no such file. BUCKETS_BAD with one line in `error`, which names the file and where it
 * has lines the line: a line is no bucket, does not lie above the one before it, or is cut off; or
 * the file holds another number of samples than the row has answers and timeouts. */
enum buckets_result buckets_read(struct buckets *all, const char *dir,
                                 const struct trial_row *row, char *error, size_t error_size);

/* Sort by `highest_ns`: for buckets of several trials. */
void buckets_sort(struct buckets *all);

/* The percentile of sorted buckets, in nanoseconds, as common/histogram.h defines it, with rank
 * ceil(q * total) of `ppm` parts in a million; at most `greatest_ns`, the exact maximum. NaN where
 * there is none. */
double buckets_percentile(const struct buckets *all, unsigned ppm, double greatest_ns);

#endif
