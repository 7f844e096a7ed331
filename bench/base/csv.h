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
    size_t *lines;   /* of the file, that each row begins in */
    size_t cut_line; /* the last one, where it has no line break and is not taken; else 0 */
};

/* Read `path`. A last line without its line break is what a killed writer leaves: it is not taken,
 * and out->cut_line tells. Returns false with one line in `error`, "FILE:LINE: what is wrong", if
 * the file cannot be read, has no header or a column twice, holds a NUL, a quote that is not
 * closed, or a record of another length than the header's. */
bool csv_read(const char *path, struct csv *out, char *error, size_t error_size);
void csv_free(struct csv *c);

/* The number of the column called `name`, or -1. */
int csv_column(const struct csv *c, const char *name);

/* A cell, "" where `column` is negative. */
const char *csv_cell(const struct csv *c, size_t row, int column);

/* The number in a cell; NaN where it is empty or `column` is negative. False where there is
 * something that is no decimal number. */
bool csv_number(const struct csv *c, size_t row, int column, double *value);

/* Write one field, quoted where it must be. The caller writes commas and line breaks. */
void csv_put_text(FILE *f, const char *text);

/* Write `value` with at most `digits` decimals and no zeros at the end; nothing for NaN. */
void csv_put_number(FILE *f, double value, int digits);

#endif
