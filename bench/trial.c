#include "trial.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/cpu_busy.h"
#include "bench/json_get.h"
#include "bench/judge.h"
#include "bench/load_process.h"
#include "bench/server_process.h"
#include "bench/text.h"
#include "bench/tree.h"
#include "common/clock.h"
#include "common/err.h"

/* How long what is left of a server may take to go after its first process has ended. */
static const uint64_t leftover_grace = 200 * NS_PER_MS;

/* A trial under way. */
struct state {
    const struct trial_setup *setup;
    const struct plan_trial *t;
    struct trial_row *row;
    struct server server;
    struct load load;
    bool load_started;
    struct tree tree; /* of the server, as it was before the window */
    struct tree_memory before;
    uint64_t duration_ns;
    uint64_t settle_ns;
    uint64_t warmup_ns;
    double cpu_ns;              /* used in the window */
    struct perf_values counted; /* in the window */
    double server_busy_ns;      /* of all that ran on the server's CPUs */
    double generator_busy_ns;   /* on the generator's */
    uint64_t window_ns;         /* between the two readings of the counters */
    json_t *results;            /* of the generator */
    json_t *counters;           /* of the server */
};

enum step { STEP_OK, STEP_FAILED, STEP_INTERRUPTED };

/* One a connection at most. */
static unsigned generator_threads(const struct trial_setup *setup, unsigned connections)
{
    unsigned n = setup->scenario->generator_threads;
    if (n == 0) {
        n = (unsigned)setup->placement->generator_count;
        if (n > 4)
            n = 4;
    }
    return n < connections ? n : connections;
}

static const char *options_of(const struct scenario *s, const char *model)
{
    const struct model_override *o = scenario_override(s, model);
    return o ? o->options : NULL;
}

/* All of ours say the same, so what one of them said stands for each. */
static void compare_answers(struct state *s)
{
    const struct answer *ours = &s->setup->answers[s->t->protocol];
    const struct answer *its = s->server.peer ? &s->server.answer : ours;
    if (ours->body && s->t->protocol == PROTOCOL_HTTP)
        s->row->value[M_HEAD_BYTES] = (double)its->head_size;
    if (s->server.peer && answer_same(ours, its, s->row->answer, sizeof s->row->answer))
        snprintf(s->row->answer, sizeof s->row->answer, "%s", answer_is_same);
}

static enum step start(struct state *s)
{
    const struct trial_setup *setup = s->setup;
    char *reason = s->row->reason;
    struct server_spec spec = {.model = s->t->model,
                               .options = options_of(setup->scenario, s->t->model->name),
                               .protocol = s->t->protocol,
                               .connections = s->t->connections,
                               .path = setup->scenario->path,
                               .payload = setup->scenario->payload,
                               .answer = &setup->answers[s->t->protocol],
                               .cpus = &setup->placement->server,
                               .count_syscalls = s->t->counting};
    enum server_result result = server_start(&s->server, &spec, reason, sizeof s->row->reason);
    s->row->unsupported = result == SERVER_UNSUPPORTED;
    if (result == SERVER_OK) {
        compare_answers(s);
        tree_find(&s->tree, s->server.process.pid);
        s->before = tree_memory(&s->tree);
        load_start(&s->load, &(struct load_spec){
                                 .program = setup->loadgen,
                                 .address = s->server.address,
                                 .protocol = s->t->protocol,
                                 .scenario = setup->scenario,
                                 .duration_ns = s->duration_ns,
                                 .settle_ns = s->settle_ns,
                                 .warmup_ns = s->warmup_ns,
                                 .connections = s->t->connections,
                                 .threads = generator_threads(setup, s->t->connections),
                                 .cpus = &setup->placement->generator,
                                 .dir = setup->dir,
                             });
        s->load_started = true;
    }
    return result == SERVER_OK            ? STEP_OK
           : result == SERVER_INTERRUPTED ? STEP_INTERRUPTED
                                          : STEP_FAILED;
}

static enum step await(struct state *s, const char *event, uint64_t limit)
{
    enum load_result result =
        load_wait(&s->load, event, &s->server.process, clock_after(clock_ns(), limit),
                  s->row->reason, sizeof s->row->reason);
    return result == LOAD_OK ? STEP_OK : result == LOAD_FAILED ? STEP_FAILED : STEP_INTERRUPTED;
}

/* The tree's CPU time where perf gives none. */
static bool no_perf_clock(const struct state *s)
{
    return !s->setup->counters[PERF_TASK_CLOCK];
}

static void refresh_tree(struct state *s)
{
    tree_free(&s->tree);
    tree_find(&s->tree, s->server.process.pid);
}

/* The load's window: counters at both of its ends, nothing in between. */
static enum step measure(struct state *s)
{
    const struct placement *p = s->setup->placement;
    struct perf_values first;
    enum step step = await(s, "connected", s->settle_ns + 60 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    if (no_perf_clock(s))
        refresh_tree(s); /* before the window, since it takes a while */

    step = await(s, "start", s->warmup_ns + 10 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    perf_read(&s->server.perf, &first);
    uint64_t cpu = no_perf_clock(s) ? tree_cpu_ns(&s->tree) : 0;
    struct cpu_busy server_first = cpu_busy_read(&p->server);
    struct cpu_busy generator_first = cpu_busy_read(&p->generator);
    uint64_t began = clock_ns();

    step = await(s, "end", s->duration_ns + 10 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    perf_read(&s->server.perf, &s->counted);
    s->window_ns = clock_ns() - began;
    struct cpu_busy server_last = cpu_busy_read(&p->server);
    struct cpu_busy generator_last = cpu_busy_read(&p->generator);
    s->server_busy_ns = cpu_busy_ns(&server_first, &server_last);
    s->generator_busy_ns = cpu_busy_ns(&generator_first, &generator_last);
    refresh_tree(s);
    for (int i = 0; i < PERF_COUNTERS; i++)
        s->counted.count[i] -= first.count[i];
    s->cpu_ns = no_perf_clock(s) ? (double)tree_cpu_ns(&s->tree) - (double)cpu
                                 : s->counted.count[PERF_TASK_CLOCK];
    return STEP_OK;
}

/* With every connection still open: what they cost in memory. */
static void sample_memory(struct state *s)
{
    double *v = s->row->value;
    double n = s->t->connections;
    struct tree_memory now = tree_memory(&s->tree);

    v[M_PROCESSES] = (double)s->tree.count;
    v[M_THREADS] = s->tree.threads;
    v[M_RSS_BEFORE] = s->before.rss_kib;
    v[M_PSS_BEFORE] = s->before.pss_kib;
    v[M_RSS] = now.rss_kib;
    v[M_PSS] = now.pss_kib;
    v[M_RSS_PER_CONNECTION] = (now.rss_kib - s->before.rss_kib) / n;
    v[M_PSS_PER_CONNECTION] = (now.pss_kib - s->before.pss_kib) / n;
}

static enum step finish_load(struct state *s)
{
    uint64_t limit = s->setup->scenario->timeout_ns + 10 * NS_PER_S;
    s->results = load_finish(&s->load, clock_after(clock_ns(), limit), s->row->reason,
                             sizeof s->row->reason);
    return s->results ? STEP_OK : STEP_FAILED;
}

static void take_results(struct state *s)
{
    static const struct {
        enum metric metric;
        const char *group;
        const char *name;
        double factor;
    } fields[] = {
        {M_CONNECTED, NULL, "connected", 1},
        {M_SETTLED, NULL, "settled", 1},
        {M_WINDOW_S, NULL, "window_ns", 1e-9},
        {M_REQUESTS, NULL, "requests", 1},
        {M_RPS, NULL, "requests_per_second", 1},
        {M_BYTES_IN, NULL, "bytes_in", 1},
        {M_BYTES_OUT, NULL, "bytes_out", 1},
        {M_MIN_US, "latency", "min", 1e-3},
        {M_MEAN_US, "latency", "mean", 1e-3},
        {M_STDDEV_US, "latency", "stddev", 1e-3},
        {M_P50_US, "latency", "p50", 1e-3},
        {M_P75_US, "latency", "p75", 1e-3},
        {M_P90_US, "latency", "p90", 1e-3},
        {M_P95_US, "latency", "p95", 1e-3},
        {M_P99_US, "latency", "p99", 1e-3},
        {M_P999_US, "latency", "p999", 1e-3},
        {M_P9999_US, "latency", "p9999", 1e-3},
        {M_MAX_US, "latency", "max", 1e-3},
        {M_OK, "outcomes", "ok", 1},
        {M_TIMEOUT, "outcomes", "timeout", 1},
        {M_RESET, "outcomes", "reset", 1},
        {M_REFUSED, "outcomes", "refused", 1},
        {M_EOF, "outcomes", "eof", 1},
        {M_CORRUPT, "outcomes", "corrupt", 1},
        {M_NON_2XX, "outcomes", "non_2xx", 1},
        {M_IN_FLIGHT, "outcomes", "in_flight", 1},
        {M_REQUESTS_STARTED, NULL, "started", 1},
        {M_IN_FLIGHT_AT_START, NULL, "in_flight_at_start", 1},
        {M_UNSOLICITED, NULL, "unsolicited", 1},
        {M_OLDEST_IN_FLIGHT_US, NULL, "oldest_in_flight_ns", 1e-3},
        {M_REQUESTS_MIN, "fairness", "min", 1},
        {M_REQUESTS_MEDIAN, "fairness", "median", 1},
        {M_REQUESTS_MAX, "fairness", "max", 1},
        {M_JAIN, "fairness", "jain", 1},
        {M_STARVED, "fairness", "starved", 1},
        {M_GENERATOR_CPU_US, "generator", "cpu_us", 1},
        {M_GENERATOR_CPU_FRACTION, "generator", "cpu_fraction", 1},
        {M_GENERATOR_THREAD_CPU_FRACTION, "generator", "max_thread_cpu_fraction", 1},
        {M_GENERATOR_CPU_PER_REQUEST, "generator", "cpu_us_per_request", 1},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        s->row->value[fields[i].metric] =
            json_number(s->results, fields[i].group, fields[i].name) * fields[i].factor;
    snprintf(s->row->engine, sizeof s->row->engine, "%s", json_text(s->results, "engine", ""));
}

static void take_counters(struct state *s)
{
    static const struct {
        enum metric metric;
        const char *name;
    } fields[] = {
        {M_ACCEPTED, "accepted"},
        {M_SERVER_REFUSED, "refused"},
        {M_SERVER_REQUESTS, "requests"},
        {M_WAKEUPS, "wakeups"},
        {M_EVENTS, "events"},
        {M_MAX_EVENTS, "max_events"},
        {M_EAGAIN, "eagain"},
        {M_ACCEPT_ERRORS, "accept_errors"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        s->row->value[fields[i].metric] = json_number(s->counters, NULL, fields[i].name);
}

/* Without perf: what the server's own rusage says over its whole life, warm-up included. */
static double switches_by_rusage(const json_t *counters)
{
    return (json_number(counters, NULL, "voluntary_switches") +
            json_number(counters, NULL, "involuntary_switches")) /
           json_number(counters, NULL, "requests");
}

/* Ticks are coarse: nothing else may come out a little below nothing. NaN stays NaN. */
static double not_negative(double value)
{
    return value < 0 ? 0 : value;
}

/* What neither the server nor the load generator took of the CPUs. */
static void take_others(struct state *s)
{
    double *v = s->row->value;
    const struct placement *p = s->setup->placement;
    double window = (double)s->window_ns;
    double generator_ns = v[M_GENERATOR_CPU_US] * 1e3;
    double server_others = s->server_busy_ns - s->cpu_ns;
    double generator_others = s->generator_busy_ns - generator_ns;
    if (p->shared) {
        /* Each set holds the other's program as well. */
        generator_others -= s->cpu_ns;
        server_others = generator_others;
    }
    v[M_OTHER_SERVER_CPU_FRACTION] = not_negative(server_others) / window / p->server_count;
    v[M_OTHER_GENERATOR_CPU_FRACTION] =
        not_negative(generator_others) / window / p->generator_count;
}

static void take_cost(struct state *s)
{
    double *v = s->row->value;
    double requests = v[M_REQUESTS] > 0 ? v[M_REQUESTS] : NAN;
    double cpus = s->setup->placement->server_count;

    v[M_COUNTER_WINDOW_S] = (double)s->window_ns / 1e9;
    v[M_SERVER_CPU_US] = s->cpu_ns / 1e3;
    v[M_SERVER_CPU_FRACTION] = s->cpu_ns / (double)s->window_ns / cpus;
    v[M_CPU_PER_REQUEST] = s->cpu_ns / 1e3 / requests;
    v[M_SYSCALLS_PER_REQUEST] = s->counted.count[PERF_SYSCALLS] / requests;
    v[M_SWITCHES_PER_REQUEST] = s->setup->counters[PERF_SWITCHES]
                                    ? s->counted.count[PERF_SWITCHES] / requests
                                    : switches_by_rusage(s->counters);
    v[M_MIGRATIONS] = s->counted.count[PERF_MIGRATIONS];
}

static void write_histogram(const struct state *s)
{
    char *path = text_format("%s/histograms/%u.csv", s->setup->dir, s->t->id);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("lowest_ns,highest_ns,count\n", f);
    size_t i;
    json_t *bucket;
    json_array_foreach(json_object_get(json_object_get(s->results, "histogram"), "buckets"), i,
                       bucket)
    {
        fprintf(f, "%lld,%lld,%lld\n", (long long)json_integer_value(json_array_get(bucket, 0)),
                (long long)json_integer_value(json_array_get(bucket, 1)),
                (long long)json_integer_value(json_array_get(bucket, 2)));
    }
    if (fclose(f) != 0)
        die_errno("cannot write %s", path);
    free(path);
}

/* Stop the server, and see that nothing of the trial is left. */
static enum step stop(struct state *s)
{
    bool good = server_stop(&s->server, &s->counters, s->row->reason, sizeof s->row->reason);
    load_destroy(&s->load);
    s->load_started = false;
    unsigned left = process_end_all(s->server.peer ? 0 : leftover_grace);
    if (s->server.peer)
        left = 0; /* killed; servers of others were not made to take leave */
    if (good && left > 0)
        snprintf(s->row->reason, sizeof s->row->reason,
                 "the server left %u process%s behind; killed", left, left > 1 ? "es" : "");
    return good && left == 0 ? STEP_OK : STEP_FAILED;
}

static enum step run_steps(struct state *s)
{
    enum step step = start(s);
    if (step == STEP_OK)
        step = measure(s);
    if (step == STEP_OK) {
        sample_memory(s);
        step = finish_load(s);
    }
    if (step == STEP_OK)
        step = stop(s);
    return step;
}

static void name_row(const struct trial_setup *setup, const struct plan_trial *t,
                     struct trial_row *row)
{
    trial_row_init(row);
    row->trial = t->id;
    row->block = t->block;
    row->counting = t->counting;
    row->connections = t->connections;
    row->value[M_CONCURRENCY] = t->model->concurrency;
    snprintf(row->scenario, sizeof row->scenario, "%s", setup->scenario->name);
    snprintf(row->protocol, sizeof row->protocol, "%s", protocol_name(t->protocol));
    snprintf(row->model, sizeof row->model, "%s", t->model->name);
    time_t now = time(NULL);
    struct tm utc;
    strftime(row->started, sizeof row->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

static void set_times(struct state *s)
{
    const struct scenario *scenario = s->setup->scenario;
    s->duration_ns = scenario->duration_ns;
    s->warmup_ns = scenario->warmup_ns;
    /* A model that serves fewer at one time never answers the rest. */
    size_t concurrency = s->t->model->concurrency;
    bool serves_all = concurrency == 0 || concurrency >= s->t->connections;
    s->settle_ns = serves_all ? scenario->settle_ns : 0;
    /* System calls a request vary little: a short look is enough. A request that straddles an
     * end of the window leaves some of its calls outside, which is an error of connections by
     * requests: hence longer where connections are many, whatever the scenario says. The warm-up
     * is whole: accepting is no part of a request. */
    if (s->t->counting)
        s->duration_ns = 100 * NS_PER_MS + s->t->connections * 500 * NS_PER_US;
}

bool trial_run(const struct trial_setup *setup, const struct plan_trial *t,
               struct trial_row *row)
{
    struct state s = {.setup = setup, .t = t, .row = row};
    uint64_t began = clock_ns();
    set_times(&s);
    name_row(setup, t, row);

    enum step step = run_steps(&s);
    row->ok = step == STEP_OK;
    row->verdict = VERDICT_INVALID;
    if (row->ok) {
        take_results(&s);
        take_counters(&s);
        take_cost(&s);
        take_others(&s);
        if (!t->counting)
            write_histogram(&s);
        judge(row, &(struct judge_facts){
                       .model = t->model,
                       .placement = setup->placement,
                       .settling = s.settle_ns > 0,
                       .generator_verdict = json_text(s.results, "verdict", "ok"),
                       .generator_reason = json_text(s.results, "verdict_reason", ""),
                   });
    }

    if (s.load_started)
        load_destroy(&s.load);
    server_destroy(&s.server);
    process_end_all(0);
    tree_free(&s.tree);
    json_decref(s.results);
    json_decref(s.counters);
    row->value[M_WALL_S] = (double)(clock_ns() - began) / 1e9;
    return step != STEP_INTERRUPTED;
}
