/* iomodels run all, run first-look: scenarios one after the other, each in a program of its own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/own_process.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "bench/commands/report_runs.h"
#include "bench/commands/run_inputs.h"
#include "bench/commands/run_options.h"
#include "bench/plan/budget.h"
#include "bench/record/run_dir.h"
#include "bench/show/plan_text.h"
#include "bench/trial/perf.h"
#include "common/clock.h"
#include "common/err.h"

enum { COUNT_MAX = 15, INTERRUPTED = 130 };

/* Scenarios that are measured one after the other under one name. */
static const struct group {
    const char *name;
    const char *names[COUNT_MAX + 1]; /* ends with NULL */
} groups[] = {
    {"all",
     {"connections", "idle", "wait", "churn", "slow", "payload", "pipeline", "cpu", "load",
      "workers", "transport", "memory", "dispute", "dispute-sizes", "cores", NULL}},
    {"first-look", {"quick", "quick-idle", "quick-wait", NULL}},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

/* A scenario of the group. */
struct part {
    const char *name;
    uint64_t ns; /* about how long it takes, whole; 0 where nothing of it can be measured */
    char *why;   /* then */
    bool begun;
    int status; /* of the program that measured it */
};

struct parts {
    struct part at[COUNT_MAX];
    size_t count;
};

static const struct group *group_named(const char *name)
{
    for (size_t i = 0; i < GROUPS; i++)
        if (strcmp(groups[i].name, name) == 0)
            return &groups[i];
    return NULL;
}

bool run_is_of_several(const char *name)
{
    return group_named(name) != NULL;
}

/* The unit costs are measured once, in the first of a short group: 'all' takes as long as a machine
 * needs to change. */
static bool has_unit_costs(const struct run_options *o, size_t i)
{
    return !o->no_unit_costs && (i == 0 || strcmp(o->scenario, "all") == 0);
}

static void estimate(struct part *part, const struct run_options *o, bool count,
                     uint64_t descriptors)
{
    struct run_inputs in;
    struct environment none = {0};
    struct placement placement;
    struct plan plan;
    struct run_options one = *o;
    one.scenario = part->name;
    run_inputs_read(&in, &one, &none, count);
    placement_choose(&placement,
                     (int)scenario_server_cpus(&in.scenario, placement_available()));
    /* Without namespaces: they are made by the run. So the time is that with them. */
    struct plan_machine machine = {descriptors, (unsigned)placement.server_count, NULL};
    plan_make(&plan, &in.scenario, &in.models, in.seed, &machine, in.counting);
    const char *reason = plan_why_skipped(&plan);
    part->why = xstrdup(reason ? reason : "none of its points can be measured here");
    if (plan.count > 0)
        part->ns = budget_estimate_ns(&in.scenario, &plan, in.yardstick.path != NULL);
    plan_free(&plan);
    run_inputs_free(&in);
}

static void estimate_all(struct parts *parts, const struct run_options *o)
{
    bool counters[PERF_COUNTERS];
    char missing[512];
    uint64_t descriptors = own_descriptors_raise();
    perf_probe(counters, missing, sizeof missing);
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->at[i];
        estimate(part, o, counters[PERF_SYSCALLS], descriptors);
        if (part->ns > 0 && !has_unit_costs(o, i))
            part->ns -= BUDGET_UNIT_COSTS_NS;
    }
}

/* Whether argv[i] is one of those that each run is given anew; with its value. */
static int own_option(char **argv, int i)
{
    static const char *const own[] = {"--budget", "--out"};
    for (size_t k = 0; k < sizeof own / sizeof own[0]; k++) {
        size_t n = strlen(own[k]);
        if (strncmp(argv[i], own[k], n) == 0 && (argv[i][n] == '\0' || argv[i][n] == '='))
            return argv[i][n] == '\0' ? 2 : 1;
    }
    return 0;
}

/* A run in a process of its own, with the signals `usual`, which ends with this process. */
static pid_t start(const char *const *args, const sigset_t *usual)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start a run");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        sigprocmask(SIG_SETMASK, usual, NULL);
        if (getppid() == parent)
            execv("/proc/self/exe", (char *const *)args);
        _exit(127);
    }
    return pid;
}

/* The status with which a run ended. What is to end this program ends the run first, which keeps
 * its rows; a signal of the terminal has come to the run by itself. */
static int run_program(const char *const *args)
{
    sigset_t held, usual;
    siginfo_t info;
    int status = 0;
    pid_t ended;
    sigemptyset(&held);
    for (size_t i = 0; i < 4; i++)
        sigaddset(&held, (const int[]){SIGINT, SIGTERM, SIGHUP, SIGCHLD}[i]);
    sigprocmask(SIG_BLOCK, &held, &usual);
    pid_t pid = start(args, &usual);
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0)
        if (sigwaitinfo(&held, &info) > 0 && info.si_signo != SIGCHLD && info.si_code <= 0)
            kill(pid, info.si_signo);
    if (ended != pid)
        die_errno("cannot wait for a run");
    sigprocmask(SIG_SETMASK, &usual, NULL);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* One scenario, in `ns` where that is not 0, `instead` of the word that stands on the command line;
 * the status with which it ended. */
static int run_one(const char *name, const char *instead, uint64_t ns, bool unit_costs,
                   const char *dir, int argc, char **argv)
{
    const char **args = xcalloc((size_t)argc + 8, sizeof *args);
    char *budget = text_format("%lluns", (unsigned long long)ns);
    char *out = text_format("%s/%s", dir, name);
    size_t n = 0;
    args[n++] = "iomodels";
    args[n++] = "run";
    args[n++] = name;
    for (int i = 1; i < argc;) {
        int skip = own_option(argv, i);
        if (skip == 0 && argv[i] != instead)
            args[n++] = argv[i];
        i += skip > 0 ? skip : 1;
    }
    if (ns > 0) {
        args[n++] = "--budget";
        args[n++] = budget;
    }
    if (!unit_costs)
        args[n++] = "--no-unit-costs";
    args[n++] = "--out";
    args[n++] = out;
    int status = run_program(args);
    free(out);
    free(budget);
    free(args);
    return status;
}

/* What became of each scenario, those that were not measured among them. */
static const char *became(const struct part *part)
{
    if (part->ns == 0)
        return "skipped";
    if (!part->begun)
        return "not measured";
    return part->status == 0             ? "measured"
           : part->status == INTERRUPTED ? "interrupted"
                                         : "measured with failures";
}

static void write_parts(const struct parts *parts, const char *dir)
{
    char *path = text_format("%s/scenarios.csv", dir);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("scenario,status,why\n", f);
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->at[i];
        fprintf(f, "%s,%s,", part->name, became(part));
        csv_put_text(f, part->ns == 0 ? part->why : "");
        fputc('\n', f);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}

static char *make_dir(const struct run_options *o)
{
    if (o->out || o->dry_run)
        return xstrdup(o->out ? o->out : "");
    char *dir = run_dir_make_new(o->paths.results, o->scenario);
    char *histograms = text_format("%s/histograms", dir); /* each run has its own */
    rmdir(histograms);
    free(histograms);
    return dir;
}

/* The worst status: 2 and above end the series. */
static int run_parts(struct parts *parts, const struct run_options *o, const char *dir,
                     uint64_t sum, int argc, char **argv)
{
    int worst = 0;
    double share =
        o->budget_ns == 0 || sum <= o->budget_ns ? 1 : (double)o->budget_ns / (double)sum;
    for (size_t i = 0; i < parts->count && worst < 2; i++) {
        struct part *part = &parts->at[i];
        fprintf(stderr, "\n== %s (%zu of %zu)\n", part->name, i + 1, parts->count);
        if (part->ns == 0) {
            fprintf(stderr, "%s: skipped: %s\n", part->name, part->why);
            continue;
        }
        part->begun = true;
        uint64_t ns = o->budget_ns == 0 ? 0 : (uint64_t)((double)part->ns * share);
        part->status =
            run_one(part->name, o->scenario, ns, has_unit_costs(o, i), dir, argc, argv);
        worst = part->status > worst ? part->status : worst;
    }
    return worst;
}

int command_run_all(int argc, char **argv, const struct run_options *o)
{
    const struct group *group = group_named(o->scenario);
    struct parts parts = {0};
    uint64_t sum = 0;
    for (; group->names[parts.count]; parts.count++)
        parts.at[parts.count].name = group->names[parts.count];
    estimate_all(&parts, o);
    for (size_t i = 0; i < parts.count; i++)
        sum += parts.at[i].ns;
    char *dir = make_dir(o);
    plan_tell_time(strcmp(group->name, "all") == 0 ? "all scenarios, whole" : group->name, sum);
    int worst = run_parts(&parts, o, dir, sum, argc, argv);
    if (!o->dry_run && (worst < 2 || worst == INTERRUPTED)) {
        write_parts(&parts, dir);
        printf("\nall runs: %s\n", dir);
        worst = report_runs_below(dir) ? worst : 1;
    }
    for (size_t i = 0; i < parts.count; i++)
        free(parts.at[i].why);
    free(dir);
    return worst > 2 && worst != INTERRUPTED ? 1 : worst;
}
