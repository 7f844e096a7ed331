/* Predicted beside measured CPU time, for the servers of one point of a run. */
#ifndef IOM_EXPLANATION_H
#define IOM_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/cost/model.h"
#include "bench/record/results.h"

struct explained {
    const struct summary_point *point; /* of the results */
    bool known;                        /* else `why` says what is missing */
    char why[200];
    struct work work;
    struct prediction predicted;
    double measured; /* nanoseconds of CPU for a request; NaN: the point is INVALID */
};

struct explanation {
    struct explained *at; /* in the order of the summary */
    size_t count;
    size_t both;  /* of these: predicted and measured */
    size_t close; /* of those: within EXPLAINED_WITHIN of measured */
};

/* The part of the measured time that a prediction may be off by and be called close. */
#define EXPLAINED_WITHIN 0.15

/* Explain the points of `r` in `protocol` at the point `at` of its axis, by the unit costs `u`.
 * The results and the costs must live as long. Where nothing at all can be explained, `count`
 * is 0 and `why`, of `why_size` bytes, is one line that says what is missing; else it is "".
 * Free it in any case. */
void explanation_make(struct explanation *e, const struct results *r, enum protocol protocol,
                      unsigned at, const struct unit_costs *u, char *why, size_t why_size);
void explanation_free(struct explanation *e);

/* What the prediction leaves of the measured time; NaN where one of them is not there. */
double explained_rest(const struct explained *e);

/* Whether the prediction is within EXPLAINED_WITHIN of the measured time. */
bool explained_closely(const struct explained *e);

#endif
