/* environment.json, written: what this machine, this build and this run are. */
#ifndef IOM_ENVIRONMENT_WRITE_H
#define IOM_ENVIRONMENT_WRITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/plan/models.h"
#include "bench/plan/placement.h"
#include "bench/plan/plan.h"
#include "bench/plan/scenario.h"
#include "bench/record/environment.h"
#include "bench/trial/perf.h"

struct run_facts {
    const struct scenario *scenario;
    const struct model_list *models;
    const struct plan *plan;
    const struct placement *placement;
    uint64_t seed;
    bool counting; /* the plan has a block 0 */
    bool counters[PERF_COUNTERS];
    const char *counters_reason; /* why one is missing; "" */
    bool realtime;               /* this driver runs under SCHED_FIFO */
    bool others_seen;            /* /proc/stat tells how busy the CPUs are with others */
    const char *loadgen;
    json_t *generator;     /* ceiling_measure()'s; not taken over */
    const char *left_out;  /* to keep to a budget; NULL: nothing */
    const char *yardstick; /* the server that trials are held against; NULL: none */
    const struct unit_costs *unit_costs; /* measured before a new run; else NULL */
};

/* Write DIR/environment.json. */
void environment_write(const char *dir, const struct run_facts *facts);

/* Whether what `old` tells of the CPUs, the build's commit and the kernel is so still: trials from
 * before and after a change must not be mixed. False with what differs in `error`. */
bool environment_same(const struct environment *old, const struct placement *p, char *error,
                      size_t error_size);

/* Add `after`, measured when the trials were over, to DIR/environment.json. False, with a warning,
 * where that failed: the file is then as it was. */
bool environment_add_unit_costs(const char *dir, const struct unit_costs *after);

#endif
