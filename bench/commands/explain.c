/* iomodels explain: where the CPU time of a request goes. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "bench/commands/point.h"
#include "bench/record/machine_file.h"
#include "bench/show/explain_plot.h"
#include "bench/show/explain_text.h"
#include "common/err.h"

struct explain_options {
    struct paths paths;
    struct point at;
    const char *model;
    const char *machine;
    const char *csv;
    const char *plot;
};

_Static_assert(offsetof(struct explain_options, paths) == 0, "paths_rows");

static bool set_at(void *target, const char *value)
{
    return point_parse(&((struct explain_options *)target)->at, value, 0, UINT_MAX);
}

static const struct option_row rows[] = {
    {OPTION_CALL, 0, "at", "PROTOCOL,N",
     "the point, such as http,64 (default: every protocol at the point at which the run "
     "compares models)",
     .call = set_at, .expects = point_on_axis_expects},
    {OPTION_TEXT, 0, "model", "MODEL", "print the products behind the prediction of one server",
     OPTION_FIELD(struct explain_options, model)},
    {OPTION_TEXT, 0, "machine", "FILE",
     "take the unit costs from FILE (see iomodels machine) instead of the run's environment.json",
     OPTION_FIELD(struct explain_options, machine)},
    {OPTION_TEXT, 0, "csv", "FILE", "write the figures to FILE as well",
     OPTION_FIELD(struct explain_options, csv)},
    {OPTION_TEXT, 0, "plot", "FILE.svg", "draw the figures of one point, by gnuplot",
     OPTION_FIELD(struct explain_options, plot)},
    {0},
};

static const struct explained *find(const struct explanation *e, const char *model)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->at[i].point->model, model) == 0)
            return &e->at[i];
    return NULL;
}

static void print(const struct explanation *e, const char *model)
{
    if (!model) {
        explain_table(stdout, e, FORMAT_TERMINAL);
        return;
    }
    const struct explained *x = find(e, model);
    if (!x)
        die("no server '%s' was measured at this point", model);
    struct explanation one = {.at = (struct explained *)x, .count = 1};
    if (!isnan(explained_rest(x)))
        one.both = 1;
    if (explained_closely(x))
        one.close = 1;
    explain_table(stdout, &one, FORMAT_TERMINAL);
    explain_terms(stdout, x);
}

static void write_csv(const char *path, const struct explanation *e, size_t count)
{
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    for (size_t i = 0; i < count; i++)
        explain_csv(f, &e[i], i == 0);
    if (!text_close(f))
        die_errno("cannot write %s", path);
}

/* The points asked for that can be explained; returns how many. */
static size_t explain_all(struct explanation all[PROTOCOL_COUNT],
                          const struct explain_options *o, const struct results *r,
                          const struct unit_costs *u)
{
    char why[1024] = "";
    size_t count = 0;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        if (o->at.given && p != o->at.protocol)
            continue;
        unsigned n = o->at.given ? o->at.at : r->environment.scenario.rank;
        char missing[1024];
        explanation_make(&all[count], r, p, n, u, missing, sizeof missing);
        if (!missing[0]) {
            count++;
            continue;
        }
        memcpy(why, missing, sizeof why);
        explanation_free(&all[count]);
    }
    if (count == 0)
        die("%s", why);
    return count;
}

static void explain(const struct explain_options *o, const struct results *r,
                    const struct unit_costs *u)
{
    struct explanation all[PROTOCOL_COUNT] = {0};
    char error[1024];
    size_t count = explain_all(all, o, r, u);
    if (o->plot && count > 1)
        die_usage("--plot draws one point: say which by --at");
    for (size_t i = 0; i < count; i++)
        print(&all[i], o->model);
    if (o->csv)
        write_csv(o->csv, all, count);
    if (o->plot &&
        !explain_plot_file(r, &all[0], o->paths.scripts, o->plot, error, sizeof error))
        die("%s", error);
    for (size_t i = 0; i < count; i++)
        explanation_free(&all[i]);
}

int command_explain(int argc, char **argv)
{
    struct explain_options o = {0};
    struct results r;
    struct machine_file machine;
    char error[1024];
    const struct command_line line = {
        .usage = "iomodels explain [OPTIONS] [DIR]\n",
        .about =
            "Say where the CPU time of a request goes. The counts of a run (system calls by "
            "name, switches, wake-ups, faults) times the unit costs of its machine predict "
            "the CPU time; the prediction stands beside the measured time, with the rest "
            "that is not explained. DIR is a run (default: the newest one).",
        .notes = "docs/explain.md has every product of the model. Nothing in it is fitted to "
                 "what was measured.",
        .operand = "RUN",
        .tables = {rows, paths_rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    paths_find(&o.paths);
    char *dir = point_run(argc, argv, at, o.paths.results);
    if (!results_read(&r, dir, error, sizeof error))
        die("%s", error);
    if (o.machine && !machine_file_read(&machine, o.machine, error, sizeof error))
        die("%s", error);
    if (!o.machine && !r.environment.unit_costs)
        die("%s/environment.json has no unit_costs: the run is of an older version; --machine FILE "
            "takes those that 'iomodels machine --json' printed",
            dir);
    explain(&o, &r, o.machine ? &machine.costs : r.environment.unit_costs);
    if (o.machine)
        machine_file_free(&machine);
    results_free(&r);
    free(dir);
    return 0;
}
