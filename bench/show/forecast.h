/* What the counts of a run come to on another machine. */
#ifndef IOM_FORECAST_H
#define IOM_FORECAST_H

#include <stdio.h>

#include "bench/show/explanation.h"
#include "bench/show/grid.h"

struct expected {
    const struct summary_point *point;
    struct prediction there;
    struct prediction here;
    double measured; /* nanoseconds of CPU for a request, here */
    double rest;     /* of them not explained here */
    double ns;       /* expected there: there.total + rest * forecast.rest_factor */
    size_t rank;     /* there, from 1 */
    size_t rank_here;
};

struct forecast {
    struct expected *at; /* cheapest there first */
    size_t count;
    size_t left_out; /* servers that are not predicted, not measured, or below nothing */
    const struct expected *against; /* epoll-lt, else the first */
    /* What the rest is multiplied by: how much slower the other machine runs the same code, told
     * by the unit cost of a session; 1 where one of the two does not tell. */
    double rest_factor;
    bool rest_factor_known;
    struct unit_costs costs_here, costs_there; /* those that both have */
};

/* Made of the points of `r` in `protocol` at the point `at` of its axis. A unit cost for which
 * the model has a substitute, and which one of the two machines lacks, is used for neither.
 * Where nothing can be said, `count` is 0 and `why` one line that says what is missing. Free it
 * in any case. */
void forecast_make(struct forecast *f, const struct results *r, enum protocol protocol,
                   unsigned at, const struct unit_costs *here, const struct unit_costs *there,
                   char *why, size_t why_size);
void forecast_free(struct forecast *f);

/* The ranking there beside that of here, what decides, and what is assumed. */
void forecast_print(FILE *out, const struct forecast *f);

#endif
