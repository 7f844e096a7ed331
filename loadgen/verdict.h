/* May a result be believed? */
#ifndef IOM_VERDICT_H
#define IOM_VERDICT_H

#include <stdbool.h>

#include "loadgen/result.h"

/* A thread above this share of its CPU has no room to be sure that it was not the limit. Time
 * spent in waiting for a moment by spinning does not count. */
#define VERDICT_SATURATED 0.95

/* Of the scheduled requests so many must be sent, and in time. */
#define VERDICT_SENT 0.99

/* The schedule slipped where our own part of the lateness is above either of these. */
#define VERDICT_OWN_P99_NS (1 * NS_PER_MS)
#define VERDICT_OWN_MAX_NS (100 * NS_PER_MS)

/* Without --max-errors: a run in which a greater share of the requests failed is FAILED. The driver
 * judges by the same verdict. */
#define VERDICT_MAX_ERRORS_PPM 10000

/* What was taken from the generator counts from these parts on: of the window, and then of 100 ms at
 * least; of the time of its CPUs; of the periods of its CPU quota. */
#define VERDICT_STILL        0.15
#define VERDICT_STILL_MIN_NS (100 * NS_PER_MS)
#define VERDICT_STOLEN       0.15
#define VERDICT_THROTTLED    0.05

/* What the reason of such a run begins with. */
#define VERDICT_DISTURBED "disturbed: "

/* Set verdict and verdict_reason:
 * INVALID: what was measured is not what was asked for. Fewer connections than asked when the load
 * began, those of --idle and the like included; connections for which there was no local port, so that
 * the client was the limit; the generator was stopped, or its CPUs were taken from it; in open loop: requests not sent, or not at the
 * asked rate, or late by our own fault.
 * FAILED, before a disturbance is looked for: no request succeeded, or more than --max-errors failed: of those that ended, in any other
 * way than well.
 * generator-limited: closed loop, a thread was saturated; the server may be faster than this.
 * ok: else. */
void verdict_reach(struct result *result, const struct run *r);

/* The exit status where it is INVALID, and where it is FAILED. 4 is taken by --fail-if. */
#define EXIT_INVALID 3
#define EXIT_FAILED  5

/* Is it INVALID or FAILED? */
bool verdict_bad(const struct result *result);

/* 0, or 1 where nothing succeeded, or EXIT_INVALID or EXIT_FAILED. */
int verdict_exit_status(const struct result *result);

#endif
