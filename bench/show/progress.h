/* What the user sees while a run goes on: one live line on a terminal, a line a trial
 * elsewhere. */
#ifndef IOM_PROGRESS_H
#define IOM_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan/plan.h"
#include "bench/trial/row.h"

struct progress {
    bool terminal;
    size_t total; /* trials still to do when it began */
    size_t done;
    size_t failed;
    uint64_t began; /* clock_ns() */
    uint64_t guess; /* ns a trial is expected to take before one has been measured */
};

void progress_begin(struct progress *p, size_t total, uint64_t guess);

/* Only between trials: nothing is drawn while a window is open. */
void progress_trial(const struct progress *p, const struct plan_trial *t);
void progress_row(struct progress *p, const struct trial_row *row);

/* Clear the live line. */
void progress_end(const struct progress *p);

#endif
