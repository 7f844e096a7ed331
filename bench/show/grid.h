/* The one printer of tables: for the terminal, as HTML and as Markdown. */
#ifndef IOM_GRID_H
#define IOM_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { GRID_COLUMNS_MAX = 14 };

enum format { FORMAT_TERMINAL, FORMAT_HTML, FORMAT_MARKDOWN };

struct grid_row {
    char *cells[GRID_COLUMNS_MAX];
    bool faint;       /* in HTML: apart from the rows that count */
    const char *mark; /* in HTML: a further class of the marked cell; NULL: none */
};

struct grid {
    const char *heads[GRID_COLUMNS_MAX];
    size_t columns;
    unsigned left;   /* bit c: column c is text, aligned to the left; others are figures */
    unsigned wrap;   /* of these: may take several lines in HTML */
    size_t marked;   /* the column to which a row's mark belongs */
    int first_width; /* of the first column on a terminal, not indented; 0: indented by two */
    struct grid_row *rows;
    size_t count;
    size_t filled; /* cells of the last row */
};

/* Begin a row; the next calls append its cells. The row may be marked until the next one begins. */
struct grid_row *grid_row(struct grid *g);
void grid_cell(struct grid *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A number with so many decimals; "n/a" for NaN. */
void grid_number(struct grid *g, int decimals, double value);

/* A heading above a grid, of its own level in a page or a document. */
void grid_heading(FILE *f, const char *text, enum format format);

/* Write the table; HTML without a line break after it. */
void grid_put(FILE *f, const struct grid *g, enum format format);
void grid_free(struct grid *g);

#endif
