#include "loadgen/load/client_conn.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "loadgen/load/worker.h"
#include "loadgen/pace/open_loop.h"
#include "loadgen/pace/think.h"

void conn_close(struct worker *w, struct client_conn *c, bool failed)
{
    if (c->list)
        conn_list_remove(c);
    if (c->thinks)
        think_cancel(w->think, c);
    w->engine->close(w, c);
    c->state = CONN_CLOSED;
    c->peer_closed = false;
    c->send_error = 0;
    c->out_left = 0;
    if (c->pipeline)
        pipeline_clear(c->pipeline);
    if (!failed)
        c->failures = 0;
    if (w->to_start > 0)
        conn_open_later(w, c, w->now);
    /* The first loss in a row costs no delay: a server that fails now and then is not spared.
     */
    if (failed && c->failures < UINT8_MAX)
        c->failures++;
}

bool conn_has_room(const struct worker *w, const struct client_conn *c)
{
    return c->on_its_way < w->depth && c->begun < w->per_connection && !c->peer_closed;
}

/* Send a request: its bytes now, or with --pipeline in one go with others at the end of the
 * turn. */
static inline void send_request(struct worker *w, struct client_conn *c, uint64_t intended)
{
    struct pipeline *p = c->pipeline;
    struct request *q = p ? pipeline_at(p, c->on_its_way) : &c->request;
    const char *data;
    size_t size;

    c->state = CONN_BUSY;
    c->begun++;
    w->in_flight_count++;
    w->total.n[COUNT_STARTED]++;
    w->protocol->begin(w->load, &c->exchange, q, &data, &size);
    if (c->on_its_way++ == 0) {
        c->byte_seen = false;
        w->protocol->expect(w->load, &c->exchange, q);
    }
    q->sent = w->now = clock_ns();
    q->intended = intended;
    q->counted = false;
    if (w->open && w->phase >= PHASE_WARMUP)
        open_loop_sent(w, c, q);
    if (p) {
        q->begins = p->appended;
        pipeline_append(p, data, size);
        c->out_left += size;
        worker_flush_later(w, c);
        return;
    }
    c->out = data;
    c->out_left = size;
    w->engine->send(w, c);
}

void conn_send_request(struct worker *w, struct client_conn *c, uint64_t intended)
{
    send_request(w, c, intended);
}

void conn_start(struct worker *w, struct client_conn *c)
{
    while (w->to_start > 0 && conn_has_room(w, c)) {
        if (w->phase == PHASE_WINDOW)
            w->to_start--;
        send_request(w, c, 0);
        if (!c->pipeline || w->phase == PHASE_SETTLE)
            return;
    }
}

/* `c` can take a request. */
static inline void ready(struct worker *w, struct client_conn *c)
{
    if (w->phase == PHASE_CONNECT)
        return;
    if (w->phase == PHASE_SETTLE) {
        if (!c->settled)
            conn_start(w, c);
    } else if (w->open) {
        open_loop_ready(w, c);
    } else if (w->think && c->pauses) {
        think_begin(w->think, c, w->now);
    } else {
        conn_start(w, c);
    }
}

void conn_up(struct worker *w, struct client_conn *c)
{
    ready(w, c);
}

/* The oldest request of a BUSY connection has ended. The window is closed first if its time is
 * over, so that what ends after it still counts as in flight. */
static void end_request(struct worker *w, struct client_conn *c, enum count outcome,
                        const char *reason)
{
    worker_notice_time(w);
    const struct request *q = conn_oldest(c);
    uint64_t age = w->now - q->sent;

    /* A timeout is noticed a little late. Those behind it in a pipeline end with it, and are
     * younger. */
    if (outcome == COUNT_TIMEOUT && age > w->timeout_ns)
        age = w->timeout_ns;
    w->in_flight_count--;
    worker_count(w, outcome, reason);
    if (w->open) {
        c->answers += open_loop_ended(w, q, outcome) && outcome == COUNT_OK;
    } else if (w->phase == PHASE_WINDOW) {
        if (outcome == COUNT_OK || outcome == COUNT_TIMEOUT)
            histogram_record(w->latency, age);
        c->answers += outcome == COUNT_OK;
        worker_note(w, q, outcome, age);
    }
    if (c->pipeline)
        pipeline_pop(c->pipeline);
    if (--c->on_its_way == 0) {
        c->state = CONN_IDLE;
    } else {
        c->byte_seen = false;
        w->protocol->expect(w->load, &c->exchange, conn_oldest(c));
    }
    if (!w->open && w->phase == PHASE_WINDOW)
        worker_ended(w);
}

/* The connection is of no use any more, and with it all requests that are on their way. */
static void lost(struct worker *w, struct client_conn *c, enum count outcome,
                 const char *reason)
{
    while (c->on_its_way > 0)
        end_request(w, c, outcome, reason);
    /* Something came back: the server is there, and need not be spared as one that is not. */
    conn_close(w, c, outcome != COUNT_CORRUPT);
}

static void answered(struct worker *w, struct client_conn *c, enum exchange_result result)
{
    if (result == EXCHANGE_WRONG)
        end_request(w, c, COUNT_CORRUPT, c->exchange.reason);
    else
        end_request(w, c, result == EXCHANGE_OK ? COUNT_OK : COUNT_NON_2XX, NULL);
    w->settled += !c->settled;
    c->settled = true;
    c->failures = 0;
    c->pauses = true;
    if (c->on_its_way > 0) {
        if (!c->exchange.reusable)
            lost(w, c, COUNT_EOF, "closed after an earlier answer");
        else if (!c->peer_closed)
            ready(w, c);
        return;
    }
    if (!c->exchange.reusable || c->peer_closed || c->out_left > 0 ||
        c->begun >= w->per_connection) {
        conn_close(w, c, false);
        return;
    }
    ready(w, c);
}

/* Bytes of an answer: is it its first one? */
static void note_first_byte(struct worker *w, struct client_conn *c)
{
    if (c->byte_seen)
        return;
    c->byte_seen = true;
    if (w->phase == PHASE_WINDOW)
        histogram_record(w->first_byte, w->now - conn_oldest(c)->sent);
}

/* With --pipeline: has the oldest request been given to the system, `whole` or in part? What comes
 * before that is no answer to it. */
static bool oldest_sent(const struct client_conn *c, bool whole)
{
    const struct pipeline *p = c->pipeline;
    uint64_t given = p->appended - c->out_left;

    if (!whole)
        return given > conn_oldest(c)->begins;
    return given >= (c->on_its_way > 1 ? pipeline_at(p, 1)->begins : p->appended);
}

void conn_unasked(struct worker *w, struct client_conn *c)
{
    lost(w, c, COUNT_CORRUPT, "more bytes than the answer has");
}

void conn_received(struct worker *w, struct client_conn *c, const char *data, size_t size)
{
    const char *end = data + size;

    w->total.n[COUNT_BYTES_IN] += size;
    if (c->state != CONN_BUSY) {
        worker_notice_time(w);
        w->total.n[COUNT_UNSOLICITED]++;
        worker_count(w, COUNT_CORRUPT, "an answer that no request asked for");
        if (w->phase == PHASE_WINDOW && !w->open)
            worker_note(w, NULL, COUNT_CORRUPT, 0);
        conn_close(w, c, true);
        return;
    }
    /* What is here now is for requests that are on their way now, not for those that are sent
     * in return. */
    for (uint32_t due = c->on_its_way; data != end; due--) {
        if (c->pipeline && !oldest_sent(c, false)) {
            conn_unasked(w, c);
            return;
        }
        if (w->first_byte)
            note_first_byte(w, c);
        enum exchange_result result = w->protocol->feed(w->load, &c->exchange, &data, end);
        if (result == EXCHANGE_MORE)
            return;
        if (result == EXCHANGE_CORRUPT) {
            lost(w, c, COUNT_CORRUPT, c->exchange.reason);
            return;
        }
        bool early = c->pipeline && !oldest_sent(c, true);
        if ((data != end && due == 1) || (early && result != EXCHANGE_NON_2XX)) {
            conn_unasked(w, c);
            return;
        }
        /* A server may refuse a request that it has not read to its end. What is left of it
         * cannot be taken back (RFC 9112, section 9.6). */
        c->exchange.reusable &= !early;
        answered(w, c, result);
        if (c->fd < 0)
            return;
    }
}

void conn_ended(struct worker *w, struct client_conn *c)
{
    if (c->state != CONN_BUSY) {
        conn_close(w, c, true);
        return;
    }
    c->peer_closed = true;
    enum exchange_result result = w->protocol->eof(w->load, &c->exchange);
    if (result == EXCHANGE_OK || result == EXCHANGE_NON_2XX || result == EXCHANGE_WRONG) {
        c->exchange.reusable = false;
        answered(w, c, result);
    } else if (result == EXCHANGE_CORRUPT) {
        lost(w, c, COUNT_CORRUPT, c->exchange.reason);
    } else if (c->send_error) {
        conn_error(w, c, c->send_error); /* the failed send has taken it from the socket */
    } else {
        lost(w, c, COUNT_EOF, c->exchange.reason);
    }
}

void conn_error(struct worker *w, struct client_conn *c, int error)
{
    lost(w, c, COUNT_RESET, strerrordesc_np(error));
}

void conn_send_failed(struct worker *w, struct client_conn *c, int error)
{
    if (error != EPIPE && error != ECONNRESET) {
        conn_error(w, c, error);
        return;
    }
    c->send_error = error;
    c->peer_closed = true;
}

void conn_timed_out(struct worker *w, struct client_conn *c)
{
    lost(w, c, COUNT_TIMEOUT, "no whole answer in time");
}
