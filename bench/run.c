/* iomodels run: from a scenario to a run directory. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/commands.h"
#include "bench/environment.h"
#include "bench/json_get.h"
#include "bench/judge.h"
#include "bench/plot.h"
#include "bench/process.h"
#include "bench/progress.h"
#include "bench/report.h"
#include "bench/run_options.h"
#include "bench/summary.h"
#include "bench/table.h"
#include "bench/text.h"
#include "bench/trial.h"
#include "bench/wait.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

struct run {
    struct run_options options;
    char *file;  /* the scenario's */
    char *names; /* of the models to measure, by commas; NULL for all */
    struct scenario scenario;
    struct model_list models;
    struct placement placement;
    struct plan plan;
    char *dir;
    bool *done; /* by trial number - 1: it has its row */
    size_t done_count;
    bool counting; /* block 0 counts system calls */
    bool counters[PERF_COUNTERS];
    char counters_reason[512];
    bool realtime;
};

/* A wrong scenario or command line: one line, which names its place itself. */
_Noreturn static void wrong(const char *line)
{
    fprintf(stderr, "iomodels: %s\n", line);
    exit(EXIT_USAGE);
}

/* A section of a model that nobody knows is a slip; one that was not built here is not. */
static void warn_of_unknown_models(const struct run *r)
{
    for (size_t i = 0; i < r->scenario.override_count; i++) {
        const char *name = r->scenario.overrides[i].model;
        if (!models_known(name) && !models_get(&r->models, name))
            warn("%s: [model:%s]: no such model; the section is of no effect", r->file, name);
    }
}

/* Scenario, models and seed: from the command line, or from the run to go on with. */
static void read_inputs(struct run *r)
{
    struct run_options *o = &r->options;
    char error[1024];
    r->names = o->models ? xstrdup(o->models) : NULL;

    if (o->resume) {
        json_t *environment = environment_read(o->resume, error, sizeof error);
        if (!environment ||
            !parse_u64(json_text(environment, "seed", ""), 0, UINT64_MAX, &o->seed))
            wrong(environment ? "environment.json holds no seed" : error);
        r->counting = json_is_true(json_object_get(environment, "counting"));
        size_t i;
        json_t *model;
        json_array_foreach(json_object_get(environment, "models"), i, model)
        {
            char *longer = text_format("%s%s%s", r->names ? r->names : "", r->names ? "," : "",
                                       json_text(model, "name", "?"));
            free(r->names);
            r->names = longer;
        }
        json_decref(environment);
        r->file = text_format("%s/scenario.ini", o->resume);
    } else {
        r->file = paths_scenario(&o->paths, o->scenario);
        r->counting = r->counters[PERF_SYSCALLS];
        if (!o->seeded && getrandom(&o->seed, sizeof o->seed, 0) != sizeof o->seed)
            die_errno("cannot draw a seed");
    }
    if (!scenario_read(r->file, &r->scenario, error, sizeof error))
        wrong(error);
    models_find(&r->models, o->paths.servers);
    if (r->models.count == 0)
        die("no server in %s answers to --describe", o->paths.servers);
    warn_of_unknown_models(r);
    if (!models_select(&r->models, r->names ? r->names : r->scenario.models, error,
                       sizeof error))
        wrong(error);
}

/* Going on elsewhere would mix what must not be compared. */
static void check_same(const struct run *r)
{
    char error[1024];
    const char *dir = r->options.resume;
    json_t *environment = environment_read(dir, error, sizeof error);
    if (!environment)
        wrong(error);
    bool same = environment_same(environment, &r->placement, error, sizeof error);
    json_decref(environment);
    if (!same)
        die("cannot go on with %s: its %s", dir, error);
}

/* Raise the limit of descriptors as far as it goes: servers and generator inherit it. */
static uint64_t raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die_errno("cannot read the limit of open descriptors");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        warn("cannot raise the limit of open descriptors: %s", strerror(errno));
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/* The directory and those above it. */
static void make_directory(const char *path)
{
    char *copy = xstrdup(path);
    for (char *at = copy + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            die_errno("cannot make the directory %s", copy);
        *at = kept;
        if (kept == '\0')
            break;
    }
    free(copy);
}

static void open_directory(struct run *r)
{
    const struct run_options *o = &r->options;
    if (o->resume) {
        r->dir = xstrdup(o->resume);
    } else if (o->out) {
        r->dir = xstrdup(o->out);
    } else {
        char date[32];
        time_t now = time(NULL);
        struct tm local;
        strftime(date, sizeof date, "%Y%m%d-%H%M%S", localtime_r(&now, &local));
        r->dir = text_format("%s/%s-%s", paths_results, r->scenario.name, date);
    }
    char *rows = text_format("%s/trials.csv", r->dir);
    bool there = access(rows, F_OK) == 0;
    free(rows);
    if (!o->resume && there)
        die("%s holds a run already; --resume %s goes on with it", r->dir, r->dir);

    char *histograms = text_format("%s/histograms", r->dir);
    make_directory(histograms);
    free(histograms);
    if (!o->resume) {
        char *copy = text_format("%s/scenario.ini", r->dir);
        text_write_file(copy, r->scenario.text);
        free(copy);
    }
}

static void mark_done(struct run *r, const struct trial_row *row)
{
    const struct plan_trial *t =
        row->trial > 0 && row->trial <= r->plan.count ? &r->plan.trials[row->trial - 1] : NULL;
    if (!t || strcmp(t->model->name, row->model) != 0 || t->connections != row->connections ||
        strcmp(protocol_name(t->protocol), row->protocol) != 0)
        die("%s/trials.csv: trial %u is not the one that this scenario, its seed and these "
            "models "
            "give; the run cannot go on",
            r->dir, row->trial);
    r->done_count += !r->done[row->trial - 1];
    r->done[row->trial - 1] = true;
}

static void find_done(struct run *r)
{
    struct trial_rows rows;
    char error[512];
    char *path = text_format("%s/trials.csv", r->dir);
    r->done = xcalloc(r->plan.count, sizeof *r->done);
    bool there = access(path, F_OK) == 0;
    free(path);
    if (there) {
        if (!trials_csv_read(r->dir, &rows, error, sizeof error))
            die("%s", error);
        for (size_t i = 0; i < rows.count; i++)
            mark_done(r, &rows.at[i]);
        trials_csv_free(&rows);
    }
}

/* On the generator's CPUs, ahead of what runs there: this process sleeps through the window and
 * must read the counters the moment it opens and closes. Children start without the priority.
 */
static bool take_place(const struct placement *p)
{
    if (sched_setaffinity(0, sizeof p->generator, &p->generator) != 0)
        warn("cannot bind to the load generator's CPUs: %s", strerror(errno));
    struct sched_param priority = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
}

static void leave_place(void)
{
    struct sched_param none = {0};
    sched_setscheduler(0, SCHED_OTHER, &none);
}

static void tell_plan(const struct run *r)
{
    char server[256];
    char generator[256];
    fprintf(stderr, "%s: %zu trials (%zu points, %u repetitions%s), seed %llu\n",
            r->scenario.name, r->plan.count, r->plan.points, r->scenario.repetitions,
            r->counting ? ", and a short one to count system calls" : "",
            (unsigned long long)r->options.seed);
    fprintf(stderr, "server on CPU %s, load generator on CPU %s; results in %s\n",
            placement_format(&r->placement.server, server, sizeof server),
            placement_format(&r->placement.generator, generator, sizeof generator), r->dir);
    char shared[128];
    if (r->placement.shared)
        fprintf(stderr,
                "WARNING: %s. No figure of this run is the server's alone; all are marked.\n",
                placement_shared_text(&r->placement, shared, sizeof shared));
    if (r->placement.siblings_shared)
        fprintf(stderr, "WARNING: server and load generator run on two hardware threads of one "
                        "core and slow each other down.\n");
    if (r->counters_reason[0])
        fprintf(stderr, "perf on this machine: %s\n", r->counters_reason);
    for (size_t i = 0; i < r->plan.skipped_count; i++) {
        const struct plan_skip *s = &r->plan.skipped[i];
        fprintf(stderr, "skipped: %s %s, %u connections: %s\n", protocol_name(s->protocol),
                s->model->name, s->connections, s->reason);
    }
    if (r->done_count > 0)
        fprintf(stderr, "going on: %zu of %zu trials are there\n", r->done_count,
                r->plan.count);
}

static void run_trials(struct run *r)
{
    struct trial_setup setup = {.scenario = &r->scenario,
                                .placement = &r->placement,
                                .loadgen = r->options.paths.loadgen,
                                .dir = r->dir};
    memcpy(setup.counters, r->counters, sizeof setup.counters);

    struct progress progress;
    progress_begin(&progress, r->plan.count - r->done_count,
                   r->scenario.warmup_ns + r->scenario.duration_ns + 60 * NS_PER_MS);
    for (size_t i = 0; i < r->plan.count && !wait_was_interrupted(); i++) {
        struct trial_row row;
        if (r->done[i])
            continue;
        progress_trial(&progress, &r->plan.trials[i]);
        if (!trial_run(&setup, &r->plan.trials[i], &row))
            break;
        trials_csv_append(r->dir, &row);
        progress_row(&progress, &row);
    }
    progress_end(&progress);
}

/* Say which trials are of no use; whether there are such as the exit status tells of. */
static bool tell_failures(const struct summary *summary, const struct trial_rows *rows)
{
    unsigned disturbed = summary_disturbed(rows);
    unsigned empty = summary_empty_points(summary);
    unsigned failed = 0;
    for (size_t i = 0; i < rows->count; i++)
        failed += !rows->at[i].ok;

    if (disturbed > 0)
        fprintf(
            stderr,
            "WARNING: in %u of %zu trials other programs took more than %.0f %% of the CPUs of "
            "server or load generator. They are INVALID: measure again on a quiet machine.\n",
            disturbed, rows->count, JUDGE_DISTURBED * 100);
    if (failed > 0)
        fprintf(stderr, "%u trial%s failed; trials.csv and the report say why\n", failed,
                failed > 1 ? "s" : "");
    if (empty > 0)
        fprintf(stderr, "%u point%s no usable trial; trials.csv and the report say why\n",
                empty, empty > 1 ? "s have" : " has");
    return failed > 0 || empty > 0;
}

/* Summary, plots, report and table from what there is. Returns the exit status. */
static int finish(const struct run *r)
{
    struct trial_rows rows;
    struct summary summary;
    char error[512];
    if (!trials_csv_read(r->dir, &rows, error, sizeof error)) {
        warn("nothing was measured");
        return 1;
    }
    summary_make(&summary, &rows);
    summary_write(&summary, r->dir);
    table_print(stdout, &summary, r->scenario.rank);
    fflush(stdout);
    bool failed = tell_failures(&summary, &rows);

    if (!plot_make(r->dir, r->options.paths.scripts, error, sizeof error))
        warn("no plots: %s; the data is kept, 'iomodels plot %s' draws them later", error,
             r->dir);
    if (report_make(r->dir, error, sizeof error))
        printf("\nreport: %s/report.html\n", r->dir);
    else
        warn("no report: %s", error);
    summary_free(&summary);
    trials_csv_free(&rows);
    return failed;
}

static void free_run(struct run *r)
{
    plan_free(&r->plan);
    models_free(&r->models);
    scenario_free(&r->scenario);
    free(r->done);
    free(r->dir);
    free(r->file);
    free(r->names);
}

static int print_plan(const struct run *r)
{
    puts("trial,block,protocol,model,connections");
    for (size_t i = 0; i < r->plan.count; i++) {
        const struct plan_trial *t = &r->plan.trials[i];
        printf("%u,%u,%s,%s,%u\n", t->id, t->block, protocol_name(t->protocol), t->model->name,
               t->connections);
    }
    return 0;
}

static void write_environment(const struct run *r)
{
    struct run_facts facts = {.scenario = &r->scenario,
                              .models = &r->models,
                              .plan = &r->plan,
                              .placement = &r->placement,
                              .seed = r->options.seed,
                              .counting = r->counting,
                              .counters_reason = r->counters_reason,
                              .realtime = r->realtime,
                              .loadgen = r->options.paths.loadgen};
    memcpy(facts.counters, r->counters, sizeof facts.counters);
    environment_write(r->dir, &facts);
}

static int measure(struct run *r)
{
    open_directory(r);
    find_done(r);
    wait_hold_signals();
    process_adopt_orphans();
    r->realtime = take_place(&r->placement);
    if (!r->options.resume)
        write_environment(r);
    tell_plan(r);
    run_trials(r);
    bool interrupted = wait_was_interrupted();
    leave_place();
    wait_release_signals();

    int status = finish(r);
    if (interrupted)
        fprintf(stderr, "interrupted; 'iomodels run --resume %s' goes on\n", r->dir);
    return interrupted ? 130 : status;
}

int command_run(int argc, char **argv)
{
    struct run r = {0};
    run_options_parse(&r.options, argc, argv);
    uint64_t descriptors = raise_descriptors();
    perf_probe(r.counters, r.counters_reason, sizeof r.counters_reason);
    read_inputs(&r);
    placement_choose(&r.placement, (int)r.scenario.server_cpus);
    if (r.options.resume)
        check_same(&r);
    plan_make(&r.plan, &r.scenario, &r.models, r.options.seed, descriptors, r.counting);
    if (r.plan.count == 0)
        die("no point of %s can be measured here", r.scenario.name);
    if (!r.options.dry_run && access(r.options.paths.loadgen, X_OK) != 0)
        die_errno("cannot run the load generator %s", r.options.paths.loadgen);
    int status = r.options.dry_run ? print_plan(&r) : measure(&r);
    free_run(&r);
    return status;
}
