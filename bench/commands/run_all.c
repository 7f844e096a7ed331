/* iomodels run all: the scenarios one after the other, each in a program of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static const char *const names[] = {"connections", "idle",          "wait",      "churn",
                                    "slow",        "payload",       "pipeline",  "cpu",
                                    "load",        "workers",       "transport", "memory",
                                    "dispute",     "dispute-sizes", "cores"};
enum { COUNT = sizeof names / sizeof names[0] };

/* About how long each takes, whole; 0 where nothing of it can be measured, with why. */
static void estimate_all(const struct run_options *o, uint64_t ns[COUNT], char *why[COUNT])
{
    bool counters[PERF_COUNTERS];
    char missing[512];
    uint64_t descriptors = own_descriptors_raise();
    perf_probe(counters, missing, sizeof missing);
    for (size_t i = 0; i < COUNT; i++) {
        struct run_options one = *o;
        struct run_inputs in;
        struct environment none = {0};
        struct placement placement;
        struct plan plan;
        one.scenario = names[i];
        run_inputs_read(&in, &one, &none, counters[PERF_SYSCALLS]);
        placement_choose(&placement,
                         (int)scenario_server_cpus(&in.scenario, placement_available()));
        struct plan_machine machine = {descriptors, (unsigned)placement.server_count};
        plan_make(&plan, &in.scenario, &in.models, in.seed, &machine, in.counting);
        const char *reason = plan_why_skipped(&plan);
        why[i] = xstrdup(reason ? reason : "none of its points can be measured here");
        ns[i] = plan.count == 0
                    ? 0
                    : budget_estimate_ns(&in.scenario, &plan, in.yardstick.path != NULL);
        plan_free(&plan);
        run_inputs_free(&in);
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

/* One scenario in `ns`, `instead` of the word that stands on the command line; the status with
 * which it ended. */
static int run_one(const char *name, const char *instead, uint64_t ns, const char *dir,
                   int argc, char **argv)
{
    const char **args = xcalloc((size_t)argc + 8, sizeof *args);
    char *budget = text_format("%lluns", (unsigned long long)ns);
    char *out = text_format("%s/%s", dir, name);
    size_t n = 0;
    int status = 0;
    args[n++] = "iomodels";
    args[n++] = "run";
    args[n++] = name;
    for (int i = 1; i < argc;) {
        int skip = own_option(argv, i);
        if (skip == 0 && argv[i] != instead)
            args[n++] = argv[i];
        i += skip > 0 ? skip : 1;
    }
    args[n++] = "--budget";
    args[n++] = budget;
    args[n++] = "--out";
    args[n++] = out;
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start a run");
    if (pid == 0) {
        execv("/proc/self/exe", (char *const *)args);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid)
        die_errno("cannot wait for a run");
    free(out);
    free(budget);
    free(args);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int command_run_all(int argc, char **argv, const struct run_options *o)
{
    enum { INTERRUPTED = 130 };
    uint64_t ns[COUNT];
    char *why[COUNT];
    uint64_t sum = 0;
    int worst = 0;
    estimate_all(o, ns, why);
    for (size_t i = 0; i < COUNT; i++)
        sum += ns[i];
    char *dir = o->out       ? xstrdup(o->out)
                : o->dry_run ? xstrdup("")
                             : run_dir_make_new(o->paths.results, "all");
    if (!o->out && !o->dry_run) {
        char *histograms = text_format("%s/histograms", dir); /* each run has its own */
        rmdir(histograms);
        free(histograms);
    }
    plan_tell_time("all scenarios, whole", sum);
    for (size_t i = 0; i < COUNT && worst < 2; i++) {
        bool all = o->budget_ns == 0 || sum <= o->budget_ns;
        double part = all ? 1 : (double)o->budget_ns / (double)sum;
        fprintf(stderr, "\n== %s (%zu of %d)\n", names[i], i + 1, (int)COUNT);
        if (ns[i] == 0) {
            fprintf(stderr, "%s: skipped: %s\n", names[i], why[i]);
            continue;
        }
        int status =
            run_one(names[i], o->scenario, (uint64_t)((double)ns[i] * part), dir, argc, argv);
        worst = status > worst ? status : worst;
    }
    if (!o->dry_run && worst < 2)
        printf("\nall runs: %s\n", dir);
    for (size_t i = 0; i < COUNT; i++)
        free(why[i]);
    if (!o->dry_run && worst < 2 && !report_runs_below(dir))
        worst = 1;
    free(dir);
    return worst > 2 && worst != INTERRUPTED ? 1 : worst;
}
