/* The pictures of a run, by gnuplot. */
#ifndef IOM_PLOT_H
#define IOM_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"
#include "bench/show/caption.h"

/* Draw DIR/plots/NAME_PROTOCOL.svg and .png of the results in DIR, with the scripts in directory
 * `scripts`. Beside each picture lie its data, NAME_PROTOCOL.tsv, and its text alternative,
 * NAME_PROTOCOL.txt (caption.h). Returns false with one line in `error` where gnuplot is missing or
 * fails. */
bool plots_draw(const struct results *r, const char *scripts, char *error, size_t error_size);

/* Draw one picture that is no run's: DIR/plots/NAME_OF.svg and .png. The script of that name finds
 * `model` in its variable `models` and `connections` in `point`. Returns as plots_draw(). */
bool plot_draw(const char *dir, const char *scripts, const char *name, const char *of,
               const char *model, unsigned connections, char *error, size_t error_size);

/* Draw one of them, `name`, below `dir`/plots, where its data is. */
bool plot_draw_one(const char *scripts, const char *dir, const char *name,
                   enum protocol protocol, const struct caption *caption, char *error,
                   size_t error_size);

/* Draw DIR/plots/NAME.svg and .png by `script`, a name without ".gp", after the commands `set`; its
 * data, DIR/plots/NAME.tsv, is there. Writes its text alternative beside it. */
bool plot_draw_by(const char *dir, const char *scripts, const char *script, const char *name,
                  const char *set, const struct caption *caption, char *error,
                  size_t error_size);

/* Make DIR/plots, which may be there. */
bool plot_make_directory(const char *dir, char *error, size_t error_size);

/* The pictures, in the order of the report. Ends with NULL. */
struct plot_script {
    const char *name;
    const char *script;  /* "panels" for panels.gp */
    const char *caption; /* how to read it */
};
extern const struct plot_script plot_scripts[];

#endif
