/* The picture of an explanation, into a file of the user's. */
#ifndef IOM_EXPLAIN_PLOT_H
#define IOM_EXPLAIN_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/show/explanation.h"

/* Draw `e`, of the results `r`, to `path` as SVG, with the scripts in directory `scripts`. Returns
 * false with one line in `error`. */
bool explain_plot_file(const struct results *r, const struct explanation *e,
                       const char *scripts, const char *path, char *error, size_t error_size);

#endif
