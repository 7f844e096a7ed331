/* iomodels plot: the pictures of a run once more. */
#include "bench/show/plot.h"
#include "bench/base/paths.h"
#include "bench/commands/commands.h"
#include "common/err.h"

int command_plot(int argc, char **argv)
{
    struct paths paths = {0};
    struct results r;
    char error[512];
    const struct command_line line = {
        .usage = "iomodels plot [--scripts DIR] DIR\n",
        .about =
            "Write summary.csv, ratios.csv, predictions.csv and plots/*.svg, *.png of a run "
            "from its trials.csv and histograms. This needs gnuplot, but none of the servers. "
            "Data that no run writes is refused; the message names file and line.",
        .operand = "RUN",
        .tables = {paths_rows},
        .target = &paths,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != 1)
        die_usage("plot takes one run directory");
    paths_find(&paths);
    if (!results_read(&r, argv[at], error, sizeof error))
        die("%s", error);
    results_write(&r);
    if (!plots_draw(&r, paths.scripts, error, sizeof error))
        die("%s", error);
    results_free(&r);
    return 0;
}
