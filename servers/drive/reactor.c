#include "servers/drive/reactor.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/app/count.h"
#include "servers/net.h"

void reactor_init(struct reactor *r, struct server *server, size_t conn_size)
{
    *r = (struct reactor){.server = server,
                          .counters = server->counters,
                          .now = clock_ns(),
                          .wake_at = CLOCK_NEVER,
                          .conn_size = conn_size};
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

static bool rests(const struct reactor *r)
{
    return !r->draining && r->now < r->accept_again_at;
}

bool reactor_accepting(const struct reactor *r)
{
    return !r->draining && !r->stopped_accepting && !rests(r);
}

static uint64_t next_deadline(const struct reactor *r)
{
    uint64_t next = timers_next(&r->timers);
    return rests(r) && r->accept_again_at < next ? r->accept_again_at : next;
}

int reactor_timeout_ms(const struct reactor *r)
{
    return clock_timeout_ms(clock_ns(), next_deadline(r));
}

int reactor_alarm_ms(struct reactor *r)
{
    uint64_t next = next_deadline(r);
    if (next >= r->wake_at)
        return -1;
    r->wake_at = next;
    return clock_timeout_ms(r->now, next);
}

void reactor_woke(struct reactor *r, int events)
{
    if (events < 0 && errno != EINTR)
        die_errno("cannot wait for events");
    count_wakeup(r->counters, events > 0 ? (uint64_t)events : 0);
    r->now = clock_ns();
    r->accepts = 0;
}

void reactor_keep_time(struct reactor *r, struct conn *c)
{
    uint64_t at = session_deadline(c->session);
    if (at == CLOCK_NEVER || (c->timer.index != TIMER_OFF && c->timer.at <= at))
        return;
    if (timers_set(&r->timers, &c->timer, at) == 0)
        return;
    session_abort(c->session); /* no memory for its timer: it ends with its next event */
    shutdown(c->fd, SHUT_RDWR);
}

struct conn *reactor_add(struct reactor *r, int fd)
{
    struct conn *c = conn_open(r->server, r->counters, fd, r->now, r->conn_size);
    if (!c)
        return NULL;
    LIST_INSERT_HEAD(&r->conns, c, link);
    r->count++;
    reactor_keep_time(r, c);
    return c;
}

void reactor_rest(struct reactor *r)
{
    r->accept_again_at = r->now + ACCEPT_REST;
}

struct conn *reactor_accept(struct reactor *r)
{
    if (r->draining || rests(r))
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
            struct conn *c = reactor_add(r, fd);
            if (c)
                return c;
            net_refuse(r->server, fd);
            break;
        }
        case NET_NONE:
            return NULL;
        case NET_RETRY:
            break;
        case NET_EXHAUSTED:
            reactor_rest(r);
            return NULL;
        case NET_STOPPED:
            r->stopped_accepting = true;
            return NULL;
        }
    }
}

void reactor_wait(struct reactor *r, struct conn *c, enum conn_want want)
{
    c->want = (uint8_t)want;
    reactor_keep_time(r, c);
}

void reactor_forget(struct reactor *r, struct conn *c)
{
    timers_remove(&r->timers, &c->timer);
    LIST_REMOVE(c, link);
    r->count--;
}

void reactor_close(struct reactor *r, struct conn *c)
{
    reactor_forget(r, c);
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
    if (r->draining || !server_stopping(r->server))
        return false;
    return r->draining = true;
}

void reactor_turn(struct reactor *r, reactor_set_want *set_want)
{
    for (struct conn *c; (c = reactor_expired(r));)
        set_want(r, c, conn_step(c, r->now));
    if (reactor_must_drain(r)) {
        for (struct conn *c = LIST_FIRST(&r->conns), *next; c; c = next) {
            next = LIST_NEXT(c, link);
            set_want(r, c, conn_step(c, r->now));
        }
    }
}

void reactor_close_idle(struct reactor *r, void (*step)(struct conn *c))
{
    r->draining = true;
    for (struct conn *c = LIST_FIRST(&r->conns), *next; c; c = next) {
        next = LIST_NEXT(c, link);
        session_drain(c->session);
        session_dry(c->session, true);
        if (c->session->want == SESSION_READ)
            step(c);
    }
}
