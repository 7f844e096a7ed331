/* The open loop of a thread: requests are sent when the schedule says so, whatever the answers
 * do.
 *
 * A request that is due goes to the connection that has been idle for longest. Where none is
 * idle it waits in a queue, in the order of the schedule; the next connection that becomes idle
 * takes the first. The queue needs no memory: the schedule is deterministic, so a second copy of
 * it that lags behind says when each request that waits was due.
 *
 * Four times are kept of a request of the window, all counted from or to the moment that the
 * schedule intended:
 *     response time = answered - intended     what a user sees
 *     service time  = answered - sent         what a closed loop would have measured
 *     lateness      = sent - intended         for want of a connection, or through our fault
 *     own lateness  = sent - max(intended, a connection was idle for it)     our fault alone
 *
 * Waiting. A sleep ends late by as much as it takes the kernel to get the thread onto its CPU,
 * so the loop sleeps until shortly before the next request is due and spins from there, looking
 * for answers all the while. For how long is learned: so that 99 of 100 sleeps end in time,
 * within bounds. */
#ifndef IOM_OPEN_LOOP_H
#define IOM_OPEN_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/histogram.h"
#include "loadgen/load/client_conn.h"
#include "loadgen/pace/schedule.h"
#include "loadgen/record/tally.h"

struct options;
struct steps;
struct worker;

struct open_loop {
    struct schedule ahead;  /* at the first request that was not yet due when last looked */
    struct schedule behind; /* at the first of the queue, if there is one */
    uint64_t zero;          /* the moment of the schedule's time 0 */
    uint64_t next;          /* when that request is due; CLOCK_NEVER where there is none more */
    uint64_t last;          /* when the last one that was dealt with was due */
    uint64_t from, until;   /* of the window: the intended times that belong to it */
    uint64_t quota;         /* requests of the window at most */
    uint64_t in_time;       /* what is sent up to then was sent in time */
    struct conn_list idle;  /* connections with nothing on their way, longest idle first */
    struct conn_list room;  /* with --pipeline: with something, and room for more */
    uint64_t queued, queued_counted; /* requests in the queue; those of the window */
    uint64_t queue_changed;          /* when its length was last reckoned up */

    uint64_t looked;      /* when the last wait ended */
    uint64_t deadline;    /* when the last wait should have ended at the latest */
    uint64_t blind_from;  /* it did not: nobody looked since then. Else CLOCK_NEVER */
    unsigned blind_waits; /* for how many more waits that holds */
    uint64_t spin_ns;     /* how long before a request is due the sleep ends */

    /* Results, of the window: */
    uint64_t outcomes[COUNT_OUTCOMES];
    uint64_t scheduled, sent, sent_in_window, sent_in_time;
    uint64_t in_flight;     /* sent and not ended */
    uint64_t queue_max;     /* longest */
    uint64_t queue_waited;  /* requests that found no idle connection */
    double queue_area;      /* length times ns */
    uint64_t spun_ns;       /* spent in looking again and again */
    uint64_t drain_took_ns; /* after the window */
    struct steps *steps;    /* NULL where the rate is constant */
    struct histogram service, lateness, own_lateness; /* the response time is worker->latency */
};

/* A wake-up later than this was no ordinary one, nor a turn that took longer. */
#define OPEN_LOOP_BLIND_NS NS_PER_MS

/* Requests that were sent by this long after the window, or by 1 % of its length if that is more,
 * but by no more than 10 % of it, still count as delivered in time. */
#define OPEN_LOOP_GRACE_NS (10 * NS_PER_MS)

struct open_loop *open_loop_create(const struct options *options);
void open_loop_free(struct open_loop *o);

/* The load begins: the schedule's time 0 is at `zero`. The connections that are idle take part;
 * others when open_loop_ready() says so. */
void open_loop_begin(struct worker *w, uint64_t zero);

/* The window ends at `end`: nothing is due after it. */
void open_loop_end(struct worker *w, uint64_t end);

/* Has every request of the window ended? */
static inline bool open_loop_drained(const struct open_loop *o)
{
    return o->in_flight == 0 && o->queued_counted == 0;
}

/* `c` can take a request, from worker->now on. */
void open_loop_ready(struct worker *w, struct client_conn *c);

/* Request `q` is being sent on `c`. */
void open_loop_sent(struct worker *w, const struct client_conn *c, struct request *q);

/* Request `q` has ended at worker->now. Was it one of the window's? */
bool open_loop_ended(struct worker *w, const struct request *q, enum count outcome);

/* A connection did not come up: the request of the queue that it would have carried, if there
 * is one, has ended so. */
void open_loop_connect_failed(struct worker *w, enum count outcome);

/* Send what is due, some of it at the most. True if anything was sent. */
bool open_loop_send_due(struct worker *w);

/* Wait for events until `deadline` or the next request is due, and send what is due then. */
void open_loop_turn(struct worker *w, uint64_t deadline);

/* Nobody looked from `since` on. A wait that a signal ended brings no events, so what came in
 * that time may be told by the one after it only. */
static inline void open_loop_was_blind(struct open_loop *o, uint64_t since)
{
    o->blind_from = since;
    o->blind_waits = 2;
}

/* For engines: a wait is over, at worker->now. */
static inline void open_loop_awake(struct open_loop *o, uint64_t now)
{
    if (o->blind_waits == 0 || --o->blind_waits == 0)
        o->blind_from = CLOCK_NEVER;
    if (__builtin_expect(now > o->deadline + OPEN_LOOP_BLIND_NS, 0))
        open_loop_was_blind(o, o->deadline);
    o->looked = now;
}

/* For engines: between two of many events, at worker->now, send what is due. True if anything
 * was sent. */
static inline bool open_loop_mind(struct worker *w, const struct open_loop *o, uint64_t now)
{
    return __builtin_expect(o->next <= now, 0) && open_loop_send_due(w);
}

#endif
