#include "bench/show/explanation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/counts_csv.h"
#include "common/err.h"

static bool of_point(const struct trial_row *row, const struct summary_point *p)
{
    return row->protocol == p->protocol && row->at == p->on_axis && row->ok && !row->counting &&
           strcmp(row->model, p->model) == 0;
}

/* The mean of metric `m` divided by that of `by`, over the trials of a point; NaN where there is
 * none. */
static double over_trials(const struct results *r, const struct summary_point *p, enum metric m,
                          enum metric by)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < r->rows.count; i++) {
        const double *v = r->rows.at[i].value;
        if (!of_point(&r->rows.at[i], p) || isnan(v[m]) || !(v[by] > 0))
            continue;
        sum += v[m];
        count += v[by];
    }
    return count > 0 ? sum / count : NAN;
}

static double mean_of_trials(const struct results *r, const struct summary_point *p,
                             enum metric m)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < r->rows.count; i++) {
        double value = r->rows.at[i].value[m];
        if (!of_point(&r->rows.at[i], p) || isnan(value))
            continue;
        sum += value;
        count++;
    }
    return count > 0 ? sum / count : NAN;
}

static double or_else(double value, double otherwise)
{
    return isnan(value) ? otherwise : value;
}

static void scale_calls(struct work *w, const enum system_call *which, size_t n, double by)
{
    for (size_t i = 0; i < n; i++) {
        double *calls = &w->calls[which[i]];
        w->system_calls += *calls * (by - 1);
        *calls *= by;
    }
}

/* The tracepoints slow the counted trial down, and a slower server finds more events with each
 * wait. The server itself counts its waits in every trial, so the waits of the measured ones are
 * known. */
static void take_waits_of_trials(struct work *w, const struct counts_row *c, double wakeups)
{
    static const enum system_call waits[] = {
        CALL_EPOLL_WAIT, CALL_EPOLL_PWAIT, CALL_EPOLL_PWAIT2, CALL_POLL,
        CALL_PPOLL,      CALL_SELECT,      CALL_PSELECT6,     CALL_IO_URING_ENTER};
    double ratio = wakeups / c->value[COUNTS_WAKEUPS];
    if (!isfinite(ratio) || ratio <= 0)
        return;
    scale_calls(w, waits, sizeof waits / sizeof waits[0], ratio);
}

/* A server that looks at its connections in turn looks in vain as long as nothing comes: the more,
 * the slower the counted trial made the load. The server counts that in every trial too. */
static void take_empties_of_trials(struct work *w, double empties)
{
    static const enum system_call receive[] = {CALL_RECVFROM, CALL_RECVMSG, CALL_READ,
                                               CALL_READV};
    static const enum system_call take[] = {CALL_ACCEPT, CALL_ACCEPT4};
    double receives = 0;
    for (size_t i = 0; i < sizeof receive / sizeof receive[0]; i++)
        receives += w->calls[receive[i]];
    double counted = fmin(w->empties, receives - 1);
    double ratio = empties / w->empties;
    /* Of a few there is no ratio, and they cost nothing. */
    if (!isfinite(ratio) || !(counted > 0.01))
        return;
    scale_calls(w, receive, sizeof receive / sizeof receive[0],
                (receives - counted + counted * ratio) / receives);
    scale_calls(w, take, sizeof take / sizeof take[0], ratio);
    w->empties = empties;
}

/* What /cpu/MICROSECONDS asks for; 0 for every other path. */
static double asked_ns(const struct results *r, const struct summary_point *p)
{
    static const char cpu[] = "/cpu/";
    const char *path = r->environment.scenario.path;
    if (p->protocol != PROTOCOL_HTTP)
        return 0;
    if (p->axis == AXIS_CPU)
        return p->on_axis * 1e3;
    return strncmp(path, cpu, sizeof cpu - 1) == 0 ? strtod(path + sizeof cpu - 1, NULL) * 1e3
                                                   : 0;
}

static struct work work_of(const struct results *r, const struct summary_point *p,
                           const struct counts_row *c)
{
    struct work w = {
        .protocol = p->protocol,
        .connections = axis_open_connections(p->axis, p->connections, p->on_axis),
        .system_calls = c->value[COUNTS_SYSTEM_CALLS],
        .switches = or_else(p->at[S_SWITCHES_PER_REQUEST].median, c->value[COUNTS_SWITCHES]),
        .processes = mean_of_trials(r, p, M_PROCESSES),
        .threads = mean_of_trials(r, p, M_THREADS),
        /* On one CPU none is of another, and the figure of a switch has the waking in it. */
        .wakings = r->environment.placement.shared ? 0 : c->value[COUNTS_WAKINGS],
        .faults = or_else(p->at[S_FAULTS_PER_REQUEST].median, c->value[COUNTS_FAULTS]),
        .events = c->value[COUNTS_EVENTS],
        .empties = c->value[COUNTS_EAGAIN],
        .bytes_in = over_trials(r, p, M_BYTES_OUT, M_REQUESTS),
        .bytes_out = over_trials(r, p, M_BYTES_IN, M_REQUESTS),
        .asked_ns = asked_ns(r, p),
    };
    memcpy(w.calls, c->calls, sizeof w.calls);
    take_waits_of_trials(&w, c, over_trials(r, p, M_WAKEUPS, M_SERVER_REQUESTS));
    take_empties_of_trials(&w, over_trials(r, p, M_EAGAIN, M_SERVER_REQUESTS));
    return w;
}

static void explain(struct explained *e, const struct results *r, const struct unit_costs *u)
{
    const struct summary_point *p = e->point;
    const struct counts_row *c = counts_get(&r->counts, p->protocol, p->model, p->on_axis);
    e->measured = p->at[S_CPU_PER_REQUEST].median * 1e3;
    const struct run_server *server = environment_server(&r->environment, p->model);
    if (server && server->external) {
        snprintf(e->why, sizeof e->why,
                 "a server of others: no unit cost stands for what its application does");
        return;
    }
    if (!c) {
        snprintf(e->why, sizeof e->why, "counts.csv has no row for it");
        return;
    }
    e->work = work_of(r, p, c);
    e->known = cost_predict(&e->predicted, &e->work, u, e->why, sizeof e->why);
}

/* What is missing altogether, in one line; "" where nothing is. */
static void find_missing(const struct results *r, const struct unit_costs *u, char *why,
                         size_t why_size)
{
    why[0] = '\0';
    if (!u)
        snprintf(why, why_size,
                 "%s/environment.json has no unit_costs: the run is of an older version",
                 r->dir);
    else if (r->counts.count == 0)
        snprintf(
            why, why_size,
            "%s has no counts.csv: the run could not count system calls by name (that takes "
            "tracefs, and the right to read it), or is of an older version",
            r->dir);
}

void explanation_make(struct explanation *e, const struct results *r, enum protocol protocol,
                      unsigned at, const struct unit_costs *u, char *why, size_t why_size)
{
    *e = (struct explanation){0};
    find_missing(r, u, why, why_size);
    if (why[0])
        return;
    e->at = xcalloc(r->summary.count, sizeof *e->at);
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol != protocol || p->on_axis != at || p->unsupported == p->trials)
            continue;
        struct explained *one = &e->at[e->count++];
        one->point = p;
        explain(one, r, u);
        e->both += isnan(explained_rest(one)) ? 0 : 1;
        e->close += explained_closely(one);
    }
    if (e->count == 0)
        snprintf(why, why_size, "%s: nothing was measured at %s,%u", r->dir,
                 protocol_names[protocol], at);
}

void explanation_free(struct explanation *e)
{
    free(e->at);
    *e = (struct explanation){0};
}

double explained_rest(const struct explained *e)
{
    return e->known ? e->measured - e->predicted.total : NAN;
}

bool explained_closely(const struct explained *e)
{
    return fabs(explained_rest(e)) <= EXPLAINED_WITHIN * e->measured;
}
