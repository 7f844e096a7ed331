/* The phases of a thread's run, the measured window among them. */
#ifndef IOM_WINDOW_H
#define IOM_WINDOW_H

#include <stdint.h>

#include "loadgen/load/moments.h"
#include "loadgen/pace/pacing.h"

/* Open loop only: DRAIN, in which what was due in the window is still sent and answered.
 * --windows only: ANSWERS, in which what is on its way is answered and nothing is sent, then REST,
 * and from there WARMUP again. */
enum phase {
    PHASE_CONNECT,
    PHASE_SETTLE,
    PHASE_REST,
    PHASE_ANSWERS,
    PHASE_WARMUP,
    PHASE_WINDOW,
    PHASE_DRAIN,
    PHASE_CLOSED
};

struct window {
    enum phase phase; /* it ends at conns->phase_ends */
    const struct pacing *pacing;
    struct conns *conns;
    struct moments *moments;
    bool again;                   /* --windows: there may be another window after this one */
    uint64_t opens_at, closes_at; /* with `again`: the window that is ordered */
    uint64_t connects;            /* with `again`: attempts to connect until the last rest */
    uint64_t oldest_ns;           /* with `again`: age of the oldest request when it closed */
};

/* --windows: the thread rests, and nothing is sent until the next window is ordered. */
void window_rest(struct window *w);

/* The warm-up begins, and with it the load; time 0 of a schedule is at `zero`. With `again` the
 * warm-up lasts until opens_at. */
void window_warm_up(struct window *w, uint64_t zero);

/* The phase has ended: go on to the next. */
void window_next(struct window *w);

/* Whatever phase it is, go through the rest of them now: the run was stopped. */
void window_stop(struct window *w);

#endif
