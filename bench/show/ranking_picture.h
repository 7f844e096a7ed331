/* The ranking as dots with intervals, drawn by scripts/plots/ranking.gp. */
#ifndef IOM_RANKING_PICTURE_H
#define IOM_RANKING_PICTURE_H

#include "bench/record/results.h"
#include "bench/show/caption.h"

/* Write the data to `path`: a line a model, in the order of the ranking. `*set` becomes what
 * gnuplot is told besides; the caller frees it and the caption. False where nothing was
 * measured there. */
bool ranking_picture(const struct results *r, enum protocol protocol, const char *path,
                     struct caption *caption, char **set);

#endif
