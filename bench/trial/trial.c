#include "bench/trial/trial.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/trial/cpu_busy.h"
#include "bench/trial/judge.h"
#include "bench/trial/load_process.h"
#include "bench/trial/server_process.h"
#include "bench/trial/trial_columns.h"
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
    struct trial_measured m;
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
    const struct answer *its = s->server.external ? &s->server.answer : ours;
    if (ours->body && s->t->protocol == PROTOCOL_HTTP)
        s->row->value[M_HEAD_BYTES] = (double)its->head_size;
    if (s->server.external && answer_same(ours, its, s->row->answer, sizeof s->row->answer))
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
                                 .may_lose = !judge_holds_all(s->t->model, s->t->connections),
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

/* Where perf gives them not, CPU time and page faults come from the tree. */
static bool no_perf_clock(const struct state *s)
{
    return !s->setup->counters[PERF_TASK_CLOCK];
}

static bool no_perf_faults(const struct state *s)
{
    return !s->setup->counters[PERF_FAULTS];
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
    struct call_counts calls_first, calls_last;
    struct cgroup_reading groups_first, groups_last;
    enum step step = await(s, "connected", s->settle_ns + 60 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    if (no_perf_clock(s) || no_perf_faults(s))
        refresh_tree(s); /* before the window, since it takes a while */

    step = await(s, "start", s->warmup_ns + 10 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    perf_read(&s->server.perf, &first);
    calls_read(&s->server.calls, &calls_first);
    uint64_t cpu = no_perf_clock(s) ? tree_cpu_ns(&s->tree) : 0;
    uint64_t faults = no_perf_faults(s) ? tree_faults(&s->tree) : 0;
    cgroup_read(&groups_first);
    struct cpu_busy server_first = cpu_busy_read(&p->server);
    struct cpu_busy generator_first = cpu_busy_read(&p->generator);
    uint64_t began = clock_ns();

    step = await(s, "end", s->duration_ns + 10 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    perf_read(&s->server.perf, &s->m.counted);
    calls_read(&s->server.calls, &calls_last);
    calls_between(&calls_first, &calls_last, &s->row->by_name);
    s->m.window_ns = clock_ns() - began;
    cgroup_read(&groups_last);
    s->m.throttled = cgroup_throttled(&groups_first, &groups_last);
    struct cpu_busy server_last = cpu_busy_read(&p->server);
    struct cpu_busy generator_last = cpu_busy_read(&p->generator);
    s->m.server_busy_ns = cpu_busy_ns(&server_first, &server_last);
    s->m.generator_busy_ns = cpu_busy_ns(&generator_first, &generator_last);
    s->m.server_stolen_ns = server_last.stolen_ns - server_first.stolen_ns;
    s->m.generator_stolen_ns = generator_last.stolen_ns - generator_first.stolen_ns;
    refresh_tree(s);
    for (int i = 0; i < PERF_COUNTERS; i++)
        s->m.counted.count[i] -= first.count[i];
    s->m.cpu_ns = no_perf_clock(s) ? (double)tree_cpu_ns(&s->tree) - (double)cpu
                                   : s->m.counted.count[PERF_TASK_CLOCK];
    s->m.faults = no_perf_faults(s) ? (double)tree_faults(&s->tree) - (double)faults
                                    : s->m.counted.count[PERF_FAULTS];
    return STEP_OK;
}

/* The memory of the server while every connection is still open. */
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
    s->m.results = load_finish(&s->load, clock_after(clock_ns(), limit), s->row->reason,
                               sizeof s->row->reason);
    return s->m.results ? STEP_OK : STEP_FAILED;
}

/* Stop the server, and see that nothing of the trial is left. */
static enum step stop(struct state *s)
{
    bool good = server_stop(&s->server, &s->m.counters, s->row->reason, sizeof s->row->reason);
    load_destroy(&s->load);
    s->load_started = false;
    unsigned left = process_end_all(s->server.external ? 0 : leftover_grace);
    if (s->server.external)
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
    row->protocol = t->protocol;
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
    bool serves_all = judge_holds_all(s->t->model, s->t->connections);
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
        trial_columns(row, setup, &s.m);
        trial_row_round(row);
        if (!t->counting)
            trial_histogram(setup->dir, t->id, s.m.results);
        snprintf(row->generator_verdict, sizeof row->generator_verdict, "%s",
                 json_text(s.m.results, "verdict", "ok"));
        judge(row, &(struct judge_facts){
                       .model = t->model,
                       .placement = setup->placement,
                       .settling = s.settle_ns > 0,
                       .generator_verdict = row->generator_verdict,
                       .generator_reason = json_text(s.m.results, "verdict_reason", ""),
                   });
    }

    if (s.load_started)
        load_destroy(&s.load);
    server_destroy(&s.server);
    process_end_all(0);
    tree_free(&s.tree);
    json_decref(s.m.results);
    json_decref(s.m.counters);
    row->value[M_WALL_S] = (double)(clock_ns() - began) / 1e9;
    return step != STEP_INTERRUPTED;
}
