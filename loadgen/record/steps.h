/* How an open loop did at each part of a rate that changes.
 *
 * A held rate is one step, a ramp is ten of equal length, and what is held after the end of the
 * profile, where the window is longer, is one more. A request belongs to the step in which it was
 * due: its outcome and its response time, whenever it ended. Only `answered` counts otherwise: the
 * good answers that came in the step, for that over its length is what the server achieved then. */
#ifndef IOM_STEPS_H
#define IOM_STEPS_H

#include <stdint.h>

#include "common/histogram.h"
#include "loadgen/cli/options.h"
#include "loadgen/record/tally.h"

#define STEPS_OF_A_RAMP 10

struct step {
    uint64_t begin_ns, end_ns; /* after the window opened */
    uint64_t scheduled;
    uint64_t outcomes[COUNT_OUTCOMES];
    uint64_t answered;
    struct histogram *response; /* NULL where there is no sample */
};

struct steps {
    uint32_t count;
    struct step all[];
};

/* The steps of the window, with nothing in them; NULL where the rate is constant. */
struct steps *steps_create(const struct options *o);

void steps_free(struct steps *s);

/* A request is due at `due`, ns after the window opened. */
void steps_scheduled(struct steps *s, uint64_t due);

/* It ended at `now`; `response` is recorded for good answers and for timeouts. */
void steps_ended(struct steps *s, uint64_t due, uint64_t now, enum count outcome,
                 uint64_t response);

/* Add what another thread counted. */
void steps_merge(struct steps *into, const struct steps *from);

/* The window was only so long: forget the steps after it. */
void steps_cut(struct steps *s, uint64_t window_ns);

#endif
