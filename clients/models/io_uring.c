/* io-uring: no readiness at all; the kernel is asked to connect, send and receive, and says when
 * that is done.
 *
 * How it waits   In io_uring_enter(), for completions. The same call hands over what is asked for
 *                next, of all connections.
 * Who works      The kernel connects, sends and receives. The one thread checks answers, and asks.
 * It costs       Per request a share of io_uring_enter, which hands over a batch of any size: a
 *                small part of a call where many are under way. A new connection costs socket,
 *                setsockopt and close more. A request that waits costs a buffer, which the kernel
 *                is to fill.
 * It breaks      Not with numbers. Each connection has its buffer all the time, also while nothing
 *                comes: the price of saying beforehand where the bytes are to go.
 *
 * The sockets block: there is nothing to try. To connect needs no EINPROGRESS and no SO_ERROR,
 * for the result of connect() is in its completion. What is asked for and not done cannot be
 * forgotten: the kernel may write to the buffer at any time. So a request whose time is over is
 * cancelled, and ends when the completion has come, whatever that says. (Linux 6.1, for
 * IORING_SETUP_DEFER_TASKRUN.) */
#include "clients/client.h"

#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clients/drive/loop.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/ring_setup.h"

#define ENTRIES 1024 /* what one call can hand over */
#define SPACE   4096

static struct io_uring ring;
static char (*spaces)[SPACE]; /* where each connection receives */

static int open_ring(unsigned connections)
{
    struct io_uring_params p = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        .cq_entries = 2 * connections + ENTRIES}; /* each may have one that is cancelled */
    return ring_setup(ENTRIES, &ring, &p);
}

static bool unsupported(char *why, size_t size)
{
    int error = -open_ring(1);
    if (error == 0)
        io_uring_queue_exit(&ring);
    else
        snprintf(why, size, "io_uring: %s; needed is Linux 6.1, and the leave to use it",
                 strerror(error));
    return error != 0;
}

static struct io_uring_sqe *new_request(void)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (sqe)
        return sqe;
    io_uring_submit(&ring);
    return io_uring_get_sqe(&ring);
}

/* A request of the job and a socket. False where no request is left. */
static bool prepare(struct conn *c)
{
    for (;;) {
        if (c->state == CONN_IDLE && !conn_take(c))
            return false;
        if (c->state == CONN_CLOSED && conn_socket(c, 0))
            c->state = CONN_CONNECTING;
        if (c->state != CONN_IDLE)
            return true;
    }
}

/* Ask for what comes next on the connection. */
static void ask(struct loop *l, struct conn *c)
{
    if (!prepare(c)) {
        loop_wait(l, c, CONN_OVER);
        return;
    }
    const struct addr *to = &c->job->url.addr;
    struct io_uring_sqe *sqe = new_request();
    if (c->state == CONN_CONNECTING)
        io_uring_prep_connect(sqe, c->fd, addr_sockaddr(to), to->len);
    else if (c->state == CONN_SENDING)
        io_uring_prep_send(sqe, c->fd, c->request + c->sent, c->length - c->sent, MSG_NOSIGNAL);
    else
        io_uring_prep_recv(sqe, c->fd, spaces[c - l->conns], SPACE, 0);
    io_uring_sqe_set_data(sqe, c);
}

/* `watched` says that the request is cancelled. */
static void cancel(struct loop *l, struct conn *c)
{
    (void)l;
    if (c->watched)
        return;
    struct io_uring_sqe *sqe = new_request();
    io_uring_prep_cancel(sqe, c, 0);
    io_uring_sqe_set_data(sqe, NULL);
    c->watched = 1;
}

static void completed(struct loop *l, struct conn *c, int result)
{
    if (c->watched)
        conn_timed_out(c);
    else if (result < 0)
        conn_broken(c, -result);
    else if (c->state == CONN_CONNECTING)
        conn_up(c);
    else if (c->state == CONN_SENDING)
        conn_sent(c, (size_t)result);
    else
        conn_received(c, spaces[c - l->conns], (size_t)result);
    ask(l, c);
}

/* Hand over what is asked for, and wait for a completion: one system call. */
static void enter(const struct loop *l)
{
    struct io_uring_cqe *first;
    int ms = loop_timeout_ms(l);
    struct __kernel_timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000LL};
    int error = -io_uring_submit_and_wait_timeout(&ring, &first, 1, ms < 0 ? NULL : &t, NULL);
    if (error > 0 && error != ETIME && error != EINTR) {
        errno = error;
        die_errno("cannot wait for completions");
    }
}

static void run(struct job *job)
{
    struct io_uring_cqe *cqe;
    struct loop l;

    loop_init(&l, job);
    spaces = xcalloc(l.count, sizeof *spaces);
    if ((errno = -open_ring(l.count)) != 0)
        die_errno("cannot open a ring");
    for (unsigned i = 0; i < l.count; i++)
        ask(&l, &l.conns[i]);
    while (loop_running(&l)) {
        enter(&l);
        while (io_uring_peek_cqe(&ring, &cqe) == 0) {
            struct conn *c = io_uring_cqe_get_data(cqe);
            int result = cqe->res;
            io_uring_cqe_seen(&ring, cqe);
            if (c)
                completed(&l, c, result);
        }
        loop_each_late(&l, cancel);
    }
    io_uring_queue_exit(&ring);
    free(spaces);
    loop_free(&l);
}

const struct client client = {
    .name = "io-uring",
    .summary = "one thread, requests to the kernel and their completions, by io_uring",
    .unsupported = unsupported,
    .run = run,
};
