#include "clients/drive/fetch_blocking.h"

#include <sys/socket.h>
#include <sys/time.h>

#include "common/clock.h"

/* How long each call that follows may wait: connect and send for the first, recv for the second
 * (socket(7)). */
static void set_timeouts(const struct conn *c, uint64_t ns)
{
    struct timeval t = {.tv_sec = (time_t)(ns / NS_PER_S),
                        .tv_usec = (suseconds_t)(ns % NS_PER_S / NS_PER_US)};
    if (t.tv_sec == 0 && t.tv_usec == 0)
        t.tv_usec = 1; /* zero would mean no limit */
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

/* So much more than is left a call may wait: to say it anew costs two system calls. */
static const uint64_t slack = NS_PER_MS;

/* A part of the request's time is over, or all of it. No call that follows may wait for longer than
 * is left. `*allowed` is what the calls on this socket may wait now. */
static void limit(struct conn *c, uint64_t *allowed)
{
    uint64_t now = clock_ns();
    if (now >= c->deadline) {
        conn_timed_out(c);
        return;
    }
    uint64_t left = c->deadline - now;
    if (left + slack >= *allowed)
        return;
    *allowed = left + slack >= c->job->timeout ? c->job->timeout : left;
    set_timeouts(c, *allowed);
}

/* A request that is made once more on a new connection has no new time. */
static void open_connection(struct conn *c, uint64_t *allowed)
{
    *allowed = UINT64_MAX;
    if (!conn_socket(c, 0))
        return;
    limit(c, allowed);
    if (c->state == CONN_CLOSED)
        conn_connect(c);
    if (c->state == CONN_CONNECTING) /* EINPROGRESS of a blocking socket */
        conn_timed_out(c);
    else if (c->state == CONN_SENDING)
        limit(c, allowed);
}

void fetch_blocking(struct conn *c)
{
    uint64_t allowed = c->job->timeout;
    while (c->state != CONN_IDLE) {
        if (c->state == CONN_CLOSED)
            open_connection(c, &allowed);
        while (c->state == CONN_SENDING && !conn_send(c))
            limit(c, &allowed);
        while (c->state == CONN_RECEIVING && !conn_receive(c))
            limit(c, &allowed);
    }
    if (allowed != c->job->timeout && c->open)
        set_timeouts(c, c->job->timeout);
}

void fetch_all_blocking(struct job *job, unsigned number)
{
    struct conn c;
    conn_init(&c, job, number);
    while (conn_take(&c))
        fetch_blocking(&c);
    conn_free(&c);
}
