/* The phases of a thread's run, the measured window among them. */
#ifndef IOM_WINDOW_H
#define IOM_WINDOW_H

#include <stdint.h>

#include "loadgen/load/moments.h"
#include "loadgen/pace/pacing.h"

/* Open loop only: DRAIN, in which what was due in the window is still sent and answered. */
enum phase {
    PHASE_CONNECT,
    PHASE_SETTLE,
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
};

/* The warm-up begins, and with it the load; time 0 of a schedule is at `zero`. */
void window_warm_up(struct window *w, uint64_t zero);

/* The phase has ended: go on to the next. */
void window_next(struct window *w);

/* Whatever phase it is, go through the rest of them now: the run was stopped. */
void window_stop(struct window *w);

#endif
