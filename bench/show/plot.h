/* The pictures of a run, by gnuplot. */
#ifndef IOM_PLOT_H
#define IOM_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"

/* Draw DIR/plots/NAME_PROTOCOL.svg and .png of the results in DIR, with the scripts in
 * directory `scripts`, which read DIR/summary.csv: results_write() comes first. Returns false
 * with one line in `error` where gnuplot is missing or fails. */
bool plots_draw(const struct results *r, const char *scripts, char *error, size_t error_size);

/* Draw one picture that is no run's: DIR/plots/NAME_OF.svg and .png. The script of that name finds
 * `model` in its variable `models` and `at` in `point`. Returns as plots_draw(). */
bool plot_draw(const char *dir, const char *scripts, const char *name, const char *of,
               const char *model, unsigned at, char *error, size_t error_size);

/* Draw one of them, `name`, below `dir`/plots, where its data is; `r` tells how it was measured,
 * and `at` at which point of its axis. */
bool plot_draw_one(const struct results *r, const char *scripts, const char *dir,
                   const char *name, enum protocol protocol, unsigned at, char *error,
                   size_t error_size);

/* The scripts, in the order of the report: "throughput" for throughput.gp. Ends with NULL. */
struct plot_script {
    const char *name;
    const char *caption; /* how to read it */
};
extern const struct plot_script plot_scripts[];

#endif
