/* One thread of the load. Nothing in here is shared with another thread while the load runs, but
 * for `live` and the series of the record; the record is read when the threads have ended. */
#ifndef IOM_WORKER_H
#define IOM_WORKER_H

#include <stdint.h>

#include "loadgen/conn/conns.h"
#include "loadgen/load/moments.h"
#include "loadgen/load/observer.h"
#include "loadgen/load/order.h"
#include "loadgen/load/window.h"
#include "loadgen/record/record.h"

struct worker {
    struct conns conns; /* first: who reports to the worker gives these */
    struct window window;
    struct record record;
    struct moments *moments;
    uint64_t quota;      /* of -n; UINT64_MAX without */
    uint64_t publish_at; /* when `live` is to be renewed; CLOCK_NEVER where nobody looks */
    struct live_numbers live;
    uint32_t connected;         /* open at the start */
    struct window_order *order; /* of --windows, or NULL */
    /* Of the window that is over: while the thread rests they are the main thread's. */
    struct record finished;
    struct window_span span;
};

/* Allocate what the worker needs; call from its own thread, so that the memory is near it. */
void worker_create(struct worker *w);

/* Open all connections; returns when each was tried, after a bounded time. */
void worker_connect(struct worker *w);

/* Send one request on each connection; returns when each has had an answer, or after the time
 * that the options give. Connections that still wait then go on waiting. */
void worker_settle(struct worker *w);

/* Load from `start` until the window closes, in open loop until it is drained. */
void worker_load(struct worker *w, uint64_t start);

/* --windows: load in the windows that are ordered, and rest between them, until there will be no
 * other window or the run is stopped. */
void worker_load_windows(struct worker *w);

/* Keep the connections open, and take what comes, until the run finishes. */
void worker_hold(struct worker *w);

/* Close the connections; the record stays. */
void worker_close(struct worker *w);

/* Free the record. */
void worker_free(struct worker *w);

#endif
