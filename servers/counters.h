/* What a server counts, and the one JSON line that says it.
 *
 * Every counter has one writer: a slot belongs to one thread or one process at a time, so
 * counting is a plain load, add and store with no locked instruction, and no cache line is
 * shared on the hot path. Readers sum over the slots whenever they like. The slots lie in one
 * shared mapping, so a forked child counts where its parent can read, and what it counted
 * outlives it. A slot is never cleared: the next owner counts on, so the sum stays right. */
#ifndef IOM_COUNTERS_H
#define IOM_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "servers/model.h"

typedef _Atomic uint64_t counter;

/* A cache line or two of its own for each writer. */
struct counters {
    counter accepted; /* connections taken from the kernel, refused ones among them */
    counter closed;   /* of those, connections that are over, refused ones among them */
    counter
        refused; /* closed at once: over a limit, or no memory, thread or process for them */
    counter requests; /* HTTP: answers begun. echo: pieces of input answered */
    counter bytes_in;
    counter bytes_out;
    counter wakeups;    /* returns from the call that waits (accept, recv where these block) */
    counter events;     /* what those reported: descriptors; callbacks in the libraries */
    counter max_events; /* the most in one wake-up */
    counter eagain;     /* recv, send or accept of ours that found nothing to do */
    counter accept_errors; /* accept failed for want of descriptors or memory */
    counter timeouts;      /* idle timeouts that ended a connection */
    counter accept_bursts; /* turns that accepted as many as one may: reactor.h */
    counter unaccepted;    /* waited in the kernel's queue when the server stopped: net.h */
    counter extra[EXTRA_COUNTERS]; /* the model's own, under its model.extra_counters */
    /* Written by workers.c, where the slot is a worker's: */
    counter alive;   /* 1 while it runs */
    counter started; /* how often it was: more than once where it was replaced */
    counter lost;    /* of those accepted, connections that ended with a process that died */
} __attribute__((aligned(64)));

static inline void count(counter *c, uint64_t n)
{
    uint64_t old = atomic_load_explicit(c, memory_order_relaxed);
    atomic_store_explicit(c, old + n, memory_order_relaxed);
}

/* A wake-up that reported `events` descriptors. */
static inline void count_wakeup(struct counters *c, uint64_t events)
{
    count(&c->wakeups, 1);
    count(&c->events, events);
    if (events > atomic_load_explicit(&c->max_events, memory_order_relaxed))
        atomic_store_explicit(&c->max_events, events, memory_order_relaxed);
}

/* Map slots for `model`, all zero; ends the program where the kernel refuses. Memory is used only
 * for slots that were taken. One is the main thread's, one that of each worker, and `spare`
 * ones are there to be taken. */
void counters_create(const struct model *model, const char *protocol, unsigned workers,
                     size_t spare);
struct counters *counters_main(void);
struct counters *counters_of_worker(unsigned worker);

/* A word in the same shared mapping, 0 at first, for whatever all processes of a server must see at
 * once: that it stops. */
atomic_int *counters_shared_word(void);

/* How many connections of all slots are open. Every writer sees its own `accepted` in it, and of
 * two that accept at the same time and then ask, at least one sees the other's. */
uint64_t counters_open(void);

/* The worker whose slot this is starts, or is started by another process. */
static inline void counters_started(struct counters *slot)
{
    slot->alive = 1;
    count(&slot->started, 1);
}

/* The process that wrote to the slot has died, and its connections with it. */
void counters_lost(struct counters *slot);

/* Take a free slot, the lowest, for another thread or process; NULL when all are taken. Give it
 * back when that one is over. Both are the accepting thread's to call, or under its lock; the
 * caller sees to it that whoever had the slot before has stopped writing. */
struct counters *counters_take(void);
void counters_give(struct counters *slot);

/* Write the JSON line to standard output, in one write where that takes all of it. Returns false
 * with errno where it could not be written; that its reader has gone (EPIPE) is no failure. Safe in
 * a signal handler: it calls what signal-safety(7) lists, and getrusage(2), a bare system call on
 * Linux. The handlers of SIGUSR1 and of the drain's alarm call it. There is one buffer for the
 * line: whoever calls it has those signals blocked. The connections that were lost are given as
 * "aborted", and where `final` is set those that were accepted and not closed too. */
bool counters_print(int final);

#endif
