/* Pacing: when the next request is sent.
 *
 * - closed loop: as soon as a connection can take one;
 * - think time: the same, a pause later;
 * - open loop: when a schedule says so, whatever the answers do.
 *
 * A pacing sends on the connections that it is given; what becomes of the requests its owner tells
 * it. It lives in one thread, and what it measures goes into that thread's record. */
#ifndef IOM_PACING_H
#define IOM_PACING_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/conn/conns.h"

/* What all pacings have; each has a struct that begins with this. */
struct pace {
    struct conns *conns;
    struct record *record;
    uint64_t quota; /* of -n: requests of the window; UINT64_MAX without */
};

struct pacing {
    /* Make one; release() frees it. Both in the thread. */
    struct pace *(*create)(struct conns *conns);
    void (*release)(struct pace *p);

    /* The load begins; time 0 of a schedule is at `zero`. */
    void (*start)(struct pace *p, uint64_t zero);

    /* The window opens at `at`, before the record does. Returns when it closes. If that changes,
     * the pacing sets conns->phase_ends. */
    uint64_t (*opened)(struct pace *p, uint64_t at);

    /* `c` can take a request. */
    void (*ready)(struct pace *p, struct client_conn *c);

    /* As conn_events have it. */
    void (*ended)(struct pace *p, struct client_conn *c, const struct request *q,
                  enum count outcome, uint64_t age);
    void (*unopened)(struct pace *p, enum count outcome);

    /* When to be called next, at `at` at the latest: a wait until then is about to begin. */
    uint64_t (*deadline)(struct pace *p, uint64_t at);

    /* A wait is over: send what is due. */
    void (*turn)(struct pace *p);

    /* The window closed at `end`, and what was due in it is drained. NULL: what is on its way
     * then counts as that. */
    void (*closed)(struct pace *p, uint64_t end);
};

extern const struct pacing pacing_closed_loop, pacing_think, pacing_open_loop;

#endif
