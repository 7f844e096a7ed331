/* process-pool: C processes, and the list of URLs as their queue.
 *
 * How it waits   Each process in recv(), for the answer to its request. The parent in waitpid().
 * Who works      The process that took the request from the queue. All processes stay for the
 *                whole job, each with its connection.
 * It costs       Per request send and recv: 2 system calls, and a context switch to another
 *                address space when the answer comes. A request that waits costs a process. The C
 *                processes are made once.
 * It breaks      By memory sooner than `thread-pool`, and with nothing else shared: when one
 *                process dies, its request is lost, and the others go on.
 *
 * The queue is a counter in memory that all processes share, with which the next request is
 * taken in one atomic instruction (job_take()): as in `thread-pool`, and no process hands out
 * work. */
#include "clients/client.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/drive/child.h"
#include "clients/drive/fetch_blocking.h"
#include "common/err.h"

static void run(struct job *job)
{
    pid_t *children = xcalloc(job->concurrency, sizeof *children);
    for (unsigned i = 0; i < job->concurrency; i++) {
        pid_t child = child_start();
        if (child == 0) {
            fetch_all_blocking(job, i);
            _exit(0);
        }
        if (child < 0)
            die_errno("cannot start process %u of %u", i + 1, job->concurrency);
        children[i] = child;
    }
    for (unsigned i = 0; i < job->concurrency; i++)
        waitpid(children[i], NULL, 0);
    free(children);
}

const struct client client = {
    .name = "process-pool",
    .summary = "a fixed number of processes that take requests from a queue",
    .run = run,
};
