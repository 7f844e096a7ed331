/* A model over commits, in one picture. */
#ifndef IOM_HISTORY_PICTURE_H
#define IOM_HISTORY_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/history.h"

/* Draw `model` to `svg` with scripts/plots/history.gp in directory `scripts`: a line for each
 * service, number of connections, machine and kind of figure, each by its first run. False with
 * one line in `error` where gnuplot is missing or fails, or the file cannot be written. */
bool history_picture(const struct history *h, const char *model, const char *scripts,
                     const char *svg, char *error, size_t error_size);

#endif
