#include "bench/trial/trial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/base/json_get.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/base/wait.h"
#include "bench/trial/judge.h"
#include "bench/trial/kernel_memory.h"
#include "bench/trial/load_process.h"
#include "bench/trial/server_process.h"
#include "bench/trial/trial_columns.h"
#include "bench/trial/turns.h"
#include "bench/trial/watch.h"
#include "bench/trial/window_load.h"
#include "bench/trial/yardstick.h"
#include "common/clock.h"
#include "common/err.h"

/* How long what is left of a server may take to go after its first process has ended. */
static const uint64_t leftover_grace = 200 * NS_PER_MS;

/* A trial under way. */
struct state {
    const struct trial_setup *setup;
    const struct plan_trial *t;
    struct point_load asked;
    struct trial_row *row;
    struct server server;
    struct load load;           /* in one window, or */
    struct window_load windows; /* in several */
    bool load_started;
    char **load_launch, **server_launch; /* words before theirs, where they run elsewhere */
    char *listen;                        /* where the server listens then */
    char *program;                       /* and the load generator */
    unsigned in_turns; /* windows that alternate with the yardstick's; 0: one, by itself */
    bool measured;     /* the yardstick is there; in one window it made, requests a second: */
    double before;
    struct tree tree;          /* of the server, as it was before the window */
    struct tree_memory memory; /* before the load */
    struct kernel_memory kernel;
    uint64_t duration_ns;
    uint64_t settle_ns;
    uint64_t warmup_ns;
    uint64_t rate; /* offered; 0: a closed loop */
    struct trial_measured m;
};

enum step { STEP_OK, STEP_FAILED, STEP_INTERRUPTED };

/* One a connection at most, on each host. */
static unsigned generator_threads(const struct trial_setup *setup, unsigned connections)
{
    unsigned n = setup->scenario->generator_threads;
    unsigned hosts = launch_host_count(&setup->scenario->launch);
    if (hosts > 0)
        connections = connections > hosts ? connections / hosts : 1;
    if (n == 0) {
        n = (unsigned)setup->placement->generator_count;
        if (n > 4)
            n = 4;
    }
    return n < connections ? n : connections;
}

static bool elsewhere(const struct state *s)
{
    return launch_given(&s->setup->scenario->launch);
}

/* Who loads from other hosts is the program of MPI beside the load generator. */
static void look_elsewhere(struct state *s)
{
    const struct launch *l = &s->setup->scenario->launch;
    if (!elsewhere(s))
        return;
    s->load_launch = launch_words(l, NULL);
    s->server_launch = l->server_host ? launch_words(l, l->server_host) : NULL;
    s->listen = launch_listen(l);
    s->program = text_format("%s-mpi", s->setup->loadgen);
}

static void stay_here(struct state *s)
{
    words_free(s->load_launch);
    words_free(s->server_launch);
    free(s->listen);
    free(s->program);
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

static bool is_over(const struct state *s, enum transport transport)
{
    return s->t->axis == AXIS_TRANSPORT && s->t->at == transport;
}

static void start_load(struct state *s)
{
    const struct trial_setup *setup = s->setup;
    int netns = is_over(s, TRANSPORT_NAMESPACES) ? setup->namespaces.generator : 0;
    const struct scenario *scenario = setup->scenario;
    unsigned threads = generator_threads(setup, s->t->connections);
    bool may_lose = !plan_holds_all(s->t);
    s->load_started = true;
    if (s->in_turns) {
        window_load_start(&s->windows, &(struct window_load_spec){
                                           .program = setup->loadgen,
                                           .address = s->server.address,
                                           .protocol = s->t->protocol,
                                           .load = s->asked,
                                           .connections = s->t->connections,
                                           .threads = threads,
                                           .timeout_ns = scenario->timeout_ns,
                                           .settle_ns = s->settle_ns,
                                           .may_lose = may_lose,
                                           .dir = setup->dir,
                                           .netns = netns,
                                           .cpus = &setup->placement->generator,
                                       });
        return;
    }
    load_start(&s->load, &(struct load_spec){
                             .program = elsewhere(s) ? s->program : setup->loadgen,
                             .launch = s->load_launch,
                             .address = s->server.address,
                             .protocol = s->t->protocol,
                             .load = s->asked,
                             .rate = s->rate,
                             .timeout_ns = scenario->timeout_ns,
                             .duration_ns = s->duration_ns,
                             .settle_ns = s->settle_ns,
                             .warmup_ns = s->warmup_ns,
                             .connections = s->t->connections,
                             .threads = threads,
                             .may_lose = may_lose,
                             .netns = netns,
                             .cpus = &setup->placement->generator,
                             .dir = setup->dir,
                         });
}

static void end_load(struct state *s)
{
    if (s->load_started && s->in_turns)
        window_load_destroy(&s->windows);
    else if (s->load_started)
        load_destroy(&s->load);
    s->load_started = false;
}

/* A window of the trial is no shorter than one of the yardstick. */
static unsigned windows_of(const struct state *s)
{
    uint64_t n = s->duration_ns / yardstick_window_ns(&s->asked, s->t->connections);
    unsigned most = s->setup->scenario->windows;
    return n > most ? most : n > 0 ? (unsigned)n : 1;
}

/* The yardstick is up and connected before the server of the trial starts. Without it the trial is
 * measured all the same, and its figures stand for themselves. */
static void take_yardstick(struct state *s)
{
    char reason[400];
    struct yardstick *y = s->setup->yardstick;
    if (!y || s->t->counting)
        return;
    s->measured =
        yardstick_ready(y, s->t->protocol, &s->asked, s->t->connections,
                        generator_threads(s->setup, s->t->connections), reason, sizeof reason);
    if (!s->measured) {
        if (!wait_was_interrupted())
            warn("trial %u has no yardstick: %s", s->t->id, reason);
    } else if (plan_holds_all(s->t)) {
        s->in_turns = windows_of(s);
    } else {
        s->before = yardstick_window(y);
    }
}

/* A loop for each CPU; where a worker serves one connection at a time the CPUs share them out. */
static unsigned workers_of(const struct plan_trial *t)
{
    bool loops = t->model->workers && t->model->concurrency == 0;
    return t->axis == AXIS_WORKERS || (t->axis == AXIS_CORES && loops) ? t->at : 0;
}

static enum step start(struct state *s)
{
    const struct trial_setup *setup = s->setup;
    char *reason = s->row->reason;
    struct server_spec spec = {
        .model = s->t->model,
        .options = options_of(setup->scenario, s->t->model->name),
        .protocol = s->t->protocol,
        .connections = s->t->connections,
        .path = point_load_path(&s->asked),
        .payload = s->asked.payload,
        .workers = workers_of(s->t),
        .local = is_over(s, TRANSPORT_UNIX),
        .launch = s->server_launch,
        .listen = s->listen,
        .netns = is_over(s, TRANSPORT_NAMESPACES) ? setup->namespaces.server : 0,
        .answer = &setup->answers[s->t->protocol],
        .cpus = &setup->placement->server,
        .count_syscalls = s->t->counting};
    enum server_result result = server_start(&s->server, &spec, reason, sizeof s->row->reason);
    s->row->unsupported = result == SERVER_UNSUPPORTED;
    if (result == SERVER_OK) {
        compare_answers(s);
        tree_find(&s->tree, s->server.process.pid);
        s->memory = tree_memory(&s->tree);
        s->kernel = kernel_memory();
        start_load(s);
    }
    return result == SERVER_OK            ? STEP_OK
           : result == SERVER_INTERRUPTED ? STEP_INTERRUPTED
                                          : STEP_FAILED;
}

static enum step of_load(enum load_result result)
{
    return result == LOAD_OK ? STEP_OK : result == LOAD_FAILED ? STEP_FAILED : STEP_INTERRUPTED;
}

static enum step await(struct state *s, const char *event, uint64_t limit)
{
    return of_load(load_wait(&s->load, event, &s->server.process,
                             clock_after(clock_ns(), limit), s->row->reason,
                             sizeof s->row->reason));
}

/* The load's window: counters at both of its ends, nothing in between. */
static enum step measure_once(struct state *s, struct watch *w)
{
    enum step step = await(s, "connected", s->settle_ns + 60 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    watch_ready(w);
    step = await(s, "start", s->warmup_ns + 10 * NS_PER_S);
    if (step != STEP_OK)
        return step;
    watch_open(w);
    step = await(s, "end", s->duration_ns + 10 * NS_PER_S);
    if (step == STEP_OK)
        watch_close(w);
    return step;
}

/* To read the counters takes some 2.5 µs for each task of the server, and the load generator does
 * not run meanwhile. So a window is twenty times as long, where there is time for that. */
static const uint64_t window_per_task_ns = 50000;

static unsigned windows_by_tasks(const struct state *s)
{
    uint64_t fit =
        s->duration_ns / window_per_task_ns / (s->tree.threads ? s->tree.threads : 1);
    return fit >= s->in_turns ? s->in_turns : fit ? (unsigned)fit : 1;
}

/* Windows in turn with those of the yardstick. */
static enum step measure_in_turns(struct state *s, struct watch *w)
{
    char *reason = s->row->reason;
    size_t size = sizeof s->row->reason;
    enum step step = of_load(window_load_connected(
        &s->windows, &s->server.process, clock_after(clock_ns(), s->settle_ns + 60 * NS_PER_S),
        reason, size));
    if (step != STEP_OK)
        return step;
    watch_end(w); /* the tree as it is now, with all that serve connections */
    unsigned windows = windows_by_tasks(s);
    struct turns turns = {.yardstick = s->setup->yardstick,
                          .load = &s->windows,
                          .watch = w,
                          .window_ns = s->duration_ns / windows,
                          .warmup_ns = s->warmup_ns,
                          .windows = windows,
                          .connections = s->t->connections,
                          .asked = &s->asked};
    return of_load(turns_measure(&turns, &s->row->windows, reason, size));
}

/* What this machine's CPUs did says nothing of a program that ran elsewhere. */
static void forget_elsewhere(struct state *s)
{
    struct trial_measured *m = &s->m;
    if (s->load_launch)
        m->generator_busy_ns = m->generator_stolen_ns = NAN;
    if (s->server.far)
        m->server_busy_ns = m->server_stolen_ns = m->cpu_ns = m->faults = NAN;
}

static enum step measure(struct state *s)
{
    struct watch w;
    watch_init(&w, s->setup, &s->server, &s->tree, &s->m);
    enum step step = s->in_turns ? measure_in_turns(s, &w) : measure_once(s, &w);
    watch_end(&w);
    forget_elsewhere(s);
    s->row->by_name = s->m.by_name;
    return step;
}

/* The memory of the server while every connection is still open. */
static void sample_memory(struct state *s)
{
    double *v = s->row->value;
    double n = axis_open_connections(s->t->axis, s->t->connections, s->t->at);
    struct tree_memory now = tree_memory(&s->tree);
    struct kernel_memory kernel = kernel_memory();

    v[M_PROCESSES] = (double)s->tree.count;
    v[M_THREADS] = s->tree.threads;
    v[M_RSS_BEFORE] = s->memory.rss_kib;
    v[M_PSS_BEFORE] = s->memory.pss_kib;
    v[M_RSS] = now.rss_kib;
    v[M_PSS] = now.pss_kib;
    v[M_RSS_PER_CONNECTION] = (now.rss_kib - s->memory.rss_kib) / n;
    v[M_PSS_PER_CONNECTION] = (now.pss_kib - s->memory.pss_kib) / n;
    v[M_MAPPED_PER_CONNECTION] = (now.mapped_kib - s->memory.mapped_kib) / n;
    v[M_KERNEL_PER_CONNECTION] = (kernel.all - s->kernel.all) / n;
    v[M_KERNEL_STACK_PER_CONNECTION] = (kernel.stacks - s->kernel.stacks) / n;
}

static enum step finish_load(struct state *s)
{
    uint64_t deadline = clock_after(clock_ns(), s->setup->scenario->timeout_ns + 10 * NS_PER_S);
    char *reason = s->row->reason;
    size_t size = sizeof s->row->reason;
    s->m.results = s->in_turns ? window_load_results(&s->windows, deadline, reason, size)
                               : load_finish(&s->load, deadline, reason, size);
    return s->m.results ? STEP_OK : STEP_FAILED;
}

/* Stop the server, and see that nothing of the trial is left. */
static enum step stop(struct state *s)
{
    bool good = server_stop(&s->server, &s->m.counters, s->row->reason, sizeof s->row->reason);
    end_load(s);
    bool others = s->server.external || elsewhere(s);
    unsigned left = process_end_all(others ? 0 : leftover_grace);
    if (others)
        left = 0; /* killed; programs of others were not made to take leave */
    if (good && left > 0)
        snprintf(s->row->reason, sizeof s->row->reason,
                 "the server left %u process%s behind; killed", left, left > 1 ? "es" : "");
    return good && left == 0 ? STEP_OK : STEP_FAILED;
}

static enum step run_steps(struct state *s)
{
    if (axis_is_open_loop(s->t->axis, s->t->at) && s->rate == 0) {
        snprintf(s->row->reason, sizeof s->row->reason,
                 "its peak is not known, of which the load is a part");
        return STEP_FAILED;
    }
    take_yardstick(s);
    enum step step = start(s);
    if (step == STEP_OK)
        step = measure(s);
    if (step == STEP_OK) {
        /* Connections from other hosts end with the window. */
        if (!elsewhere(s))
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
    row->axis = t->axis;
    row->at = t->at;
    row->value[M_CONCURRENCY] = t->concurrency;
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
    bool serves_all = plan_holds_all(s->t);
    s->settle_ns = serves_all ? scenario->settle_ns : 0;
    /* System calls a request vary little: a short look is enough. A request that straddles an
     * end of the window leaves some of its calls outside, which is an error of connections by
     * requests: hence longer where connections are many, whatever the scenario says. The warm-up
     * is whole: accepting is no part of a request. */
    if (s->t->counting)
        s->duration_ns = 100 * NS_PER_MS + s->t->connections * 500 * NS_PER_US;
}

static void fill_yardstick(struct state *s)
{
    struct trial_row *row = s->row;
    if (!s->in_turns)
        turns_single(&row->windows, row->value[M_RPS], s->before,
                     yardstick_window(s->setup->yardstick));
    turns_columns(row);
}

/* What the windows made. */
static size_t window_rates(const struct trial_row *row, double rates[ROW_WINDOWS_MAX])
{
    for (unsigned i = 0; i < row->windows.count; i++)
        rates[i] = row->windows.at[i].rps;
    return row->windows.count;
}

/* What the axis asks of this trial. */
static void set_load(struct state *s)
{
    const struct plan_trial *t = s->t;
    s->asked = point_load_of(s->setup->scenario, t);
    if (t->axis == AXIS_RATE)
        s->rate = t->at;
    else if (axis_is_open_loop(t->axis, t->at) && s->setup->peak_rps > 0)
        s->rate = (uint64_t)fmax(1, s->setup->peak_rps * t->at / 100);
}

/* The server is given no more CPUs than it has workers. */
static struct trial_setup narrowed(const struct trial_setup *setup, const struct plan_trial *t,
                                   struct placement *own)
{
    struct trial_setup narrow = *setup;
    placement_narrow(setup->placement, axis_server_cpus(t->axis, t->at), own);
    own->shared &= !launch_given(&setup->scenario->launch);
    narrow.placement = own;
    return narrow;
}

bool trial_run(const struct trial_setup *of_run, const struct plan_trial *t,
               struct trial_row *row)
{
    struct placement placement;
    struct trial_setup narrow = narrowed(of_run, t, &placement);
    const struct trial_setup *setup = &narrow;
    struct state s = {.setup = setup, .t = t, .row = row};
    struct model model = *t->model;
    uint64_t began = clock_ns();
    model.concurrency = t->concurrency;
    set_load(&s);
    set_times(&s);
    name_row(setup, t, row);
    look_elsewhere(&s);

    enum step step = run_steps(&s);
    row->ok = step == STEP_OK;
    row->verdict = VERDICT_INVALID;
    if (row->ok) {
        trial_columns(row, setup, &s.m);
        if (s.measured)
            fill_yardstick(&s);
        trial_row_round(row);
        if (!t->counting)
            trial_histogram(setup->dir, t->id, s.m.results);
        snprintf(row->generator_verdict, sizeof row->generator_verdict, "%s",
                 json_text(s.m.results, "verdict", "ok"));
        double rates[ROW_WINDOWS_MAX];
        size_t windows = window_rates(row, rates);
        judge(row, &(struct judge_facts){
                       .windows = rates,
                       .window_count = windows,
                       .model = &model,
                       .placement = setup->placement,
                       .settling = s.settle_ns > 0,
                       .generator_verdict = row->generator_verdict,
                       .generator_reason = json_text(s.m.results, "verdict_reason", ""),
                       .on_time = json_number(s.m.results, "own_lateness", "p99") < NS_PER_MS,
                   });
    }

    end_load(&s);
    server_destroy(&s.server);
    process_end_all(0);
    stay_here(&s);
    tree_free(&s.tree);
    json_decref(s.m.results);
    json_decref(s.m.counters);
    row->value[M_WALL_S] = (double)(clock_ns() - began) / 1e9;
    return step != STEP_INTERRUPTED;
}
