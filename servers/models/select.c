/* select: one thread asks about all descriptors at once, by a bit for each.
 *
 * How it waits   In select(), with a set of descriptors to read and a set to write.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request recv and send, and a share of select: 2 + 1/batch system calls. But
 *                each select copies its sets in and out of the kernel, which looks at every
 *                descriptor below `nfds`. Then the loop searches the bits. So the cost grows with
 *                the number of connections, busy or idle.
 * It breaks      At descriptor FD_SETSIZE (1024): an fd_set is an array of that many bits, and
 *                FD_SET beyond it writes into memory that is not its own (select(2), bugs). Such
 *                a connection is closed at once and counted as refused. With standard streams, the
 *                listening socket and one more, some 1,018 connections fit.
 *
 * The limit is the C library's. The kernel takes sets of any length, so programs that need more lay
 * several fd_set one behind the other: --large-sets.
 *
 * select() overwrites the sets it is given, hence the copies. */
#include "servers/model.h"

#include <string.h>
#include <sys/select.h>

#include "common/command_line.h"
#include "common/err.h"
#include "servers/drive/reactor.h"

/* Bit n of such an array is descriptor n: each fd_set has FD_SETSIZE of them. */
enum { SETS_MAX = 64, FDS_MAX = SETS_MAX * FD_SETSIZE };
typedef fd_set sets[SETS_MAX];

static bool large;
static const struct option_row large_sets[] = {
    {OPTION_FLAG, 0, "large-sets", NULL,
     "hold descriptors from 1,024 to 65,535 as well, in sets of several fd_set: the kernel takes "
     "them, and the FD_SET of the C library knows one",
     OPTION_VARIABLE(large)},
    {.name = NULL},
};

static struct conn *by_fd[FDS_MAX];
static sets want_read, want_write;
static int lowest, highest; /* the largest descriptor in a set, without clients and with them */

static size_t fds_most(void)
{
    return large ? FDS_MAX : FD_SETSIZE;
}

static void set_bit(sets in, int fd)
{
    FD_SET(fd % FD_SETSIZE, &in[fd / FD_SETSIZE]);
}

static void clear_bit(sets in, int fd)
{
    FD_CLR(fd % FD_SETSIZE, &in[fd / FD_SETSIZE]);
}

static bool has_bit(sets in, int fd)
{
    return FD_ISSET(fd % FD_SETSIZE, &in[fd / FD_SETSIZE]);
}

static void copy(sets to, sets from)
{
    memcpy(to, from, (size_t)(highest / FD_SETSIZE + 1) * sizeof *to);
}

static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    clear_bit(want_read, c->fd);
    clear_bit(want_write, c->fd);
    if (want == CONN_READ)
        set_bit(want_read, c->fd);
    else if (want == CONN_WRITE)
        set_bit(want_write, c->fd);

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
        if ((size_t)c->fd >= fds_most()) {
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
    sets readable, writable;
    struct reactor r;
    reactor_init(&r, server, sizeof(struct conn));
    lowest = server->listen_fd > server->stop_fd ? server->listen_fd : server->stop_fd;
    highest = lowest;
    if ((size_t)lowest >= fds_most())
        die("the listening socket has descriptor %d, and select() takes none from %zu on",
            lowest, fds_most());

    while (reactor_running(&r)) {
        copy(readable, want_read);
        copy(writable, want_write);
        if (reactor_accepting(&r))
            set_bit(readable, server->listen_fd);
        if (!r.draining)
            set_bit(readable, server->stop_fd);

        int ms = reactor_timeout_ms(&r);
        struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
        int n = select(highest + 1, readable, writable, NULL, ms < 0 ? NULL : &t);
        reactor_woke(&r, n);

        bool accept_ready = n > 0 && has_bit(readable, server->listen_fd);
        for (int fd = 0, left = n - accept_ready; left > 0 && fd <= highest; fd++) {
            struct conn *c = by_fd[fd];
            if (!c || !(has_bit(readable, fd) || has_bit(writable, fd)))
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
    .most_connections = fds_most,
    .options = large_sets,
    .nonblocking_accept = true,
    .serve = serve,
};
