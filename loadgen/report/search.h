/* The highest rate of an open loop at which a goal is kept (--search).
 *
 * A probe is a run of the asked length at one rate. The majority of up to three probes judges a
 * rate: one may be bad luck. First the search brackets. It begins at the rate of -R or, without
 * -R, at half of what a short closed loop reached. It doubles the rate while the goal is kept, or
 * halves the rate while the goal is not kept. Then the search bisects. It ends when the lowest
 * rate that did not keep the goal is at most 2 % above the highest rate that did, or when the
 * number of rates is used up. The result is that interval, no point.
 *
 * A probe whose verdict is INVALID or FAILED did not keep the goal, whatever its times are: the
 * requests that were asked for were not sent. Where only the verdict decided, and not the times,
 * the reason is told. */
#ifndef IOM_SEARCH_H
#define IOM_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/report/condition.h"

struct crew;
struct options;

/* Rates that a search tries at most; each takes two or three probes. */
#define SEARCH_RATES 24

struct search_probe {
    uint64_t rate_milli; /* requests per 1,000 s */
    bool has_value;      /* there was any sample */
    uint64_t value_ns;   /* of the goal's statistic */
    bool kept;
    bool in_time; /* the value keeps the goal; without `kept` the verdict is bad */
    const char *verdict;
};

struct search {
    const struct condition *goal;
    struct crew *crew;
    uint64_t low_milli;    /* the highest rate that kept the goal; 0: none did */
    uint64_t high_milli;   /* the lowest that did not; 0: all did */
    char why_invalid[200]; /* at `high_milli` only the verdict was against: its reason */
    bool interrupted;
    char why_lost[512]; /* the server was, before the search was over; "" where it was not */
    struct search_probe probes[3 * SEARCH_RATES];
    uint32_t count;
};

/* Search, together with the crew. Tell of each probe on standard output (on standard error where
 * that is for JSON), and report: the summary and the JSON are those of the last run at the highest
 * rate that kept the goal. Returns the exit status. */
int search_main(const struct options *o, struct crew *crew);

#endif
