/* From what was measured in a trial to the columns of its row. */
#ifndef IOM_TRIAL_COLUMNS_H
#define IOM_TRIAL_COLUMNS_H

#include <jansson.h>
#include <stdint.h>

#include "bench/trial/calls.h"
#include "bench/trial/perf.h"
#include "bench/trial/row.h"
#include "bench/trial/trial.h"
#include "common/cgroup.h"

struct trial_measured {
    double cpu_ns;                      /* used in the window */
    double faults;                      /* minor page faults in the window */
    struct perf_values counted;         /* in the window */
    struct call_counts by_name;         /* in the window */
    double server_busy_ns;              /* of all that ran on the server's CPUs */
    double generator_busy_ns;           /* on the generator's */
    double server_stolen_ns;            /* by the hypervisor from the server's CPUs */
    double generator_stolen_ns;         /* and from the generator's */
    struct cgroup_throttling throttled; /* of this process's group and its children's */
    uint64_t window_ns;                 /* between the two readings of the counters */
    json_t *results;                    /* of the generator */
    json_t *counters;                   /* of the server; NULL: of one of others */
};

/* Fill in all columns that come from the load generator's results, the server's own counters and
 * the readings at both ends of the window; none of what is known before or after. */
void trial_columns(struct trial_row *row, const struct trial_setup *setup,
                   const struct trial_measured *m);

/* Write DIR/histograms/TRIAL.csv from the load generator's results. */
void trial_histogram(const char *dir, unsigned trial, const json_t *results);

#endif
