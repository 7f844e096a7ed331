#include "loadgen/load/window.h"

/* Between two windows nothing is sent. What fails until all is answered belongs to the window that
 * has closed. */
static void late(struct conns *cs, struct client_conn *c, const struct request *q,
                 enum count outcome, uint64_t age)
{
    (void)c;
    if (outcome != COUNT_OK)
        record_ended(cs->record, q, cs->io.now, outcome, age);
}

static void late_unopened(struct conns *cs, enum count outcome)
{
    record_ended(cs->record, NULL, cs->io.now, outcome, CONNECT_LIMIT_NS);
}

static const struct conn_events answers = {.ended = late, .unopened = late_unopened};

void window_warm_up(struct window *w, uint64_t zero)
{
    struct conns *cs = w->conns;

    w->phase = PHASE_WARMUP;
    cs->phase_ends = w->again ? w->opens_at : clock_after(zero, cs->io.options->warmup_ns);
    conns_report(cs, &w->pacing->events);
    w->pacing->start(cs, zero);
}

static void open_window(struct window *w)
{
    struct conns *cs = w->conns;
    struct record *r = cs->record;
    uint64_t at = cs->phase_ends;

    w->phase = PHASE_WINDOW;
    r->in_flight_at_open = cs->io.in_flight;
    cs->phase_ends = w->pacing->opened(cs, at);
    if (w->again)
        cs->phase_ends = w->closes_at;
    moments_opened(w->moments);
    record_open(r, at, &cs->io.total);
    /* A connection that was lost between two windows is seen by this count. */
    if (w->again)
        r->opening.n[COUNT_CONNECTS] = w->connects;
    r->slept_ns = cs->io.slept_ns;
    r->spun_ns = cs->io.spun_ns;
    coalesce_account(&cs->io.coalesce, r->cpu_at_open.at);
    r->coalesced_ns = cs->io.coalesce.on_ns;
    r->coalesced_slept_ns = cs->io.coalesce.slept_ns;
}

static void close_window(struct window *w, uint64_t at)
{
    struct conns *cs = w->conns;
    struct record *r = cs->record;

    coalesce_account(&cs->io.coalesce, clock_ns());
    struct record_waits waits = {
        .slept_ns = cs->io.slept_ns - r->slept_ns,
        .looked_ns = cs->io.options->spin ? cs->io.spun_ns - r->spun_ns : 0,
    };
    record_close(r, at, &cs->io.total, &waits);
    r->coalesced_ns = cs->io.coalesce.on_ns - r->coalesced_ns;
    r->coalesced_slept_ns = cs->io.coalesce.slept_ns - r->coalesced_slept_ns;
    moments_closed(w->moments);
}

/* For how long the oldest request that is on its way has been so. */
static uint64_t oldest_age(const struct conns *cs, uint64_t at)
{
    uint64_t sent = conns_oldest(cs);

    return at > sent ? at - sent : 0;
}

/* --windows: the window has closed at `at`; nothing more is sent. */
static void await_answers(struct window *w, uint64_t at)
{
    struct conns *cs = w->conns;

    cs->record->in_flight_at_close = cs->io.in_flight;
    w->oldest_ns = oldest_age(cs, at);
    w->phase = PHASE_ANSWERS;
    cs->phase_ends = CLOCK_NEVER;
    conns_report(cs, &answers);
}

/* --windows: all is answered, or the run is stopped. */
static void answered(struct window *w, uint64_t at)
{
    struct conns *cs = w->conns;
    struct record *r = cs->record;

    record_end(r, at, record_late(r, &cs->io.total), w->oldest_ns);
    window_rest(w);
}

void window_rest(struct window *w)
{
    struct conns *cs = w->conns;

    w->phase = PHASE_REST;
    w->connects = cs->io.total.n[COUNT_CONNECTS];
    cs->phase_ends = CLOCK_NEVER;
    conns_report(cs, NULL);
    if (cs->io.in_flight == 0)
        cs->next_check = CLOCK_NEVER;
}

static void end_load(struct window *w, uint64_t at)
{
    struct conns *cs = w->conns;

    struct record *r = cs->record;

    if (!w->again)
        record_end(r, at, r->open_loop ? r->open_loop->in_flight : cs->io.in_flight,
                   oldest_age(cs, at));
    w->phase = PHASE_CLOSED;
    cs->phase_ends = CLOCK_NEVER;
    conns_report(cs, NULL);
    cs->asked_all = cs->over = true;
}

void window_next(struct window *w)
{
    struct conns *cs = w->conns;
    uint64_t at = cs->phase_ends < cs->io.now ? cs->phase_ends : cs->io.now;
    uint64_t closed_at = cs->record->closed_at;

    if (w->phase == PHASE_WARMUP) {
        open_window(w);
    } else if (w->phase == PHASE_WINDOW) {
        close_window(w, at);
        if (w->again) {
            await_answers(w, at);
            return;
        }
        if (!w->pacing->closed) {
            end_load(w, at);
            return;
        }
        w->phase = PHASE_DRAIN;
        cs->phase_ends = clock_after(at, cs->io.options->drain_ns);
        w->pacing->closed(cs, at);
    } else if (w->phase == PHASE_ANSWERS) {
        answered(w, cs->io.now > closed_at ? cs->io.now : closed_at);
    } else if (w->phase == PHASE_REST) {
        end_load(w, at);
    } else if (w->phase == PHASE_DRAIN) {
        end_load(w, cs->io.now > closed_at ? cs->io.now : closed_at);
    }
}

void window_stop(struct window *w)
{
    struct conns *cs = w->conns;

    cs->io.now = clock_ns();
    while (w->phase != PHASE_CLOSED) {
        cs->phase_ends = cs->io.now;
        window_next(w);
    }
}
