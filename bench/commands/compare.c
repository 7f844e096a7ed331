/* iomodels compare: what became faster or slower from one run to another. */
#include "bench/record/compare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "bench/show/compare_picture.h"
#include "bench/show/compare_text.h"
#include "common/command_line.h"
#include "common/err.h"
#include "common/parse.h"

enum { EXIT_REGRESSION = 4 };

struct options {
    struct paths paths; /* first: paths_rows */
    bool fail_on_regression;
    const char *csv, *markdown, *plot;
    struct compare_options compare;
};

static bool read_share(const char *value, double *out)
{
    return parse_share(value, out) && *out > 0 && *out < 0.5;
}

static bool set_alpha(void *target, const char *value)
{
    return read_share(value, &((struct options *)target)->compare.alpha);
}

static bool set_margin(void *target, const char *value)
{
    return read_share(value, &((struct options *)target)->compare.margin);
}

static const char share[] = "a share such as 5% or 0.05, above 0 and below 50%";
static const char *const corrections[] = {"holm", "bh", "none", NULL};

static const struct option_row rows[] = {
    {OPTION_FLAG, 0, "fail-on-regression", NULL,
     "exit with status 4 where a figure of a point became worse",
     OPTION_FIELD(struct options, fail_on_regression)},
    {OPTION_TEXT, 0, "csv", "FILE", "write one row for each point",
     OPTION_FIELD(struct options, csv)},
    {OPTION_TEXT, 0, "markdown", "FILE", "write the tables as Markdown",
     OPTION_FIELD(struct options, markdown)},
    {OPTION_TEXT, 0, "plot", "FILE.svg", "draw the ratios of requests/s, by gnuplot",
     OPTION_FIELD(struct options, plot)},
    {OPTION_CALL, 0, "alpha", "SHARE", "how often equal runs may be called different (5%)",
     .expects = share, .call = set_alpha},
    {OPTION_CALL, 0, "margin", "SHARE", "differences up to this are none (2%)",
     .expects = share, .call = set_margin},
    {OPTION_WORD, 0, "correction", "NAME",
     "for how many comparisons there are: holm, bh or none (holm)",
     OPTION_FIELD(struct options, compare.correction), .words = corrections},
    {0},
};

static void write_file(const char *path, const struct compare *c, bool csv)
{
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    if (csv)
        compare_csv(f, c);
    else
        compare_text(f, c, FORMAT_MARKDOWN);
    if (!text_close(f))
        die_errno("cannot write %s", path);
}

static void read_runs(struct results r[2], char **dirs)
{
    char error[1024];
    for (int i = 0; i < 2; i++)
        if (!results_read(&r[i], dirs[i], error, sizeof error))
            die("%s", error);
}

static void write_all(const struct options *o, const struct compare *c)
{
    char error[1024];
    compare_text(stdout, c, FORMAT_TERMINAL);
    if (o->csv)
        write_file(o->csv, c, true);
    if (o->markdown)
        write_file(o->markdown, c, false);
    if (o->plot && !compare_picture(c, o->paths.scripts, o->plot, error, sizeof error))
        die("%s", error);
}

int command_compare(int argc, char **argv)
{
    struct options o = {.compare = {.alpha = 0.05, .margin = 0.02}};
    struct results runs[2];
    struct compare c;
    char error[1024];
    const struct command_line line = {
        .usage = "iomodels compare [OPTION]... A B\n",
        .about =
            "Hold run directory B against run directory A: for each point that both have the "
            "ratio B/A of requests/s, CPU per request and p99, with interval and verdict, and "
            "whether the shape of the latencies changed. docs/compare.md says how to read it.",
        .notes = "Exit status: 0, or 1 where a run cannot be read, or 4 with "
                 "--fail-on-regression.",
        .operand = "RUN",
        .tables = {rows, paths_rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != 2)
        die_usage("compare takes two run directories");
    paths_find(&o.paths);
    read_runs(runs, argv + at);
    if (!compare_make(&c, &runs[0], &runs[1], &o.compare, error, sizeof error))
        die("%s", error);
    if (c.count == 0)
        die("%s and %s have no point in common", argv[at], argv[at + 1]);
    write_all(&o, &c);
    bool regressed = compare_regressed(&c);
    compare_free(&c);
    results_free(&runs[1]);
    results_free(&runs[0]);
    return o.fail_on_regression && regressed ? EXIT_REGRESSION : 0;
}
