/* May a result be believed? */
#ifndef IOM_VERDICT_H
#define IOM_VERDICT_H

#include <stdbool.h>

#include "loadgen/report/result.h"

/* A thread above this share of its CPU has no room to be sure that it was not the limit. Time
 * spent in waiting for a moment by spinning does not count. */
#define VERDICT_SATURATED 0.95

/* Of the scheduled requests so many must be sent, and in time. */
#define VERDICT_SENT 0.99

/* The schedule slipped where our own part of the lateness is above either of these. */
#define VERDICT_OWN_P99_NS (1 * NS_PER_MS)
#define VERDICT_OWN_MAX_NS (100 * NS_PER_MS)

/* Without --max-errors, a run is FAILED where a greater share of its requests failed. The driver
 * takes the verdict over and is stricter about wrong answers. */
#define VERDICT_MAX_ERRORS_PPM 10000

/* The generator was disturbed where it stood still for more than this part of the window, and for
 * 100 ms at least. common/disturbed.h has the limits that the driver shares. */
#define VERDICT_STILL        0.15
#define VERDICT_STILL_MIN_NS (100 * NS_PER_MS)

/* Set verdict and verdict_reason, by the first of these that is true:
 * 1. INVALID: what was measured is not what was asked for. When the load began there were fewer
 *    connections than asked, those of --idle and the like included; or a connection found no free
 *    local port, so that the client was the limit; or, in an open loop, requests were not sent, or
 *    not at the asked rate, or late by our own fault.
 * 2. FAILED: no request succeeded, or the share of the requests that failed, among those that
 *    ended, is above --max-errors.
 * 3. INVALID: the generator was disturbed. It was stopped, or its CPUs were taken from it. 4.
 * generator-limited: in a closed loop a thread was saturated; the server may be faster than this.
 * 5. ok. */
void verdict_reach(struct result *result, const struct run *r);

/* Of several generators, result->hosts: the worst verdict is that of all. It is INVALID where the
 * windows did not open together, or nobody knows whether they did. */
void verdict_unite(struct result *result);

/* The exit status where it is INVALID, and where it is FAILED. 4 is taken by --fail-if. */
#define EXIT_INVALID 3
#define EXIT_FAILED  5

/* Is it INVALID or FAILED? */
bool verdict_bad(const struct result *result);

/* 0, or 1 where nothing succeeded, or EXIT_INVALID or EXIT_FAILED. */
int verdict_exit_status(const struct result *result);

#endif
