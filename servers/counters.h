/* The slots of all threads and processes that count, and the one JSON line of what was counted.
 *
 * The slots lie in one shared mapping, so a forked child counts where its parent can read, and the
 * counts outlive the child. A slot is never cleared: the next owner counts on, so the sum stays
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

/* The requests in service, likewise shared. */
struct service *counters_service(void);

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

/* Take a slot for another thread or process: the slot that was given back last, or a new one. NULL
 * when all are taken. Give the slot back when its owner has ended. Only the accepting thread calls
 * these two, or a thread under its lock. The caller sees to it that the former owner of a slot has
 * stopped writing. */
struct counters *counters_take(void);
void counters_give(struct counters *slot);

/* Write the JSON line to standard output, in one write where that takes all of it. Returns false
 * with errno where the line could not be written; a reader that has gone (EPIPE) is no failure.
 * Safe in a signal handler: it calls what signal-safety(7) lists, and getrusage(2), a bare system
 * call on Linux. The handlers of SIGUSR1 and of the drain's alarm call it. There is one buffer for
 * the line: a caller has those two signals blocked. "aborted" are the connections that were lost
 * and, where `final` is set, also the connections that were accepted and not closed. */
bool counters_print(int final);

#endif
