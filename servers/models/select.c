/* select: one thread asks about all descriptors at once, by a bit for each.
 *
 * How it waits   In select(), with a set of descriptors to read and a set to write.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request recv and send, and a share of select: 2 + 1/batch system calls. But
 *                each select copies its sets in and out of the kernel, which looks at every
 *                descriptor below `nfds`. Then the loop searches the bits. So the cost grows with
 *                the number of connections, busy or idle.
 * It breaks      At descriptor FD_SETSIZE (1024): the sets are arrays of that many bits, and
 *                FD_SET beyond them writes into memory that is not theirs (select(2), bugs). Such
 *                a connection is closed at once and counted as refused. With standard streams, the
 *                listening socket and one more, some 1,018 connections fit.
 *
 * select() overwrites the sets it is given, hence the copies. */
#include "servers/model.h"

#include <sys/select.h>

#include "common/err.h"
#include "servers/drive/reactor.h"

static struct conn *by_fd[FD_SETSIZE];
static fd_set want_read, want_write;
static int lowest, highest; /* the largest descriptor in a set, without clients and with them */

static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    FD_CLR(c->fd, &want_read);
    FD_CLR(c->fd, &want_write);
    if (want == CONN_READ)
        FD_SET(c->fd, &want_read);
    else if (want == CONN_WRITE)
        FD_SET(c->fd, &want_write);

    if (want == CONN_DONE) {
        by_fd[c->fd] = NULL;
        reactor_close(r, c);
        while (highest > lowest && !by_fd[highest])
            highest--;
        return;
    }
    reactor_wait(r, c, want);
}

static void accept_all(struct reactor *r)
{
    for (struct conn *c; (c = reactor_accept(r));) {
        if (c->fd >= FD_SETSIZE) {
            reactor_refuse(r, c);
            continue;
        }
        by_fd[c->fd] = c;
        if (c->fd > highest)
            highest = c->fd;
        set_want(r, c, CONN_READ);
    }
}

static void serve(struct server *server)
{
    struct reactor r;
    reactor_init(&r, server, sizeof(struct conn));
    lowest = server->listen_fd > server->stop_fd ? server->listen_fd : server->stop_fd;
    highest = lowest;
    if (lowest >= FD_SETSIZE)
        die("the listening socket has descriptor %d, and select() takes none from %d on",
            lowest, FD_SETSIZE);

    while (reactor_running(&r)) {
        fd_set readable = want_read, writable = want_write;
        if (reactor_accepting(&r))
            FD_SET(server->listen_fd, &readable);
        if (!r.draining)
            FD_SET(server->stop_fd, &readable);

        int ms = reactor_timeout_ms(&r);
        struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
        int n = select(highest + 1, &readable, &writable, NULL, ms < 0 ? NULL : &t);
        reactor_woke(&r, n);

        bool accept_ready = n > 0 && FD_ISSET(server->listen_fd, &readable);
        for (int fd = 0, left = n - accept_ready; left > 0 && fd <= highest; fd++) {
            struct conn *c = by_fd[fd];
            if (!c || !(FD_ISSET(fd, &readable) || FD_ISSET(fd, &writable)))
                continue;
            left--;
            set_want(&r, c, conn_step(c, r.now));
        }
        if (accept_ready)
            accept_all(&r);
        reactor_turn(&r, set_want);
    }
    reactor_free(&r);
}

const struct model model = {
    .name = "select",
    .summary = "one thread, readiness from select()",
    .no_workers =
        "it is one loop in one thread by definition; epoll-multi is the model with several",
    .max_connections = FD_SETSIZE,
    .nonblocking_accept = true,
    .serve = serve,
};
