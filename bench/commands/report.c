/* iomodels report: the page of a run once more. */
#include <stdio.h>

#include "bench/commands/commands.h"
#include "bench/commands/run_end.h"
#include "bench/show/prediction_text.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report.h"
#include "bench/show/table.h"
#include "common/command_line.h"
#include "common/err.h"

struct report_options {
    bool markdown;
    bool text;
};

static const struct option_row rows[] = {
    {OPTION_FLAG, 0, "markdown", NULL, "print the tables as Markdown instead",
     OPTION_FIELD(struct report_options, markdown)},
    {OPTION_FLAG, 0, "text", NULL, "print the tables as the run did at its end",
     OPTION_FIELD(struct report_options, text)},
    {0},
};

static void print_markdown(const struct results *r)
{
    table_print(stdout, r, FORMAT_MARKDOWN);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        ratios_table(stdout, &r->ratios, p, FORMAT_MARKDOWN);
    predictions_put(stdout, r, FORMAT_MARKDOWN);
}

int command_report(int argc, char **argv)
{
    struct report_options o = {0};
    struct results r;
    char error[512];
    const struct command_line line = {
        .usage = "iomodels report [--markdown | --text] DIR\n",
        .about =
            "Write report.html of a run from its trials.csv, environment.json and "
            "plots/*.svg. This needs none of the servers. Data that no run writes is refused; "
            "the message names file and line.",
        .operand = "RUN",
        .tables = {rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != 1)
        die_usage("report takes one run directory");
    if (o.markdown && o.text)
        die_usage("--markdown and --text are two ways to print");
    if (!results_read(&r, argv[at], error, sizeof error))
        die("%s", error);
    if (o.markdown)
        print_markdown(&r);
    else if (o.text)
        run_end_tables(&r);
    else if (report_write(&r, error, sizeof error))
        printf("%s/report.html\n", argv[at]);
    else
        die("%s", error);
    results_free(&r);
    return 0;
}
