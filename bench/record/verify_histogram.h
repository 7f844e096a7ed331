/* A trial's row against its histogram. */
#ifndef IOM_VERIFY_HISTOGRAM_H
#define IOM_VERIFY_HISTOGRAM_H

#include <stddef.h>

#include "bench/record/buckets.h"

/* BUCKETS_BAD with what is wrong in `why`: `*line` is that of trials.csv where the row is to
 * blame, 2 where it is a bucket's bounds, and 0 where `why` names its place itself. */
enum buckets_result verify_histogram(const char *dir, const struct trial_row *row, size_t *line,
                                     char *why, size_t size);

#endif
