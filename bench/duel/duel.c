#include "bench/duel/duel.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/duel/session.h"
#include "bench/trial/cpu_busy.h"
#include "common/clock.h"
#include "common/err.h"

const char *const duel_metric_names[DUEL_METRICS + 1] = {"rate", "cpu", "p99", NULL};
const char *const duel_metric_texts[DUEL_METRICS] = {
    "requests per second", "server CPU per request", "99th percentile of latency"};

/* A generator busier than this, with a server less busy than that, is the limit. */
static const double generator_full = 0.95;
static const double server_full = 0.9;

/* What CPUs and our own programs did so far. */
struct reading {
    uint64_t at;
    struct cpu_busy busy; /* of the CPUs of servers and generators */
    double own_ns;        /* of this process and of all its descendants that have ended */
};

static double usage_ns(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return ((double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec) * 1e9 +
           ((double)u.ru_utime.tv_usec + (double)u.ru_stime.tv_usec) * 1e3;
}

static struct reading take_reading(const struct placement *p)
{
    cpu_set_t all;
    CPU_OR(&all, &p->server, &p->generator);
    return (struct reading){clock_ns(), cpu_busy_read(&all),
                            usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN)};
}

static void set_disturbance(struct duel *d, const struct reading *from)
{
    struct reading to = take_reading(d->spec->placement);
    d->seconds = (double)(to.at - from->at) / 1e9;
    d->stolen_s = (to.busy.stolen_ns - from->busy.stolen_ns) / 1e9;
    double other = (cpu_busy_ns(&from->busy, &to.busy) - (to.own_ns - from->own_ns)) / 1e9;
    d->other_s = isnan(other) ? NAN : fmax(0, other - d->stolen_s);
}

static double cost_of(enum duel_metric metric, const struct duel_window *w)
{
    switch (metric) {
    case DUEL_CPU:
        return w->server_cpu_ns / w->of.active_requests;
    case DUEL_P99:
        return w->of.p99_ns;
    default:
        return w->of.window_ns / w->of.requests;
    }
}

double duel_ratio(enum duel_metric metric, double log_faster)
{
    return exp(metric == DUEL_RATE ? log_faster : -log_faster);
}

/* Add the `n` windows of a session behind those that are there. */
static void add_windows(struct duel *d, size_t n)
{
    const struct duel_window *w = d->windows + d->window_count;
    d->window_count += n;
    size_t pairs = d->pair_count + n / 2;
    for (int side = 0; side < 2; side++) {
        d->cost[side] = xrealloc(d->cost[side], (pairs + 1) * sizeof *d->cost[side]);
        for (size_t i = 0; i < n; i++)
            if (w[i].side == side)
                d->cost[side][d->pair_count + i / 2] = cost_of(d->spec->metric, &w[i]);
    }
    size_t k = d->session_count++;
    d->sizes = xrealloc(d->sizes, (k + 1) * sizeof *d->sizes);
    d->values = xrealloc(d->values, (k + 1) * sizeof *d->values);
    d->sizes[k] = n / 2;
    d->values[k] = estimate_log_ratio(duel_estimator, d->cost[1] + d->pair_count,
                                      d->cost[0] + d->pair_count, n / 2);
    d->pair_count = pairs;
}

static void set_busy(struct duel *d)
{
    double active[2] = {0, 0};
    for (size_t i = 0; i < d->window_count; i++) {
        const struct duel_window *w = &d->windows[i];
        active[w->side] += w->of.active_ns;
        d->server_busy[w->side] += w->server_cpu_ns;
        d->generator_busy[w->side] += w->of.cpu_ns;
    }
    for (int side = 0; side < 2; side++) {
        d->server_busy[side] /= active[side];
        d->generator_busy[side] /= active[side] * d->spec->threads;
    }
}

bool duel_generator_limits(const struct duel *d, int side)
{
    return d->generator_busy[side] > generator_full && d->server_busy[side] < server_full;
}

static bool session(struct duel *d)
{
    size_t n;
    d->windows =
        xrealloc(d->windows, (d->window_count + 2 * d->spec->pairs) * sizeof *d->windows);
    enum side_result result = session_run(d->spec, (unsigned)d->session_count + 1, d->burns,
                                          d->windows + d->window_count, &n, &d->repeated,
                                          d->reason, sizeof d->reason);
    d->interrupted = result == SIDE_INTERRUPTED;
    if (result == SIDE_OK)
        add_windows(d, n);
    else
        d->window_count += n;
    return result == SIDE_OK;
}

/* Whether another session is to be held, which takes as long as those before it did. */
static bool goes_on(const struct duel *d, uint64_t began)
{
    const struct duel_spec *spec = d->spec;
    if (spec->sessions > 0 && d->session_count >= spec->sessions)
        return false;
    if (d->look.verdict != DUEL_OPEN && !spec->whole)
        return false;
    double passed = (double)(clock_ns() - began);
    double each = d->session_count > 0 ? passed / (double)d->session_count : 0;
    return passed + each <= (double)spec->budget_ns;
}

bool duel_run(struct duel *d, const struct duel_spec *spec)
{
    *d = (struct duel){.spec = spec, .look.verdict = DUEL_OPEN};
    struct reading from = take_reading(spec->placement);
    bool good = true;
    while (good && goes_on(d, from.at)) {
        good = session(d);
        if (good)
            d->look = duel_look(d->values, d->session_count, spec->margin);
    }
    set_disturbance(d, &from);
    set_busy(d);
    struct paired_sessions pairs = {d->cost[1], d->cost[0], d->sizes, d->session_count};
    d->interval = duel_interval(&pairs, spec->seed);
    d->always = duel_always(d->values, d->session_count);
    return good;
}

void duel_free(struct duel *d)
{
    free(d->windows);
    for (int side = 0; side < 2; side++)
        free(d->cost[side]);
    free(d->sizes);
    free(d->values);
    *d = (struct duel){0};
}
