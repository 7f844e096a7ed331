/* iomodels plot: the pictures of a run once more. */
#include <getopt.h>
#include <stdio.h>

#include "bench/base/paths.h"
#include "bench/commands/commands.h"
#include "bench/show/plot.h"
#include "common/err.h"

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    PATHS_OPTIONS,
    {0},
};

int command_plot(int argc, char **argv)
{
    struct paths paths = {0};
    char error[512];
    int value;
    while ((value = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (value == 'h') {
            printf("Usage: iomodels plot DIR [--scripts DIR]\n"
                   "\n"
                   "Write summary.csv, ratios.csv and plots/*.svg, *.png of a run from its "
                   "trials.csv and\n"
                   "histograms. Needs gnuplot and none of the servers. Data that no run "
                   "writes is refused;\n"
                   "the message names its file and line.\n");
            return 0;
        }
        if (!paths_option(&paths, value, optarg))
            return EXIT_USAGE;
    }
    if (argc - optind != 1)
        die_usage("plot takes one run directory");
    paths_find(&paths);
    struct results r;
    if (!results_read(&r, argv[optind], error, sizeof error))
        die("%s", error);
    results_write(&r);
    if (!plots_draw(&r, paths.scripts, error, sizeof error))
        die("%s", error);
    results_free(&r);
    return 0;
}
