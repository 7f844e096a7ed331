#include "bench/commands/run_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/child_env.h"
#include "bench/base/old_name.h"
#include "common/err.h"
#include "common/parse.h"

enum {
    OPTION_MODELS = 1,
    OPTION_EXTERNALS,
    OPTION_PEERS,
    OPTION_EXTERNAL,
    OPTION_EXTERNAL_NAME,
    OPTION_EXTERNAL_PROTOCOL,
    OPTION_OUT,
    OPTION_SEED,
    OPTION_RESUME,
    OPTION_DRY_RUN,
    OPTION_ENV
};

static const struct option options[] = {
    {"models", required_argument, NULL, OPTION_MODELS},
    {"externals", required_argument, NULL, OPTION_EXTERNALS},
    {"peers", required_argument, NULL, OPTION_PEERS},
    {"external", required_argument, NULL, OPTION_EXTERNAL},
    {"external-name", required_argument, NULL, OPTION_EXTERNAL_NAME},
    {"external-protocol", required_argument, NULL, OPTION_EXTERNAL_PROTOCOL},
    {"out", required_argument, NULL, OPTION_OUT},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"resume", required_argument, NULL, OPTION_RESUME},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"env", required_argument, NULL, OPTION_ENV},
    {"help", no_argument, NULL, 'h'},
    PATHS_OPTIONS,
    {0},
};

static void help(void)
{
    struct paths paths = {0};
    paths_find(&paths);
    printf(
        "Usage: iomodels run [SCENARIO | FILE.ini] [OPTIONS]\n"
        "       iomodels run --resume DIR\n"
        "\n"
        "Measure every point of a scenario (default: quick): a fresh server for each trial, "
        "in\n"
        "random order, one at a time. Ctrl-C keeps what was measured.\n"
        "\n"
        "  --models A,B,...  only these models; none\n"
        "  --externals A,B,...  these servers of others ('iomodels list' names them); all, "
        "none\n"
        "  --external 'CMD'  a server of yours as well: CMD must serve on port {port} of\n"
        "                    127.0.0.1, in the foreground; several are allowed. It is cut "
        "into\n"
        "                    words as a shell does; for a shell say: sh -c '...'\n"
        "  --external-name NAME       what the --external before it is called (default: its "
        "program)\n"
        "  --external-protocol http|echo   what the --external before it speaks (http)\n"
        "  --out DIR         run directory, for one run at a time (default: a new one,\n"
        "                    SCENARIO-DATE below %s)\n"
        "  --seed N          order of the trials (default: random, kept in environment.json)\n"
        "  --resume DIR      go on with an interrupted run\n"
        "  --dry-run         print the trials in their order, measure nothing\n"
        "  --env NAME=VALUE  what servers and load generator find in their environment "
        "besides\n"
        "                    PATH, HOME, TMPDIR, LD_LIBRARY_PATH, LC_ALL=C, IOMODELS_* and "
        "the\n"
        "                    options of sanitizers; NAME alone: with the value it has here\n"
        "  --servers DIR     the server programs (default: of this build)\n"
        "  --external-dir DIR  what describes servers of others (default: bench/external)\n"
        "  --loadgen FILE    the load generator (default: of this build)\n"
        "  --scripts DIR     the gnuplot scripts (default: of the source tree)\n"
        "\n"
        "Exit status 1 when a trial failed or a point has no usable trial, 130 when\n"
        "interrupted. --resume goes on only with the same build, kernel and CPUs.\n",
        paths.results);
}

static struct run_given *last_given(struct run_options *o, const char *option)
{
    if (o->given_count == 0)
        die_usage("%s stands after the --external it is for", option);
    return &o->given[o->given_count - 1];
}

static void one_option(struct run_options *o, int value)
{
    char error[512];
    switch (value) {
    case OPTION_MODELS:
        o->models = optarg;
        break;
    case OPTION_PEERS:
        old_name("run", "--peers", "--externals");
        o->externals = optarg;
        break;
    case OPTION_EXTERNALS:
        o->externals = optarg;
        break;
    case OPTION_EXTERNAL:
        if (o->given_count == RUN_GIVEN_MAX)
            die_usage("more than %d --external", RUN_GIVEN_MAX);
        o->given[o->given_count++] = (struct run_given){.command = optarg};
        break;
    case OPTION_EXTERNAL_NAME:
        last_given(o, "--external-name")->name = optarg;
        break;
    case OPTION_EXTERNAL_PROTOCOL:
        if (!protocol_parse(optarg, &last_given(o, "--external-protocol")->protocol))
            die_usage("--external-protocol '%s' is neither http nor echo", optarg);
        break;
    case OPTION_OUT:
        o->out = optarg;
        break;
    case OPTION_SEED:
        if (!parse_u64(optarg, 0, UINT64_MAX, &o->seed))
            die_usage("--seed '%s' is not a number from 0 to 2^64-1", optarg);
        o->seeded = true;
        break;
    case OPTION_RESUME:
        o->resume = optarg;
        break;
    case OPTION_DRY_RUN:
        o->dry_run = true;
        break;
    case OPTION_ENV:
        if (!child_env_add(optarg, error, sizeof error))
            die_usage("--env %s", error);
        o->environment = true;
        break;
    case 'h':
        help();
        exit(0);
    default:
        if (!paths_option(&o->paths, value, optarg))
            exit(EXIT_USAGE); /* getopt has told what is wrong */
    }
}

void run_options_parse(struct run_options *o, int argc, char **argv)
{
    *o = (struct run_options){.scenario = "quick"};
    int value;
    while ((value = getopt_long(argc, argv, "h", options, NULL)) != -1)
        one_option(o, value);
    bool named = optind < argc;
    if (named)
        o->scenario = argv[optind++];
    if (optind < argc)
        die_usage("run takes one scenario; '%s' is one too many", argv[optind]);
    if (o->resume && (named || o->out || o->seeded || o->models || o->externals ||
                      o->given_count > 0 || o->environment))
        die_usage("--resume takes scenario, models, seed, environment and directory from the "
                  "run itself");
    paths_find(&o->paths);
}
