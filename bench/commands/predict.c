/* iomodels predict: what a run would come to on another machine. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/paths.h"
#include "bench/commands/commands.h"
#include "bench/commands/point.h"
#include "bench/record/machine_file.h"
#include "bench/show/forecast.h"
#include "common/err.h"

struct predict_options {
    struct point at;
    const char *machine;
};

static bool set_at(void *target, const char *value)
{
    return point_parse(&((struct predict_options *)target)->at, value, 0, UINT_MAX);
}

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "machine", "FILE",
     "the other machine: what 'iomodels machine --json' printed there, or environment.json or the "
     "directory of a run made there",
     OPTION_FIELD(struct predict_options, machine)},
    {OPTION_CALL, 0, "at", "PROTOCOL,N",
     "the point, such as http,64 (default: every protocol at the point at which the run "
     "compares models)",
     .call = set_at, .expects = point_on_axis_expects},
    {0},
};

static void predict(const struct predict_options *o, const struct results *r,
                    const struct unit_costs *there)
{
    char why[1024] = "";
    bool any = false;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        struct forecast f;
        char missing[1024];
        if (o->at.given && p != o->at.protocol)
            continue;
        unsigned n = o->at.given ? o->at.at : r->environment.scenario.rank;
        forecast_make(&f, r, p, n, r->environment.unit_costs, there, missing, sizeof missing);
        if (f.count > 0)
            forecast_print(stdout, &f);
        else
            snprintf(why, sizeof why, "%s", missing);
        any |= f.count > 0;
        forecast_free(&f);
    }
    if (!any)
        die("%s", why);
}

int command_predict(int argc, char **argv)
{
    struct predict_options o = {0};
    struct results r;
    struct machine_file machine;
    struct paths paths = {0};
    char error[1024];
    const struct command_line line = {
        .usage = "iomodels predict [DIR] --machine FILE [--at PROTOCOL,N]\n",
        .about = "Say what the servers of a run would cost on another machine, without running "
                 "them there. The counts of the run (iomodels explain) are multiplied by the "
                 "other machine's unit costs. DIR is a run (default: the newest one).",
        .notes =
            "The rest that the run does not explain is carried over, as docs/explain.md "
            "says. So trust a difference that the parts explain, and not one that is smaller "
            "than the rest.",
        .operand = "RUN",
        .tables = {rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (!o.machine)
        die_usage("predict needs --machine FILE");
    paths_find(&paths);
    char *dir = point_run(argc, argv, at, paths.results);
    if (!results_read(&r, dir, error, sizeof error) ||
        !machine_file_read(&machine, o.machine, error, sizeof error))
        die("%s", error);
    predict(&o, &r, &machine.costs);
    machine_file_free(&machine);
    results_free(&r);
    free(dir);
    return 0;
}
