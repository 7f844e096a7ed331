/* The two ways in which the worker does several jobs of a queue at once. Neither returns: the
 * worker is ended by whoever started it. */
#ifndef IOM_WORKER_H
#define IOM_WORKER_H

#include "clients/worker/task.h"

/* A thread for each job: it waits for the job, does it and acknowledges it, each in a blocking
 * call. */
_Noreturn void work_in_threads(struct work *w);

/* One thread and epoll: for each job a connection to the broker and one to the server. */
_Noreturn void work_over_epoll(struct work *w);

#endif
