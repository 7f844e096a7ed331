/* epoll-multi: a loop for each CPU, each with a listening socket of its own.
 *
 * How it waits   As epoll-lt, but N times: every worker, a thread or a process (--workers-as), in
 *                its own epoll_wait() over its own set.
 * Who works      The worker whose listening socket a connection came to. The worker keeps the
 *                connection to the end. Nothing is handed over and nothing is shared, so there is
 *                no lock.
 * It costs       What epoll-lt costs: per request recv, send and a share of epoll_wait. An idle
 *                connection costs no system call.
 * It breaks      As a loop does: a slow piece of work holds up all connections of its worker, also
 *                while the other workers are idle. Which connections wait behind it was decided
 *                when they connected.
 *
 * SO_REUSEPORT (socket(7), since Linux 3.9) lets the N sockets listen on one port. The kernel
 * gives a new connection to one of them by a hash of its addresses and ports. So no accept wakes
 * two workers. The spread is that of a hash, not of the load: with few connections one worker may
 * have most of them.
 *
 * A connection waits in the queue of one socket, for one worker. When a worker process dies, the
 * parent keeps its socket open, and the queue is for the worker that replaces it. At SIGTERM all
 * sockets are shut down together, as one socket is elsewhere: the connections in a queue get a
 * reset, and are counted as `unaccepted`.
 *
 * Unix-domain sockets have no SO_REUSEPORT: with more than one worker the server says so and exits
 * with status 3. And a second server of the same user must not take a share of the connections
 * unnoticed: the first socket is bound without SO_REUSEPORT (net_listen.c).
 *
 * `diff epoll_lt.c epoll_multi.c` shows what many loops need that one does not: somebody to start
 * them, a socket for each, and options. */
#include "servers/model.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "common/command_line.h"
#include "common/err.h"
#include "servers/drive/reactor.h"
#include "servers/drive/workers.h"

#define BATCH 512

static bool as_processes;

static uint32_t events_for(enum conn_want want)
{
    return want == CONN_READ ? EPOLLIN : want == CONN_WRITE ? EPOLLOUT : 0;
}

static int control(const struct reactor *r, int operation, int fd, uint32_t events, void *tag)
{
    struct epoll_event e = {.events = events, .data.ptr = tag};
    return epoll_ctl(r->set, operation, fd, &e);
}

static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    if (want != CONN_DONE && want != c->want &&
        control(r, EPOLL_CTL_MOD, c->fd, events_for(want), c) != 0)
        want = CONN_DONE;
    if (want == CONN_DONE)
        reactor_close(r, c); /* closing takes it out of the set */
    else
        reactor_wait(r, c, want);
}

static void accept_all(struct reactor *r)
{
    for (struct conn *c; (c = reactor_accept(r));)
        if (control(r, EPOLL_CTL_ADD, c->fd, EPOLLIN, c) != 0)
            reactor_refuse(r, c);
}

/* Hang-ups are reported for a descriptor with no events too: a listening socket that is not to
 * be reported has to leave the set. */
static void watch_listener(const struct reactor *r, bool *watched)
{
    bool want = reactor_accepting(r);
    int operation = want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    if (want != *watched && control(r, operation, r->server->listen_fd, EPOLLIN, NULL) != 0)
        die_errno("cannot watch the listening socket");
    *watched = want;
}

static void loop(struct server *server)
{
    struct epoll_event ready[BATCH];
    struct reactor r;
    bool listener_watched = false;

    reactor_init(&r, server, sizeof(struct conn));
    if ((r.set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    if (control(&r, EPOLL_CTL_ADD, server->stop_fd, EPOLLIN | EPOLLONESHOT, server) != 0)
        die_errno("cannot watch the stop descriptor");
    workers_ready();

    while (reactor_running(&r)) {
        watch_listener(&r, &listener_watched);
        int n = epoll_wait(r.set, ready, BATCH, reactor_timeout_ms(&r));
        reactor_woke(&r, n);

        bool accept_ready = false;
        for (int i = 0; i < n; i++) {
            struct conn *c = ready[i].data.ptr;
            if (ready[i].data.ptr == NULL)
                accept_ready = true;
            else if (ready[i].data.ptr != server)
                /* Of a connection that waits for its timer only a hang-up is reported. */
                set_want(&r, c, c->want == CONN_WAIT ? CONN_DONE : conn_step(c, r.now));
        }
        if (accept_ready)
            accept_all(&r);
        reactor_turn(&r, set_want);
    }
    close(r.set);
    reactor_free(&r);
}

static void serve(struct server *server)
{
    if (as_processes)
        workers_as_processes(server, loop, NULL);
    else
        workers_as_threads(server, loop);
}

static const char *const kinds[] = {"threads", "processes", NULL};

static const struct option_row options[] = {
    {OPTION_WORD, 0, "workers-as", "threads|processes", "what a worker is (threads)",
     OPTION_VARIABLE(as_processes), .words = kinds},
    {.name = NULL},
};

const struct model model = {
    .name = "epoll-multi",
    .summary = "an epoll loop for each CPU, each with a listening socket by SO_REUSEPORT",
    .nonblocking_accept = true,
    .workers = WORKERS_PER_CPU,
    .listens_each = true,
    .options = options,
    .serve = serve,
    .stop = workers_stop,
    .abort = workers_abort,
};
