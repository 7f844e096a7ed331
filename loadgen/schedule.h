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
 * A schedule is a small value: a copy of it goes on independently with the same moments. */
#ifndef IOM_SCHEDULE_H
#define IOM_SCHEDULE_H

#include <stdint.h>

enum arrival { ARRIVAL_CONSTANT, ARRIVAL_POISSON };

/* "constant" or "poisson". */
const char *arrival_name(enum arrival arrival);

/* What a run's schedule is made of. */
struct schedule_plan {
    enum arrival arrival;
    uint64_t rate_milli; /* requests per 1,000 s, in all threads together; above 0 */
    uint64_t seed;
    uint32_t threads;
};

struct schedule {
    uint64_t at; /* when the next request is due: ns after time zero */

    /* Private: */
    enum arrival arrival;
    uint64_t step, step_rest, rest; /* constant: whole ns, and the remainder in units of */
    uint64_t rate_milli;            /* 1 / rate_milli ns */
    double mean_gap, exact;         /* Poisson, ns */
    uint64_t random;
};

/* The schedule of thread `thread` of plan->threads, at its first request. */
void schedule_init(struct schedule *s, const struct schedule_plan *plan, uint32_t thread);

/* Move on to the request after s->at. */
void schedule_advance(struct schedule *s);

#endif
