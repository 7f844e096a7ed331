/* A whole run: the threads, the moments they share, and who is told about them. */
#ifndef IOM_RUN_H
#define IOM_RUN_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "loadgen/cli/options.h"
#include "loadgen/engine/sources.h"
#include "loadgen/load/background.h"
#include "loadgen/load/disturbance.h"
#include "loadgen/load/gate.h"
#include "loadgen/load/moments.h"
#include "loadgen/load/observer.h"
#include "loadgen/load/windows.h"
#include "loadgen/load/worker.h"
#include "loadgen/protocol/exchange.h"

/* How long it may take until the last thread has left the barrier. */
#define RUN_START_DELAY_NS (2 * NS_PER_MS)

struct run {
    const struct options *options; /* after a run of several generators: &whole */
    const struct engine *engine;
    struct workload load;
    struct sources sources;
    struct background background;
    struct observer observer;
    struct disturbance disturbance;
    struct windows windows; /* of --windows */
    struct worker *workers; /* an array of worker_count */
    uint32_t worker_count;
    /* Where several generators loaded together: what all were asked for. */
    struct options whole;

    pthread_barrier_t barrier;
    struct moments moments;
    int done_fd;             /* an eventfd: one added by each worker whose window closed */
    struct gate *gate;       /* or NULL */
    int tried_fd;            /* an eventfd: every connection was tried, and the gate is shut */
    sem_t begin;             /* of the gate */
    bool no_load;            /* the gate let none begin, */
    char called_off[512];    /* for this reason */
    uint64_t unix_offset_ns; /* what the clock of the wall was ahead of CLOCK_MONOTONIC */
    uint64_t start_ns;
    uint32_t connected;  /* connections open at the start */
    uint32_t settled;    /* connections that had had an answer when the load began */
    const char *why_not; /* if none is: the reason of one; a constant string */
};

/* Do it all: connect, load, hold. Afterwards the workers' results can be read. SIGINT and SIGTERM
 * end the window early and set `stopped`. The load begins when the gate says, or at once where
 * `gate` is NULL. */
void run_execute(struct run *r, const struct options *o, struct gate *gate);

/* False, and in `why` a line that says why, where no connection came up or the gate let no load
 * begin, and nobody interrupted: then there was no load. */
bool run_came_up(struct run *r, char *why, size_t size);

/* Free everything, the workers' results too. */
void run_free(struct run *r);

/* The load can begin then: an open loop's threads must all be there at the schedule's time 0. */
static inline uint64_t run_soonest_ns(const struct run *r)
{
    return clock_ns() + (r->options->rate_milli ? RUN_START_DELAY_NS : 0);
}

static inline bool run_stopped(struct run *r)
{
    return moments_flag(&r->moments.stopped);
}

#endif
