/* How a connection comes up, or does not. */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "loadgen/load/client_conn.h"
#include "loadgen/load/worker.h"
#include "loadgen/pace/open_loop.h"

#define FIRST_DELAY_NS (10 * NS_PER_MS)

void conn_open_later(struct worker *w, struct client_conn *c, uint64_t now)
{
    unsigned level = c->failures < OPEN_DELAYS ? c->failures : OPEN_DELAYS - 1;

    c->state = CONN_WAITING;
    c->since = level ? now + (FIRST_DELAY_NS << (level - 1)) : now;
    conn_list_append(&w->waiting[level], c);
    w->waiting_count++;
}

void conn_open(struct worker *w, struct client_conn *c)
{
    w->total.n[COUNT_CONNECTS]++;
    c->state = CONN_CONNECTING;
    c->since = w->now = clock_ns();
    conn_list_append(&w->connecting, c);
    int error = w->engine->connect(w, c);
    if (error == 0)
        conn_connected(w, c);
    else if (error != EINPROGRESS)
        conn_refused(w, c, error);
}

static void tried(struct worker *w, struct client_conn *c)
{
    if (!c->tried) {
        c->tried = true;
        w->untried--;
    }
}

/* A connection did not come up: the request it would have carried has failed. */
static void connect_failed(struct worker *w, struct client_conn *c, enum count outcome,
                           const char *reason)
{
    if (outcome == COUNT_REFUSED && c->failures == 0)
        c->failures = 1;
    tried(w, c);
    worker_notice_time(w);
    conn_close(w, c, true);
    if (w->to_start == 0)
        return;
    w->total.n[COUNT_STARTED]++;
    worker_count(w, outcome, reason);
    if (w->open) {
        open_loop_connect_failed(w, outcome);
    } else if (w->phase == PHASE_WINDOW) {
        w->to_start--;
        if (outcome == COUNT_TIMEOUT)
            histogram_record(w->latency, CONNECT_LIMIT_NS);
        worker_note(w, NULL, outcome, CONNECT_LIMIT_NS);
        worker_ended(w);
    }
}

static const char *reason_of(int error)
{
    if (error == EADDRNOTAVAIL)
        return "no free local port";
    return error == EAGAIN ? CONN_QUEUE_FULL : strerrordesc_np(error);
}

void conn_refused(struct worker *w, struct client_conn *c, int error)
{
    conn_list_remove(c);
    if (error == EAGAIN && w->phase == PHASE_CONNECT && !c->tried) {
        /* The listen queue of a Unix-domain socket is full (unix(7)). TCP would try again by
         * itself. */
        w->engine->close(w, c);
        c->failures = 1;
        conn_open_later(w, c, w->now);
        return;
    }
    w->total.n[COUNT_NO_PORT] += error == EADDRNOTAVAIL;
    enum count outcome = error == ECONNRESET  ? COUNT_RESET
                         : error == ETIMEDOUT ? COUNT_TIMEOUT
                                              : COUNT_REFUSED;
    connect_failed(w, c, outcome, reason_of(error));
}

void conn_open_timed_out(struct worker *w, struct client_conn *c)
{
    conn_list_remove(c);
    connect_failed(w, c, COUNT_TIMEOUT,
                   "no connection in time: the listen queue is full, or nothing answers");
}

void conn_connected(struct worker *w, struct client_conn *c)
{
    conn_list_remove(c);
    tried(w, c);
    if (w->connect_time && w->phase == PHASE_WINDOW)
        histogram_record(w->connect_time, clock_ns() - c->since);
    c->state = CONN_IDLE;
    c->begun = 0;
    conn_up(w, c);
}
