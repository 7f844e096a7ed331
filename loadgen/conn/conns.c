#include "loadgen/conn/conns.h"

#include <stdlib.h>

#include "common/err.h"
#include "loadgen/conn/conn.h"

/* Without --ramp, connections opened in one go and the pause after them, so that ten thousand do
 * not overrun the server's listen queue at once. */
#define OPEN_BATCH    256
#define OPEN_PAUSE_NS NS_PER_MS

/* Between two looks at all connections for requests that are too late: so long, and for each
 * connection so much more, which makes the looks cost a few percent at the worst. */
#define CHECK_PAUSE_NS      NS_PER_MS
#define CHECK_PAUSE_EACH_NS 100

/* Events that every engine reports in one wait, if there are so many. Of a connection there are two
 * at the most. */
#define EVENTS_A_WAIT 16

static const struct engine_events engine_events = {
    .connected = conn_connected,
    .refused = conn_refused,
    .received = conn_received,
    .unasked = conn_unasked,
    .ended = conn_ended,
    .failed = conn_failed,
    .send_failed = conn_send_failed,
};

void conns_create(struct conns *cs)
{
    struct io *io = &cs->io;
    const struct options *o = io->options;

    io->events = &engine_events;
    io->alarm_at = CLOCK_NEVER;
    io->conns = xcalloc(io->conn_count, sizeof *io->conns);
    for (uint32_t i = 0; i < io->conn_count; i++) {
        io->conns[i].fd = -1;
        io->conns[i].pause.index = TIMER_OFF;
        if (o->pipeline > 1)
            io->conns[i].pipeline = pipeline_create(o->pipeline);
        io->load->protocol->init(io->load, &io->conns[i].exchange, cs->first_id + i);
    }
    if (o->pipeline > 1)
        cs->flush = xcalloc(io->conn_count, sizeof(struct client_conn *));
    TAILQ_INIT(&cs->connecting);
    for (unsigned i = 0; i < OPEN_DELAYS; i++)
        TAILQ_INIT(&cs->waiting[i]);
    conns_report(cs, NULL);
    cs->per_connection = o->per_connection ? o->per_connection : UINT32_MAX;
    cs->phase_ends = cs->next_check = CLOCK_NEVER;
    cs->untried = io->conn_count;
    io->engine->create(io);
}

void conns_close(struct conns *cs)
{
    struct io *io = &cs->io;

    for (uint32_t i = 0; i < io->conn_count; i++) {
        if (io->conns[i].fd >= 0)
            io->engine->close(io, &io->conns[i]);
        io->load->protocol->free(&io->conns[i].exchange);
        free(io->conns[i].pipeline);
    }
    io->engine->destroy(io);
}

void conns_free(struct conns *cs)
{
    free(cs->flush);
    free(cs->io.conns);
}

/* Open the connections that are due. */
static void open_due(struct conns *cs)
{
    if (cs->waiting_count == 0)
        return;
    for (unsigned i = 0; i < OPEN_DELAYS; i++) {
        struct client_conn *c;
        /* Those that fail at once go to the end of a list; they are due later. */
        while ((c = TAILQ_FIRST(&cs->waiting[i])) && c->since <= cs->io.now) {
            conn_list_remove(c);
            cs->waiting_count--;
            conn_open(cs, c);
        }
    }
}

/* When connection `i` of the thread is to be opened, from the beginning. The threads take turns
 * in the order of --ramp. */
static uint64_t opening_ns(const struct conns *cs, uint32_t i)
{
    const struct options *o = cs->io.options;

    if (o->ramp_milli > 0)
        return (uint64_t)(((double)i * options_threads(o) + o->threads_before + cs->io.thread) *
                          1e12 / (double)o->ramp_milli);
    return i / OPEN_BATCH * OPEN_PAUSE_NS;
}

uint64_t conns_open(struct conns *cs)
{
    uint64_t now = cs->io.now = clock_ns();

    cs->coming_up = true;
    for (uint32_t i = 0; i < cs->io.conn_count; i++)
        conn_open_later(cs, &cs->io.conns[i], now + opening_ns(cs, i));
    open_due(cs);
    return now + opening_ns(cs, cs->io.conn_count - 1) + CONNECT_LIMIT_NS;
}

uint32_t conns_opened(struct conns *cs)
{
    uint32_t up = 0;

    cs->coming_up = false;
    for (uint32_t i = 0; i < cs->io.conn_count; i++) {
        const struct client_conn *c = &cs->io.conns[i];
        up += c->state == CONN_IDLE;
        /* Without a failure its turn had not come when somebody interrupted. */
        if (c->state == CONN_WAITING && !c->tried && c->failures > 0)
            record_reason(cs->record, COUNT_REFUSED, CONN_QUEUE_FULL);
    }
    return up;
}

uint32_t conns_up(const struct conns *cs)
{
    uint32_t up = 0;

    for (uint32_t i = 0; i < cs->io.conn_count; i++)
        up += cs->io.conns[i].state >= CONN_IDLE;
    return up;
}

static uint64_t earliest(uint64_t at, const struct conn_list *list, uint64_t delay)
{
    const struct client_conn *c = TAILQ_FIRST(list);
    uint64_t due = c ? clock_after(c->since, delay) : CLOCK_NEVER;
    return due < at ? due : at;
}

uint64_t conns_deadline(const struct conns *cs, uint64_t at)
{
    if (cs->next_check < at)
        at = cs->next_check;
    at = earliest(at, &cs->connecting, CONNECT_LIMIT_NS);
    if (cs->waiting_count > 0)
        for (unsigned i = 0; i < OPEN_DELAYS; i++)
            at = earliest(at, &cs->waiting[i], 0);
    return at;
}

void conns_flush(struct conns *cs)
{
    for (uint32_t i = 0; i < cs->flush_count; i++) {
        struct client_conn *c = cs->flush[i];
        c->pipeline->listed = false;
        if (c->fd >= 0 && c->out_left > 0)
            cs->io.engine->send(&cs->io, c);
    }
    cs->flush_count = 0;
}

/* A wait reports all that had happened when it began, unless that is more than one wait can
 * report. Waits report connections in turn, so the rest is reported after as many waits as take
 * the events of all connections. */
void conns_wait(struct conns *cs, uint64_t deadline)
{
    uint64_t before = cs->io.now;

    cs->io.engine->wait(&cs->io, deadline);
    if (cs->io.more && cs->put_off++ <= 2 * cs->io.conn_count / EVENTS_A_WAIT)
        return;
    cs->put_off = 0;
    cs->looked = before;
}

/* Requests that are too late. There is no list of what is on its way in order of time: to keep
 * one would cost each request more than to look at all connections now and then costs. That is
 * when the oldest that was found last would be too late; in the normal case, in which answers
 * come, once in a timeout. So that many that come to their end one by one are not looked for
 * each by itself, a timeout may be noticed a little late.
 *
 * A request is too late only if its time was over when the sockets were last looked at: after this
 * thread was stopped, or without a CPU, the answer may be there and only unread. */
static void check_in_flight(struct conns *cs)
{
    uint64_t oldest = cs->io.now;
    uint64_t limit = cs->io.options->timeout_ns;

    if (cs->looked < cs->next_check)
        return;
    for (uint32_t i = 0; i < cs->io.conn_count && !cs->over; i++) {
        struct client_conn *c = &cs->io.conns[i];
        if (c->on_its_way == 0)
            continue;
        uint64_t sent = conn_oldest(c)->sent;
        if (clock_after(sent, limit) <= cs->looked)
            conn_timed_out(cs, c);
        else if (sent < oldest)
            oldest = sent;
    }
    uint64_t soonest = cs->io.now + CHECK_PAUSE_NS + cs->io.conn_count * CHECK_PAUSE_EACH_NS;
    cs->next_check = clock_after(oldest, limit);
    if (cs->next_check < soonest)
        cs->next_check = soonest;
}

/* Connections that do not come up in time. */
static void check_connecting(struct conns *cs)
{
    struct client_conn *c;

    while ((c = TAILQ_FIRST(&cs->connecting)) &&
           clock_after(c->since, CONNECT_LIMIT_NS) <= cs->looked && !cs->over)
        conn_open_timed_out(cs, c);
}

void conns_check(struct conns *cs)
{
    check_in_flight(cs);
    check_connecting(cs);
    open_due(cs);
}

uint64_t conns_oldest(const struct conns *cs)
{
    uint64_t oldest = CLOCK_NEVER;

    for (uint32_t i = 0; i < cs->io.conn_count; i++) {
        const struct client_conn *c = &cs->io.conns[i];
        if (c->on_its_way > 0 && conn_oldest(c)->sent < oldest)
            oldest = conn_oldest(c)->sent;
    }
    return oldest;
}
