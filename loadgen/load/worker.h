/* One thread of the load: its loop, its connections, its counts. Nothing in here is shared with
 * another thread while the load runs; the results are read when the threads have ended. */
#ifndef IOM_WORKER_H
#define IOM_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/histogram.h"
#include "loadgen/engine/coalesce.h"
#include "loadgen/engine/engine.h"
#include "loadgen/engine/sources.h"
#include "loadgen/load/client_conn.h"
#include "loadgen/load/live.h"
#include "loadgen/pace/open_loop.h"
#include "loadgen/record/series.h"
#include "loadgen/record/tally.h"

struct run;
struct think;

/* Open loop only: DRAIN, in which what was due in the window is still sent and answered. */
enum phase {
    PHASE_CONNECT,
    PHASE_SETTLE,
    PHASE_WARMUP,
    PHASE_WINDOW,
    PHASE_DRAIN,
    PHASE_CLOSED
};

/* Delays before a connection is opened: none, then 10 ms doubled up to 1.28 s. A list each, and
 * so each of them is in order of time. */
#define OPEN_DELAYS 9

/* How long a connection may take. The kernel repeats a SYN that was dropped (a full listen
 * queue) after 1 s and again 2 s later (RFC 6298): this lets both through. */
#define CONNECT_LIMIT_NS (4 * NS_PER_S)

/* What a thread had used of its CPU, and when that was. */
struct cpu_reading {
    uint64_t at, used_ns;
    uint64_t user_us, system_us; /* to tell how it divides */
};

struct worker {
    struct run *run;
    const struct engine *engine;
    void *engine_state;
    struct workload *load;
    const struct protocol *protocol;

    uint64_t now;       /* the last reading of the clock */
    uint64_t looked;    /* all that had happened by then has been reported */
    bool more;          /* the engine's: its last wait may not have reported all there was */
    uint32_t put_off;   /* waits of that kind in a row */
    uint64_t phase_end; /* when the phase ends by time */
    enum phase phase;
    uint32_t depth;          /* requests on their way on a connection at most */
    uint32_t per_connection; /* requests on a connection, then it is closed; UINT32_MAX */
    uint64_t timeout_ns;
    uint64_t next_check; /* no request can be too late before */
    uint64_t to_start;   /* requests that may still be started */
    uint64_t to_end;     /* requests of the window that have still to end before it closes */
    uint64_t in_flight_count;
    struct coalesce coalesce; /* of the io_uring engine in closed loop */
    struct conn_list connecting;
    struct conn_list waiting[OPEN_DELAYS];
    uint64_t waiting_count;
    struct tally total;        /* since the thread began */
    struct open_loop *open;    /* NULL in closed loop */
    struct think *think;       /* NULL without pauses */
    struct histogram *latency; /* closed loop: service time, open loop: response time */
    struct histogram *connect_time, *first_byte; /* NULL where connections stay */
    struct client_conn **flush; /* with --pipeline: connections with something to send */
    uint32_t flush_count;

    struct source_cursor source;
    /* How the requests of each URL ended in the window; NULL where there is one URL. */
    uint64_t (*by_target)[COUNT_OUTCOMES];
    struct series *series; /* of --csv, or NULL */
    uint64_t publish_at;   /* when `live` is to be renewed; CLOCK_NEVER where nobody looks */
    struct live_numbers live;

    struct client_conn *conns;
    uint32_t conn_count;
    uint32_t first_id;  /* of the connections, in the numbering of the whole run */
    uint32_t untried;   /* connections whose first attempt has not ended */
    uint32_t connected; /* open at the start */
    uint32_t settled;   /* connections that have had an answer */
    uint64_t quota;     /* of -n; UINT64_MAX without */
    int wake_fd;        /* an eventfd: become readable when the run's flags changed */
    unsigned index;

    /* Results, of the window: */
    struct tally opening; /* `total` when it opened; */
    struct tally window;  /* and the difference when it closed */
    uint64_t in_flight_at_open, in_flight_at_close, oldest_in_flight_ns;
    uint64_t opened_at, closed_at;
    struct cpu_reading cpu_at_open;
    uint64_t user_us, system_us;
    uint64_t coalesced_ns, coalesced_slept_ns;
    uint64_t cpu_span_ns; /* in which those were used: the window, and until its end was seen */
    /* The first cause of each outcome in the whole run: a constant string, or NULL. */
    const char *reasons[COUNT_OUTCOMES];
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

/* Keep the connections open, and take what comes, until the run finishes. */
void worker_hold(struct worker *w);

/* Close the connections; the results stay. */
void worker_close(struct worker *w);

/* Free the results. */
void worker_free(struct worker *w);

/* For client_conn.c: */

/* Count an outcome; `reason` is a constant string or NULL. */
static inline void worker_count(struct worker *w, enum count outcome, const char *reason)
{
    w->total.n[outcome]++;
    if (__builtin_expect(reason && !w->reasons[outcome], 0))
        w->reasons[outcome] = reason;
}

/* A request of the window ended; `q` is NULL where it was never sent. `latency` is what is recorded
 * for good answers and for timeouts. */
static inline void worker_note(struct worker *w, const struct request *q, enum count outcome,
                               uint64_t latency)
{
    if (w->series)
        series_ended(w->series, w->now, outcome, latency);
    if (w->by_target && q)
        w->by_target[q->choice][outcome]++;
}

/* The phase ended by time, or the run was stopped. In phase.c. */
void worker_next_phase(struct worker *w);

/* Whatever phase it is, go through the rest of them now: the run was stopped. In phase.c. */
void worker_stop(struct worker *w);

/* Call before anything is counted that happened at worker->now: what belongs to the next phase
 * must not enter this one. */
static inline void worker_notice_time(struct worker *w)
{
    while (__builtin_expect(w->now >= w->phase_end, 0))
        worker_next_phase(w);
}

/* A request ended within the window; closes it after the last of -n. */
static inline void worker_ended(struct worker *w)
{
    if (--w->to_end == 0)
        worker_next_phase(w);
}

/* Have the output of `c`, which has a pipeline, sent at the end of this turn. */
static inline void worker_flush_later(struct worker *w, struct client_conn *c)
{
    if (c->pipeline->listed)
        return;
    c->pipeline->listed = true;
    w->flush[w->flush_count++] = c;
}

#endif
