/* Latency distributions of a run: the histograms of a point's repetitions, merged. */
#ifndef IOM_DISTRIBUTION_H
#define IOM_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"
#include "bench/show/caption.h"
#include "bench/show/panels.h"

/* Make the curves of the points at which models are compared, of the servers that `drawn` holds
 * for (NULL: all): latency against percentile q, with q rising to 1 - 1/count. The histograms
 * of the repetitions that the point's figures come from (summary_uses()) are merged by adding
 * their counts; percentiles are never averaged. Two kinds of points are left out: a point that
 * starves connections, and, with a line that says so, a point without one of its histograms.
 *
 * The caller frees caption and panels, whatever is returned; without any line there is nothing
 * to draw. Returns false with one line in `error` where a histogram is damaged: its buckets do
 * not ascend, or it has another number of samples than its trial has answers and timeouts. */
bool distribution_picture(const struct results *r, enum protocol protocol,
                          bool (*drawn)(const struct results *r, const char *model),
                          struct caption *caption, struct panels *panels, char *error,
                          size_t error_size);

#endif
