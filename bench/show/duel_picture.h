/* The picture of a duel: its pairs, session by session. */
#ifndef IOM_DUEL_PICTURE_H
#define IOM_DUEL_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/duel/duel.h"

/* Draw the pairs of `d` into the file `svg` by SCRIPTS/duel.gp. Returns false with one line in
 * `error` where gnuplot is missing or fails, or the file cannot be written. */
bool duel_draw(const struct duel *d, const char *scripts, const char *svg, char *error,
               size_t error_size);

#endif
