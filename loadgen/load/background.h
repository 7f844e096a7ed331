/* Connections besides those that are measured: they keep the server busy, or only its tables
 * full, and how it treats them is in no result.
 *
 * Idle ones are opened and never speak. Slow readers ask for the first URL and read the answer a
 * few bytes at a time through a small window, so that the server has to wait for room. Slow
 * senders write a request a byte at a time. One that is lost is opened again.
 *
 * They have a thread and an epoll instance of their own, so the workers do not pay for them; its
 * CPU time is counted apart. */
#ifndef IOM_BACKGROUND_H
#define IOM_BACKGROUND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "loadgen/cli/options.h"
#include "loadgen/engine/sources.h"
#include "loadgen/protocol/workload.h"

enum background_kind {
    BACKGROUND_IDLE,
    BACKGROUND_READER,
    BACKGROUND_SENDER,
    BACKGROUND_KINDS
};

struct background_count {
    uint32_t asked;
    _Atomic uint32_t open;  /* now */
    _Atomic uint64_t lost;  /* were open, and ended without our doing */
    uint32_t open_at_start; /* when the load began */
    uint32_t open_at_end;   /* as background_note() found them */
    uint64_t lost_at_end;
};

struct background {
    const struct options *options;
    struct workload *load;
    struct sources *sources;
    struct background_count counts[BACKGROUND_KINDS];
    uint32_t total;  /* 0: there is no thread */
    int stop_fd;     /* an eventfd */
    int ready_fd;    /* rings when all were tried */
    uint64_t cpu_us; /* of the thread, when it has ended */
    pthread_t thread;
};

/* Open what the options ask for; returns when each connection was tried, after a bounded time, or
 * when `interrupt_fd` is readable. The pointers must live until the end. */
void background_start(struct background *b, const struct options *o, struct workload *load,
                      struct sources *sources, int interrupt_fd);

/* The window has closed: remember what is open and how many were lost. */
void background_note(struct background *b);

/* Close them all, and end the thread. */
void background_stop(struct background *b);

/* "idle", "slow_readers", "slow_senders". */
const char *background_name(enum background_kind kind);

#endif
