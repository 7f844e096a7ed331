/* thread: a thread for each request, in waves of C.
 *
 * How it waits   Each thread in connect(), send() and recv(). The main thread in pthread_join(),
 *                for the slowest of a wave.
 * Who works      The thread of the request. It is made for the request and ends with it.
 * It costs       Per request send and recv, and a thread: clone, exit, a futex call or two to
 *                join, and context switches. A request that waits costs a thread with its stack.
 * It breaks      With the waves: a wave ends when its slowest request does, so one late answer
 *                holds up C - 1 threads that could be working. When C threads are too many for
 *                memory or for the system's limit, pthread_create() fails, and so does the
 *                request.
 *
 * Threads share their descriptors. So a thread finds the connection open that the thread in its
 * place left in the wave before, and C connections are enough for all waves. In `process`, which
 * differs from this file by fork(), that is not so. */
#include "clients/client.h"

#include <pthread.h>
#include <stdlib.h>

#include "clients/drive/fetch_blocking.h"
#include "common/err.h"

static void *fetch(void *conn)
{
    fetch_blocking(conn);
    return NULL;
}

static void run(struct job *job)
{
    unsigned size = job->concurrency;
    struct conn *conns = xcalloc(size, sizeof *conns);
    pthread_t *threads = xcalloc(size, sizeof *threads);
    for (unsigned i = 0; i < size; i++)
        conn_init(&conns[i], job, i);

    unsigned begun;
    do {
        for (begun = 0; begun < size && conn_take(&conns[begun]);) {
            if (pthread_create(&threads[begun], NULL, fetch, &conns[begun]) == 0)
                begun++;
            else
                conn_fail(&conns[begun], OUTCOME_SYSTEM);
        }
        for (unsigned i = 0; i < begun; i++)
            pthread_join(threads[i], NULL);
    } while (begun == size);

    for (unsigned i = 0; i < size; i++)
        conn_free(&conns[i]);
    free(threads);
    free(conns);
}

const struct client client = {
    .name = "thread",
    .summary = "a thread for each request, in waves",
    .run = run,
};
