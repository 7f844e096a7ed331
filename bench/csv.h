/* Comma-separated values as RFC 4180 has them: a header line, then one line a record; a field
 * that holds a comma, a quote or a line break stands in double quotes. */
#ifndef IOM_CSV_H
#define IOM_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A whole file. Row 0 is the first record after the header. The caller owns it: csv_free(). */
struct csv {
    char *text; /* the cells point into it */
    char **cells;
    size_t columns;
    size_t rows;
    char **header;
};

/* Read `path`. A last line without its line break is what a killed writer leaves: it is not
 * taken. Returns false with one line in `error` if the file cannot be read, has no header, or
 * holds a record of another length than the header's. */
bool csv_read(const char *path, struct csv *out, char *error, size_t error_size);
void csv_free(struct csv *c);

/* The number of the column called `name`, or -1. */
int csv_column(const struct csv *c, const char *name);

/* A cell, "" where `column` is negative. */
const char *csv_cell(const struct csv *c, size_t row, int column);

/* The number in a cell; NaN where it is empty, missing or no number. */
double csv_number(const struct csv *c, size_t row, int column);

/* Write one field, quoted where it must be. The caller writes commas and line breaks. */
void csv_put_text(FILE *f, const char *text);

/* Write `value` with at most `digits` decimals and no zeros at the end; nothing for NaN. */
void csv_put_number(FILE *f, double value, int digits);

#endif
