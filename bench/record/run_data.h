/* What a run left, read and found sound: the ground of every picture, table and report. */
#ifndef IOM_RUN_DATA_H
#define IOM_RUN_DATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/record/summary.h"
#include "bench/record/trials_csv.h"

struct run_data {
    json_t *environment;
    struct trial_rows rows;
    struct summary summary; /* points into `rows` */
};

/* Read DIR/environment.json and DIR/trials.csv. Returns false with one line in `error`, which names
 * the file and where it has lines the line, where one cannot be read or holds what no run writes, a
 * model that the environment does not know among it. Free it with run_data_free() after success
 * alone. */
bool run_data_read(const char *dir, struct run_data *d, char *error, size_t error_size);
void run_data_free(struct run_data *d);

/* The connections at which models are compared. */
unsigned run_data_rank(const struct run_data *d);

#endif
