/* What a run measured: the windows of all threads as one. */
#ifndef IOM_RESULT_H
#define IOM_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/histogram.h"
#include "loadgen/load/run.h"
#include "loadgen/record/steps.h"
#include "loadgen/record/tally.h"

/* What there is to say of an open loop besides. */
struct open_result {
    struct histogram service, lateness, own_lateness;
    uint64_t scheduled, sent, sent_in_time, unsent;
    double rate_delivered; /* sent in the window, a second */
    uint64_t queue_max;    /* the sum of the threads' longest: not below the longest of all */
    uint64_t queue_waited;
    double queue_mean;
    uint64_t spun_ns;       /* by all threads, in the window */
    uint64_t drain_took_ns; /* of the thread that took longest */
    struct steps *steps;    /* NULL where the rate is constant */
};

struct result {
    struct tally window;
    /* Of good answers, and of timeouts at the limit they passed: the service time in a closed
     * loop, the response time in an open loop. */
    struct histogram *latency;
    struct histogram *connect_time, *first_byte; /* NULL where connections stay */
    struct open_result *open;                    /* NULL in a closed loop */
    uint64_t in_flight_at_start, in_flight;      /* at the two ends of the window */
    uint64_t oldest_in_flight_ns;                /* age of the oldest of the latter */
    uint64_t window_ns;
    uint64_t still_ns;          /* of it, in which the generator stood still */
    double requests_per_second; /* good answers that came in the window */

    /* Good answers per connection. The median of an even number is the lower of the two. Jain's
     * index is (sum x)^2 / (n sum x^2): 1 where all are equal, 1/n where one gets everything
     * (Jain, Chiu and Hawe, DEC-TR-301, 1984); 0 where nothing was answered. */
    uint64_t fair_min, fair_median, fair_max, starved;
    double jain;

    uint64_t user_us, system_us;
    uint64_t cpu_span_ns;    /* the time, of all threads, in which that was used */
    double cpu_fraction;     /* of all threads, of that time */
    double max_cpu_fraction; /* of the busiest thread */
    /* The same without the time spent in spinning, and with what was slept while answers were
     * let gather. */
    double max_busy_fraction;
    double spun_fraction;        /* of all threads: time spent in spinning */
    double coalesced_fraction;   /* of all threads: time in which answers were let gather, */
    uint64_t coalesced_slept_ns; /* and what they slept of it */
    double cpu_us_per_request;

    uint64_t (*by_target)[COUNT_OUTCOMES]; /* how the requests of each URL ended */

    const char *reasons[COUNT_OUTCOMES]; /* the first cause of each outcome, or NULL */
    const char *verdict;                 /* "ok", "generator-limited", "FAILED" or "INVALID" */
    char verdict_reason[200];            /* empty where ok */
};

/* Merge what the workers of `*r` found. */
void result_collect(struct result *result, const struct run *r);

void result_free(struct result *result);

#endif
