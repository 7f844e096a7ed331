/* timeline.csv, and crash.csv, hog.csv or slow-clients.csv, of `iomodels run crash`, `run hog` and
 * `run slow-clients` (results/README.md). */
#ifndef IOM_TIMELINE_CSV_H
#define IOM_TIMELINE_CSV_H

#include <stdio.h>

#include "bench/trial/crash.h"
#include "bench/trial/hog.h"
#include "bench/trial/slow_clients.h"

/* Begin DIR/NAME with its header. Ends the program where the file is there already, or cannot be
 * written. */
FILE *timeline_csv_open(const char *dir);
FILE *crash_csv_open(const char *dir);
FILE *hog_csv_open(const char *dir);
FILE *slow_clients_csv_open(const char *dir);

/* Rows reach the file at once. */
void timeline_csv_put(FILE *f, const char *label, const struct timeline *t);
void crash_csv_put(FILE *f, const char *label, unsigned connections, const struct crash *c);
void hog_csv_put(FILE *f, const char *label, unsigned connections, uint64_t cpu_us,
                 const struct hog *h);

void slow_clients_csv_put(FILE *f, const char *label, unsigned connections, unsigned slow,
                          const struct slow_clients *s);

/* Ends the program where not all could be written. */
void timeline_csv_close(FILE *f, const char *dir, const char *name);

#endif
