/* What a server counts.
 *
 * Every counter has one writer: a slot belongs to one thread or one process at a time, so
 * counting is a plain load, add and store with no locked instruction, and no cache line is
 * shared on the hot path. Readers sum over the slots whenever they like (counters.h). */
#ifndef IOM_COUNT_H
#define IOM_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

/* How many counters of its own a model can have. */
#define EXTRA_COUNTERS 4

typedef _Atomic uint64_t counter;

/* A cache line or two of its own for each writer. */
struct counters {
    counter accepted; /* connections taken from the kernel, refused ones among them */
    counter closed;   /* accepted connections that are over, refused ones among them */
    /* Closed at once: over a limit, or no memory, thread or process for them. */
    counter refused;
    counter requests; /* HTTP: answers begun. echo: pieces of input answered */
    counter bytes_in;
    counter bytes_out;
    counter wakeups; /* returns from the call that waits (accept, recv where these block) */
    counter events;  /* what the wake-ups reported: descriptors; in the libraries callbacks */
    counter max_events;    /* the most in one wake-up */
    counter eagain;        /* recv, send or accept of ours that found nothing to do */
    counter accept_errors; /* accept failed for want of descriptors or memory */
    counter timeouts;      /* idle timeouts that ended a connection */
    counter accept_bursts; /* turns that accepted as many as one may: reactor.h */
    counter unaccepted;    /* waited in the kernel's queue when the server stopped: net.h */
    counter extra[EXTRA_COUNTERS]; /* the model's own, under its model.extra_counters */
    counter lost; /* accepted connections that ended with a process that died */
    /* Written by workers.c, where the slot is a worker's: */
    counter alive;   /* 1 while it runs */
    counter started; /* how often it was: more than once where it was replaced */
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

#endif
