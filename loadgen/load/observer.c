#include "loadgen/load/observer.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/load/run.h"

static void start_series(struct observer *o, struct run *r)
{
    uint32_t n = r->options->threads;

    o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (o->fd < 0)
        die_errno("cannot open an event descriptor");
    o->series = xcalloc(n, sizeof *o->series);
    for (uint32_t i = 0; i < n; i++) {
        o->series[i] = xmalloc(sizeof *o->series[i]);
        series_init(o->series[i], r->options->interval_ns, o->fd);
        r->workers[i].record.series = o->series[i];
    }
    o->writer = series_writer_open(r->options, o->series, n);
}

void observer_start(struct observer *o, struct run *r)
{
    *o = (struct observer){.fd = -1};
    live_init(&o->live, r->options->quiet);
    for (uint32_t i = 0; i < r->options->threads; i++)
        r->workers[i].publish_at = o->live.on ? 0 : CLOCK_NEVER;
    if (r->options->csv)
        start_series(o, r);
}

int observer_timeout_ms(const struct observer *o)
{
    return o->live.on ? clock_timeout_ms(clock_ns(), o->live.next) : -1;
}

static void show(struct observer *o, struct run *r)
{
    uint64_t now = clock_ns();
    uint32_t closed = atomic_load(&r->moments.closed);
    const char *phase = closed == r->options->threads ? "ending" : "running";
    struct live_sum sum = {0};

    if (o->window_at == 0 && atomic_load(&r->moments.opened) > 0)
        o->window_at = now;
    for (uint32_t i = 0; i < r->options->threads; i++) {
        struct live_numbers *n = &r->workers[i].live;
        sum.ok += atomic_load_explicit(&n->ok, memory_order_relaxed);
        sum.failed += atomic_load_explicit(&n->failed, memory_order_relaxed);
        sum.in_flight += atomic_load_explicit(&n->in_flight, memory_order_relaxed);
    }
    live_show(&o->live, now, &sum, o->window_at ? phase : "starting",
              o->window_at ? now - o->window_at : 0, r->options->duration_ns);
}

void observer_turn(struct observer *o, struct run *r)
{
    uint64_t count;

    if (o->live.on)
        show(o, r);
    if (o->writer && read(o->fd, &count, sizeof count) == sizeof count)
        series_writer_collect(o->writer);
}

void observer_end(struct observer *o, struct run *r)
{
    live_end(&o->live);
    if (!o->writer)
        return;
    o->csv_failed = !series_writer_close(o->writer);
    for (uint32_t i = 0; i < r->options->threads; i++) {
        series_free(o->series[i]);
        free(o->series[i]);
    }
    free(o->series);
    close(o->fd);
}
