/* yardstick.csv: the windows of each trial, and the yardstick before and after each of them. */
#ifndef IOM_YARDSTICK_CSV_H
#define IOM_YARDSTICK_CSV_H

#include "bench/trial/row.h"

/* Append the windows of `row`, if it has any, to DIR/yardstick.csv. Ends the program where that
 * fails. */
void yardstick_csv_append(const char *dir, const struct trial_row *row);

#endif
