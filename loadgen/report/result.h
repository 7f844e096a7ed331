/* What a run measured: the windows of all threads as one. */
#ifndef IOM_RESULT_H
#define IOM_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/load/run.h"
#include "loadgen/record/record.h"

struct hosts;

struct result {
    /* The records of all threads, added up. In an open loop sum.window has the outcomes of the
     * requests that were due in the window. queue_max is the sum of the threads' values: not below
     * the longest of all. by_target is there for one URL, too. */
    struct record sum;
    uint64_t window_ns;
    uint64_t still_ns;          /* of it, in which the generator stood still */
    uint64_t answered;          /* good answers that came in the window */
    double requests_per_second; /* of them */

    /* Good answers per connection. The median of an even number is the lower of the two. Jain's
     * index is (sum x)^2 / (n sum x^2): 1 where all are equal, 1/n where one gets everything
     * (Jain, Chiu and Hawe, DEC-TR-301, 1984); 0 where nothing was answered. */
    uint64_t fair_min, fair_median, fair_max, starved;
    double jain;
    uint64_t *answers; /* an array, of each connection, in ascending order */
    uint64_t connections;

    uint64_t opened_unix_ns; /* when the window opened, by the clock of the wall */
    uint64_t opened_late_ns; /* so much later the last thread went into it */

    double rate_delivered;   /* open loop: sent in the window, a second */
    double queue_mean;       /* open loop */
    double cpu_fraction;     /* of all threads */
    double max_cpu_fraction; /* of the busiest thread */
    /* The same without the time spent in spinning, and with what was slept while answers were
     * let gather. */
    double max_busy_fraction;
    double spun_fraction;      /* of all threads: time spent in spinning */
    double slept_fraction;     /* of all threads: time slept in the waiting call */
    double coalesced_fraction; /* of all threads: time in which answers were let gather */
    double cpu_us_per_request;

    struct hosts *hosts; /* NULL where one host loaded; a pointer of its own */

    const char *verdict;      /* "ok", "generator-limited", "FAILED" or "INVALID" */
    char verdict_reason[200]; /* empty where ok */
};

/* Compute what follows from the counts, of so many threads: rates, shares and fairness. */
void result_figures(struct result *result, uint32_t threads);

/* Merge what the workers of `*r` found. */
void result_collect(struct result *result, const struct run *r);

void result_free(struct result *result);

#endif
