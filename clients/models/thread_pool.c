/* thread-pool: C threads, and the list of URLs as their queue.
 *
 * How it waits   Each thread in recv(), for the answer to its request.
 * Who works      The thread that took the request from the queue. All threads stay for the whole
 *                job, each with its connection.
 * It costs       Per request send and recv: 2 system calls, and a context switch when the answer
 *                comes. A request that waits costs a thread with its stack.
 * It breaks      With memory and switches, at thousands of threads. Where C is smaller than it
 *                should be nothing breaks, but the job takes longer: a pool that is made for CPUs
 *                instead of for waiting is the common fault.
 *
 * The queue is a counter. All requests are known when the job begins, so to take one is to add
 * 1, in one atomic instruction (job_take()). A queue that others fill while it is emptied needs
 * a lock and a condition, as that of the server thread-pool does. */
#include "clients/client.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "clients/drive/fetch_blocking.h"
#include "common/err.h"

struct worker {
    struct job *job;
    unsigned number;
    pthread_t thread;
};

static void *work(void *argument)
{
    const struct worker *w = argument;
    fetch_all_blocking(w->job, w->number);
    return NULL;
}

static void run(struct job *job)
{
    struct worker *workers = xcalloc(job->concurrency, sizeof *workers);
    for (unsigned i = 0; i < job->concurrency; i++) {
        struct worker *w = &workers[i];
        *w = (struct worker){.job = job, .number = i};
        if ((errno = pthread_create(&w->thread, NULL, work, w)) != 0)
            die_errno("cannot start thread %u of %u", i + 1, job->concurrency);
    }
    for (unsigned i = 0; i < job->concurrency; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
}

const struct client client = {
    .name = "thread-pool",
    .summary = "a fixed number of threads that take requests from a queue",
    .run = run,
};
