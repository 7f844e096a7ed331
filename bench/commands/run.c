/* iomodels run: from a scenario to a run directory. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/commands/run_end.h"
#include "bench/commands/run_inputs.h"
#include "bench/commands/run_options.h"
#include "bench/record/environment.h"
#include "bench/record/run_dir.h"
#include "bench/record/trials_csv.h"
#include "bench/show/progress.h"
#include "bench/trial/answer.h"
#include "bench/trial/ceiling.h"
#include "bench/trial/cpu_busy.h"
#include "bench/trial/server_process.h"
#include "bench/trial/trial.h"
#include "common/clock.h"
#include "common/err.h"

struct run {
    struct run_options options;
    struct run_inputs inputs;
    struct answer
        answers[PROTOCOL_COUNT]; /* of our servers, where others are compared to them */
    struct placement placement;
    struct plan plan;
    char *dir;
    int lock;   /* held until the process ends */
    bool *done; /* by trial number - 1: it has its row */
    size_t done_count;
    bool counters[PERF_COUNTERS];
    char counters_reason[512];
    bool realtime;
    bool others_seen; /* /proc/stat tells of all CPUs used */
};

/* Going on elsewhere would mix what must not be compared. */
static void check_same(const struct run *r)
{
    char error[1024];
    const char *dir = r->options.resume;
    json_t *environment = environment_read(dir, error, sizeof error);
    if (!environment)
        die("%s", error);
    bool same = environment_same(environment, &r->placement, error, sizeof error) &&
                run_inputs_same(&r->inputs, environment, error, sizeof error);
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

static void open_directory(struct run *r)
{
    const struct run_options *o = &r->options;
    if (o->resume || o->out) {
        r->dir = xstrdup(o->resume ? o->resume : o->out);
        run_dir_make(r->dir);
    } else {
        r->dir = run_dir_make_new(r->options.paths.results, r->inputs.scenario.name);
    }
    r->lock = run_dir_lock(r->dir);
    if (!o->resume)
        run_dir_begin(r->dir, r->inputs.scenario.text);
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
    r->done = xcalloc(r->plan.count, sizeof *r->done);
    if (trials_csv_mend(r->dir)) {
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
    fprintf(stderr, "%s: %zu trial%s (%zu point%s, %u repetition%s%s), seed %llu\n",
            r->inputs.scenario.name, r->plan.count, text_s((double)r->plan.count),
            r->plan.points, text_s((double)r->plan.points), r->inputs.scenario.repetitions,
            text_s(r->inputs.scenario.repetitions),
            r->inputs.counting ? ", and a short one to count system calls" : "",
            (unsigned long long)r->inputs.seed);
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
    if (!r->others_seen)
        fprintf(stderr,
                "WARNING: /proc/stat leaves out a CPU that this run uses: whether other "
                "programs disturb a trial cannot be told.\n");
    if (r->counters_reason[0])
        fprintf(stderr, "perf on this machine: %s\n", r->counters_reason);
    for (size_t i = 0; i < r->plan.skipped_count; i++) {
        const struct plan_skip *s = &r->plan.skipped[i];
        if (s->connections == 0)
            fprintf(stderr, "skipped: %s: %s\n", s->model->name, s->reason);
        else
            fprintf(stderr, "skipped: %s %s, %u connection%s: %s\n", protocol_name(s->protocol),
                    s->model->name, s->connections, text_s(s->connections), s->reason);
    }
    if (r->done_count > 0)
        fprintf(stderr, "going on: %zu of %zu trial%s there\n", r->done_count, r->plan.count,
                r->plan.count == 1 ? " is" : "s are");
}

static void run_trials(struct run *r)
{
    struct trial_setup setup = {.scenario = &r->inputs.scenario,
                                .placement = &r->placement,
                                .loadgen = r->options.paths.loadgen,
                                .dir = r->dir,
                                .answers = r->answers};
    memcpy(setup.counters, r->counters, sizeof setup.counters);

    struct progress progress;
    progress_begin(&progress, r->plan.count - r->done_count,
                   r->inputs.scenario.warmup_ns + r->inputs.scenario.duration_ns +
                       60 * NS_PER_MS);
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

static void free_run(struct run *r)
{
    plan_free(&r->plan);
    run_inputs_free(&r->inputs);
    for (int p = 0; p < PROTOCOL_COUNT; p++)
        answer_free(&r->answers[p]);
    free(r->done);
    free(r->dir);
}

static int print_plan(const struct run *r)
{
    puts("trial,block,protocol,model,connections");
    for (size_t i = 0; i < r->plan.count; i++) {
        const struct plan_trial *t = &r->plan.trials[i];
        printf("%u,%u,%s,", t->id, t->block, protocol_name(t->protocol));
        csv_put_text(stdout, t->model->name);
        printf(",%u\n", t->connections);
    }
    return 0;
}

static void write_environment(const struct run *r)
{
    json_t *generator = ceiling_measure(r->options.paths.loadgen, &r->placement.generator,
                                        r->inputs.scenario.rank, r->dir);
    struct run_facts facts = {.scenario = &r->inputs.scenario,
                              .models = &r->inputs.models,
                              .plan = &r->plan,
                              .placement = &r->placement,
                              .seed = r->inputs.seed,
                              .counting = r->inputs.counting,
                              .counters_reason = r->counters_reason,
                              .realtime = r->realtime,
                              .others_seen = r->others_seen,
                              .loadgen = r->options.paths.loadgen,
                              .generator = generator};
    memcpy(facts.counters, r->counters, sizeof facts.counters);
    environment_write(r->dir, &facts);
    json_decref(generator);
}

static bool has_peers(const struct plan *p, enum protocol protocol)
{
    for (size_t i = 0; i < p->points; i++)
        if (p->trials[i].protocol == protocol && p->trials[i].model->peer)
            return true;
    return false;
}

/* Put the scenario's question to one of our servers, for the servers of others to be held against;
 * false when the user interrupted it. */
static bool ask_ours(struct run *r)
{
    const struct scenario *s = &r->inputs.scenario;
    for (int p = 0; p < PROTOCOL_COUNT; p++) {
        char why[400] = "there is none that could be asked";
        if (!has_peers(&r->plan, (enum protocol)p))
            continue;
        enum server_result result =
            r->inputs.ours.path
                ? server_ask(&r->inputs.ours, s, (enum protocol)p, &r->placement.server,
                             &r->answers[p], why, sizeof why)
                : SERVER_FAILED;
        if (result == SERVER_INTERRUPTED)
            return false;
        if (result != SERVER_OK)
            die("cannot compare the answers of other servers with that of ours to %s: %s",
                p == PROTOCOL_HTTP ? s->path : "an echo", why);
    }
    return true;
}

static int measure(struct run *r)
{
    open_directory(r);
    find_done(r);
    wait_hold_signals();
    process_adopt_orphans();
    signal(SIGPIPE,
           SIG_IGN); /* who stops reading the table does not end the run before its report */
    r->realtime = take_place(&r->placement);
    r->others_seen =
        cpu_busy_told(&r->placement.server) && cpu_busy_told(&r->placement.generator);
    if (!r->options.resume)
        write_environment(r);
    tell_plan(r);
    if (ask_ours(r))
        run_trials(r);
    bool interrupted = wait_was_interrupted();
    leave_place();
    wait_release_signals();

    int status = run_end(r->dir, r->options.paths.scripts, &r->inputs.scenario);
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
    run_inputs_read(&r.inputs, &r.options, r.counters[PERF_SYSCALLS]);
    placement_choose(&r.placement, (int)r.inputs.scenario.server_cpus);
    if (r.options.resume)
        check_same(&r);
    plan_make(&r.plan, &r.inputs.scenario, &r.inputs.models, r.inputs.seed, descriptors,
              r.inputs.counting);
    if (r.plan.count == 0)
        die("no point of %s can be measured here", r.inputs.scenario.name);
    if (!r.options.dry_run && access(r.options.paths.loadgen, X_OK) != 0)
        die_errno("cannot run the load generator %s", r.options.paths.loadgen);
    int status = r.options.dry_run ? print_plan(&r) : measure(&r);
    free_run(&r);
    return status;
}
