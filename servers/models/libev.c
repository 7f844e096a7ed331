/* libev: the classic event library, one thread, a callback for each descriptor that is ready.
 *
 * How it waits   In ev_run(), which on Linux waits in epoll_wait(), level-triggered.
 * Who works      The one thread, in the callbacks.
 * It costs       Per request recv and send, and a share of epoll_wait: 2 + 1/batch system calls,
 *                and the library's own bookkeeping. An idle connection costs none.
 * It breaks      Not with numbers: descriptors and memory are the limit. One slow callback holds
 *                up all others.
 *
 * libev tells that a socket is ready and leaves reading and writing to its user, so the
 * connection is the one of epoll-lt (conn.c). Time is kept with its ev_timer, one for each
 * connection. Moving that with each request is what its manual warns of ("Be smart about
 * timeouts"): it is moved only when it fires too early, or has to fire earlier. */
#include "servers/model.h"

#include <ev.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/counters.h"
#include "servers/drive/reactor.h"
#include "servers/net.h"

struct client {
    struct conn conn; /* its list and its time are kept here */
    ev_io io;
    ev_timer timer;
    uint64_t timer_at;
};

static struct server *server;
static LIST_HEAD(, conn) clients;
static size_t count_clients;
static uint64_t now; /* read once a turn */

static ev_io listener, stop_watcher;
static ev_timer accept_rest;
static ev_check turn;

static void close_client(struct ev_loop *loop, struct client *k)
{
    ev_io_stop(loop, &k->io);
    ev_timer_stop(loop, &k->timer);
    LIST_REMOVE(&k->conn, link);
    count_clients--;
    conn_close(&k->conn);
    if (server_stopping(server) && count_clients == 0)
        ev_break(loop, EVBREAK_ALL);
}

static void keep_time(struct ev_loop *loop, struct client *k)
{
    uint64_t at = session_deadline(k->conn.session);
    if (at == CLOCK_NEVER || (ev_is_active(&k->timer) && k->timer_at <= at))
        return;
    k->timer_at = at;
    ev_timer_stop(loop, &k->timer);
    ev_timer_set(&k->timer, at > now ? (double)(at - now) * 1e-9 : 0, 0);
    ev_timer_start(loop, &k->timer);
}

static void settle(struct ev_loop *loop, struct client *k, enum conn_want want)
{
    if (want == CONN_DONE) {
        close_client(loop, k);
        return;
    }
    int events = want == CONN_READ ? EV_READ : want == CONN_WRITE ? EV_WRITE : 0;
    if (want != k->conn.want) {
        ev_io_stop(loop, &k->io);
        ev_io_set(&k->io, k->conn.fd, events);
        if (events)
            ev_io_start(loop, &k->io);
        k->conn.want = (uint8_t)want;
    }
    keep_time(loop, k);
}

static void on_ready(struct ev_loop *loop, ev_io *w, int events)
{
    struct client *k = w->data;
    (void)events;
    settle(loop, k, conn_step(&k->conn, now));
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
    struct client *k = w->data;
    (void)events;
    if (session_expired(k->conn.session, now))
        settle(loop, k, conn_step(&k->conn, now));
    else
        keep_time(loop, k);
}

static void add_client(struct ev_loop *loop, int fd)
{
    struct client *k = (struct client *)conn_open(server, server->counters, fd, now, sizeof *k);
    if (!k) {
        net_refuse(server, fd);
        return;
    }
    ev_io_init(&k->io, on_ready, fd, EV_READ);
    ev_io_start(loop, &k->io);
    ev_init(&k->timer, on_timer);
    /* After the sockets: input that has come in time is read before its time is called over. */
    ev_set_priority(&k->timer, EV_MINPRI);
    k->io.data = k->timer.data = k;
    LIST_INSERT_HEAD(&clients, &k->conn, link);
    count_clients++;
    keep_time(loop, k);
}

static void on_accept(struct ev_loop *loop, ev_io *w, int events)
{
    (void)events;
    for (unsigned accepts = 0;; accepts++) {
        int fd;
        if (accepts == ACCEPTS_PER_TURN) {
            count(&server->counters->accept_bursts, 1);
            return; /* the loop comes back, as the socket is still ready */
        }
        switch (net_accept(server, SOCK_NONBLOCK, &fd)) {
        case NET_ACCEPTED:
            if (net_admit(server, count_clients, fd))
                add_client(loop, fd);
            break;
        case NET_RETRY:
            break;
        case NET_NONE:
            return;
        case NET_EXHAUSTED:
            ev_timer_set(&accept_rest, (double)ACCEPT_REST / NS_PER_S, 0);
            ev_timer_start(loop, &accept_rest);
            /* fall through */
        case NET_STOPPED:
            ev_io_stop(loop, w);
            return;
        }
    }
}

static void on_accept_rested(struct ev_loop *loop, ev_timer *w, int events)
{
    (void)w;
    (void)events;
    if (!server_stopping(server))
        ev_io_start(loop, &listener);
}

/* The handler of SIGTERM has made stop_fd readable. */
static void on_stop(struct ev_loop *loop, ev_io *w, int events)
{
    (void)events;
    ev_io_stop(loop, w);
    ev_io_stop(loop, &listener);
    for (struct conn *c = LIST_FIRST(&clients), *next; c; c = next) {
        struct client *k = (struct client *)c;
        next = LIST_NEXT(c, link);
        settle(loop, k, conn_step(&k->conn, now));
    }
    if (count_clients == 0)
        ev_break(loop, EVBREAK_ALL);
}

/* Comes first after each wait, before the callbacks of what is ready. */
static void on_turn(struct ev_loop *loop, ev_check *w, int events)
{
    (void)w;
    (void)events;
    now = clock_ns();
    count_wakeup(server->counters, ev_pending_count(loop));
}

static void serve(struct server *given)
{
    server = given;
    now = clock_ns();
    /* Whatever LIBEV_FLAGS says: what is measured is this model. */
    struct ev_loop *loop = ev_default_loop(EVFLAG_NOENV);
    if (!loop)
        die("libev: cannot create an event loop");

    ev_io_init(&listener, on_accept, server->listen_fd, EV_READ);
    ev_io_init(&stop_watcher, on_stop, server->stop_fd, EV_READ);
    ev_init(&accept_rest, on_accept_rested);
    ev_check_init(&turn, on_turn);
    ev_set_priority(&turn, EV_MAXPRI);
    ev_io_start(loop, &listener);
    ev_io_start(loop, &stop_watcher);
    ev_check_start(loop, &turn);

    ev_run(loop, 0);
    ev_loop_destroy(loop);
    buffer_clear_free_list();
}

const struct model model = {
    .name = "libev",
    .summary = "one thread, callbacks of the libev event library",
    .no_workers = "it is one loop in one thread; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .serve = serve,
};
