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
    counter in_service;    /* requests now, those answered at once left out: struct service */
    counter extra[EXTRA_COUNTERS]; /* the model's own, under its model.extra_counters */
    counter lost; /* accepted connections that ended with a process that died */
    /* Written by workers.c, where the slot is a worker's: */
    counter alive;   /* 1 while it runs */
    counter started; /* how often it was: more than once where it was replaced */
} __attribute__((aligned(64)));

/* The requests that were read whole and whose answers are not begun, of all threads and processes
 * of a server: in memory that they share. Only requests that take time, /wait and /cpu, write to
 * it. All others are in service for no time: each sees itself and those that are under way. */
struct service {
    counter now, most;
    counter wait_targets; /* a digest of what was asked for: common/target_digest.h */
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

static inline void service_saw(struct service *all, uint64_t requests)
{
    uint64_t most = atomic_load_explicit(&all->most, memory_order_relaxed);
    while (requests > most && !atomic_compare_exchange_weak(&all->most, &most, requests))
        continue;
}

/* A request that takes time: when it has been read, and before a byte of its answer can be sent.
 * So a client that has C requests under way is never seen with more. */
static inline void service_begin(struct service *all, struct counters *c)
{
    count(&c->in_service, 1);
    service_saw(all, atomic_fetch_add(&all->now, 1) + 1);
}

static inline void service_end(struct service *all, struct counters *c)
{
    count(&c->in_service, UINT64_MAX);
    atomic_fetch_sub(&all->now, 1);
}

/* A GET of /wait is answered. */
static inline void service_answered(struct service *all, uint64_t digest)
{
    atomic_fetch_add_explicit(&all->wait_targets, digest, memory_order_relaxed);
}

/* A request that is answered at once. */
static inline void service_pass(struct service *all)
{
    service_saw(all, atomic_load_explicit(&all->now, memory_order_relaxed) + 1);
}

#endif
