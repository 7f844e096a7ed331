#include "loadgen/worker.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/run.h"

/* Without --ramp, connections opened in one go and the pause after them, so that ten thousand do not overrun
 * the server's listen queue at once. */
#define OPEN_BATCH    256
#define OPEN_PAUSE_NS NS_PER_MS

/* First requests sent between two looks at what has come back. */
#define START_BATCH 64

void worker_create(struct worker *w)
{
    w->latency = xmalloc(sizeof *w->latency);
    histogram_init(w->latency);
    if (w->load->target_count > 1)
        w->by_target = xcalloc(w->load->target_count, sizeof *w->by_target);
    w->conns = xcalloc(w->conn_count, sizeof *w->conns);
    for (uint32_t i = 0; i < w->conn_count; i++) {
        w->conns[i].fd = -1;
        w->protocol->init(&w->conns[i].exchange, w->first_id + i);
    }
    w->phase = PHASE_CONNECT;
    w->phase_end = CLOCK_NEVER;
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
            conn_list_remove(list, c);
            w->waiting_count--;
            conn_open(w, c);
        }
    }
}

static void time_out(struct worker *w, struct conn_list *list, uint64_t limit)
{
    while (list->head && clock_after(list->head->since, limit) <= w->now &&
           w->phase != PHASE_CLOSED)
        conn_timed_out(w, list->head);
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
    uint64_t failed = 0;

    if (w->series)
        series_roll(w->series, w->now);
    if (w->now < w->publish_at)
        return;
    w->publish_at = w->now + LIVE_PUBLISH_NS;
    for (unsigned k = COUNT_OK + 1; k < COUNT_OUTCOMES; k++)
        failed += w->total.n[k];
    atomic_store_explicit(&w->live.ok, w->total.n[COUNT_OK], memory_order_relaxed);
    atomic_store_explicit(&w->live.failed, failed, memory_order_relaxed);
    atomic_store_explicit(&w->live.in_flight, w->in_flight_count, memory_order_relaxed);
}

/* Wait for events, once, until the next thing is due, and do what is due then. */
static void turn(struct worker *w, uint64_t until)
{
    uint64_t deadline = until < w->phase_end ? until : w->phase_end;

    deadline = deadline < w->publish_at ? deadline : w->publish_at;
    if (w->series && w->series->boundary < deadline)
        deadline = w->series->boundary;
    deadline = earliest(deadline, &w->in_flight, w->timeout_ns);
    deadline = earliest(deadline, &w->connecting, CONNECT_LIMIT_NS);
    if (w->waiting_count > 0)
        for (unsigned i = 0; i < OPEN_DELAYS; i++)
            deadline = earliest(deadline, &w->waiting[i], 0);

    w->engine->wait(w, deadline);
    worker_notice_time(w);
    if (w->phase == PHASE_CLOSED)
        return;
    publish(w);
    time_out(w, &w->in_flight, w->timeout_ns);
    time_out(w, &w->connecting, CONNECT_LIMIT_NS);
    open_due(w);
}

/* When connection `i` of the thread is to be opened, from the beginning. The threads take turns
 * in the order of --ramp. */
static uint64_t opening_ns(const struct worker *w, uint32_t i)
{
    const struct options *o = w->run->options;

    if (o->ramp > 0)
        return (uint64_t)(((double)i * o->threads + w->index) * 1e9 / o->ramp);
    return i / OPEN_BATCH * OPEN_PAUSE_NS;
}

void worker_connect(struct worker *w)
{
    uint64_t now = w->now = clock_ns();
    uint64_t give_up = now + opening_ns(w, w->conn_count - 1) + CONNECT_LIMIT_NS;

    for (uint32_t i = 0; i < w->conn_count; i++)
        conn_open_later(w, &w->conns[i], now + opening_ns(w, i));
    open_due(w);
    while (w->untried > 0 && w->now < give_up && !run_stopped(w->run))
        turn(w, give_up);
    for (uint32_t i = 0; i < w->conn_count; i++)
        w->connected += w->conns[i].state == CONN_IDLE;
}

void worker_settle(struct worker *w)
{
    uint64_t give_up = clock_after(w->now, w->run->options->settle_ns);
    if (w->run->options->settle_ns == 0)
        return;
    w->phase = PHASE_SETTLE;
    for (uint32_t i = 0; i < w->conn_count; i++) {
        if (i % START_BATCH == 0)
            turn(w, 0);
        if (w->conns[i].state == CONN_IDLE && !w->conns[i].settled)
            conn_start(w, &w->conns[i]);
    }
    while (w->settled < w->conn_count && w->now < give_up && !run_stopped(w->run))
        turn(w, give_up);
}

static void cpu_time(uint64_t *user_us, uint64_t *system_us)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    *user_us = (uint64_t)u.ru_utime.tv_sec * 1000000 + (uint64_t)u.ru_utime.tv_usec;
    *system_us = (uint64_t)u.ru_stime.tv_sec * 1000000 + (uint64_t)u.ru_stime.tv_usec;
}

static void open_window(struct worker *w)
{
    w->phase = PHASE_WINDOW;
    w->opened_at = w->phase_end;
    /* A thread with no share of -n is done as soon as it begins. */
    w->phase_end = clock_after(w->opened_at, w->quota ? w->run->options->duration_ns : 0);
    w->in_flight_at_open = w->in_flight_count;
    w->to_end = w->quota;
    if (w->quota != UINT64_MAX)
        w->to_start = w->quota > w->in_flight_count ? w->quota - w->in_flight_count : 0;
    if (w->series)
        series_open(w->series, w->opened_at);
    run_opened(w->run);
    cpu_time(&w->user_us, &w->system_us);
    w->opening = w->total;
}

static void close_window(struct worker *w)
{
    uint64_t user_us, system_us;

    cpu_time(&user_us, &system_us);
    w->user_us = user_us - w->user_us;
    w->system_us = system_us - w->system_us;
    w->closed_at = w->phase_end < w->now ? w->phase_end : w->now;
    w->window = w->total;
    tally_subtract(&w->window, &w->opening);
    w->in_flight_at_close = w->in_flight_count;
    if (w->in_flight.head && w->in_flight.head->since < w->closed_at)
        w->oldest_in_flight_ns = w->closed_at - w->in_flight.head->since;
    if (w->series)
        series_close(w->series, w->closed_at);
    w->phase = PHASE_CLOSED;
    w->phase_end = CLOCK_NEVER;
    w->to_start = 0;
    run_closed(w->run);
}

void worker_next_phase(struct worker *w)
{
    if (w->phase == PHASE_WARMUP)
        open_window(w);
    else if (w->phase == PHASE_WINDOW)
        close_window(w);
}

/* Stopped early: whatever phase it is, go through the rest of them now. */
static void stop(struct worker *w)
{
    w->now = clock_ns();
    while (w->phase != PHASE_CLOSED) {
        w->phase_end = w->now;
        worker_next_phase(w);
    }
}

void worker_load(struct worker *w, uint64_t start)
{
    w->now = clock_ns();
    w->phase = PHASE_WARMUP;
    w->phase_end = clock_after(start, w->run->options->warmup_ns);
    worker_notice_time(w);

    for (uint32_t i = 0; i < w->conn_count && w->to_start > 0; i++) {
        /* The first turn, before anything is sent, finds what came without being asked for. */
        if (i % START_BATCH == 0)
            turn(w, 0);
        if (w->conns[i].state == CONN_IDLE)
            conn_start(w, &w->conns[i]);
    }
    while (w->phase != PHASE_CLOSED) {
        if (run_stopped(w->run))
            stop(w);
        else
            turn(w, CLOCK_NEVER);
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
    }
    w->engine->destroy(w);
}
