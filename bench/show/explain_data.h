/* The data behind the picture of an explanation. */
#ifndef IOM_EXPLAIN_DATA_H
#define IOM_EXPLAIN_DATA_H

#include <stdbool.h>

#include "bench/show/caption.h"
#include "bench/show/explanation.h"

/* Write DIR/plots/explained_PROTOCOL.tsv: a row for each server that is predicted, with the
 * columns row (from 1), name, microseconds of each part (COST_PARTS), predicted, measured, low,
 * high. The last three are empty where the point is INVALID. Returns false, and writes nothing,
 * where no server is predicted. */
bool explain_data_write(const char *dir, enum protocol protocol, const struct explanation *e);

/* What stands beside the picture. The caller frees it. */
struct caption explain_caption(const struct results *r, enum protocol protocol,
                               const struct explanation *e);

#endif
