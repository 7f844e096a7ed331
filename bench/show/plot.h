/* The pictures of a run, by gnuplot. */
#ifndef IOM_PLOT_H
#define IOM_PLOT_H

#include <stdbool.h>
#include <stddef.h>

/* Draw DIR/plots/NAME_PROTOCOL.svg and .png from DIR/summary.csv and the histograms, with the
 * scripts in directory `scripts`. Returns false with one line in `error` where gnuplot is
 * missing or fails. */
bool plot_make(const char *dir, const char *scripts, char *error, size_t error_size);

/* The scripts, in the order of the report: "throughput" for throughput.gp. Ends with NULL. */
struct plot_script {
    const char *name;
    const char *caption; /* how to read it */
};
extern const struct plot_script plot_scripts[];

#endif
