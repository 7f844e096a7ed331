/* The data behind the picture of our models beside servers of others. */
#ifndef IOM_COMPARISON_H
#define IOM_COMPARISON_H

#include <stdbool.h>

#include "bench/record/results.h"
#include "bench/show/caption.h"

/* Write DIR/plots/comparison_PROTOCOL.tsv: a group for each of our models that has counterparts
 * in this run, the model's row first. Columns: row (from 1, with a free one between groups),
 * kind (ours, external), name, connections, requests per second as median, low and high,
 * verdict, last row of the group. Returns false, and writes nothing, where there is none. */
bool comparison_write(const char *dir, enum protocol protocol, const struct ratios *ratios);

/* What stands beside the picture. The caller frees it. */
struct caption comparison_caption(const struct results *r, enum protocol protocol);

#endif
