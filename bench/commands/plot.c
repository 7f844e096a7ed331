/* iomodels plot: the pictures of a run once more. */
#include "bench/show/plot.h"
#include "bench/base/paths.h"
#include "bench/commands/commands.h"
#include "bench/crawl/pictures.h"
#include "bench/crawl/results.h"
#include "common/err.h"

static void draw_crawl(const char *dir, const char *scripts)
{
    struct crawl_results r;
    char error[512];
    if (!crawl_results_read(&r, dir, error, sizeof error) ||
        !crawl_pictures_draw(dir, scripts, &r.scenario, &r.points, error, sizeof error))
        die("%s", error);
    crawl_results_free(&r);
}

int command_plot(int argc, char **argv)
{
    struct paths paths = {0};
    struct results r;
    char error[512];
    const struct command_line line = {
        .usage = "iomodels plot [--scripts DIR] DIR\n",
        .about =
            "Write summary.csv, ratios.csv, predictions.csv and plots/*.svg, *.png of a run "
            "from its trials.csv and histograms; of a run of crawl the pictures alone, from its "
            "crawl.csv. This needs gnuplot, but none of the servers. "
            "Data that no run writes is refused; the message names file and line.",
        .operand = "RUN",
        .tables = {paths_rows},
        .target = &paths,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != 1)
        die_usage("plot takes one run directory");
    paths_find(&paths);
    if (crawl_results_are_in(argv[at])) {
        draw_crawl(argv[at], paths.scripts);
        return 0;
    }
    if (!results_read(&r, argv[at], error, sizeof error))
        die("%s", error);
    results_write(&r);
    if (!plots_draw(&r, paths.scripts, error, sizeof error))
        die("%s", error);
    results_free(&r);
    return 0;
}
