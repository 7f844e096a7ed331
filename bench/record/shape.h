/* The shape of the distributions of latency in two runs. */
#ifndef IOM_SHAPE_H
#define IOM_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"

struct shape {
    double distance; /* between the runs (Kolmogorov–Smirnov); NaN: not known */
    double within;   /* the largest between two trials of one run; NaN: not known */
};

/* Each trial's latencies are divided by their median first, so a point that became faster as a
 * whole has the same shape. The trials of a run are put together with equal weight of each
 * latency. NaN where a histogram is missing. False with one line in `error` where one is damaged.
 * */
bool shape_compare(struct shape *s, const struct results *a,
                   const struct summary_point *point_a, const struct results *b,
                   const struct summary_point *point_b, char *error, size_t error_size);

#endif
