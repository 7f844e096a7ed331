#include "loadgen/load/worker.h"

#include <stdlib.h>
#include <sys/prctl.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/load/run.h"
#include "loadgen/pace/think.h"

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

/* First requests sent between two looks at what has come back. */
#define START_BATCH 64

static struct histogram *new_histogram(void)
{
    struct histogram *h = xmalloc(sizeof *h);
    histogram_init(h);
    return h;
}

/* What only some kinds of load need. */
static void create_parts(struct worker *w)
{
    const struct options *o = w->run->options;

    if (o->rate_milli) {
        w->open = open_loop_create(o);
        /* The kernel may end a sleep so much later, to end several at once: 50 us by default
         * (PR_SET_TIMERSLACK(2const)). */
        if (prctl(PR_SET_TIMERSLACK, 1) < 0)
            die_errno("cannot have sleeps end on time");
    }
    if (o->think_ns)
        w->think =
            think_create(o->think_ns, o->think_exponential, o->seed, w->index, w->conn_count);
    if (o->per_connection) {
        w->connect_time = new_histogram();
        w->first_byte = new_histogram();
    }
    if (w->load->target_count > 1)
        w->by_target = xcalloc(w->load->target_count, sizeof *w->by_target);
    w->depth = o->pipeline;
    w->per_connection = o->per_connection ? o->per_connection : UINT32_MAX;
    if (w->depth > 1)
        w->flush = xcalloc(w->conn_count, sizeof(struct client_conn *));
}

void worker_create(struct worker *w)
{
    w->latency = new_histogram();
    create_parts(w);
    w->conns = xcalloc(w->conn_count, sizeof *w->conns);
    for (uint32_t i = 0; i < w->conn_count; i++) {
        w->conns[i].fd = -1;
        if (w->depth > 1)
            w->conns[i].pipeline = pipeline_create(w->depth);
        w->protocol->init(w->load, &w->conns[i].exchange, w->first_id + i);
    }
    w->phase = PHASE_CONNECT;
    w->phase_end = CLOCK_NEVER;
    w->next_check = CLOCK_NEVER;
    w->to_start = UINT64_MAX;
    w->to_end = UINT64_MAX;
    w->untried = w->conn_count;
    w->engine->create(w);
}

/* Open what is due. */
static void open_due(struct worker *w)
{
    if (w->waiting_count == 0)
        return;
    for (unsigned i = 0; i < OPEN_DELAYS; i++) {
        struct conn_list *list = &w->waiting[i];
        /* Those that fail at once go to the end of a list; they are due later. */
        while (list->head && list->head->since <= w->now) {
            struct client_conn *c = list->head;
            conn_list_remove(c);
            w->waiting_count--;
            conn_open(w, c);
        }
    }
}

/* Whatever had happened by `before`, when the last wait began, has been reported: unless there was
 * more of it than goes into one wait. Then it is after as many as take all connections' events,
 * which come in turn. */
static void note_look(struct worker *w, uint64_t before)
{
    if (w->more && w->put_off++ <= 2 * w->conn_count / EVENTS_A_WAIT)
        return;
    w->put_off = 0;
    w->looked = before;
}

/* Requests that are too late. There is no list of what is on its way in order of time: to keep
 * one would cost each request more than to look at all connections now and then costs. That is
 * when the oldest that was found last would be too late; in the normal case, in which answers
 * come, once in a timeout. So that many that come to their end one by one are not looked for
 * each by itself, a timeout may be noticed a little late.
 *
 * A request is too late only if its time was over when the sockets were last looked at: after this
 * thread was stopped, or without a CPU, the answer may be there and only unread. */
static void check_in_flight(struct worker *w)
{
    uint64_t oldest = w->now;

    if (w->looked < w->next_check)
        return;
    for (uint32_t i = 0; i < w->conn_count && w->phase != PHASE_CLOSED; i++) {
        struct client_conn *c = &w->conns[i];
        if (c->on_its_way == 0)
            continue;
        uint64_t sent = conn_oldest(c)->sent;
        if (clock_after(sent, w->timeout_ns) <= w->looked)
            conn_timed_out(w, c);
        else if (sent < oldest)
            oldest = sent;
    }
    uint64_t soonest = w->now + CHECK_PAUSE_NS + w->conn_count * CHECK_PAUSE_EACH_NS;
    w->next_check = clock_after(oldest, w->timeout_ns);
    if (w->next_check < soonest)
        w->next_check = soonest;
}

/* Connections that do not come up in time. */
static void check_connecting(struct worker *w)
{
    struct conn_list *list = &w->connecting;
    while (list->head && clock_after(list->head->since, CONNECT_LIMIT_NS) <= w->looked &&
           w->phase != PHASE_CLOSED)
        conn_open_timed_out(w, list->head);
}

static void go_on_after_thought(struct worker *w)
{
    struct client_conn *c;
    while ((c = think_over(w->think, w->now)) != NULL)
        conn_start(w, c);
}

/* Send what --pipeline has gathered. */
static void flush(struct worker *w)
{
    for (uint32_t i = 0; i < w->flush_count; i++) {
        struct client_conn *c = w->flush[i];
        c->pipeline->listed = false;
        if (c->fd >= 0 && c->out_left > 0)
            w->engine->send(w, c);
    }
    w->flush_count = 0;
}

static uint64_t earliest(uint64_t at, const struct conn_list *list, uint64_t delay)
{
    if (!list->head)
        return at;
    uint64_t due = clock_after(list->head->since, delay);
    return due < at ? due : at;
}

/* Tell those that look on what they want to know, if it is time. */
static void publish(struct worker *w)
{
    if (w->series)
        series_roll(w->series, w->now);
    if (w->now < w->publish_at)
        return;
    w->publish_at = w->now + LIVE_PUBLISH_NS;
    atomic_store_explicit(&w->live.ok, w->total.n[COUNT_OK], memory_order_relaxed);
    atomic_store_explicit(&w->live.failed, outcomes_failed(w->total.n), memory_order_relaxed);
    atomic_store_explicit(&w->live.in_flight, w->in_flight_count, memory_order_relaxed);
}

/* When there is something to do, whatever happens. */
static uint64_t next_deadline(const struct worker *w, uint64_t until)
{
    uint64_t deadline = until < w->phase_end ? until : w->phase_end;

    if (w->next_check < deadline)
        deadline = w->next_check;
    if (w->publish_at < deadline)
        deadline = w->publish_at;
    if (w->series && w->series->boundary < deadline)
        deadline = w->series->boundary;
    deadline = earliest(deadline, &w->connecting, CONNECT_LIMIT_NS);
    if (w->waiting_count > 0)
        for (unsigned i = 0; i < OPEN_DELAYS; i++)
            deadline = earliest(deadline, &w->waiting[i], 0);
    if (w->think && think_next(w->think) < deadline)
        deadline = think_next(w->think);
    return deadline;
}

/* Wait for events, once, until the next thing is due, and do what is due then. */
static void turn(struct worker *w, uint64_t until)
{
    uint64_t deadline = next_deadline(w, until);
    uint64_t before = w->now;

    if (w->flush_count > 0)
        flush(w);
    if (w->open && w->phase >= PHASE_WARMUP)
        open_loop_turn(w, deadline);
    else
        w->engine->wait(w, deadline);
    note_look(w, before);
    worker_notice_time(w);
    if (w->phase == PHASE_CLOSED)
        return;
    publish(w);
    check_in_flight(w);
    check_connecting(w);
    open_due(w);
    if (w->think)
        go_on_after_thought(w);
}

/* When connection `i` of the thread is to be opened, from the beginning. The threads take turns
 * in the order of --ramp. */
static uint64_t opening_ns(const struct worker *w, uint32_t i)
{
    const struct options *o = w->run->options;

    if (o->ramp_milli > 0)
        return (uint64_t)(((double)i * o->threads + w->index) * 1e12 / (double)o->ramp_milli);
    return i / OPEN_BATCH * OPEN_PAUSE_NS;
}

void worker_connect(struct worker *w)
{
    uint64_t now = w->now = clock_ns();
    uint64_t give_up = now + opening_ns(w, w->conn_count - 1) + CONNECT_LIMIT_NS;

    for (uint32_t i = 0; i < w->conn_count; i++)
        conn_open_later(w, &w->conns[i], now + opening_ns(w, i));
    open_due(w);
    while (w->untried > 0 && w->looked < give_up && !run_stopped(w->run))
        turn(w, give_up);
    for (uint32_t i = 0; i < w->conn_count; i++) {
        w->connected += w->conns[i].state == CONN_IDLE;
        /* Without a failure its turn had not come when somebody interrupted. */
        if (w->conns[i].state == CONN_WAITING && !w->conns[i].tried && w->conns[i].failures > 0)
            w->reasons[COUNT_REFUSED] = CONN_QUEUE_FULL;
    }
}

void worker_settle(struct worker *w)
{
    uint64_t give_up = clock_after(w->now, w->run->options->settle_ns);
    if (w->run->options->settle_ns == 0)
        return;
    w->phase = PHASE_SETTLE;
    w->next_check = w->now;
    for (uint32_t i = 0; i < w->conn_count; i++) {
        if (i % START_BATCH == 0)
            turn(w, 0);
        if (w->conns[i].state == CONN_IDLE && !w->conns[i].settled)
            conn_start(w, &w->conns[i]);
    }
    while (w->settled < w->conn_count && w->now < give_up && !run_stopped(w->run))
        turn(w, give_up);
}

/* The first requests of a closed loop. */
static void start_all(struct worker *w)
{
    for (uint32_t i = 0; i < w->conn_count && w->to_start > 0; i++) {
        /* The first turn, before anything is sent, finds what came without being asked for. */
        if (i % START_BATCH == 0)
            turn(w, 0);
        if (w->conns[i].state == CONN_IDLE && !w->conns[i].thinks)
            conn_start(w, &w->conns[i]);
    }
}

void worker_load(struct worker *w, uint64_t start)
{
    w->now = clock_ns();
    w->phase = PHASE_WARMUP;
    w->phase_end = clock_after(start, w->run->options->warmup_ns);
    w->next_check = w->now;
    if (w->open) {
        open_loop_begin(w, start);
    } else {
        worker_notice_time(w);
        start_all(w);
    }
    while (w->phase != PHASE_CLOSED) {
        if (run_stopped(w->run) || (w->phase == PHASE_DRAIN && run_signalled(w->run)))
            worker_stop(w);
        else
            turn(w, CLOCK_NEVER);
        if (w->phase == PHASE_DRAIN && open_loop_drained(w->open))
            worker_next_phase(w);
    }
}

void worker_hold(struct worker *w)
{
    while (!run_finished(w->run))
        w->engine->wait(w, CLOCK_NEVER);
}

void worker_close(struct worker *w)
{
    for (uint32_t i = 0; i < w->conn_count; i++) {
        if (w->conns[i].fd >= 0)
            w->engine->close(w, &w->conns[i]);
        w->protocol->free(&w->conns[i].exchange);
        free(w->conns[i].pipeline);
    }
    w->engine->destroy(w);
}

void worker_free(struct worker *w)
{
    free(w->latency);
    free(w->connect_time);
    free(w->first_byte);
    open_loop_free(w->open);
    free(w->flush);
    free(w->by_target);
    think_free(w->think);
    free(w->conns);
}
