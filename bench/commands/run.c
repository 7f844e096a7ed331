/* iomodels run: from a scenario to a run directory. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/own_process.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/commands/experiments.h"
#include "bench/commands/run_end.h"
#include "bench/commands/run_inputs.h"
#include "bench/commands/run_options.h"
#include "bench/machine/measure.h"
#include "bench/plan/budget.h"
#include "bench/record/counts_csv.h"
#include "bench/record/done.h"
#include "bench/record/environment_write.h"
#include "bench/record/run_dir.h"
#include "bench/record/trials_csv.h"
#include "bench/record/yardstick_csv.h"
#include "bench/show/plan_text.h"
#include "bench/show/progress.h"
#include "bench/trial/answers.h"
#include "bench/trial/calls.h"
#include "bench/trial/ceiling.h"
#include "bench/trial/cpu_busy.h"
#include "bench/trial/namespaces.h"
#include "bench/trial/peaks.h"
#include "bench/trial/trial.h"
#include "bench/trial/waking.h"
#include "bench/trial/yardstick.h"
#include "common/clock.h"
#include "common/err.h"

struct run {
    struct run_options options;
    struct environment old; /* of a run that is gone on with */
    struct run_inputs inputs;
    /* of our servers, where others are compared to them */
    struct answer answers[PROTOCOL_COUNT];
    struct placement placement;
    struct namespaces namespaces;
    char *no_namespaces; /* why; NULL: there are, or none are needed */
    struct plan plan;
    char *left_out; /* to keep to the budget; NULL: nothing */
    char *dir;
    int lock; /* held until the process ends */
    struct done done;
    struct peaks peaks; /* of axis load */
    bool counters[PERF_COUNTERS];
    char counters_reason[512];
    bool others_seen;    /* /proc/stat tells of all CPUs used */
    bool measured_costs; /* of a new run: */
    struct unit_costs unit_costs;
    bool incomplete; /* not all that belongs in the directory could be written */
};

/* Going on elsewhere would mix what must not be compared. */
static void check_same(const struct run *r)
{
    char error[1024];
    if (!environment_same(&r->old, &r->placement, error, sizeof error) ||
        !run_inputs_same(&r->inputs, &r->old, error, sizeof error))
        die("cannot go on with %s: its %s", r->options.resume, error);
}

static void open_directory(struct run *r)
{
    const struct run_options *o = &r->options;
    if (o->resume || o->out) {
        r->dir = xstrdup(o->resume ? o->resume : o->out);
        run_dir_make(r->dir);
    } else {
        r->dir = run_dir_make_new(o->paths.results, r->inputs.scenario.name);
    }
    r->lock = run_dir_lock(r->dir);
    if (!o->resume)
        run_dir_begin(r->dir, r->inputs.scenario.text);
}

/* What a wake-up costs here, by the unit costs that environment.json has. */
static double waking_ns(const struct run *r)
{
    json_t *costs = r->measured_costs ? unit_costs_to_json(&r->unit_costs)
                                      : json_incref(json_object_get(r->old.json, "unit_costs"));
    double ns = waking_cost_ns(costs);
    json_decref(costs);
    return ns;
}

static void run_trials(struct run *r)
{
    struct yardstick yardstick = {.model =
                                      r->inputs.yardstick.path ? &r->inputs.yardstick : NULL,
                                  .scenario = &r->inputs.scenario,
                                  .placement = &r->placement,
                                  .loadgen = r->options.paths.loadgen};
    struct trial_setup setup = {.scenario = &r->inputs.scenario,
                                .placement = &r->placement,
                                .loadgen = r->options.paths.loadgen,
                                .dir = r->dir,
                                .waking_ns = waking_ns(r),
                                .namespaces = r->namespaces,
                                .yardstick = yardstick.model ? &yardstick : NULL,
                                .answers = r->answers};
    memcpy(setup.counters, r->counters, sizeof setup.counters);

    struct progress progress;
    uint64_t all_ns = budget_trials_ns(setup.scenario, &r->plan, setup.yardstick != NULL);
    progress_begin(&progress, r->plan.count - r->done.count, all_ns / r->plan.count);
    struct calls held = {0};
    for (size_t i = 0; i < r->plan.count && !wait_was_interrupted(); i++) {
        struct trial_row row;
        if (r->done.at[i])
            continue;
        if (r->plan.trials[i].counting && !held.open)
            calls_hold(&held);
        else if (!r->plan.trials[i].counting)
            calls_close(&held);
        progress_trial(&progress, &r->plan.trials[i]);
        setup.peak_rps =
            peaks_get(&r->peaks, r->plan.trials[i].protocol, r->plan.trials[i].model->name);
        if (!trial_run(&setup, &r->plan.trials[i], &row))
            break;
        if (row.counting)
            counts_csv_append(r->dir, &row);
        yardstick_csv_append(r->dir, &row);
        trials_csv_append(r->dir, &row);
        peaks_note(&r->peaks, &row);
        r->done.count++;
        progress_row(&progress, &row);
    }
    progress_end(&progress);
    calls_close(&held);
    yardstick_end(&yardstick);
}

/* Write down the environment of a new run, and tell what any run is going to do. */
static void begin(const struct run *r, bool realtime)
{
    struct run_facts facts = {.scenario = &r->inputs.scenario,
                              .models = &r->inputs.models,
                              .plan = &r->plan,
                              .placement = &r->placement,
                              .seed = r->inputs.seed,
                              .counting = r->inputs.counting,
                              .counters_reason = r->counters_reason,
                              .realtime = realtime,
                              .others_seen = r->others_seen,
                              .loadgen = r->options.paths.loadgen,
                              .yardstick = r->inputs.yardstick.name,
                              .left_out = r->left_out,
                              .unit_costs = r->measured_costs ? &r->unit_costs : NULL};
    memcpy(facts.counters, r->counters, sizeof facts.counters);
    if (!r->options.resume) {
        facts.generator = ceiling_measure(
            facts.loadgen, &r->placement.generator,
            scenario_connections(facts.scenario, "", facts.scenario->rank), r->dir);
        environment_write(r->dir, &facts);
        json_decref(facts.generator);
    }
    plan_tell(&facts, r->dir, r->done.count);
}

/* Too short to measure the unit costs again when the trials are over. */
static bool is_short(const struct run *r)
{
    const struct scenario *s = &r->inputs.scenario;
    return r->plan.count * (s->warmup_ns + s->duration_ns) < UNIT_COSTS_NS;
}

/* Whether the run has unit costs: as it was begun. */
static bool has_unit_costs(const struct run *r)
{
    return r->options.resume ? json_object_get(r->old.json, "unit_costs") != NULL
                             : !r->options.no_unit_costs;
}

/* Three seconds, but no more than a tenth of a short run. Before this process takes its CPUs and
 * its priority: what is measured has neither. A run that goes on keeps the figures of before. */
static void measure_unit_costs(const struct run *r, struct unit_costs *costs)
{
    const struct scenario *s = &r->inputs.scenario;
    uint64_t tenth = r->plan.count * (s->warmup_ns + s->duration_ns) / 10;
    unit_costs_measure(costs, &r->placement, tenth < UNIT_COSTS_NS ? tenth : UNIT_COSTS_NS,
                       r->options.paths.session_cost);
}

static void measure(struct run *r)
{
    wait_hold_signals();
    process_adopt_orphans();
    r->measured_costs = !r->options.resume && has_unit_costs(r);
    if (r->measured_costs)
        measure_unit_costs(r, &r->unit_costs);
    /* Who stops reading the table does not end the run before its report. */
    signal(SIGPIPE, SIG_IGN);
    bool realtime = own_place_take(&r->placement.generator);
    r->others_seen =
        cpu_busy_told(&r->placement.server) && cpu_busy_told(&r->placement.generator);
    begin(r, realtime);
    if (answers_ask(r->answers, &r->inputs.ours, &r->inputs.scenario, &r->plan,
                    &r->placement.server))
        run_trials(r);
    own_priority_leave();
    if (!wait_was_interrupted() && has_unit_costs(r) && !is_short(r)) {
        struct unit_costs after;
        measure_unit_costs(r, &after);
        r->incomplete = !environment_add_unit_costs(r->dir, &after);
    }
    wait_release_signals();
}

static int finish(const struct run *r)
{
    int status = 1;
    if (r->done.count > 0)
        status = run_end(r->dir, r->options.paths.scripts) || r->incomplete;
    else
        warn("nothing was measured");
    if (!wait_was_interrupted())
        return status;
    fprintf(stderr, "interrupted; 'iomodels run --resume %s' goes on\n", r->dir);
    return 130;
}

static void free_run(struct run *r)
{
    plan_free(&r->plan);
    run_inputs_free(&r->inputs);
    environment_free(&r->old);
    for (int p = 0; p < PROTOCOL_COUNT; p++)
        answer_free(&r->answers[p]);
    done_free(&r->done);
    peaks_free(&r->peaks);
    namespaces_close(&r->namespaces);
    free(r->no_namespaces);
    free(r->left_out);
    free(r->dir);
}

/* A run that goes on has them where it had them. */
static void make_namespaces(struct run *r)
{
    char why[256];
    if (!scenario_needs_namespaces(&r->inputs.scenario))
        return;
    const char *then = r->options.resume ? environment_no_namespaces(&r->old) : NULL;
    if (then)
        r->no_namespaces = xstrdup(then);
    else if (!namespaces_make(&r->namespaces, why, sizeof why))
        r->no_namespaces = xstrdup(why);
    if (r->options.resume && r->no_namespaces && !then)
        die("cannot go on with %s: %s", r->options.resume, r->no_namespaces);
}

static void plan(struct run *r, uint64_t descriptors)
{
    plan_free(&r->plan);
    struct plan_machine machine = {descriptors, (unsigned)r->placement.server_count,
                                   r->no_namespaces};
    plan_make(&r->plan, &r->inputs.scenario, &r->inputs.models, r->inputs.seed, &machine,
              r->inputs.counting);
    const char *why = plan_why_skipped(&r->plan);
    if (r->plan.count == 0)
        die("no point of %s can be measured here%s%s", r->inputs.scenario.name, why ? ": " : "",
            why ? why : "");
}

static uint64_t estimate_ns(const struct run *r)
{
    bool yardstick = r->inputs.yardstick.path != NULL;
    return budget_estimate_ns(&r->inputs.scenario, &r->plan, yardstick) -
           (r->options.no_unit_costs ? BUDGET_UNIT_COSTS_NS : 0);
}

/* Leave out what the budget does not allow, and say what. */
static void keep_to_budget(struct run *r, uint64_t descriptors)
{
    struct scenario *s = &r->inputs.scenario;
    const struct scenario before = *s; /* its lists; the texts are those of `s` */
    uint64_t budget = r->options.budget_ns;
    bool more = true;
    while (budget > 0 && more && estimate_ns(r) > budget) {
        more = budget_reduce(s);
        plan(r, descriptors);
    }
    if (budget > 0) {
        char *left_out = budget_left_out(&before, s);
        budget_rewrite(s);
        if (left_out[0])
            fprintf(stderr, "left out, to keep to the budget: %s\n", left_out);
        if (!more)
            warn("the least that is left of %s takes longer than the budget", s->name);
        r->left_out = left_out[0] ? left_out : NULL;
        if (!r->left_out)
            free(left_out);
    }
}

static void tell_time(const struct run *r)
{
    plan_tell_time(r->inputs.scenario.name, estimate_ns(r));
}

static void check_mpi(const struct run *r)
{
    char *program = text_format("%s-mpi", r->options.paths.loadgen);
    if (launch_given(&r->inputs.scenario.launch) && access(program, X_OK) != 0)
        die_errno("%s: [load] needs %s (scripts/setup --with-mpi, scripts/build)",
                  r->inputs.file, program);
    free(program);
}

int command_run(int argc, char **argv)
{
    struct run r = {0};
    int status = 0;
    const struct experiment *experiment = experiment_take(&argc, argv);
    if (experiment)
        return experiment->run(argc, argv);
    run_options_parse(&r.options, argc, argv);
    if (run_is_of_several(r.options.scenario))
        return command_run_all(argc, argv, &r.options);
    uint64_t descriptors = own_descriptors_raise();
    perf_probe(r.counters, r.counters_reason, sizeof r.counters_reason);
    run_inputs_read(&r.inputs, &r.options, &r.old, r.counters[PERF_SYSCALLS]);
    placement_choose(&r.placement,
                     (int)scenario_server_cpus(&r.inputs.scenario, placement_available()));
    if (r.options.resume)
        check_same(&r);
    make_namespaces(&r);
    plan(&r, descriptors);
    if (!r.options.resume)
        keep_to_budget(&r, descriptors);
    if (r.options.dry_run) {
        tell_time(&r);
        plan_list(&r.plan);
    } else {
        if (access(r.options.paths.loadgen, X_OK) != 0)
            die_errno("cannot run the load generator %s", r.options.paths.loadgen);
        check_mpi(&r);
        open_directory(&r);
        if (!r.options.resume)
            tell_time(&r);
        done_read(&r.done, r.dir, &r.plan, &r.peaks);
        measure(&r);
        status = finish(&r);
    }
    free_run(&r);
    return status;
}
