/* windows.csv of `iomodels run two-speeds`: a row for each window (results/README.md). */
#ifndef IOM_SPEEDS_CSV_H
#define IOM_SPEEDS_CSV_H

#include <stdio.h>

#include "bench/trial/speeds.h"

/* Begin the file in directory `dir`; ends the program where it cannot be written. */
FILE *speeds_csv_open(const char *dir);

/* Write a row, at once. */
void speeds_csv_put(FILE *f, const struct speed_window *w);

/* Ends the program where anything could not be written. */
void speeds_csv_close(FILE *f, const char *dir);

#endif
