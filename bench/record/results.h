/* The results of a run, read once and found sound: tables, pictures and report are made of
 * these. */
#ifndef IOM_RESULTS_H
#define IOM_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/counts_csv.h"
#include "bench/record/environment.h"
#include "bench/record/prediction.h"
#include "bench/record/ratios.h"
#include "bench/record/summary.h"
#include "bench/trial/row.h"

struct results {
    char *dir;
    struct environment environment;
    struct trial_rows rows;         /* in the order of the summary */
    struct summary summary;         /* points into `rows` */
    struct ratios ratios;           /* points into `summary` */
    struct predictions predictions; /* points into `environment` and `summary` */
    struct counts counts;           /* none where DIR has no counts.csv */
};

/* Read DIR/environment.json, DIR/trials.csv and, where it is there, DIR/counts.csv, each once.
 * Returns false with one line in `error`, which names the file and where it has lines the line,
 * where one cannot be read or holds what no run writes, a model that the environment does not
 * know among it. Free it with results_free() after success alone. */
bool results_read(struct results *r, const char *dir, char *error, size_t error_size);
void results_free(struct results *r);

/* Write DIR/summary.csv, and DIR/ratios.csv and DIR/predictions.csv where there is anything for
 * them. */
void results_write(const struct results *r);

#endif
