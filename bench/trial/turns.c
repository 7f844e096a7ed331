#include "bench/trial/turns.h"

#include <math.h>
#include <signal.h>

#include "bench/base/stats.h"
#include "common/clock.h"

static const uint64_t patience_ns = 60 * NS_PER_S;
/* A server at rest that uses more of its CPU than this burns it. */
static const double rest_share = 0.2;
/* By how much two windows of the yardstick in a row may differ. */
static const double jump = 1.25;

/* A window on the yardstick, beside a server that is stopped or at rest. */
static double beside(const struct turns *t, bool stopped)
{
    if (stopped)
        tree_signal(t->watch->tree, SIGSTOP);
    double rps = yardstick_window(t->yardstick);
    if (stopped)
        tree_signal(t->watch->tree, SIGCONT);
    return rps;
}

/* Does the server use its CPU during a window of the yardstick? */
static bool burns(const struct turns *t, double *first)
{
    struct trial_measured sum = {0};
    struct watch w = *t->watch;
    w.sum = &sum;
    watch_open(&w);
    *first = beside(t, false);
    watch_close(&w);
    return sum.cpu_ns > rest_share * (double)sum.window_ns;
}

static enum load_result one(const struct turns *t, bool first, double *rps, char *reason,
                            size_t reason_size)
{
    struct process *own = &t->watch->server->process;
    uint64_t lead = window_load_lead_ns(t->asked, t->connections);
    struct window told;

    if (first && t->warmup_ns > lead)
        lead = t->warmup_ns;
    uint64_t deadline = clock_after(clock_ns(), lead + t->window_ns + patience_ns);
    window_load_order(t->load, t->window_ns, lead);
    enum load_result result =
        window_load_event(t->load, "start", own, deadline, reason, reason_size);
    if (result == LOAD_OK) {
        watch_open(t->watch);
        result = window_load_event(t->load, "end", own, deadline, reason, reason_size);
    }
    if (result == LOAD_OK) {
        watch_close(t->watch);
        result = window_load_told(t->load, own, deadline, &told, reason, reason_size);
    }
    if (result == LOAD_OK)
        *rps = told.requests * 1e9 / told.window_ns;
    return result;
}

static bool jumped(double before, double after)
{
    return fabs(log(after / before)) > log(jump);
}

enum load_result turns_measure(const struct turns *t, struct row_windows *out, char *reason,
                               size_t reason_size)
{
    double before;
    unsigned good = 0;
    bool stopped = burns(t, &before);
    if (stopped)
        before = beside(t, true);
    unsigned most = t->windows + (t->windows + 1) / 2;
    while (good < t->windows && out->count < most && out->count < ROW_WINDOWS_MAX) {
        struct row_window *w = &out->at[out->count];
        enum load_result result = one(t, out->count == 0, &w->rps, reason, reason_size);
        if (result != LOAD_OK)
            return result;
        w->before = before;
        w->after = before = beside(t, stopped);
        w->jumped = jumped(w->before, w->after);
        good += !w->jumped;
        out->count++;
    }
    return LOAD_OK;
}

void turns_single(struct row_windows *out, double rps, double before, double after)
{
    out->at[0] = (struct row_window){rps, before, after, jumped(before, after)};
    out->count = 1;
}

static double median_of(double *values, size_t n)
{
    return stats_spread(values, n).median;
}

void turns_columns(struct trial_row *row)
{
    const struct row_windows *w = &row->windows;
    double ratios[ROW_WINDOWS_MAX], all[ROW_WINDOWS_MAX], self[ROW_WINDOWS_MAX];
    size_t good = 0, jumps = 0, selves = 0;
    for (unsigned i = 0; i < w->count; i++) {
        const struct row_window *x = &w->at[i];
        all[i] = x->rps / sqrt(x->before * x->after);
        jumps += x->jumped;
        if (!x->jumped)
            ratios[good++] = all[i];
        if (i > 0 && !x->jumped && !w->at[i - 1].jumped)
            self[selves++] = x->before / sqrt(w->at[i - 1].before * x->after);
    }
    double ratio = good > 0 ? median_of(ratios, good) : median_of(all, w->count);
    row->value[M_WINDOWS] = w->count;
    row->value[M_YARDSTICK_JUMPS] = (double)jumps;
    /* Without an answer in half of the windows there is no ratio, though there is a rate. */
    row->value[M_YARDSTICK_RPS] = ratio > 0 ? row->value[M_RPS] / ratio : NAN;
    row->value[M_YARDSTICK_SELF] = median_of(self, selves);
}
