/* Latency distributions of a run: the histograms of a point's repetitions, merged. */
#ifndef IOM_DISTRIBUTION_H
#define IOM_DISTRIBUTION_H

#include <stdbool.h>

#include "bench/summary.h"

/* Write DIR/plots/latency_distribution_PROTOCOL.tsv for the points at `connections`: a block a
 * model of lines "model q latency_us", q rising to 1 - 1/count. The
 * histograms of the repetitions that the point's figures come from (summary_uses()) are merged by
 * adding their counts; percentiles are never averaged. A point that starves connections is left
 * out. Returns whether any model is in it. */
bool distribution_write(const char *dir, const char *protocol, unsigned connections,
                        const struct summary *summary, const struct trial_rows *rows);

#endif
