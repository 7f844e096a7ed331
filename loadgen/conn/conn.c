/* The requests on a connection. */
#include "loadgen/conn/conn.h"

#include <errno.h>
#include <string.h>

struct request *conn_begin(struct conns *cs, struct client_conn *c)
{
    struct pipeline *p = c->pipeline;
    struct request *q = p ? pipeline_at(p, c->on_its_way) : &c->request;
    struct workload *load = cs->io.load;
    const char *data;
    size_t size;

    c->state = CONN_BUSY;
    c->begun++;
    cs->io.in_flight++;
    cs->io.total.n[COUNT_STARTED]++;
    load->protocol->begin(load, &c->exchange, q, &data, &size);
    if (c->on_its_way++ == 0) {
        c->byte_seen = false;
        load->protocol->expect(load, &c->exchange, q);
    }
    if (p) {
        q->begins = p->appended;
        pipeline_append(p, data, size);
        c->out_left += size;
    } else {
        c->out = data;
        c->out_left = size;
    }
    q->sent = cs->io.now = clock_ns();
    q->counted = false;
    return q;
}

/* With --pipeline the bytes go in one go with others at the end of the turn. */
void conn_send(struct conns *cs, struct client_conn *c)
{
    if (!c->pipeline) {
        cs->io.engine->send(&cs->io, c);
    } else if (!c->pipeline->listed) {
        c->pipeline->listed = true;
        cs->flush[cs->flush_count++] = c;
    }
}

/* The oldest request of a BUSY connection has ended. */
static void end_request(struct conns *cs, struct client_conn *c, enum count outcome,
                        const char *reason)
{
    conns_notice_time(cs);
    const struct request *q = conn_oldest(c);
    uint64_t age = cs->io.now - q->sent;
    uint64_t limit = cs->io.options->timeout_ns;

    /* A timeout is noticed a little late. Those behind it in a pipeline end with it, and are
     * younger. */
    if (outcome == COUNT_TIMEOUT && age > limit)
        age = limit;
    cs->io.in_flight--;
    conn_count(cs, outcome, reason);
    if (c->pipeline)
        pipeline_pop(c->pipeline);
    if (--c->on_its_way == 0) {
        c->state = CONN_IDLE;
    } else {
        c->byte_seen = false;
        cs->io.load->protocol->expect(cs->io.load, &c->exchange, conn_oldest(c));
    }
    if (cs->events->ended)
        cs->events->ended(cs, c, q, outcome, age);
    conns_notice_time(cs);
}

/* The connection is of no use any more, and with it all requests that are on their way. */
static void lose(struct conns *cs, struct client_conn *c, enum count outcome,
                 const char *reason)
{
    while (c->on_its_way > 0)
        end_request(cs, c, outcome, reason);
    /* Something came back: the server is there, and need not be spared as one that is not. */
    conn_close(cs, c, outcome != COUNT_CORRUPT);
}

static void answered(struct conns *cs, struct client_conn *c, enum exchange_result result)
{
    if (result == EXCHANGE_WRONG)
        end_request(cs, c, COUNT_CORRUPT, c->exchange.reason);
    else
        end_request(cs, c, result == EXCHANGE_OK ? COUNT_OK : COUNT_NON_2XX, NULL);
    cs->settled += !c->settled;
    c->settled = true;
    c->failures = 0;
    if (c->on_its_way > 0) {
        if (!c->exchange.reusable)
            lose(cs, c, COUNT_EOF, "closed after an earlier answer");
        else if (!c->server_closed)
            conn_ready(cs, c);
        return;
    }
    if (!c->exchange.reusable || c->server_closed || c->out_left > 0 ||
        c->begun >= cs->per_connection)
        conn_close(cs, c, false);
    else
        conn_ready(cs, c);
}

/* Bytes of an answer: is it its first one? */
static void note_first_byte(struct conns *cs, struct client_conn *c)
{
    if (!c->byte_seen && cs->record->open)
        histogram_record(cs->record->first_byte, cs->io.now - conn_oldest(c)->sent);
    c->byte_seen = true;
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

void conn_unasked(struct io *io, struct client_conn *c)
{
    lose(conns_of(io), c, COUNT_CORRUPT, "more bytes than the answer has");
}

void conn_received(struct io *io, struct client_conn *c, const char *data, size_t size)
{
    struct conns *cs = conns_of(io);
    struct workload *load = io->load;
    const char *end = data + size;

    io->total.n[COUNT_BYTES_IN] += size;
    if (c->state != CONN_BUSY) {
        conns_notice_time(cs);
        io->total.n[COUNT_UNSOLICITED]++;
        conn_count(cs, COUNT_CORRUPT, "an answer that no request asked for");
        if (cs->events->ended)
            cs->events->ended(cs, c, NULL, COUNT_CORRUPT, 0);
        conn_close(cs, c, true);
        return;
    }
    /* What is here now is for requests that are on their way now, not for those that are sent
     * in return. */
    for (uint32_t due = c->on_its_way; data != end; due--) {
        if (c->pipeline && !oldest_sent(c, false)) {
            conn_unasked(io, c);
            return;
        }
        if (cs->record->first_byte)
            note_first_byte(cs, c);
        enum exchange_result result = load->protocol->feed(load, &c->exchange, &data, end);
        if (result == EXCHANGE_MORE)
            return;
        if (result == EXCHANGE_CORRUPT) {
            lose(cs, c, COUNT_CORRUPT, c->exchange.reason);
            return;
        }
        bool early = c->pipeline && !oldest_sent(c, true);
        if ((data != end && due == 1) || (early && result != EXCHANGE_NON_2XX)) {
            conn_unasked(io, c);
            return;
        }
        /* A server may refuse a request that it has not read to its end. What is left of it
         * cannot be taken back (RFC 9112, section 9.6). */
        c->exchange.reusable &= !early;
        answered(cs, c, result);
        if (c->fd < 0)
            return;
    }
}

void conn_ended(struct io *io, struct client_conn *c)
{
    struct conns *cs = conns_of(io);
    struct workload *load = io->load;

    if (c->state != CONN_BUSY) {
        conn_close(cs, c, true);
        return;
    }
    c->server_closed = true;
    enum exchange_result result = load->protocol->eof(load, &c->exchange);
    if (result == EXCHANGE_OK || result == EXCHANGE_NON_2XX || result == EXCHANGE_WRONG) {
        c->exchange.reusable = false;
        answered(cs, c, result);
    } else if (result == EXCHANGE_CORRUPT) {
        lose(cs, c, COUNT_CORRUPT, c->exchange.reason);
    } else if (c->send_error) {
        conn_failed(io, c, c->send_error); /* the failed send has taken it from the socket */
    } else {
        lose(cs, c, COUNT_EOF, c->exchange.reason);
    }
}

void conn_failed(struct io *io, struct client_conn *c, int error)
{
    lose(conns_of(io), c, COUNT_RESET, strerrordesc_np(error));
}

void conn_send_failed(struct io *io, struct client_conn *c, int error)
{
    if (error != EPIPE && error != ECONNRESET) {
        conn_failed(io, c, error);
        return;
    }
    c->send_error = error;
    c->server_closed = true;
}

void conn_timed_out(struct conns *cs, struct client_conn *c)
{
    lose(cs, c, COUNT_TIMEOUT, "no whole answer in time");
}
