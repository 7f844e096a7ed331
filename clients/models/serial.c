/* serial: one request after the other, on one connection.
 *
 * How it waits   In recv(), for each answer before it makes the next request.
 * Who works      The one thread. At any time it waits for one server, or works.
 * It costs       Per request send and recv: 2 system calls, and a context switch while the answer
 *                is made.
 * It breaks      With the time of an answer: N requests of W milliseconds take N times W. Nothing
 *                is slow in this program. It is idle nearly all of that time.
 *
 * It is what all others are compared with: the same calls in the same order, and the waiting of one
 * request does not overlap with that of another. --concurrency is what it is asked for, and what
 * its efficiency is reckoned by: it makes one request at a time all the same. */
#include "clients/client.h"

#include "clients/drive/fetch_blocking.h"

static void run(struct job *job)
{
    struct conn c;
    conn_init(&c, job, 0);
    while (conn_take(&c))
        fetch_blocking(&c);
    conn_free(&c);
}

const struct client client = {
    .name = "serial",
    .summary = "one request after the other, on one connection",
    .max_concurrency = 1,
    .run = run,
};
