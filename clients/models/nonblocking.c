/* nonblocking: tries each connection in turn, and never waits.
 *
 * How it waits   Not at all. Each system call returns at once: done, or "not now" (EINPROGRESS,
 *                EALREADY, EAGAIN). Then the next connection is tried.
 * Who works      The one thread, on a CPU of its own.
 * It costs       Per request send and recv, and all the tries in vain until the answer is there: as
 *                many as a CPU can make in that time, shared by the requests that wait.
 * It breaks      By the CPU that it takes from everybody else, the server first if they share one.
 *
 * It shows what a non-blocking socket is without anything that tells when the socket is ready,
 * as a beginner's loop over setblocking(False). To learn whether a connection is there it calls
 * connect() again, which says EALREADY until the handshake is over (connect(2)). The others wait
 * until the socket is writable, and ask for SO_ERROR. */
#include "clients/client.h"

#include "clients/drive/loop.h"

static void try(struct loop *l, struct conn *c)
{
    if (c->state == CONN_CONNECTING)
        conn_connect(c);
    if (c->state != CONN_CONNECTING)
        loop_wait(l, c, conn_step(c));
}

static void run(struct job *job)
{
    struct loop l;

    loop_init(&l, job);
    loop_start(&l, loop_wait);
    while (loop_running(&l)) {
        for (unsigned i = 0; i < l.count; i++)
            if (l.conns[i].want != CONN_OVER)
                try(&l, &l.conns[i]);
        loop_turn(&l);
    }
    loop_free(&l);
}

const struct client client = {
    .name = "nonblocking",
    .summary = "one thread that tries every non-blocking socket in turn, for ever",
    .run = run,
};
