/* epoll-lt: one thread, told which descriptors are ready, as long as they are.
 *
 * How it waits   In epoll_wait(), level-triggered: each call reports a descriptor while the
 *                descriptor is ready. The kernel keeps the list, so a call costs by what is ready,
 *                not by what is open.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request recv and send, and a share of epoll_wait: 2 + 1/batch system calls.
 *                An idle connection costs none.
 * It breaks      Not with numbers: descriptors and memory are the limit. One slow piece of work
 *                holds up all connections, as in every loop with one thread.
 *
 * Level-triggered epoll repeats a report until the loop has taken what was reported. So the loop
 * must not be told of what it does not want now, or it would spin: a connection that waits to
 * write must not be watched for reading. Each change of mind costs an epoll_ctl(); keep-alive
 * traffic with small answers needs none. With --needless-ctl such traffic has four a request. */
#include "servers/model.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "common/err.h"
#include "servers/drive/needless.h"
#include "servers/drive/reactor.h"

#define BATCH 512

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
    if (want != CONN_DONE && !needless_calls(r->set, c->fd, events_for(c->want), c))
        want = CONN_DONE;
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
    for (struct conn *c; (c = reactor_accept(r));) {
        if (control(r, EPOLL_CTL_ADD, c->fd, EPOLLIN, c) != 0)
            reactor_refuse(r, c);
    }
}

/* Hang-ups are reported for a descriptor with no events too: a listening socket that is not to
 * be reported has to leave the set. */
static void watch_listener(struct reactor *r, bool *watched)
{
    bool want = reactor_accepting(r);
    int operation = want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    if (want != *watched && control(r, operation, r->server->listen_fd, EPOLLIN, NULL) != 0)
        die_errno("cannot watch the listening socket");
    *watched = want;
}

static void serve(struct server *server)
{
    struct epoll_event ready[BATCH];
    struct reactor r;
    bool listener_watched = false;

    reactor_init(&r, server, sizeof(struct conn));
    if ((r.set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    if (control(&r, EPOLL_CTL_ADD, server->stop_fd, EPOLLIN | EPOLLONESHOT, server) != 0)
        die_errno("cannot watch the stop descriptor");

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

const struct model model = {
    .name = "epoll-lt",
    .summary = "one thread, readiness from epoll, level-triggered",
    .no_workers =
        "it is one loop in one thread by definition; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .options = needless_options,
    .serve = serve,
};
