/* What a run found, a sentence for each picture: made of the figures and their intervals, without a
 * full stop. The caller frees each. */
#ifndef IOM_FINDING_H
#define IOM_FINDING_H

#include "bench/record/results.h"
#include "bench/show/ranking.h"
#include "bench/show/tics.h"

/* Who is fastest at the point of the ranking, and by how much; or who shares the first rank. */
char *finding_rank(const struct results *r, const struct ranking *ranking);

/* Which model loses most of its rate, and which keeps most, from the point of the ranking to
 * the end of the sweep: ratios paired by block. NULL where the sweep ends there. */
char *finding_change(const struct results *r, enum protocol protocol);

/* A figure of which less is better. */
struct less_is_better {
    enum summary_metric metric;
    enum unit unit;
    const char *what; /* "the median latency is": what a model's figure follows */
    double floor;     /* what is less cannot be told from it; NaN: none */
    bool starving;    /* points that starve connections count as well */
};

/* The least and the most of the models at `connections`. */
char *finding_extremes(const struct results *r, enum protocol protocol,
                       const struct less_is_better *what, unsigned connections);

/* The point of the sweep at which `p` was measured. */
unsigned finding_at(const struct summary_point *p);

#endif
