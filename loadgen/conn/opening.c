/* How a connection comes up, or does not, and how it is closed. */
#include <errno.h>
#include <string.h>

#include "loadgen/conn/conn.h"

#define FIRST_DELAY_NS (10 * NS_PER_MS)

void conn_open_later(struct conns *cs, struct client_conn *c, uint64_t now)
{
    unsigned level = c->failures < OPEN_DELAYS ? c->failures : OPEN_DELAYS - 1;

    c->state = CONN_WAITING;
    c->since = level ? now + (FIRST_DELAY_NS << (level - 1)) : now;
    conn_list_append(&cs->waiting[level], c);
    cs->waiting_count++;
}

void conn_open(struct conns *cs, struct client_conn *c)
{
    cs->io.total.n[COUNT_CONNECTS]++;
    c->state = CONN_CONNECTING;
    c->since = cs->io.now = clock_ns();
    conn_list_append(&cs->connecting, c);
    int error = cs->io.engine->connect(&cs->io, c);
    if (error == 0)
        conn_connected(&cs->io, c);
    else if (error != EINPROGRESS)
        conn_refused(&cs->io, c, error);
}

void conn_close(struct conns *cs, struct client_conn *c, bool failed)
{
    conn_list_remove(c);
    cs->io.engine->close(&cs->io, c);
    c->state = CONN_CLOSED;
    c->server_closed = false;
    c->send_error = 0;
    c->out_left = 0;
    if (c->pipeline)
        pipeline_clear(c->pipeline);
    if (!failed)
        c->failures = 0;
    if (!cs->asked_all)
        conn_open_later(cs, c, cs->io.now);
    /* The first loss in a row costs no delay: a server that fails now and then is not spared.
     */
    if (failed && c->failures < UINT8_MAX)
        c->failures++;
}

static void tried(struct conns *cs, struct client_conn *c)
{
    if (!c->tried) {
        c->tried = true;
        cs->untried--;
    }
}

/* A connection did not come up: the request it would have carried has failed. */
static void connect_failed(struct conns *cs, struct client_conn *c, enum count outcome,
                           const char *reason)
{
    if (outcome == COUNT_REFUSED && c->failures == 0)
        c->failures = 1;
    tried(cs, c);
    conns_notice_time(cs);
    conn_close(cs, c, true);
    if (cs->asked_all)
        return;
    cs->io.total.n[COUNT_STARTED]++;
    conn_count(cs, outcome, reason);
    if (cs->events->unopened)
        cs->events->unopened(cs, outcome);
    conns_notice_time(cs);
}

static const char *reason_of(int error)
{
    if (error == EADDRNOTAVAIL)
        return "no free local port";
    return error == EAGAIN ? CONN_QUEUE_FULL : strerrordesc_np(error);
}

void conn_refused(struct io *io, struct client_conn *c, int error)
{
    struct conns *cs = conns_of(io);

    conn_list_remove(c);
    if (error == EAGAIN && cs->coming_up && !c->tried) {
        /* The listen queue of a Unix-domain socket is full (unix(7)). TCP would try again by
         * itself. */
        cs->io.engine->close(&cs->io, c);
        c->failures = 1;
        conn_open_later(cs, c, cs->io.now);
        return;
    }
    cs->io.total.n[COUNT_NO_PORT] += error == EADDRNOTAVAIL;
    enum count outcome = error == ECONNRESET  ? COUNT_RESET
                         : error == ETIMEDOUT ? COUNT_TIMEOUT
                                              : COUNT_REFUSED;
    connect_failed(cs, c, outcome, reason_of(error));
}

void conn_open_timed_out(struct conns *cs, struct client_conn *c)
{
    conn_list_remove(c);
    connect_failed(cs, c, COUNT_TIMEOUT,
                   "no connection in time: the listen queue is full, or nothing answers");
}

void conn_connected(struct io *io, struct client_conn *c)
{
    struct conns *cs = conns_of(io);

    conn_list_remove(c);
    tried(cs, c);
    if (cs->record->connect_time && cs->record->open)
        histogram_record(cs->record->connect_time, clock_ns() - c->since);
    c->state = CONN_IDLE;
    c->begun = 0;
    conn_ready(cs, c);
}
