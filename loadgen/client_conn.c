#include "loadgen/client_conn.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/worker.h"

#define FIRST_DELAY_NS (10 * NS_PER_MS)

void conn_list_append(struct conn_list *list, struct client_conn *c)
{
    c->next = NULL;
    c->prev = list->tail;
    if (list->tail)
        list->tail->next = c;
    else
        list->head = c;
    list->tail = c;
}

void conn_list_remove(struct conn_list *list, struct client_conn *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        list->head = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        list->tail = c->prev;
}

void conn_open_later(struct worker *w, struct client_conn *c, uint64_t now)
{
    unsigned level = c->failures < OPEN_DELAYS ? c->failures : OPEN_DELAYS - 1;

    c->state = CONN_WAITING;
    c->since = level ? now + (FIRST_DELAY_NS << (level - 1)) : now;
    conn_list_append(&w->waiting[level], c);
    w->waiting_count++;
}

/* Close, and open again unless nothing more is to be asked. */
static void close_conn(struct worker *w, struct client_conn *c, bool failed)
{
    w->engine->close(w, c);
    c->state = CONN_CLOSED;
    c->peer_closed = false;
    c->out_left = 0;
    if (!failed)
        c->failures = 0;
    if (w->to_start > 0)
        conn_open_later(w, c, w->now);
    /* The first loss in a row costs no delay: a server that fails now and then is not spared.
     */
    if (failed && c->failures < UINT8_MAX)
        c->failures++;
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
    close_conn(w, c, true);
    if (w->to_start == 0)
        return;
    w->total.n[COUNT_STARTED]++;
    worker_count(w, outcome, reason);
    if (w->phase == PHASE_WINDOW) {
        if (w->series)
            series_ended(w->series, w->now, outcome, CONNECT_LIMIT_NS);
        w->to_start--;
        if (outcome == COUNT_TIMEOUT)
            histogram_record(w->latency, CONNECT_LIMIT_NS);
        worker_ended(w);
    }
}

void conn_open(struct worker *w, struct client_conn *c)
{
    w->total.n[COUNT_CONNECTS]++;
    c->state = CONN_CONNECTING;
    c->since = w->now;
    conn_list_append(&w->connecting, c);
    int error = w->engine->connect(w, c);
    if (error == 0)
        conn_connected(w, c);
    else if (error != EINPROGRESS)
        conn_refused(w, c, error);
}

void conn_refused(struct worker *w, struct client_conn *c, int error)
{
    conn_list_remove(&w->connecting, c);
    if (error == EAGAIN && w->phase == PHASE_CONNECT && !c->tried) {
        /* The listen queue of a Unix-domain socket is full (unix(7)). TCP would try again by
         * itself. */
        w->engine->close(w, c);
        c->failures = 1;
        conn_open_later(w, c, w->now);
        return;
    }
    enum count outcome = error == ECONNRESET  ? COUNT_RESET
                         : error == ETIMEDOUT ? COUNT_TIMEOUT
                                              : COUNT_REFUSED;
    connect_failed(w, c, outcome, strerrordesc_np(error));
}

void conn_connected(struct worker *w, struct client_conn *c)
{
    conn_list_remove(&w->connecting, c);
    tried(w, c);
    c->state = CONN_IDLE;
    if (w->phase != PHASE_CONNECT)
        conn_start(w, c);
}

void conn_start(struct worker *w, struct client_conn *c)
{
    if (w->to_start == 0)
        return;
    if (w->phase == PHASE_WINDOW)
        w->to_start--;
    c->state = CONN_BUSY;
    conn_list_append(&w->in_flight, c);
    w->in_flight_count++;
    w->total.n[COUNT_STARTED]++;
    c->exchange.target = (uint16_t)workload_pick(w->load, &w->random);
    w->protocol->begin(w->load, &c->exchange, &c->out, &c->out_left);
    c->since = w->now = clock_ns();
    w->engine->send(w, c);
}

/* The request of a BUSY connection has ended. The window is closed first if its time is over,
 * so that what ends after it still counts as in flight. */
static void end_request(struct worker *w, struct client_conn *c, enum count outcome,
                        const char *reason)
{
    worker_notice_time(w);
    conn_list_remove(&w->in_flight, c);
    w->in_flight_count--;
    c->state = CONN_IDLE;
    worker_count(w, outcome, reason);
    if (w->phase == PHASE_WINDOW) {
        if (w->series)
            series_ended(w->series, w->now, outcome,
                         outcome == COUNT_OK ? w->now - c->since : w->timeout_ns);
        if (w->by_target)
            w->by_target[c->exchange.target][outcome]++;
        if (outcome == COUNT_OK) {
            histogram_record(w->latency, w->now - c->since);
            c->answers++;
        } else if (outcome == COUNT_TIMEOUT) {
            histogram_record(w->latency, w->timeout_ns);
        }
        worker_ended(w);
    }
}

static void lost(struct worker *w, struct client_conn *c, enum count outcome,
                 const char *reason)
{
    if (c->state == CONN_BUSY)
        end_request(w, c, outcome, reason);
    close_conn(w, c, true);
}

static void answered(struct worker *w, struct client_conn *c, enum exchange_result result)
{
    end_request(w, c, result == EXCHANGE_OK ? COUNT_OK : COUNT_NON_2XX, NULL);
    w->settled += !c->settled;
    c->settled = true;
    if (!c->exchange.reusable || c->peer_closed || c->out_left > 0) {
        close_conn(w, c, false);
        return;
    }
    c->failures = 0;
    if (w->phase != PHASE_SETTLE)
        conn_start(w, c);
}

void conn_received(struct worker *w, struct client_conn *c, const char *data, size_t size)
{
    const char *end = data + size;

    w->total.n[COUNT_BYTES_IN] += size;
    if (c->state != CONN_BUSY) {
        worker_notice_time(w);
        w->total.n[COUNT_UNSOLICITED]++;
        worker_count(w, COUNT_CORRUPT, "an answer that no request asked for");
        if (w->series && w->phase == PHASE_WINDOW)
            series_ended(w->series, w->now, COUNT_CORRUPT, 0);
        close_conn(w, c, true);
        return;
    }
    enum exchange_result result = w->protocol->feed(w->load, &c->exchange, &data, end);
    if (result == EXCHANGE_MORE)
        return;
    if (result == EXCHANGE_CORRUPT)
        lost(w, c, COUNT_CORRUPT, c->exchange.reason);
    else if (data != end)
        lost(w, c, COUNT_CORRUPT, "more bytes than the answer has");
    else
        answered(w, c, result);
}

void conn_ended(struct worker *w, struct client_conn *c)
{
    if (c->state != CONN_BUSY) {
        close_conn(w, c, true);
        return;
    }
    c->peer_closed = true;
    enum exchange_result result = w->protocol->eof(w->load, &c->exchange);
    if (result == EXCHANGE_OK || result == EXCHANGE_NON_2XX)
        answered(w, c, result);
    else if (result == EXCHANGE_CORRUPT)
        lost(w, c, COUNT_CORRUPT, c->exchange.reason);
    else
        lost(w, c, COUNT_EOF, c->exchange.reason);
}

void conn_error(struct worker *w, struct client_conn *c, int error)
{
    lost(w, c, COUNT_RESET, strerrordesc_np(error));
}

void conn_timed_out(struct worker *w, struct client_conn *c)
{
    if (c->state == CONN_CONNECTING) {
        conn_list_remove(&w->connecting, c);
        connect_failed(w, c, COUNT_TIMEOUT, "no connection in time");
    } else {
        lost(w, c, COUNT_TIMEOUT, "no whole answer in time");
    }
}
