/* Latency distributions of a run: the histograms of a point's repetitions, merged. */
#ifndef IOM_DISTRIBUTION_H
#define IOM_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"

/* Write DIR/plots/latency_distribution_PROTOCOL.tsv for the points at which models are
 * compared: a block a model of lines "model q latency_us", q rising to 1 - 1/count. The
 * histograms of the repetitions that the point's figures come from (summary_uses()) are merged
 * by adding their counts; percentiles are never averaged. A point that starves connections is
 * left out, and one of which a histogram is missing, which is told. `*any` becomes whether any
 * model is in it. Returns false with one line in `error` where a histogram is damaged: no
 * buckets that ascend, or another number of samples than its trial has answers and timeouts. */
bool distribution_write(const struct results *r, enum protocol protocol, bool *any, char *error,
                        size_t error_size);

#endif
