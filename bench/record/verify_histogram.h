/* A trial's row against its histogram. */
#ifndef IOM_VERIFY_HISTOGRAM_H
#define IOM_VERIFY_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/buckets.h"

/* Where something is wrong. */
struct fault {
    size_t line; /* 0: the text names its place itself */
    bool of_row; /* a line of trials.csv, else of the histogram */
};

/* BUCKETS_BAD with what is wrong in `why`, and where in `fault`. */
enum buckets_result verify_histogram(const char *dir, const struct trial_row *row,
                                     struct fault *fault, char *why, size_t size);

#endif
