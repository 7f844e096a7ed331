/* A table of texts, for the terminal and for the report alike. */
#ifndef IOM_GRID_H
#define IOM_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { GRID_COLUMNS_MAX = 12 };

struct grid {
    const char *const *heads; /* one a column */
    size_t columns;
    unsigned left; /* bit c: column c is text, aligned to the left; others are figures */
    char **cells;  /* row by row */
    size_t rows;
};

/* Append a row: one text a column, copied. */
void grid_add(struct grid *g, const char *const *cells);
void grid_free(struct grid *g);

/* Aligned columns, each line indented by two spaces. */
void grid_print(FILE *f, const struct grid *g);

/* The same as an HTML table. */
void grid_html(FILE *f, const struct grid *g);

#endif
