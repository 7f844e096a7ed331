/* The slots of all who count, and the one JSON line that says what was counted.
 *
 * The slots lie in one shared mapping, so a forked child counts where its parent can read, and what
 * it counted outlives it. A slot is never cleared: the next owner counts on, so the sum stays
 * right. */
#ifndef IOM_COUNTERS_H
#define IOM_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "servers/app/count.h"

struct model;

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
 * caller sees to it that the worker that had the slot before has stopped writing. */
struct counters *counters_take(void);
void counters_give(struct counters *slot);

/* Write the JSON line to standard output, in one write where that takes all of it. Returns false
 * with errno where it could not be written; that its reader has gone (EPIPE) is no failure. Safe in
 * a signal handler: it calls what signal-safety(7) lists, and getrusage(2), a bare system call on
 * Linux. The handlers of SIGUSR1 and of the drain's alarm call it. There is one buffer for the
 * line: the caller has those signals blocked. The connections that were lost are given as
 * "aborted", and where `final` is set those that were accepted and not closed too. */
bool counters_print(int final);

#endif
