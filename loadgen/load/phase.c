/* The phases of a worker's run after it has connected: warm-up, window, drain, end. */
#include <sys/resource.h>
#include <time.h>

#include "common/clock.h"
#include "loadgen/load/run.h"
#include "loadgen/load/worker.h"

static uint64_t microseconds(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

/* How much is told by the thread's clock, which is exact at any moment: what getrusage(2) says is
 * up to a tick old, some milliseconds, which over a short window may be many times too much. It
 * only tells how that divides into user and system time. */
static void cpu_time(struct cpu_reading *r)
{
    struct timespec used;
    struct rusage u;

    r->at = clock_ns();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    getrusage(RUSAGE_THREAD, &u);
    r->used_ns = timespec_ns(used);
    r->user_us = microseconds(&u.ru_utime);
    r->system_us = microseconds(&u.ru_stime);
}

static void count_cpu(struct worker *w)
{
    const struct cpu_reading *from = &w->cpu_at_open;
    struct cpu_reading to;

    cpu_time(&to);
    double user = (double)(to.user_us - from->user_us);
    double system = (double)(to.system_us - from->system_us);
    uint64_t all_us = (to.used_ns - from->used_ns) / NS_PER_US;
    w->system_us =
        user + system > 0 ? (uint64_t)((double)all_us * system / (user + system)) : 0;
    w->user_us = all_us - w->system_us;
    w->cpu_span_ns = clock_ns() - from->at; /* now, so that it is in no case shorter */
}

static void open_window(struct worker *w)
{
    w->phase = PHASE_WINDOW;
    w->opened_at = w->phase_end;
    /* A thread with no share of -n is done as soon as it begins. */
    w->phase_end = clock_after(w->opened_at, w->quota ? w->run->options->duration_ns : 0);
    w->in_flight_at_open = w->in_flight_count;
    if (w->open) {
        w->phase_end = w->open->until;
    } else if (w->quota != UINT64_MAX) {
        w->to_end = w->quota;
        w->to_start = w->quota > w->in_flight_count ? w->quota - w->in_flight_count : 0;
    }
    if (w->series)
        series_open(w->series, w->opened_at);
    run_opened(w->run);
    cpu_time(&w->cpu_at_open);
    coalesce_settle(&w->coalesce, w->cpu_at_open.at);
    w->coalesced_ns = w->coalesce.on_ns;
    w->coalesced_slept_ns = w->coalesce.slept_ns;
    w->opening = w->total;
}

/* The age of the oldest request that is on its way. */
static uint64_t oldest_in_flight(const struct worker *w)
{
    uint64_t oldest = w->now;
    for (uint32_t i = 0; i < w->conn_count; i++)
        if (w->conns[i].on_its_way > 0 && conn_oldest(&w->conns[i])->sent < oldest)
            oldest = conn_oldest(&w->conns[i])->sent;
    return w->now - oldest;
}

static void close_window(struct worker *w)
{
    coalesce_settle(&w->coalesce, clock_ns());
    count_cpu(w);
    w->coalesced_ns = w->coalesce.on_ns - w->coalesced_ns;
    w->coalesced_slept_ns = w->coalesce.slept_ns - w->coalesced_slept_ns;
    w->closed_at = w->phase_end < w->now ? w->phase_end : w->now;
    w->window = w->total;
    tally_subtract(&w->window, &w->opening);
    if (w->series)
        series_window_over(w->series, w->closed_at);
    run_closed(w->run);
}

static void end_load(struct worker *w)
{
    uint64_t after = w->now > w->closed_at ? w->now - w->closed_at : 0;
    uint64_t age = oldest_in_flight(w);

    if (w->open) {
        w->open->drain_took_ns = after;
        w->in_flight_at_close = w->open->in_flight;
        w->oldest_in_flight_ns = w->open->in_flight ? age : 0;
    } else {
        w->in_flight_at_close = w->in_flight_count;
        w->oldest_in_flight_ns = age > after ? age - after : 0;
    }
    if (w->series)
        series_close(w->series, w->closed_at + (w->open ? after : 0));
    w->phase = PHASE_CLOSED;
    w->phase_end = CLOCK_NEVER;
    w->to_start = 0;
}

void worker_next_phase(struct worker *w)
{
    if (w->phase == PHASE_WARMUP) {
        open_window(w);
    } else if (w->phase == PHASE_WINDOW) {
        close_window(w);
        if (!w->open) {
            end_load(w);
            return;
        }
        w->phase = PHASE_DRAIN;
        w->phase_end = clock_after(w->closed_at, w->run->options->drain_ns);
        open_loop_end(w, w->closed_at);
    } else if (w->phase == PHASE_DRAIN) {
        end_load(w);
    }
}

void worker_stop(struct worker *w)
{
    w->now = clock_ns();
    while (w->phase != PHASE_CLOSED) {
        w->phase_end = w->now;
        worker_next_phase(w);
    }
}
