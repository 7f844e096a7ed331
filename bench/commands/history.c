/* iomodels history: models over commits. */
#include "bench/record/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "bench/show/history_picture.h"
#include "bench/show/history_text.h"
#include "common/command_line.h"
#include "common/err.h"

struct options {
    struct paths paths; /* first: paths_rows */
    const char *add, *model, *plot;
};

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "add", "RUN", "add the run directory RUN first",
     OPTION_FIELD(struct options, add)},
    {OPTION_TEXT, 0, "model", "MODEL", "only this model", OPTION_FIELD(struct options, model)},
    {OPTION_TEXT, 0, "plot", "FILE.svg", "draw the model of --model, by gnuplot",
     OPTION_FIELD(struct options, plot)},
    {0},
};

static void add(const char *dir, const char *run)
{
    struct results r;
    char error[1024];
    if (!results_read(&r, run, error, sizeof error))
        die("%s", error);
    char *path = history_add(dir, &r);
    printf("%s\n", path);
    free(path);
    results_free(&r);
}

int command_history(int argc, char **argv)
{
    struct options o = {0};
    struct history h;
    char error[1024];
    const struct command_line line = {
        .usage = "iomodels history [--add RUN] [--model MODEL] [--plot FILE.svg] [DIR]\n",
        .about =
            "Show the runs of DIR (results/history) over time: a table for each model and service, "
            "a line for each run. Each run is marked with its machine. Figures are ratios to the "
            "yardstick where a run has one, else requests/s.",
        .operand = "DIR",
        .tables = {rows, paths_rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at > 1)
        die_usage("history takes one directory");
    if (o.plot && !o.model)
        die_usage("--plot draws one model: --model says which");
    paths_find(&o.paths);
    char *dir = argc > at ? xstrdup(argv[at]) : text_format("%s/history", o.paths.results);
    if (o.add)
        add(dir, o.add);
    if (!history_read(&h, dir, error, sizeof error))
        die("%s", error);
    if (history_text(stdout, &h, o.model) == 0)
        die("no run of %s has a model '%s'", dir, o.model);
    if (o.plot && !history_picture(&h, o.model, o.paths.scripts, o.plot, error, sizeof error))
        die("%s", error);
    history_free(&h);
    free(dir);
    return 0;
}
