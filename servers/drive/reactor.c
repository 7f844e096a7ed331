#include "servers/drive/reactor.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/app/count.h"
#include "servers/net.h"

void reactor_init(struct reactor *r, struct server *server)
{
    *r = (struct reactor){.server = server, .counters = server->counters, .now = clock_ns()};
}

void reactor_free(struct reactor *r)
{
    timers_free(&r->timers);
    buffer_clear_free_list();
}

bool reactor_running(const struct reactor *r)
{
    return !r->draining || r->count > 0;
}

bool reactor_accepting(const struct reactor *r)
{
    return !r->draining && !r->stopped_accepting && r->accept_again_at == 0;
}

int reactor_timeout_ms(const struct reactor *r)
{
    uint64_t next = timers_next(&r->timers);
    if (r->accept_again_at != 0 && r->accept_again_at < next)
        next = r->accept_again_at;
    return clock_timeout_ms(clock_ns(), next);
}

void reactor_woke(struct reactor *r, int events)
{
    if (events < 0 && errno != EINTR)
        die_errno("cannot wait for events");
    count_wakeup(r->counters, events > 0 ? (uint64_t)events : 0);
    r->now = clock_ns();
    r->accepts = 0;
}

static void add(struct reactor *r, struct conn *c)
{
    c->previous = NULL;
    c->next = r->conns;
    if (r->conns)
        r->conns->previous = c;
    r->conns = c;
    r->count++;
    reactor_keep_time(r, c);
}

struct conn *reactor_accept(struct reactor *r)
{
    if (r->draining || r->accept_again_at != 0)
        return NULL;
    for (;;) {
        int fd;
        r->more_to_accept = r->accepts == ACCEPTS_PER_TURN;
        if (r->more_to_accept) {
            count(&r->counters->accept_bursts, 1);
            return NULL;
        }
        switch (net_accept(r->server, SOCK_NONBLOCK, &fd)) {
        case NET_ACCEPTED: {
            r->accepts++;
            if (!net_admit(r->server, r->count, fd))
                break;
            struct conn *c = conn_open(r->server, r->counters, fd, r->now);
            if (c) {
                add(r, c);
                return c;
            }
            net_refuse(r->server, fd);
            break;
        }
        case NET_NONE:
            return NULL;
        case NET_RETRY:
            break;
        case NET_EXHAUSTED:
            r->accept_again_at = r->now + ACCEPT_REST;
            return NULL;
        case NET_STOPPED:
            r->stopped_accepting = true;
            return NULL;
        }
    }
}

void reactor_keep_time(struct reactor *r, struct conn *c)
{
    uint64_t at = session_deadline(c->session);
    if (at == CLOCK_NEVER || (c->timer.index != TIMER_OFF && c->timer.at <= at))
        return;
    if (timers_set(&r->timers, &c->timer, at) != 0)
        shutdown(c->fd, SHUT_RDWR); /* no memory for its timer: let it end */
}

void reactor_close(struct reactor *r, struct conn *c)
{
    timers_remove(&r->timers, &c->timer);
    if (c->previous)
        c->previous->next = c->next;
    else
        r->conns = c->next;
    if (c->next)
        c->next->previous = c->previous;
    r->count--;
    conn_close(c);
}

void reactor_refuse(struct reactor *r, struct conn *c)
{
    count(&r->counters->refused, 1);
    reactor_close(r, c);
}

struct conn *reactor_due(struct reactor *r)
{
    struct timer *t = timers_due(&r->timers, r->now);
    return t ? (struct conn *)(void *)((char *)t - offsetof(struct conn, timer)) : NULL;
}

struct conn *reactor_expired(struct reactor *r)
{
    for (struct conn *c; (c = reactor_due(r));) {
        if (session_expired(c->session, r->now))
            return c;
        reactor_keep_time(r, c); /* it was moved meanwhile: see timers.h */
    }
    return NULL;
}

bool reactor_must_drain(struct reactor *r)
{
    if (r->accept_again_at != 0 && r->now >= r->accept_again_at)
        r->accept_again_at = 0;
    if (r->draining || !server_stopping(r->server))
        return false;
    return r->draining = true;
}

void reactor_turn(struct reactor *r, reactor_settle *settle)
{
    for (struct conn *c; (c = reactor_expired(r));)
        settle(r, c, conn_step(c, r->now));
    if (reactor_must_drain(r)) {
        for (struct conn *c = r->conns, *next; c; c = next) {
            next = c->next;
            settle(r, c, conn_step(c, r->now));
        }
    }
}
