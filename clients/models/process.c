/* process: a process for each request, in waves of C.
 *
 * How it waits   Each child in connect(), send() and recv(). The parent in waitpid(), for the
 *                slowest of a wave.
 * Who works      The child that was made for the request and ends with it.
 * It costs       Per request a connection with all its calls, send and recv, and a process: fork,
 *                exit, wait4, its page tables and a page fault for each page that it writes. A
 *                request that waits costs a process.
 * It breaks      With the waves, as `thread` does. It breaks by the cost of a process long before:
 *                that is more than the cost of a request. When fork() fails, so does the request.
 *
 * A child has a copy of all memory, and the copy ends with the child. What the child found out
 * must leave it another way: here the counters lie in a mapping that parent and children share.
 * The connection that a child opened is closed with the child. So each request has a connection
 * of its own, also where the server would keep it open. */
#include "clients/client.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/drive/child.h"
#include "clients/drive/fetch_blocking.h"
#include "common/err.h"

static void run(struct job *job)
{
    unsigned size = job->concurrency;
    struct conn *conns = xcalloc(size, sizeof *conns);
    pid_t *children = xcalloc(size, sizeof *children);
    for (unsigned i = 0; i < size; i++)
        conn_init(&conns[i], job, i);

    unsigned begun;
    do {
        for (begun = 0; begun < size && conn_take(&conns[begun]);) {
            pid_t child = child_start();
            if (child == 0) {
                fetch_blocking(&conns[begun]);
                _exit(0);
            }
            if (child > 0)
                children[begun++] = child;
            else
                conn_fail(&conns[begun], OUTCOME_SYSTEM);
        }
        for (unsigned i = 0; i < begun; i++)
            waitpid(children[i], NULL, 0);
    } while (begun == size);

    for (unsigned i = 0; i < size; i++)
        conn_free(&conns[i]);
    free(children);
    free(conns);
}

const struct client client = {
    .name = "process",
    .summary = "a process for each request, in waves",
    .keeps_none = true,
    .run = run,
};
