/* Latency distributions of a run: the histograms of a point's repetitions, merged. */
#ifndef IOM_DISTRIBUTION_H
#define IOM_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"

/* Write DIR/plots/latency_distribution_PROTOCOL.tsv for the points at which models are compared.
 * Each model has a block of lines "model q latency_us", with q rising to 1 - 1/count. The
 * histograms of the repetitions that the point's figures come from (summary_uses()) are merged by
 * adding their counts; percentiles are never averaged. Two kinds of points are left out: a point
 * that starves connections, and, with a line that says so, a point without one of its histograms.
 * `*any` becomes whether any model is in the file. Returns false with one line in `error` where a
 * histogram is damaged: its buckets do not ascend, or it has another number of samples than its
 * trial has answers and timeouts. */
bool distribution_write(const struct results *r, enum protocol protocol, bool *any, char *error,
                        size_t error_size);

#endif
