/* Latency distributions of a run: the histograms of a point's repetitions, merged. */
#ifndef IOM_DISTRIBUTION_H
#define IOM_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/run_data.h"

/* Write DIR/plots/latency_distribution_PROTOCOL.tsv for the points at `connections`: a block a
 * model of lines "model q latency_us", q rising to 1 - 1/count. The histograms of the repetitions
 * that the point's figures come from (summary_uses()) are merged by adding their counts;
 * percentiles are never averaged. A point that starves connections is left out, and one of which a
 * histogram is missing, which is told. `*any` becomes whether any model is in it. Returns false
 * with one line in `error` where a histogram is damaged: no buckets that ascend, or another number
 * of samples than its trial has answers and timeouts. */
bool distribution_write(const char *dir, const char *protocol, unsigned connections,
                        const struct run_data *d, bool *any, char *error, size_t error_size);

#endif
