/* iomodels report: the page of a run, or of several, once more. */
#include <stdio.h>

#include "bench/commands/commands.h"
#include "bench/commands/report_runs.h"
#include "bench/commands/run_end.h"
#include "common/command_line.h"
#include "common/err.h"

struct report_options {
    bool markdown;
    bool text;
    const char *out;
};

static const struct option_row rows[] = {
    {OPTION_FLAG, 0, "markdown", NULL, "print what report.md has, and write nothing",
     OPTION_FIELD(struct report_options, markdown)},
    {OPTION_FLAG, 0, "text", NULL, "print the tables as the run did at its end",
     OPTION_FIELD(struct report_options, text)},
    {OPTION_TEXT, 0, "out", "DIR",
     "the directory for report.html and report.md (default: DIR, where there is one)",
     OPTION_FIELD(struct report_options, out)},
    {0},
};

int command_report(int argc, char **argv)
{
    struct report_options o = {0};
    struct runs runs;
    char error[1024];
    const struct command_line line = {
        .usage = "iomodels report [--markdown | --text] DIR\n"
                 "       iomodels report [--markdown | --text] --out DIR DIR...\n",
        .about =
            "Write report.html and report.md of one run, or of several runs on one page, from "
            "their trials.csv, environment.json and plots/*.svg; of a run of crawl, from its "
            "crawl.csv. A directory that 'iomodels run "
            "all' made stands for the runs in it. This needs none of the servers. Data that "
            "no run writes is refused; the message names file and line.",
        .operand = "RUN",
        .tables = {rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (at == argc)
        die_usage("report takes a run directory");
    if (o.markdown && o.text)
        die_usage("--markdown and --text are two ways to print");
    if (!o.out && argc - at > 1)
        die_usage("report of more than one run directory needs --out: where it is to be");
    if (!o.out)
        o.out = argv[at];
    if (!runs_read(&runs, argv + at, (size_t)(argc - at), error, sizeof error))
        die("%s", error);
    for (size_t i = 0; o.text && i < runs.count; i++)
        run_end_tables(&runs.at[i]);
    for (size_t i = 0; o.text && i < runs.crawl_count; i++)
        crawl_tell(stdout, &runs.crawls[i].points, runs.crawls[i].finding);
    if (o.markdown)
        runs_print_markdown(stdout, &runs, o.out);
    if (!o.text && !o.markdown) {
        if (!runs_report(&runs, o.out, error, sizeof error))
            die("%s", error);
        printf("%s/report.html\n", o.out);
    }
    runs_free(&runs);
    return 0;
}
