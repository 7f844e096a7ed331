#include "loadgen/load/observer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/terminal.h"
#include "loadgen/load/run.h"

/* How often the line is rewritten. */
#define REWRITE_NS UINT64_C(500000000)

/* Of all workers' numbers. */
struct sum {
    uint64_t ok, failed, in_flight;
};

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
    o->live.on = !r->options->quiet && terminal_rewrites();
    o->live.next = o->live.on ? clock_ns() + REWRITE_NS : CLOCK_NEVER;
    for (uint32_t i = 0; i < r->options->threads; i++)
        r->workers[i].publish_at = o->live.on ? 0 : CLOCK_NEVER;
    if (r->options->csv)
        start_series(o, r);
}

int observer_timeout_ms(const struct observer *o)
{
    return o->live.on ? clock_timeout_ms(clock_ns(), o->live.next) : -1;
}

/* Rewrite the line: `phase` goes on, and `elapsed` of its `total` nanoseconds are over
 * (CLOCK_NEVER where nobody knows). */
static void rewrite(struct live *live, uint64_t now, const struct sum *sum, const char *phase,
                    uint64_t elapsed, uint64_t total)
{
    double seconds = (double)(now - live->last_at) / 1e9;
    double rate = live->written ? (double)(sum->ok - live->last_ok) / seconds : 0;
    fprintf(stderr, "\r\033[K%s %.1fs", phase, (double)elapsed / 1e9);
    if (total != CLOCK_NEVER)
        fprintf(stderr, " of %.1fs", (double)total / 1e9);
    fprintf(stderr, "  %.0f requests/s  %llu ok  %llu failed  %llu in flight", rate,
            (unsigned long long)sum->ok, (unsigned long long)sum->failed,
            (unsigned long long)sum->in_flight);
    fflush(stderr);
    live->last_at = now;
    live->last_ok = sum->ok;
    live->written = true;
    live->next = now + REWRITE_NS;
}

/* Take the line away. */
static void wipe(struct live *live)
{
    if (live->written)
        fputs("\r\033[K", stderr);
    live->on = live->written = false;
}

static void show(struct observer *o, struct run *r)
{
    uint64_t now = clock_ns();
    uint32_t closed = atomic_load(&r->moments.closed);
    const char *phase = closed == r->options->threads ? "ending" : "running";
    struct sum sum = {0};

    if (o->window_at == 0 && atomic_load(&r->moments.opened) > 0)
        o->window_at = now;
    if (now < o->live.next)
        return;
    for (uint32_t i = 0; i < r->options->threads; i++) {
        struct live_numbers *n = &r->workers[i].live;
        sum.ok += atomic_load_explicit(&n->ok, memory_order_relaxed);
        sum.failed += atomic_load_explicit(&n->failed, memory_order_relaxed);
        sum.in_flight += atomic_load_explicit(&n->in_flight, memory_order_relaxed);
    }
    rewrite(&o->live, now, &sum, o->window_at ? phase : "starting",
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
    wipe(&o->live);
    if (!o->writer)
        return;
    o->csv_failed = !series_writer_close(o->writer, &o->kept);
    for (uint32_t i = 0; i < r->options->threads; i++) {
        series_free(o->series[i]);
        free(o->series[i]);
    }
    free(o->series);
    close(o->fd);
}
