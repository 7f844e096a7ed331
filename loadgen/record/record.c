#include "loadgen/record/record.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/record/run_delay.h"

static uint64_t microseconds(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

/* The thread's clock tells how much CPU was used; it is exact at any moment. getrusage(2) is up to
 * a tick old, some milliseconds, which is too much in a short window. It only tells how the time
 * divides into user and system time. */
static void cpu_time(struct cpu_reading *r)
{
    struct timespec used;
    struct rusage u;

    r->at = clock_ns();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    getrusage(RUSAGE_THREAD, &u);
    r->used_ns = timespec_ns(used);
    r->delay_ns = run_delay_ns();
    r->user_us = microseconds(&u.ru_utime);
    r->system_us = microseconds(&u.ru_stime);
}

/* Of `looked_ns` in which the thread looked in vain, what it used of its CPU: without a CPU it may
 * have been at any moment, and here all of that counts as if it had been while it looked. */
static uint64_t spun_ns(uint64_t looked_ns, uint64_t used_ns, uint64_t delay_ns)
{
    uint64_t spun = looked_ns > delay_ns ? looked_ns - delay_ns : 0;
    return spun < used_ns ? spun : used_ns;
}

static void count_cpu(struct record *r, const struct record_waits *w)
{
    const struct cpu_reading *from = &r->cpu_at_open;
    struct cpu_reading to;

    cpu_time(&to);
    double user = (double)(to.user_us - from->user_us);
    double system = (double)(to.system_us - from->system_us);
    uint64_t all_us = (to.used_ns - from->used_ns) / NS_PER_US;
    r->system_us =
        user + system > 0 ? (uint64_t)((double)all_us * system / (user + system)) : 0;
    r->user_us = all_us - r->system_us;
    r->cpu_span_ns = clock_ns() - from->at; /* now, so that it is in no case shorter */
    uint64_t used_ns = to.used_ns - from->used_ns;
    uint64_t delay_ns = run_delay_between(from->delay_ns, to.delay_ns);
    r->slept_ns = record_slept_ns(r->cpu_span_ns, w->slept_ns, used_ns, delay_ns);
    r->spun_ns = spun_ns(w->looked_ns, used_ns, delay_ns);
}

struct histogram *record_histogram(void)
{
    struct histogram *h = xmalloc(sizeof *h);
    histogram_init(h);
    return h;
}

void record_create(struct record *r, const struct options *o)
{
    r->latency = record_histogram();
    if (o->per_connection) {
        r->connect_time = record_histogram();
        r->first_byte = record_histogram();
    }
    r->targets = o->url_count;
    if (o->url_count > 1)
        r->by_target = xcalloc(o->url_count, sizeof *r->by_target);
    if (o->rate_milli) {
        struct open_record *open = r->open_loop = xcalloc(1, sizeof *open);
        histogram_init(&open->service);
        histogram_init(&open->lateness);
        histogram_init(&open->own_lateness);
        open->steps = steps_create(o);
    }
}

void record_free(struct record *r)
{
    free(r->latency);
    free(r->connect_time);
    free(r->first_byte);
    free(r->by_target);
    if (r->open_loop)
        steps_free(r->open_loop->steps);
    free(r->open_loop);
}

void record_open(struct record *r, uint64_t at, const struct tally *total)
{
    r->open = true;
    r->opened_at = at;
    if (r->series)
        series_open(r->series, at);
    cpu_time(&r->cpu_at_open);
    r->opening = *total;
}

void record_close(struct record *r, uint64_t at, const struct tally *total,
                  const struct record_waits *waits)
{
    count_cpu(r, waits);
    r->open = false;
    r->closed_at = at;
    r->window = r->closing = *total;
    tally_subtract(&r->window, &r->opening);
    if (r->series)
        series_window_over(r->series, at);
}

uint64_t record_late(struct record *r, const struct tally *total)
{
    static const enum count also[] = {COUNT_STARTED, COUNT_UNSOLICITED, COUNT_NO_PORT,
                                      COUNT_CONNECTS};
    struct tally late = *total;

    tally_subtract(&late, &r->closing);
    for (unsigned k = COUNT_OK + 1; k < COUNT_OUTCOMES; k++)
        r->window.n[k] += late.n[k];
    for (unsigned i = 0; i < sizeof also / sizeof also[0]; i++)
        r->window.n[also[i]] += late.n[also[i]];
    /* Since it closed no request was begun: what started and ended at once are connections that did
     * not come up. */
    return r->in_flight_at_close -
           (outcomes_failed(late.n) - late.n[COUNT_STARTED] - late.n[COUNT_UNSOLICITED]);
}

void record_clear(struct record *r)
{
    struct record old = *r;

    *r = (struct record){.latency = old.latency,
                         .connect_time = old.connect_time,
                         .first_byte = old.first_byte,
                         .by_target = old.by_target,
                         .targets = old.targets};
    memcpy(r->reasons, old.reasons, sizeof r->reasons);
    histogram_clear(r->latency);
    if (r->connect_time) {
        histogram_clear(r->connect_time);
        histogram_clear(r->first_byte);
    }
    if (r->by_target)
        memset(r->by_target, 0, r->targets * sizeof *r->by_target);
}

void record_end(struct record *r, uint64_t end, uint64_t in_flight, uint64_t oldest_ns)
{
    r->drain_took_ns = end - r->closed_at;
    r->in_flight_at_close = in_flight;
    r->oldest_in_flight_ns = in_flight ? oldest_ns : 0;
    if (r->series)
        series_close(r->series, end);
}

static void merge_open(struct open_record *into, const struct open_record *from)
{
    histogram_merge(&into->service, &from->service);
    histogram_merge(&into->lateness, &from->lateness);
    histogram_merge(&into->own_lateness, &from->own_lateness);
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        into->outcomes[k] += from->outcomes[k];
    into->scheduled += from->scheduled;
    into->sent += from->sent;
    into->sent_in_window += from->sent_in_window;
    into->sent_in_time += from->sent_in_time;
    into->unsent += from->unsent;
    into->queue_max += from->queue_max;
    into->queue_waited += from->queue_waited;
    into->queue_area += from->queue_area;
    into->spun_ns += from->spun_ns;
    if (into->steps)
        steps_merge(into->steps, from->steps);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void record_merge(struct record *into, const struct record *from)
{
    tally_add(&into->window, &from->window);
    histogram_merge(into->latency, from->latency);
    if (from->connect_time) {
        histogram_merge(into->connect_time, from->connect_time);
        histogram_merge(into->first_byte, from->first_byte);
    }
    for (uint32_t i = 0; from->by_target && i < from->targets; i++)
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
            into->by_target[i][k] += from->by_target[i][k];
    if (from->open_loop)
        merge_open(into->open_loop, from->open_loop);
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        record_reason(into, k, from->reasons[k]);

    if (into->opened_at == 0 || from->opened_at < into->opened_at)
        into->opened_at = from->opened_at;
    into->closed_at = later(into->closed_at, from->closed_at);
    into->in_flight_at_open += from->in_flight_at_open;
    into->in_flight_at_close += from->in_flight_at_close;
    into->oldest_in_flight_ns = later(into->oldest_in_flight_ns, from->oldest_in_flight_ns);
    into->drain_took_ns = later(into->drain_took_ns, from->drain_took_ns);
    into->user_us += from->user_us;
    into->system_us += from->system_us;
    into->cpu_span_ns += from->cpu_span_ns;
    into->coalesced_ns += from->coalesced_ns;
    into->coalesced_slept_ns += from->coalesced_slept_ns;
    into->slept_ns += from->slept_ns;
    into->spun_ns += from->spun_ns;
}
