/* epoll-et: one thread, told once when a descriptor becomes ready.
 *
 * How it waits   In epoll_wait(), edge-triggered: a descriptor is reported when its state changes,
 *                and not again until its state changes again. The kernel keeps the list, so a call
 *                costs by what is ready, not by what is open.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request recv and send, and a share of epoll_wait: 2 + 1/batch system calls.
 *                An idle connection costs none.
 * It breaks      Not with numbers: descriptors and memory are the limit. One slow piece of work
 *                holds up all connections, as in every loop with one thread. And a loop that
 *                leaves data in a socket waits for a report that never comes.
 *
 * A connection is registered once, for everything, and needs no further epoll_ctl(). In return the
 * loop must use up what was reported: it reads until the socket is empty. The textbook's proof is
 * a last recv that fails with EAGAIN. A short recv proves the same (epoll(7)) and saves that call.
 * Where the end of input or an urgent byte was reported it proves nothing. */
#include "servers/model.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "common/err.h"
#include "servers/drive/reactor.h"

#define BATCH 512

static const uint32_t everything = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;

static int control(const struct reactor *r, int operation, int fd, uint32_t events, void *tag)
{
    struct epoll_event e = {.events = events, .data.ptr = tag};
    return epoll_ctl(r->set, operation, fd, &e);
}

static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    want = conn_use_up(c, want, r->now);
    /* To modify a descriptor, even into what it was, has it reported again if it is ready. */
    if (want != CONN_DONE && c->yielded && control(r, EPOLL_CTL_MOD, c->fd, everything, c) != 0)
        want = CONN_DONE;
    c->yielded = false;
    if (want == CONN_DONE)
        reactor_close(r, c); /* closing takes it out of the set */
    else
        reactor_wait(r, c, want);
}

static void accept_all(struct reactor *r)
{
    for (struct conn *c; (c = reactor_accept(r));) {
        session_dry(c->session, true); /* until it is reported */
        if (control(r, EPOLL_CTL_ADD, c->fd, everything, c) != 0)
            reactor_refuse(r, c);
    }
}

/* Connections that came while accepting rested, or were left for the next turn, have been
 * reported, but not accepted. */
static void watch_listener(struct reactor *r, bool *watched)
{
    bool want = reactor_accepting(r);
    if (want && (!*watched || r->more_to_accept) &&
        control(r, EPOLL_CTL_MOD, r->server->listen_fd, EPOLLIN | EPOLLET, NULL) != 0)
        die_errno("cannot watch the listening socket");
    r->more_to_accept = false;
    *watched = want;
}

/* What the kernel will not say again has to be remembered. */
static enum conn_want reported(struct conn *c, uint32_t events, uint64_t now)
{
    if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        conn_reported(c, events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR));
    if (c->want == CONN_WAIT)
        return events & (EPOLLHUP | EPOLLERR) ? CONN_DONE : CONN_WAIT;
    if (c->want == CONN_READ)
        return CONN_READ; /* set_want() steps, if there is anything to read */
    return events & (EPOLLOUT | EPOLLHUP | EPOLLERR) ? conn_step(c, now) : CONN_WRITE;
}

static void serve(struct server *server)
{
    struct epoll_event ready[BATCH];
    struct reactor r;
    bool listener_watched = true;

    reactor_init(&r, server, sizeof(struct conn));
    if ((r.set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    if (control(&r, EPOLL_CTL_ADD, server->stop_fd, EPOLLIN | EPOLLONESHOT, server) != 0)
        die_errno("cannot watch the stop descriptor");
    if (control(&r, EPOLL_CTL_ADD, server->listen_fd, EPOLLIN | EPOLLET, NULL) != 0)
        die_errno("cannot watch the listening socket");

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
                set_want(&r, c, reported(c, ready[i].events, r.now));
        }
        if (accept_ready)
            accept_all(&r);
        reactor_turn(&r, set_want);
    }
    close(r.set);
    reactor_free(&r);
}

const struct model model = {
    .name = "epoll-et",
    .summary = "one thread, readiness from epoll, edge-triggered",
    .no_workers =
        "it is one loop in one thread by definition; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .serve = serve,
};
