/* libev: the classic event library, one thread, a callback for each descriptor that is ready.
 *
 * How it waits   In ev_run(), which on Linux waits in epoll_wait(), level-triggered.
 * Who works      The one thread, in the callbacks.
 * It costs       Per request recv and send, and a share of epoll_wait: 2 + 1/batch system calls,
 *                and the library's own bookkeeping. An idle connection costs none.
 * It breaks      Not with numbers: descriptors and memory are the limit. One slow callback holds
 *                up all others.
 *
 * libev says that a socket is ready, and leaves reading and writing to its user. So the connection
 * is that of epoll-lt (conn.c), and so are deadlines and accepting (reactor.c).
 *
 * To move an ev_timer with every request is the mistake that libev's manual warns of. Here one
 * ev_timer stands for the earliest deadline of all. libev calls no epoll_ctl(DEL) when a watcher
 * stops: at the next event it notices that nobody wants the descriptor. */
#include "servers/model.h"

#include <ev.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/drive/reactor.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of callbacks */

struct client {
    struct conn conn;
    ev_io io;
};

static struct reactor reactor;
static ev_io listener, stop_watcher;
static ev_timer alarm_timer;
static ev_check turn_begin, turn_end;
static struct ev_loop *loop;

static void set_want(struct reactor *r, struct conn *conn, enum conn_want want)
{
    ev_io *io = &((struct client *)conn)->io;
    if (want != conn->want) {
        ev_io_stop(loop, io);
        ev_io_set(io, conn->fd, want == CONN_WRITE ? EV_WRITE : EV_READ);
        if (want == CONN_READ || want == CONN_WRITE)
            ev_io_start(loop, io);
    }
    if (want == CONN_DONE)
        reactor_close(r, conn);
    else
        reactor_wait(r, conn, want);
}

static void on_ready(struct ev_loop *l, ev_io *w, int events)
{
    set_want(&reactor, w->data, conn_step(w->data, reactor.now));
}

static void on_accept(struct ev_loop *l, ev_io *w, int events)
{
    for (struct conn *c; (c = reactor_accept(&reactor));) {
        ev_io *io = &((struct client *)c)->io;
        ev_io_init(io, on_ready, c->fd, EV_READ);
        io->data = c;
        ev_io_start(loop, io);
    }
}

/* The handler of SIGTERM has made stop_fd readable: reactor_turn() sees to the rest. */
static void on_stop(struct ev_loop *l, ev_io *w, int events)
{
    ev_io_stop(loop, w);
}

static void on_alarm(struct ev_loop *l, ev_timer *w, int events)
{
    reactor.wake_at = CLOCK_NEVER;
}

/* Comes first after each wait, before the callbacks of what is ready. */
static void on_turn_begin(struct ev_loop *l, ev_check *w, int events)
{
    reactor_woke(&reactor, (int)ev_pending_count(loop));
}

/* Comes last: input that has come in time is read before its time is called over. */
static void on_turn_end(struct ev_loop *l, ev_check *w, int events)
{
    reactor_turn(&reactor, set_want);
    if (reactor_accepting(&reactor))
        ev_io_start(loop, &listener);
    else
        ev_io_stop(loop, &listener);
    int ms = reactor_alarm_ms(&reactor);
    if (ms >= 0) {
        ev_timer_stop(loop, &alarm_timer);
        ev_timer_set(&alarm_timer, ms * 1e-3, 0);
        ev_timer_start(loop, &alarm_timer);
    }
    if (!reactor_running(&reactor))
        ev_break(loop, EVBREAK_ALL);
}

static void serve(struct server *server)
{
    reactor_init(&reactor, server, sizeof(struct client));
    /* Whatever LIBEV_FLAGS says: this model is what is measured. */
    if (!(loop = ev_default_loop(EVFLAG_NOENV)))
        die("libev: cannot create an event loop");

    ev_io_init(&listener, on_accept, server->listen_fd, EV_READ);
    ev_io_init(&stop_watcher, on_stop, server->stop_fd, EV_READ);
    ev_init(&alarm_timer, on_alarm);
    ev_check_init(&turn_begin, on_turn_begin);
    ev_set_priority(&turn_begin, EV_MAXPRI);
    ev_check_init(&turn_end, on_turn_end);
    ev_set_priority(&turn_end, EV_MINPRI);
    ev_io_start(loop, &listener);
    ev_io_start(loop, &stop_watcher);
    ev_check_start(loop, &turn_begin);
    ev_check_start(loop, &turn_end);

    ev_run(loop, 0);
    ev_loop_destroy(loop);
    reactor_free(&reactor);
}

const struct model model = {
    .name = "libev",
    .summary = "one thread, callbacks of the libev event library",
    .no_workers = "it is one loop in one thread; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .serve = serve,
};
