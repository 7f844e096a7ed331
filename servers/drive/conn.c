#include "servers/drive/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "servers/app/count.h"

/* A client that reads as fast as it is sent to could keep the loop to itself: after so many sends,
 * a megabyte or so, the other connections have their turn. */
#define SENDS_PER_STEP 16
#define STEPS_IN_A_ROW 16

struct conn *conn_open(struct server *server, struct counters *counters, int fd, uint64_t now,
                       size_t size)
{
    struct conn *c = calloc(1, size);
    if (!c)
        return NULL;
    c->session = session_open(server->app, &server->app_options, counters, now);
    if (!c->session) {
        free(c);
        return NULL;
    }
    c->fd = fd;
    c->want = CONN_READ;
    c->server = server;
    c->timer = (struct timer){.at = CLOCK_NEVER, .index = TIMER_OFF};
    return c;
}

void conn_close(struct conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    struct counters *counters = c->session->counters;
    session_close(c->session);
    count(&counters->closed, 1); /* who sees that count finds no request of it in service */
    free(c);
}

void conn_reported(struct conn *c, bool hidden)
{
    session_dry(c->session, false);
    c->read_to_eagain |= hidden;
}

/* Where recv(2) does not fill its space the socket is empty, and a further one would only say so
 * (epoll(7), questions and answers, 9), unless something else has stopped it: see conn_reported();
 * and on a Unix-domain socket it stops behind a piece that descriptors came with (unix(7)). Those
 * are closed, as nobody asks for them. */
static ssize_t receive_into(struct conn *c, void *space, size_t room)
{
    struct iovec piece = {.iov_base = space, .iov_len = room};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t n = c->server->is_unix ? recvmsg(c->fd, &message, 0) : recv(c->fd, space, room, 0);
    /* MSG_CTRUNC: there were descriptors, and no place to put them. */
    bool stopped = c->read_to_eagain || (message.msg_flags & MSG_CTRUNC);
    session_dry(c->session, n <= 0 || (n < (ssize_t)room && !stopped));
    c->read_to_eagain &= n > 0;
    return n;
}

static bool would_block(struct conn *c)
{
    if (errno != EAGAIN)
        return false;
    count(&c->session->counters->eagain, 1);
    return true;
}

bool conn_receive(struct conn *c, uint64_t now)
{
    size_t room;
    void *space = session_space(c->session, &room);
    if (!space)
        return false;

    ssize_t n = receive_into(c, space, room);
    if (n > 0)
        session_received(c->session, (size_t)n, now);
    else if (n == 0)
        session_eof(c->session);
    return n >= 0 || would_block(c);
}

bool conn_transmit(struct conn *c, uint64_t now, bool *full)
{
    size_t length;
    const uint8_t *data = session_output(c->session, &length);
    ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
    if (n >= 0)
        session_sent(c->session, (size_t)n, now);
    *full = n < 0;
    return n >= 0 || would_block(c);
}

enum conn_want conn_step(struct conn *c, uint64_t now)
{
    struct session *s = c->session;
    bool received = false, full = false;
    unsigned sends = 0;

    session_heed_stop(s, c->server);
    c->yielded = false;
    for (;;) {
        switch (session_next(s, now)) {
        case SESSION_READ:
            if (received)
                return CONN_READ;
            if (!conn_receive(c, now))
                return CONN_DONE;
            received = true;
            break;
        case SESSION_WRITE:
            if (++sends > SENDS_PER_STEP) {
                c->yielded = true;
                return CONN_WRITE;
            }
            if (!conn_transmit(c, now, &full))
                return CONN_DONE;
            if (full)
                return CONN_WRITE;
            break;
        case SESSION_WAIT:
            return CONN_WAIT;
        case SESSION_SHUT:
            if (shutdown(c->fd, SHUT_WR) != 0)
                return CONN_DONE;
            session_shut(s, now);
            break;
        case SESSION_CLOSE:
            return CONN_DONE;
        }
    }
}

enum conn_want conn_use_up(struct conn *c, enum conn_want want, uint64_t now)
{
    for (int i = 0; want == CONN_READ && !c->session->dry && !c->yielded; i++) {
        c->yielded = i == STEPS_IN_A_ROW;
        if (!c->yielded)
            want = conn_step(c, now);
    }
    return want;
}
