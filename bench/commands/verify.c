/* iomodels verify: a run checked from its raw data. */
#include "bench/record/verify.h"

#include <stdio.h>

#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "common/command_line.h"
#include "common/err.h"

static void tell_unknown(const struct verify *v)
{
    if (v->no_histogram > 0)
        printf("cannot be checked: %zu trial%s without histogram\n", v->no_histogram,
               text_s((double)v->no_histogram));
    if (v->no_generator_verdict > 0)
        printf(
            "cannot be checked: %zu row%s without the column generator_verdict; each has a verdict "
            "that some verdict of a load generator gives\n",
            v->no_generator_verdict, text_s((double)v->no_generator_verdict));
    if (v->breaks_little > 0)
        printf("cannot be checked: %zu row%s of a run older than the check break Little's law "
               "(results/README.md)\n",
               v->breaks_little, text_s((double)v->breaks_little));
    if (v->no_column > 0)
        printf("cannot be checked: %zu column%s that summary.csv or ratios.csv do not have\n",
               v->no_column, text_s((double)v->no_column));
}

int command_verify(int argc, char **argv)
{
    struct results r;
    char error[1024];
    int target = 0;
    const struct command_line line = {
        .usage = "iomodels verify DIR\n",
        .about =
            "Check a run directory from its raw data: scenario and plan, each row's verdict, "
            "histograms, summary.csv, ratios.csv and predictions.csv. One line for each "
            "disagreement, which names file and line; the last line counts.",
        .notes = "Exit status: 0 where all agrees, 1 where something does not.",
        .operand = "RUN",
        .tables = {NULL},
        .target = &target,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != 1)
        die_usage("verify takes one run directory");
    struct verify v = {.f = stdout};
    if (results_read(&r, argv[at], error, sizeof error)) {
        verify_run(&v, &r);
        results_free(&r);
    } else {
        v.checks = v.disagreements = 1;
        printf("%s\n", error);
    }
    tell_unknown(&v);
    printf("%zu trial%s, %zu check%s, %zu disagreement%s\n", v.trials, text_s((double)v.trials),
           v.checks, text_s((double)v.checks), v.disagreements,
           text_s((double)v.disagreements));
    return v.disagreements > 0;
}
