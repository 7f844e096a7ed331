#include "bench/commands/run_options.h"

#include "bench/base/child_env.h"
#include "bench/base/old_name.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

static bool set_peers(void *target, const char *value)
{
    old_name("run", "--peers", "--externals");
    ((struct run_options *)target)->externals = value;
    return true;
}

static bool set_external(void *target, const char *value)
{
    struct run_options *o = target;
    if (o->given_count == RUN_GIVEN_MAX)
        die_usage("more than %d --external", RUN_GIVEN_MAX);
    o->given[o->given_count++] = (struct run_given){.command = value};
    return true;
}

static struct run_given *last_given(struct run_options *o, const char *option)
{
    if (o->given_count == 0)
        die_usage("%s stands after the --external it is for", option);
    return &o->given[o->given_count - 1];
}

static bool set_name(void *target, const char *value)
{
    last_given(target, "--external-name")->name = value;
    return true;
}

static bool set_protocol(void *target, const char *value)
{
    return protocol_parse(value, &last_given(target, "--external-protocol")->protocol);
}

static bool set_seed(void *target, const char *value)
{
    struct run_options *o = target;
    o->seeded = true;
    return parse_u64(value, 0, UINT64_MAX, &o->seed);
}

static bool set_env(void *target, const char *value)
{
    char error[512];
    if (!child_env_add(value, error, sizeof error))
        die_usage("--env %s", error);
    ((struct run_options *)target)->environment = true;
    return true;
}

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "models", "MODEL,...",
     "which models to measure: a list of names, or none (default: the models of the scenario)",
     OPTION_FIELD(struct run_options, models)},
    {OPTION_TEXT, 0, "externals", "EXTERNAL,...",
     "which external servers (servers of others) to measure: a list of names ('iomodels list' "
     "has them), all, or none",
     OPTION_FIELD(struct run_options, externals)},
    {OPTION_CALL, 0, "peers", "EXTERNAL,...", "the old name of --externals", .call = set_peers},
    {OPTION_CALL, 0, "external", "'CMD'",
     "measure a server of yours as well: CMD must serve on port {port} of 127.0.0.1, in the "
     "foreground. The option may be repeated. CMD is cut into words as a shell does; for a "
     "real shell say: sh -c '...'",
     .call = set_external},
    {OPTION_CALL, 0, "external-name", "NAME",
     "the name of the last --external (default: its program)", .call = set_name},
    {OPTION_CALL, 0, "external-protocol", "http|echo",
     "the protocol of the last --external (default: http)", .call = set_protocol,
     .expects = "http or echo"},
    {OPTION_TEXT, 0, "out", "DIR",
     "the run directory, for one run at a time (default: a new directory SCENARIO-DATE in "
     "results/ of the source tree; without a source tree in results/ of the current "
     "directory)",
     OPTION_FIELD(struct run_options, out)},
    {OPTION_CALL, 0, "seed", "N",
     "the seed of the order of trials (default: random, kept in environment.json)",
     .call = set_seed, .expects = "a number from 0 to 2^64-1"},
    {OPTION_TEXT, 0, "resume", "RUN", "go on with an interrupted run",
     OPTION_FIELD(struct run_options, resume)},
    {OPTION_TIME, 0, "budget", "TIME",
     "take about so long at most, by fewer repetitions and points; what is left out is told "
     "(such as 4m for one scenario, 30m for all)",
     OPTION_FIELD(struct run_options, budget_ns), .low = 1, .high = 24 * 3600 * NS_PER_S},
    {OPTION_FLAG, 0, "dry-run", NULL,
     "print the trials in their order, and about how long they take, and measure nothing",
     OPTION_FIELD(struct run_options, dry_run)},
    {OPTION_FLAG, 0, "no-unit-costs", NULL,
     "do not measure what system calls and the like cost here: environment.json has no unit_costs, "
     "and nothing is explained ('iomodels explain')",
     OPTION_FIELD(struct run_options, no_unit_costs)},
    {OPTION_CALL, 0, "env", "NAME=VALUE",
     "set NAME in the environment of servers and load generator, who otherwise get only PATH, "
     "HOME, TMPDIR, LD_LIBRARY_PATH, LC_ALL=C, IOMODELS_* and the options of sanitizers; "
     "NAME alone keeps the value that it has here",
     .call = set_env},
    {0},
};

_Static_assert(offsetof(struct run_options, paths) == 0, "paths_rows");

void run_options_parse(struct run_options *o, int argc, char **argv)
{
    *o = (struct run_options){.scenario = "quick"};
    const struct command_line line = {
        .usage = "iomodels run [SCENARIO | FILE.ini] [OPTIONS]\n"
                 "       iomodels run all|first-look [--budget TIME] [OPTIONS]\n"
                 "       iomodels run --resume RUN\n"
                 "       iomodels run two-speeds|crash|hog|slow-clients [OPTIONS]\n",
        .about =
            "Measure every point of a scenario (default: quick). Each trial has a fresh server. "
            "Trials run one at a time, in random order. Ctrl-C keeps the trials that have ended.",
        .notes =
            "Exit status: 1 if a trial failed or a point has no usable trial, 130 if interrupted. "
            "'all' measures the scenarios that docs/scenarios.md tells of, one after the other; "
            "'first-look' those that begin with quick, in some four minutes. "
            "--resume goes on only with the same build, kernel and CPUs. 'iomodels run two-speeds "
            "--help' tells of an experiment that is no scenario, and so it is with crash, hog and "
            "slow-clients.",
        .operand = "SCENARIO",
        .tables = {rows, paths_rows},
        .target = o,
    };
    int at = command_line_read(&line, argc, argv);
    bool named = at < argc;
    if (named)
        o->scenario = argv[at++];
    if (at < argc)
        die_usage("run takes one scenario; '%s' is one too many", argv[at]);
    if (o->resume &&
        (named || o->out || o->seeded || o->models || o->externals || o->given_count > 0 ||
         o->environment || o->no_unit_costs || o->budget_ns > 0))
        die_usage("--resume takes scenario, models, seed, budget, "
                  "environment, unit costs and directory from the run itself");
    paths_find(&o->paths);
}
