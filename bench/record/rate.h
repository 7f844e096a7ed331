/* Requests per second, as runs are ranked and compared by them. */
#ifndef IOM_RATE_H
#define IOM_RATE_H

#include <stdbool.h>

#include "bench/trial/row.h"

/* The column of the requests per second that the yardstick made in the same half seconds. */
extern const char rate_yardstick_column[];

/* What rates are measured in. */
struct rate_basis {
    bool yardstick; /* the ratio to the yardstick, times `at`; else requests/s */
    double at;      /* the median of the yardstick; NaN without */
};

/* The basis of a run: the yardstick, where each trial with a rate has one, else none. */
struct rate_basis rate_basis_of(const struct trial_rows *rows);

/* The rate of a trial. Every reader of rates takes them from here. NaN where there is none. */
double rate_of(const struct trial_row *row, const struct rate_basis *basis);

#endif
