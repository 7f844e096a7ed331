#include "servers/drive/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "servers/app/buffer.h"
#include "servers/counters.h"

/* A client that reads as fast as it is sent to could keep the loop to itself: after so many sends,
 * a megabyte or so, the other connections have their turn. */
#define SENDS_PER_STEP 16

struct conn *conn_open(struct server *server, struct counters *counters, int fd, uint64_t now)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->session = session_open(server->app, &server->app_options, counters);
    if (!c->session) {
        free(c);
        return NULL;
    }
    c->fd = fd;
    c->want = CONN_READ;
    c->server = server;
    c->active_at = now;
    c->timer = (struct timer){.at = CLOCK_NEVER, .index = TIMER_OFF};
    return c;
}

void conn_close(struct conn *c)
{
    close(c->fd);
    count(&c->session->counters->closed, 1);
    session_close(c->session);
    free(c);
}

ssize_t conn_recv(struct conn *c, void *space, size_t room)
{
    struct iovec piece = {.iov_base = space, .iov_len = room};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t n = c->server->is_unix ? recvmsg(c->fd, &message, 0) : recv(c->fd, space, room, 0);
    /* MSG_CTRUNC: there were descriptors, and no place to put them. */
    bool is_whole = !c->read_to_eagain && !(message.msg_flags & MSG_CTRUNC);
    c->drained = n <= 0 || (n < (ssize_t)room && is_whole);
    return n;
}

static bool would_block(struct conn *c)
{
    if (errno != EAGAIN)
        return false;
    count(&c->session->counters->eagain, 1);
    return true;
}

/* Returns false when the connection is broken. */
static bool receive(struct conn *c, uint64_t now)
{
    struct session *s = c->session;
    bool was_idle = session_idle(s);
    size_t room;
    void *space = session_space(s, &room);
    if (!space)
        return false;

    ssize_t n = conn_recv(c, space, room);
    if (n > 0) {
        session_received(s, (size_t)n);
        if (was_idle)
            c->active_at = now;
        return true;
    }
    if (n == 0) {
        session_eof(s);
        return true;
    }
    return would_block(c);
}

/* Returns false when the socket takes no more, or is broken: `*broken` tells. */
static bool transmit(struct conn *c, uint64_t now, bool *broken)
{
    size_t length;
    const uint8_t *data = session_output(c->session, &length);
    ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
    if (n < 0) {
        *broken = !would_block(c);
        return false;
    }
    session_sent(c->session, (size_t)n);
    c->active_at = now;
    return true;
}

/* Read and drop what the client still sends; the end of it is the end. */
static enum conn_want linger(struct conn *c)
{
    struct buffer *sink = buffer_take();
    if (!sink)
        return CONN_DONE;
    ssize_t n = conn_recv(c, sink->data, BUFFER_SIZE);
    buffer_give(sink);
    return n > 0 || (n < 0 && would_block(c)) ? CONN_READ : CONN_DONE;
}

static enum conn_want begin_linger(struct conn *c, uint64_t now)
{
    if (shutdown(c->fd, SHUT_WR) != 0)
        return CONN_DONE;
    c->lingering = true;
    c->linger_end = now + LINGER_TIME;
    c->drained = false;
    return CONN_READ;
}

static enum conn_want step(struct conn *c, uint64_t now)
{
    struct session *s = c->session;
    bool received = false, broken = false;
    unsigned sends = 0;
    uint32_t progress = s->progress;

    c->yielded = false;
    if (c->lingering)
        return linger(c);
    for (;;) {
        enum session_want want = session_next(s, now);
        if (s->progress != progress)
            c->active_at = now;
        switch (want) {
        case SESSION_READ:
            if (s->draining && c->drained && session_idle(s))
                return CONN_DONE;
            if (received)
                return CONN_READ;
            if (!receive(c, now))
                return CONN_DONE;
            received = true;
            break;
        case SESSION_WRITE:
            if (++sends > SENDS_PER_STEP) {
                c->yielded = true;
                return CONN_WRITE;
            }
            if (!transmit(c, now, &broken))
                return broken ? CONN_DONE : CONN_WRITE;
            break;
        case SESSION_WAIT:
            return CONN_WAIT;
        case SESSION_CLOSE:
            return CONN_DONE;
        case SESSION_LINGER:
            return begin_linger(c, now);
        }
    }
}

enum conn_want conn_step(struct conn *c, uint64_t now)
{
    conn_heed_stop(c);
    enum conn_want want = step(c, now);
    c->want = (uint8_t)want;
    return want;
}

uint64_t conn_deadline(const struct conn *c)
{
    if (c->lingering)
        return c->linger_end;
    if (c->want == CONN_WAIT)
        return c->session->wake_at;
    return clock_after(c->active_at, c->server->idle_timeout);
}

enum conn_want conn_deadline_reached(struct conn *c, uint64_t now)
{
    if (c->lingering)
        return c->want = CONN_DONE;
    if (c->want == CONN_WAIT) {
        c->active_at = now;
        return conn_step(c, now);
    }
    count(&c->session->counters->timeouts, 1);
    if (c->want == CONN_READ && session_timed_out(c->session)) {
        c->active_at = now;
        return conn_step(c, now);
    }
    return c->want = CONN_DONE;
}

enum conn_want conn_drain(struct conn *c, uint64_t now)
{
    session_drain(c->session);
    if (c->want != CONN_READ)
        return c->want;
    c->drained = false;
    return conn_step(c, now);
}
