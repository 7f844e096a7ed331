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

/* A call has returned before all was done: its time is over, or a part of the bytes came, and the
 * next call may not wait for the whole time anew. */
static void wait_on(struct conn *c)
{
    uint64_t now = clock_ns();
    if (now >= c->deadline)
        conn_timed_out(c);
    else
        set_timeouts(c, c->deadline - now);
}

static void open_connection(struct conn *c)
{
    if (!conn_socket(c, 0))
        return;
    set_timeouts(c, c->job->timeout);
    conn_connect(c);
    if (c->state == CONN_CONNECTING) /* EINPROGRESS of a blocking socket */
        conn_timed_out(c);
}

void fetch_blocking(struct conn *c)
{
    bool has_whole_time = true;
    while (c->state != CONN_IDLE) {
        if (c->state == CONN_CLOSED)
            open_connection(c);
        for (; c->state == CONN_SENDING && !conn_send(c); has_whole_time = false)
            wait_on(c);
        for (; c->state == CONN_RECEIVING && !conn_receive(c); has_whole_time = false)
            wait_on(c);
    }
    if (!has_whole_time && c->open)
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
