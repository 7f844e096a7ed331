/* What is kept of duels: JSON, and the windows as CSV. */
#ifndef IOM_DUEL_FILES_H
#define IOM_DUEL_FILES_H

#include <jansson.h>
#include <stdio.h>

#include "bench/duel/duel.h"

/* What was asked for, and an empty list "duels". The caller owns it. */
json_t *duel_json_begin(const struct duel_spec *spec);

/* Add a duel that was held, and count its verdict. */
void duel_json_add(json_t *json, const struct duel *d);

/* The head of the table of windows, and the windows of the duel `number` (from 1). docs/duel.md
 * tells of the columns. */
void duel_csv_head(FILE *f);
void duel_csv_add(FILE *f, unsigned number, const struct duel *d);

#endif
