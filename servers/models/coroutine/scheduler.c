#include "servers/models/coroutine/scheduler.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/err.h"
#include "common/stackful.h"
#include "common/stacks.h"
#include "servers/app/count.h"
#include "servers/drive/reactor.h"

#define BATCH 512

/* For the handlers of signals: the kernel's frame alone takes kilobytes where vector registers are
 * wide (getauxval(3), AT_MINSIGSTKSZ), which is no small part of a coroutine's stack. */
#define SIGNAL_STACK ((size_t)64 << 10)

/* After so many recv or send in a row the others have their turn. */
#define TURN 16

static struct reactor reactor;
static void (*serve_with)(struct conn *c);
static bool is_ready;  /* the socket of the coroutine that runs was, when it was resumed */
static unsigned calls; /* recv and send that it has made since */

struct conversation {
    struct conn conn;
    struct coroutine *coroutine;
};

static struct conversation *of(struct conn *c)
{
    return (struct conversation *)c;
}

static const uint32_t everything = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;

static int control(int operation, int fd, uint32_t events, void *tag)
{
    struct epoll_event e = {.events = events, .data.ptr = tag};
    return epoll_ctl(reactor.set, operation, fd, &e);
}

bool scheduler_wait(struct conn *c, enum conn_want want)
{
    reactor_wait(&reactor, c, want);
    coroutine_yield();
    return is_ready;
}

void scheduler_give_way(struct conn *c, enum conn_want want)
{
    /* To modify a descriptor, even into what it was, has it reported again if it is ready. */
    if (++calls > TURN && control(EPOLL_CTL_MOD, c->fd, everything, c) == 0)
        scheduler_wait(c, want);
}

uint64_t scheduler_now(void)
{
    return reactor.now;
}

static void serve_conn(void *argument)
{
    serve_with(argument);
}

static void resume(struct reactor *r, struct conn *c, bool ready)
{
    is_ready = ready;
    calls = 0;
    count(&r->counters->extra[0], 1);
    if (!coroutine_resume(of(c)->coroutine))
        reactor_close(r, c); /* closing takes it out of the set */
}

static void accept_all(struct reactor *r)
{
    for (struct conn *c; (c = reactor_accept(r));) {
        session_dry(c->session, true); /* until it is reported */
        of(c)->coroutine = coroutine_new(serve_conn, c);
        if (!of(c)->coroutine) {
            reactor_refuse(r, c);
        } else if (control(EPOLL_CTL_ADD, c->fd, everything, c) != 0) {
            coroutine_drop(of(c)->coroutine);
            reactor_refuse(r, c);
        }
    }
}

/* What the kernel will not say again has to be remembered. */
static void reported(struct reactor *r, struct conn *c, uint32_t events)
{
    if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        conn_reported(c, events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR));
    bool over = events & (EPOLLHUP | EPOLLERR);
    if (over && c->want == CONN_WAIT)
        session_abort(c->session);
    if (c->want == CONN_READ ? !c->session->dry
                             : over || (c->want == CONN_WRITE && events & EPOLLOUT))
        resume(r, c, c->want != CONN_WAIT);
}

static void turn(struct reactor *r)
{
    for (struct conn *c; (c = reactor_expired(r));)
        resume(r, c, false);
    if (!reactor_must_drain(r))
        return;
    for (struct conn *c = LIST_FIRST(&r->conns), *next; c; c = next) {
        next = LIST_NEXT(c, link);
        if (c->want == CONN_READ)
            resume(r, c, false);
    }
}

/* Connections that came while accepting rested, or were left for the next turn, have been
 * reported, but not accepted. */
static void watch_listener(struct reactor *r, bool *watched)
{
    bool want = reactor_accepting(r);
    if (want && (!*watched || r->more_to_accept) &&
        control(EPOLL_CTL_MOD, r->server->listen_fd, EPOLLIN | EPOLLET, NULL) != 0)
        die_errno("cannot watch the listening socket");
    r->more_to_accept = false;
    *watched = want;
}

static void *set_signal_stack(stack_t *old)
{
    stack_t own = {.ss_sp = xmalloc(SIGNAL_STACK), .ss_size = SIGNAL_STACK};
    if (sigaltstack(&own, old) != 0)
        die_errno("cannot set a stack for signals");
    return own.ss_sp;
}

void scheduler_run(struct server *server, void (*converse)(struct conn *c))
{
    struct epoll_event ready[BATCH];
    struct reactor *r = &reactor;
    bool listener_watched = true;

    stack_t old;
    void *signal_stack = set_signal_stack(&old);
    reactor_init(r, server, sizeof(struct conversation));
    serve_with = converse;
    if ((r->set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    if (!stacks_prepare())
        die_errno("cannot map stacks");
    if (control(EPOLL_CTL_ADD, server->stop_fd, EPOLLIN | EPOLLONESHOT, server) != 0)
        die_errno("cannot watch the stop descriptor");
    if (control(EPOLL_CTL_ADD, server->listen_fd, EPOLLIN | EPOLLET, NULL) != 0)
        die_errno("cannot watch the listening socket");

    while (reactor_running(r)) {
        watch_listener(r, &listener_watched);
        int n = epoll_wait(r->set, ready, BATCH, reactor_timeout_ms(r));
        reactor_woke(r, n);

        bool accept_ready = false;
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr == NULL)
                accept_ready = true;
            else if (ready[i].data.ptr != server)
                reported(r, ready[i].data.ptr, ready[i].events);
        }
        if (accept_ready)
            accept_all(r);
        turn(r);
    }
    close(r->set);
    stacks_free();
    reactor_free(r);
    sigaltstack(&old, NULL);
    free(signal_stack);
}
