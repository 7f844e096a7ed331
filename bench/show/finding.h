/* What a run found, a sentence for each picture: made of the figures and their intervals, without a
 * full stop. The caller frees each. */
#ifndef IOM_FINDING_H
#define IOM_FINDING_H

#include "bench/record/results.h"
#include "bench/show/ranking.h"
#include "bench/show/tics.h"

/* Who is fastest at the point of the ranking, and by how much; or who shares the first rank. */
char *finding_rank(const struct results *r, const struct ranking *ranking);

/* Which model loses most of its rate, and which keeps most, along the sweep: from the point of the
 * ranking, or from the first value of another axis than connections, to the end. Ratios paired by
 * block. NULL where the sweep ends there, or where the rate is what is swept. */
char *finding_change(const struct results *r, enum protocol protocol);

/* A figure of which less is better. */
struct less_is_better {
    enum summary_metric metric;
    enum unit unit;
    const char *what; /* "the median latency is": what a model's figure follows */
    double floor;     /* what is less cannot be told from it; NaN: none */
    bool starving;    /* points that starve connections count as well */
};

/* The least and the most of the models at the value `at` of the axis. */
char *finding_extremes(const struct results *r, enum protocol protocol,
                       const struct less_is_better *what, unsigned at);

/* A value of the axis in a sentence, "1,024 connections". Returns `out`. */
char *finding_point(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX]);

#endif
