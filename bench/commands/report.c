/* iomodels report: the page of a run once more. */
#include <getopt.h>
#include <stdio.h>

#include "bench/commands/commands.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report.h"
#include "bench/show/table.h"
#include "common/err.h"

enum { OPTION_MARKDOWN = 1 };

static const struct option options[] = {
    {"markdown", no_argument, NULL, OPTION_MARKDOWN},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static void help(void)
{
    printf("Usage: iomodels report [--markdown] DIR\n"
           "\n"
           "Write report.html of a run from its trials.csv, environment.json and plots/*.svg;\n"
           "with --markdown print its tables as Markdown instead. Needs none of the servers.\n"
           "Data that no run writes is refused; the message names its file and line.\n");
}

static void print_markdown(const struct results *r)
{
    table_print(stdout, r, FORMAT_MARKDOWN);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        ratios_table(stdout, &r->ratios, p, FORMAT_MARKDOWN);
}

int command_report(int argc, char **argv)
{
    char error[512];
    bool markdown = false;
    int value;
    while ((value = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (value == 'h') {
            help();
            return 0;
        }
        if (value != OPTION_MARKDOWN)
            return EXIT_USAGE;
        markdown = true;
    }
    if (argc - optind != 1)
        die_usage("report takes one run directory");
    struct results r;
    if (!results_read(&r, argv[optind], error, sizeof error))
        die("%s", error);
    if (markdown)
        print_markdown(&r);
    else if (report_write(&r, error, sizeof error))
        printf("%s/report.html\n", argv[optind]);
    else
        die("%s", error);
    results_free(&r);
    return 0;
}
