/* Runs over time: a small file for each run, DIR/DATE-COMMIT-SCENARIO.csv, one row for each point.
 * */
#ifndef IOM_HISTORY_H
#define IOM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"

struct history_point {
    char date[32];
    char commit[64];
    char machine[1024]; /* environment_fingerprint() */
    char kernel[96];
    char scenario[64];
    enum protocol protocol;
    char model[64];
    unsigned connections;
    enum axis axis;
    unsigned at;            /* the value on the axis */
    bool yardstick;         /* rates are ratios to the yardstick, else requests/s */
    double rate, low, high; /* median and spread of the trials; NaN: no usable trial */
    double cpu_us, p99_us;
    enum verdict verdict;
    size_t run;     /* in the order of the dates, from 0 */
    size_t of_kind; /* the place of the machine in history->machines */
};

struct history {
    struct history_point *at; /* by run, in the order of its file */
    size_t count;
    size_t runs;
    const char **machines; /* into `at`, in the order in which they come */
    size_t machine_count;
};

/* The mark of a machine in tables and pictures: a to z, then aa, ab and so on. */
enum { HISTORY_MARK_MAX = 16 };
const char *history_mark(size_t machine, char out[HISTORY_MARK_MAX]);

/* Write the points of `r` to its file in `dir`, which is made where it is not there; returns the
 * file's path, which the caller frees. Ends the program where that fails. A run that is there
 * already is written again. */
char *history_add(const char *dir, const struct results *r);

/* Read all files of `dir`. Returns false with one line in `error`, which names file and line, where
 * one is damaged, and where there is no file. Free it after success alone. */
bool history_read(struct history *h, const char *dir, char *error, size_t error_size);
void history_free(struct history *h);

#endif
