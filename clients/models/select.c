/* select: one thread, all connections non-blocking, and bits for all descriptors in each call.
 *
 * How it waits   In select(), with a set of the sockets that are to become readable and one of
 *                those that are to become writable.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request send and recv, and a share of select: 2 + 1/batch system calls. Each
 *                call of select makes two sets, which the kernel reads and writes as a whole: that
 *                costs by the highest descriptor, whether the sockets are ready or not.
 * It breaks      At FD_SETSIZE (1024): a set has no place for a higher descriptor, and to set its
 *                bit is to write beside the set. So such a connection fails here, and is counted.
 *
 * The second set is what a client needs and many servers do without: a connection that is coming
 * up becomes writable when the handshake is over. SO_ERROR then tells whether there is a
 * connection. */
#include "clients/client.h"

#include <sys/select.h>

#include "clients/drive/loop.h"
#include "common/clock.h"

static void set_want(struct loop *l, struct conn *c, enum conn_want want)
{
    while (want != CONN_OVER && c->fd >= FD_SETSIZE) {
        conn_fail(c, OUTCOME_SYSTEM);
        want = conn_step(c);
    }
    loop_wait(l, c, want);
}

static int select_all(const struct loop *l, fd_set *readable, fd_set *writable)
{
    int highest = -1, ms = loop_timeout_ms(l);
    struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    FD_ZERO(readable);
    FD_ZERO(writable);
    for (unsigned i = 0; i < l->count; i++) {
        const struct conn *c = &l->conns[i];
        if (c->want == CONN_OVER)
            continue;
        FD_SET(c->fd, c->want == CONN_READ ? readable : writable);
        if (c->fd > highest)
            highest = c->fd;
    }
    return select(highest + 1, readable, writable, NULL, ms < 0 ? NULL : &t);
}

static void run(struct job *job)
{
    fd_set readable, writable;
    struct loop l;

    loop_init(&l, job);
    loop_start(&l, set_want);
    while (loop_running(&l)) {
        int n = select_all(&l, &readable, &writable);
        loop_woke(n);
        for (unsigned i = 0; i < l.count && n > 0; i++) {
            struct conn *c = &l.conns[i];
            if (c->want != CONN_OVER &&
                FD_ISSET(c->fd, c->want == CONN_READ ? &readable : &writable))
                set_want(&l, c, conn_step(c));
        }
        loop_turn(&l);
    }
    loop_free(&l);
}

const struct client client = {
    .name = "select",
    .summary = "one thread, non-blocking sockets, select over bits for all descriptors",
    .max_concurrency = 1000, /* a few descriptors are something else's */
    .run = run,
};
