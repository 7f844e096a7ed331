/* Rows of a time series that are kept until those of all hosts can be added up: row N of one with
 * row N of the others. A histogram has hundreds of buckets in use of its tens of thousands; those
 * are kept. The bytes can be sent to another host of the same kind. */
#ifndef IOM_SERIES_ROWS_H
#define IOM_SERIES_ROWS_H

#include <stdbool.h>
#include <stddef.h>

struct series_interval;

struct series_rows {
    char *bytes; /* of malloc(3), or NULL */
    size_t size, room;
    size_t read; /* by series_rows_next() */
};

/* Keep a copy. */
void series_rows_keep(struct series_rows *rows, const struct series_interval *row);

/* `*row` becomes the next row. False where there is none; the bytes were all read then. */
bool series_rows_next(struct series_rows *rows, struct series_interval *row);

#endif
