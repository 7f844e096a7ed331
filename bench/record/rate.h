/* Requests per second, as runs are ranked and compared by them. */
#ifndef IOM_RATE_H
#define IOM_RATE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/trial/row.h"

enum { RATE_POINTS_MAX = 64 };

/* What rates are measured in. */
struct rate_basis {
    bool yardstick; /* the ratio to the yardstick, times what that makes; else requests/s */
    double at;      /* the median of the yardstick over the run; NaN without */
    bool one_load;  /* the yardstick has the same load at all points of the axis */
    struct {
        enum protocol protocol;
        unsigned at;
        double median; /* of the yardstick there; with one load, at all points */
    } points[RATE_POINTS_MAX];
    size_t count;
};

/* The basis of a run: the yardstick, where most trials with a rate have one, else none. */
struct rate_basis rate_basis_of(const struct trial_rows *rows);

/* What the yardstick of the basis makes in that protocol at a point of the axis: its median there,
 * or that of the run. */
double rate_basis_at(const struct rate_basis *basis, enum protocol protocol, unsigned at);

/* The basis of plain requests/s, where a run has no yardstick or a point has none. */
struct rate_basis rate_basis_plain(void);

/* The rate of a trial. Every reader of rates takes them from here. NaN where there is none. */
double rate_of(const struct trial_row *row, const struct rate_basis *basis);

#endif
