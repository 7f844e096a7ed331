/* The loop of a thread. A request from its schedule to the histogram, a walk down and back:
 *
 *  1. worker.c asks the pacing how long to wait, and waits:  pacing->deadline(), conns_wait()
 *  2. the pacing (pace/) sends what is due:                  pacing->turn()
 *  3. the connection (conn/) makes the request's bytes:      conn_begin(), protocol->begin()
 *  4. the engine (engine/) sends the bytes:                  conn_send(), engine->send()
 *  5. the engine waits, and reports what came back:          engine_events.received
 *  6. the connection has the protocol judge the answer:      protocol->feed()
 *  7. the connection reports the end of the request:         conn_events.ended
 *  8. the pacing decides whether the request is one of the window's,
 *  9. and the record (record/) gets one sample more:         record_ended()
 * 10. the connection can take a request again:               conn_events.ready
 *
 * A closed loop goes on at step 3, an open loop at step 1. Calls go down: load, pace, conn, engine,
 * and below them record and protocol. Events go up, through the two tables. An open loop sets the
 * alarm in struct io: the engine rings it between two events, and the loop sends what is due. */
#include "loadgen/load/worker.h"

#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "loadgen/record/run_delay.h"

/* Connections that settle between two looks at what has come back. */
#define SETTLE_BATCH 64

static struct worker *worker_of(struct conns *cs)
{
    return (struct worker *)cs;
}

static void next_phase(struct conns *cs)
{
    window_next(&worker_of(cs)->window);
}

static void settle(struct conns *cs, struct client_conn *c)
{
    if (c->settled || !conn_has_room(cs, c))
        return;
    conn_begin(cs, c);
    conn_send(cs, c);
}

static bool is_loading(const struct window *w)
{
    return w->phase >= PHASE_WARMUP && w->phase != PHASE_CLOSED;
}

void worker_create(struct worker *w)
{
    const struct options *o = w->conns.io.options;

    record_create(&w->record, o);
    w->conns.record = &w->record;
    w->conns.next_phase = next_phase;
    conns_create(&w->conns);
    w->window = (struct window){
        .pacing = o->rate_milli ? &pacing_open_loop
                  : o->think_ns ? &pacing_think
                                : &pacing_closed_loop,
        .conns = &w->conns,
        .moments = w->moments,
    };
    w->window.again = w->order;
    if (w->order) {
        record_create(&w->finished, o);
        /* A window must open and close on time, though nothing happens then. */
        w->conns.io.precise = true;
    }
    w->window.pacing->create(&w->conns, w->quota);
}

/* Tell the observer what it wants to know, if it is time. */
static void publish(struct worker *w)
{
    const struct io *io = &w->conns.io;

    if (w->record.series)
        series_roll(w->record.series, io->now);
    if (io->now < w->publish_at)
        return;
    w->publish_at = io->now + LIVE_PUBLISH_NS;
    atomic_store_explicit(&w->live.ok, io->total.n[COUNT_OK], memory_order_relaxed);
    atomic_store_explicit(&w->live.failed, outcomes_failed(io->total.n), memory_order_relaxed);
    atomic_store_explicit(&w->live.in_flight, io->in_flight, memory_order_relaxed);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When there is something to do, whatever happens. */
static uint64_t next_deadline(struct worker *w, uint64_t until)
{
    uint64_t at = earlier(until, earlier(w->conns.phase_ends, w->publish_at));

    if (w->record.series)
        at = earlier(at, w->record.series->boundary);
    at = conns_deadline(&w->conns, at);
    return is_loading(&w->window) ? w->window.pacing->deadline(&w->conns, at) : at;
}

/* --spin: never sleep while the load goes on. */
static bool spins(const struct worker *w)
{
    enum phase phase = w->window.phase;
    return w->conns.io.options->spin && phase >= PHASE_ANSWERS && phase != PHASE_CLOSED;
}

/* Wait for events, once, until the next thing is due, and do what is due then. */
static void turn(struct worker *w, uint64_t until)
{
    struct window *window = &w->window;

    conns_flush(&w->conns);
    conns_wait(&w->conns, spins(w) ? 0 : next_deadline(w, until));
    conns_notice_time(&w->conns);
    if (window->phase == PHASE_CLOSED)
        return;
    if (is_loading(window))
        window->pacing->turn(&w->conns);
    publish(w);
    conns_check(&w->conns);
}

void worker_connect(struct worker *w)
{
    uint64_t give_up = conns_open(&w->conns);

    while (w->conns.untried > 0 && w->conns.looked < give_up &&
           !moments_flag(&w->moments->stopped))
        turn(w, give_up);
    w->connected = conns_opened(&w->conns);
}

void worker_settle(struct worker *w)
{
    static const struct conn_events settling = {.ready = settle};
    struct conns *cs = &w->conns;
    uint64_t give_up = clock_after(cs->io.now, cs->io.options->settle_ns);

    if (cs->io.options->settle_ns == 0)
        return;
    w->window.phase = PHASE_SETTLE;
    conns_report(cs, &settling);
    cs->next_check = cs->io.now;
    for (uint32_t i = 0; i < cs->io.conn_count; i++) {
        if (i % SETTLE_BATCH == 0)
            turn(w, 0);
        if (cs->io.conns[i].state == CONN_IDLE)
            settle(cs, &cs->io.conns[i]);
    }
    while (cs->settled < cs->io.conn_count && cs->io.now < give_up &&
           !moments_flag(&w->moments->stopped))
        turn(w, give_up);
    /* Where a listen queue was full, some come up at a later try. */
    uint32_t up = conns_up(cs);
    if (up > w->connected)
        w->connected = up;
}

void worker_load(struct worker *w, uint64_t start)
{
    struct window *window = &w->window;

    w->conns.io.now = w->conns.next_check = clock_ns();
    window_warm_up(window, start);
    while (window->phase != PHASE_CLOSED) {
        if (moments_flag(&w->moments->stopped) ||
            (window->phase == PHASE_DRAIN && moments_flag(&w->moments->signalled)))
            window_stop(window);
        else
            turn(w, CLOCK_NEVER);
        if (window->phase == PHASE_DRAIN && record_drained(&w->record))
            window_next(window);
    }
}

/* What the thread has done so far, to be subtracted from what it has done later. */
static struct window_span done(const struct worker *w)
{
    struct timespec cpu;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu) < 0)
        die_errno("cannot read the thread's CPU time");
    return (struct window_span){.over_at = clock_ns(),
                                .answered = w->conns.io.total.n[COUNT_OK],
                                .cpu_ns = timespec_ns(cpu),
                                .delay_ns = run_delay_ns(),
                                .slept_ns = w->conns.io.slept_ns};
}

static void note_span(struct worker *w, const struct window_span *from)
{
    struct window_span to = done(w);
    uint64_t cpu_ns = to.cpu_ns - from->cpu_ns;
    uint64_t delay_ns = run_delay_between(from->delay_ns, to.delay_ns);

    w->span = (struct window_span){
        .over_at = to.over_at,
        .answered = to.answered - from->answered,
        .cpu_ns = cpu_ns,
        .delay_ns = delay_ns,
        .slept_ns = record_slept_ns(to.over_at - from->over_at, to.slept_ns - from->slept_ns,
                                    cpu_ns, delay_ns),
    };
}

/* Give the record away. A connection may be lost while the thread rests, and that goes into another
 * record. */
static void hand_over(struct worker *w)
{
    struct record done = w->record;

    w->record = w->finished;
    w->finished = done;
}

static void tell_rested(const struct worker *w)
{
    uint64_t one = 1;
    if (write(w->order->rested_fd, &one, sizeof one) < 0)
        die_errno("cannot tell that thread %u rests", w->conns.io.thread);
}

/* The window that is ordered, until all its requests have ended. */
static void load_window(struct worker *w)
{
    struct window *window = &w->window;
    struct window_span begin = done(w);

    w->conns.io.now = w->conns.next_check = begin.over_at;
    window->opens_at = w->order->opens_at;
    window->closes_at = w->order->closes_at;
    coalesce_resume(&w->conns.io.coalesce, begin.over_at);
    window_warm_up(window, begin.over_at);
    while (window->phase != PHASE_REST && window->phase != PHASE_CLOSED) {
        if (moments_flag(&w->moments->stopped))
            window_stop(window);
        else
            turn(w, CLOCK_NEVER);
        if (window->phase == PHASE_ANSWERS && w->conns.io.in_flight == 0)
            window_next(window);
    }
    note_span(w, &begin);
    hand_over(w);
}

void worker_load_windows(struct worker *w)
{
    uint32_t number = 0;

    w->conns.io.now = clock_ns();
    window_rest(&w->window);
    tell_rested(w);
    while (w->window.phase != PHASE_CLOSED) {
        if (moments_flag(&w->moments->stopped) || atomic_load(&w->order->over)) {
            window_stop(&w->window);
        } else if (atomic_load(&w->order->number) != number) {
            number++;
            load_window(w);
            tell_rested(w);
        } else {
            turn(w, CLOCK_NEVER);
        }
    }
}

void worker_hold(struct worker *w)
{
    while (!moments_flag(&w->moments->finished))
        conns_wait(&w->conns, CLOCK_NEVER);
}

void worker_close(struct worker *w)
{
    conns_close(&w->conns);
}

void worker_free(struct worker *w)
{
    w->window.pacing->release(&w->conns);
    record_free(&w->record);
    if (w->order)
        record_free(&w->finished);
    conns_free(&w->conns);
}
