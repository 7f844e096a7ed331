/* The ranked table at the end of a run. */
#ifndef IOM_TABLE_H
#define IOM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/record/results.h"

/* The points of one protocol at `connections`: first those that are ranked, most requests per
 * second first, then those that are not. A point whose interval overlaps that of the first of a
 * rank shares it: this run does not tell the two apart. */
struct ranking {
    const struct summary_point **at;
    size_t *rank; /* of each, from 1; 0: not ranked */
    size_t ranked;
    size_t count;
};

void ranking_make(struct ranking *r, const struct summary *s, enum protocol protocol,
                  unsigned connections);
void ranking_free(struct ranking *r);

/* "3", "3=" where others have that rank as well, `none` where it is not ranked. */
const char *ranking_text(const struct ranking *r, size_t i, const char *none, char out[32]);

/* What a reader of the ranking must know, in sentences. */
extern const char ranking_note[];

/* Why a point is not ranked: unsupported, INVALID, another answer than ours, limited by the
 * generator, or starving; NULL where it is. */
const char *ranking_excuse(const struct summary_point *p, char buffer[512]);

/* The columns of the table, for the terminal and the report alike. */
enum { TABLE_COLUMNS = 12, TABLE_CELL_MAX = 96 };
extern const char *const table_heads[TABLE_COLUMNS];
void table_cells(const struct summary_point *p, char cells[TABLE_COLUMNS][TABLE_CELL_MAX]);

/* Print the table of every protocol there is, at the connections at which models are compared. */
void table_print(FILE *f, const struct results *r);

#endif
