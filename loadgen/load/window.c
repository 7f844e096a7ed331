#include "loadgen/load/window.h"

void window_warm_up(struct window *w, uint64_t zero)
{
    struct conns *cs = w->conns;

    w->phase = PHASE_WARMUP;
    cs->phase_ends = clock_after(zero, cs->io.options->warmup_ns);
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
    moments_opened(w->moments);
    record_open(r, at, &cs->io.total);
    coalesce_account(&cs->io.coalesce, r->cpu_at_open.at);
    r->coalesced_ns = cs->io.coalesce.on_ns;
    r->coalesced_slept_ns = cs->io.coalesce.slept_ns;
}

static void close_window(struct window *w, uint64_t at)
{
    struct conns *cs = w->conns;
    struct record *r = cs->record;

    coalesce_account(&cs->io.coalesce, clock_ns());
    record_close(r, at, &cs->io.total);
    r->coalesced_ns = cs->io.coalesce.on_ns - r->coalesced_ns;
    r->coalesced_slept_ns = cs->io.coalesce.slept_ns - r->coalesced_slept_ns;
    moments_closed(w->moments);
}

static void end_load(struct window *w, uint64_t at)
{
    struct conns *cs = w->conns;

    struct record *r = cs->record;

    record_end(r, at, r->open_loop ? r->open_loop->in_flight : cs->io.in_flight,
               conns_oldest(cs));
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
        if (!w->pacing->closed) {
            end_load(w, at);
            return;
        }
        w->phase = PHASE_DRAIN;
        cs->phase_ends = clock_after(at, cs->io.options->drain_ns);
        w->pacing->closed(cs, at);
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
