/* Tables of points: the ranking, and all there are. */
#ifndef IOM_TABLE_H
#define IOM_TABLE_H

#include <stdio.h>

#include "bench/record/results.h"
#include "bench/show/grid.h"

/* The ranking of one protocol and why the rest has no rank; nothing on a terminal and in Markdown
 * where no model was measured. Returns how many have a rank. */
size_t table_ranking(FILE *f, const struct results *r, enum protocol protocol,
                     enum format format);

/* The rankings of every protocol there is, with the note of how to read them. */
void table_print(FILE *f, const struct results *r, enum format format);

/* Every point of one protocol, as HTML. */
void table_points(FILE *f, const struct summary *s, enum protocol protocol);

/* The class in HTML of a cell that tells a verdict; NULL for a valid one. */
const char *table_mark(enum verdict v);

#endif
