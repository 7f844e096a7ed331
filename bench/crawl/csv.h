/* crawl.csv of a run directory: a row for each job (results/README.md). */
#ifndef IOM_CRAWL_CSV_H
#define IOM_CRAWL_CSV_H

#include <stdio.h>

#include "bench/crawl/row.h"
#include "bench/crawl/summary.h"

/* Begin DIR/crawl.csv with its header. Ends the program where it is there already, or cannot be
 * written. */
FILE *crawl_csv_open(const char *dir);

/* The row reaches the file at once. */
void crawl_csv_put(FILE *f, const struct crawl_row *row);

/* Ends the program where not all could be written. */
void crawl_csv_close(FILE *f, const char *dir);

/* Read the rows of DIR/crawl.csv. False with one line in `error`, "FILE:LINE: what is wrong", where
 * it has something that no run writes. Free them in both cases. */
bool crawl_csv_read(const char *dir, struct crawl_rows *rows, char *error, size_t size);

#endif
