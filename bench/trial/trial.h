/* One trial: a fresh server, one load, one row. */
#ifndef IOM_TRIAL_H
#define IOM_TRIAL_H

#include <stdbool.h>

#include "bench/plan/placement.h"
#include "bench/plan/plan.h"
#include "bench/plan/scenario.h"
#include "bench/trial/answer.h"
#include "bench/trial/namespaces.h"
#include "bench/trial/perf.h"
#include "bench/trial/row.h"

struct trial_setup {
    const struct scenario *scenario;
    const struct placement *placement;
    const char *loadgen;
    const char *dir;              /* the run directory, with histograms/ in it */
    bool counters[PERF_COUNTERS]; /* which the machine gives */
    double peak_rps;  /* of the trial's model in a closed loop, for axis load; NaN: not known */
    double waking_ns; /* what it costs to wake the generator; NaN: not known */
    struct namespaces namespaces; /* for TRANSPORT_NAMESPACES; none: not needed */
    struct yardstick *yardstick;  /* NULL: the run has none */
    const struct answer *answers; /* of our servers, by protocol; body NULL where not needed */
};

/* Run trial `t` and fill `row`, whatever happens: a failure is a row that says why. Every
 * process it started is gone afterwards. Writes DIR/histograms/TRIAL.csv unless it only counts.
 * Returns false when the user interrupted it: then there is no row. */
bool trial_run(const struct trial_setup *setup, const struct plan_trial *t,
               struct trial_row *row);

#endif
