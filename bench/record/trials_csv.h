/* trials.csv: one row a trial. results/README.md documents each column and its unit; a column
 * never changes its meaning, new ones are added at the end. */
#ifndef IOM_TRIALS_CSV_H
#define IOM_TRIALS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/trial/row.h"

/* Append one row to DIR/trials.csv in a single write, with the header first where the file is
 * new. A last line that a killed writer left half is cut off. Ends the program when writing
 * fails. */
void trials_csv_append(const char *dir, const struct trial_row *row);

/* Cut off a last line of DIR/trials.csv that has no line break, and say so: what is measured then
 * stands in a line of its own. Returns whether the file is there and holds anything. */
bool trials_csv_mend(const char *dir);

/* Read DIR/trials.csv. Metrics whose columns are not there (an older file) are NaN. A last line
 * that is cut off is left out, with a word on standard error. Anything else that no run writes is
 * refused: false with one line in `error`, "FILE:LINE: what is wrong". */
bool trials_csv_read(const char *dir, struct trial_rows *out, char *error, size_t error_size);
void trials_csv_free(struct trial_rows *rows);

#endif
