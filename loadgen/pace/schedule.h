/* When the requests of an open loop are due: a stream of moments that is fixed before the run.
 *
 * It depends on nothing but rate, kind of arrivals, seed and number of threads; in particular
 * not on the answers, which is what makes a loop open (Schroeder, Wierman and Harchol-Balter,
 * "Open Versus Closed: A Cautionary Tale", NSDI 2006). The run's stream is the union of the
 * threads' streams:
 * - constant: request k of the run is due at k / rate, rounded down to the nanosecond; thread i
 *   of T has those with k mod T = i. So the threads take turns, and in a time t there are
 *   exactly ceil(t * rate) requests, the first of them at 0.
 * - Poisson: each thread has a Poisson process of its own with rate / T. Their superposition is
 *   one with the whole rate (Kingman, "Poisson Processes", 1993, section 2.2).
 *
 * With a rate that changes (rate_profile.h) let N(t) be its integral from 0 to t: - constant:
 * request k is due when N goes above k, rounded down to the nanosecond, so up to t there
 *   are exactly ceil(N(t)) requests; the threads take turns as above.
 * - Poisson: the arrivals of a process with rate 1 / T, looked up in N (section 2.3 there, the
 *   mapping theorem; Lewis and Shedler, "Simulation of Nonhomogeneous Poisson Processes by
 *   Thinning", Naval Research Logistics Quarterly 26, 1979, section 1, "time-scale
 *   transformation").
 *
 * A schedule is a small value: a copy of it goes on independently with the same moments. */
#ifndef IOM_SCHEDULE_H
#define IOM_SCHEDULE_H

#include <stdint.h>

#include "loadgen/pace/rate_profile.h"

enum arrival { ARRIVAL_CONSTANT, ARRIVAL_POISSON };

/* "constant" or "poisson". */
const char *arrival_name(enum arrival arrival);

/* What a run's schedule is made of. */
struct schedule_plan {
    enum arrival arrival;
    uint64_t rate_milli; /* requests per 1,000 s, in all threads together; above 0 */
    uint64_t seed;
    uint32_t threads;
    const struct rate_profile *profile; /* must live as long; NULL: `rate_milli` is constant */
};

struct schedule {
    uint64_t at; /* when the next request is due: ns after time zero */

    /* Private: */
    enum arrival arrival;
    uint64_t step, step_rest, rest; /* constant: whole ns, and the remainder in units of */
    uint64_t rate_milli;            /* 1 / rate_milli ns */
    double mean_gap, exact;         /* Poisson, ns; with a profile, requests */
    uint64_t random;
    unsigned __int128 area, area_step; /* with a profile: of the next request; constant */
    struct rate_cursor cursor;         /* its profile is NULL without */
};

/* The schedule of thread `thread` of plan->threads, at its first request. */
void schedule_init(struct schedule *s, const struct schedule_plan *plan, uint32_t thread);

/* Move on to the request after s->at. */
void schedule_advance(struct schedule *s);

#endif
