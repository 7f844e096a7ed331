/* A queue between one thread that finds out what is to be done and the workers that do it.
 *
 * Tasks are linked through themselves, so putting one in needs no memory and cannot fail; each is
 * in one queue at a time. One lock, held for a few instructions; putting one in makes a system
 * call only where a worker sleeps. */
#ifndef IOM_TASK_QUEUE_H
#define IOM_TASK_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "servers/app/count.h"

struct task {
    STAILQ_ENTRY(task) link;
};

struct task_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    STAILQ_HEAD(, task) tasks;
    size_t length, sleeping;
    bool closed;
    counter *shown_length, *shown_max; /* where the length is shown; written under the lock */
};

void task_queue_init(struct task_queue *q, counter *length, counter *max_length);

void task_queue_add(struct task_queue *q, struct task *t);

/* Take the oldest, wait while there is none. NULL when the queue is empty and closed. Waking up is
 * counted in `counters`, the caller's own. */
struct task *task_queue_take(struct task_queue *q, struct counters *counters);

/* There will be no more: wakes all that wait. */
void task_queue_close(struct task_queue *q);

#endif
