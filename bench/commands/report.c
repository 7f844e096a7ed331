/* iomodels report: the page of a run once more. */
#include <getopt.h>
#include <stdio.h>

#include "bench/commands/commands.h"
#include "bench/show/report.h"
#include "common/err.h"

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {0},
};

int command_report(int argc, char **argv)
{
    char error[512];
    int value;
    while ((value = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (value != 'h')
            return EXIT_USAGE;
        printf("Usage: iomodels report DIR\n"
               "\n"
               "Write report.html of a run from its trials.csv, environment.json and "
               "plots/*.svg.\n"
               "Needs none of the servers. Data that no run writes is refused; the message "
               "names\n"
               "its file and line.\n");
        return 0;
    }
    if (argc - optind != 1)
        die_usage("report takes one run directory");
    struct results r;
    if (!results_read(&r, argv[optind], error, sizeof error) ||
        !report_write(&r, error, sizeof error))
        die("%s", error);
    results_free(&r);
    printf("%s/report.html\n", argv[optind]);
    return 0;
}
