/* Conditions on what a run measured, as --search and --fail-if take them: "p99<2ms",
 * "errors>0.1%".
 *
 *     METRIC OPERATOR LIMIT       blanks may stand around the operator: < <= > or >=
 *
 *     p50 p75 p90 p95 p99 p99.9 p99.99 mean max stddev    of the latency; a time
 *     rate                        good answers a second: 500, 1.5k, 2M
 *     errors, timeouts            requests that failed, timed out: a number without % is how many,
 *                                 one with % is the share of those that ended
 *     transfer                    bytes read a second: 64k, 10M, 1G, in powers of 1024
 *
 * p999 and p9999 are other names of p99.9 and p99.99. */
#ifndef IOM_CONDITION_H
#define IOM_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/histogram.h"

struct result;

/* What may stand around the parts of a condition, and around a whole one in a list. */
#define CONDITION_BLANKS " \t"

enum condition_metric {
    CONDITION_PERCENTILE,
    CONDITION_MEAN,
    CONDITION_MAX,
    CONDITION_STDDEV,
    CONDITION_RATE,
    CONDITION_ERRORS,
    CONDITION_TIMEOUTS,
    CONDITION_TRANSFER,
};

/* What value and limit are in. */
enum condition_unit {
    CONDITION_NS,
    CONDITION_PER_SECOND,
    CONDITION_REQUESTS,
    CONDITION_SHARE, /* 0 to 1 */
    CONDITION_BYTES_PER_SECOND,
};

struct condition {
    const char *text; /* whole, as it was given */
    const char *name; /* of the metric: a constant string */
    enum condition_metric metric;
    enum condition_unit unit;
    uint32_t ppm; /* of a percentile */
    bool above;   /* > or >=, else < or <= */
    bool or_equal;
    double limit;
};

/* Read `text` into `*c`, which keeps it. Returns false where it is none. */
bool condition_parse(const char *text, struct condition *c);

/* The value of a condition in CONDITION_NS. False where the histogram is empty. */
bool condition_time(const struct condition *c, const struct histogram *h, uint64_t *ns);

/* The value of any condition. False where nothing was measured that has one. */
bool condition_value(const struct condition *c, const struct result *result, double *value);

/* Is the condition true of `value`? */
bool condition_holds(const struct condition *c, double value);

/* "ns", "requests/s", "requests", "share" or "bytes/s". */
const char *condition_unit_name(enum condition_unit unit);

#endif
