/* Pacing: when the next request is sent.
 *
 * - closed loop: as soon as a connection can take one;
 * - think time: the same, a pause later;
 * - open loop: when a schedule says so, whatever the answers do.
 *
 * A pacing sends on the connections of a thread, and the connections report to the pacing. What
 * the pacing measures goes into the record of that thread. */
#ifndef IOM_PACING_H
#define IOM_PACING_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/conn/conns.h"

struct pacing {
    /* To be reported to from start() on. */
    struct conn_events events;

    /* Make what is needed, in cs->pace; release() frees it. Both in the thread. `quota` is that of
     * -n: requests of the window; UINT64_MAX without. */
    void (*create)(struct conns *cs, uint64_t quota);
    void (*release)(struct conns *cs);

    /* The load begins; time 0 of a schedule is at `zero`. */
    void (*start)(struct conns *cs, uint64_t zero);

    /* The window opens at `at`, before the record does. Returns when it closes. If that changes,
     * the pacing sets cs->phase_ends. */
    uint64_t (*opened)(struct conns *cs, uint64_t at);

    /* When to be called next, at `at` at the latest: a wait until then is about to begin. */
    uint64_t (*deadline)(struct conns *cs, uint64_t at);

    /* A wait is over: send the requests that are due. */
    void (*turn)(struct conns *cs);

    /* The window closed at `end`; drain the requests that were due in it. NULL: requests that are
     * on their way then count as in flight. */
    void (*closed)(struct conns *cs, uint64_t end);
};

extern const struct pacing pacing_closed_loop, pacing_think, pacing_open_loop;

#endif
