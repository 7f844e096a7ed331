/* epoll: one thread, all connections non-blocking, told which of them are ready.
 *
 * How it waits   In epoll_wait(), level-triggered: the kernel keeps the list of sockets, and a call
 *                reports those that are ready.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request send and recv, and a share of epoll_wait: 2 + 1/batch system calls. A
 *                new connection costs socket, connect, two epoll_ctl and getsockopt more. A request
 *                that waits for its answer costs none.
 * It breaks      Not with numbers. When more answers come than one CPU can check, they wait for
 *                each other.
 *
 * To connect is to wait as well: for the other side's part of the handshake. So the socket is made
 * non-blocking before connect(), which then says EINPROGRESS. The socket becomes writable when the
 * handshake is over, however it ended: whether there is a connection SO_ERROR tells. conn.c does
 * that; here it is one more time to wait for EPOLLOUT. */
#include "clients/client.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "clients/drive/loop.h"
#include "common/err.h"

#define BATCH 512

/* Returns false where the kernel has no memory for another socket in the set. */
static bool watch(const struct loop *l, struct conn *c, enum conn_want want)
{
    uint32_t events = want == CONN_READ ? EPOLLIN : EPOLLOUT;
    struct epoll_event e = {.events = events, .data.ptr = c};
    int operation = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (events != c->watched && epoll_ctl(l->set, operation, c->fd, &e) != 0)
        return false;
    c->watched = events;
    return true;
}

/* A socket that was closed has left the set. */
static void set_want(struct loop *l, struct conn *c, enum conn_want want)
{
    while (want != CONN_OVER && !watch(l, c, want)) {
        conn_fail(c, OUTCOME_SYSTEM);
        want = conn_step(c);
    }
    loop_wait(l, c, want);
}

static void run(struct job *job)
{
    struct epoll_event ready[BATCH];
    struct loop l;

    loop_init(&l, job);
    if ((l.set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    loop_start(&l, set_want);
    while (loop_running(&l)) {
        int n = epoll_wait(l.set, ready, BATCH, loop_timeout_ms(&l));
        loop_woke(n);
        for (int i = 0; i < n; i++) {
            struct conn *c = ready[i].data.ptr;
            set_want(&l, c, conn_step(c));
        }
        loop_turn(&l);
    }
    close(l.set);
    loop_free(&l);
}

const struct client client = {
    .name = "epoll",
    .summary = "one thread, non-blocking sockets, readiness from epoll",
    .run = run,
};
