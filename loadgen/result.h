/* What a run measured: the windows of all threads as one. */
#ifndef IOM_RESULT_H
#define IOM_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/histogram.h"
#include "loadgen/run.h"
#include "loadgen/tally.h"

/* A thread above this share of its CPU has no room to be sure that it was not the limit. */
#define SATURATED 0.95

struct result {
    struct tally window;
    struct histogram *latency; /* of good answers, and of timeouts at the limit they passed */
    uint64_t in_flight_at_start, in_flight; /* at the two ends of the window */
    uint64_t oldest_in_flight_ns;           /* age of the oldest of the latter */
    uint64_t window_ns;
    double requests_per_second;

    /* Good answers per connection. The median of an even number is the lower of the two. Jain's
     * index is (sum x)^2 / (n sum x^2): 1 where all are equal, 1/n where one gets everything
     * (Jain, Chiu and Hawe, DEC-TR-301, 1984); 0 where nothing was answered. */
    uint64_t fair_min, fair_median, fair_max, starved;
    double jain;

    uint64_t user_us, system_us;
    double cpu_fraction;     /* of all threads over window and threads */
    double max_cpu_fraction; /* of the busiest thread */
    double cpu_us_per_request;

    uint64_t (*by_target)[COUNT_OUTCOMES]; /* how the requests of each URL ended */

    const char *reasons[COUNT_OUTCOMES]; /* the first cause of each outcome, or NULL */
    const char *verdict;                 /* "ok" or "generator-limited" */
    char verdict_reason[120];            /* empty where ok */
};

/* Merge what the workers of `*r` found. */
void result_collect(struct result *result, const struct run *r);

void result_free(struct result *result);

/* The name of an outcome as the JSON has it, and as a person reads it. */
const char *result_outcome_name(enum count outcome);

#endif
