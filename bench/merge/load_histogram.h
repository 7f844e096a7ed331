/* The histograms in what iomodels-load --json writes (docs/load-json.schema.json). */
#ifndef IOM_LOAD_HISTOGRAM_H
#define IOM_LOAD_HISTOGRAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/histogram.h"

/* Add the samples of the object `from`, exactly: bucket by bucket, and both sums. Returns false,
 * and says in `why` what is wrong with the object; `*into` is of no use then. */
bool load_histogram_add(struct histogram *into, const json_t *from, char *why, size_t size);

/* The object of a histogram, and that of its times (mean, percentiles): new references. */
json_t *load_histogram_json(const struct histogram *h);
json_t *load_histogram_times(const struct histogram *h);

#endif
