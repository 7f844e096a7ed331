#include "bench/show/explain_plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/show/explain_data.h"
#include "bench/show/plot.h"

static void remove_in(const char *dir, const char *name)
{
    char *path = text_format("%s/%s", dir, name);
    if (unlink(path) != 0)
        rmdir(path);
    free(path);
}

/* The scripts read and write a run directory, and that of the run is not to be changed. */
static void remove_all(const char *dir, const char *protocol)
{
    static const char *const kinds[] = {"tsv", "svg", "png"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char *name = text_format("plots/explained_%s.%s", protocol, kinds[i]);
        remove_in(dir, name);
        free(name);
    }
    remove_in(dir, "plots");
    remove_in(dir, "summary.csv");
    rmdir(dir);
}

bool explain_plot_file(const struct results *r, const struct explanation *e,
                       const char *scripts, const char *path, char *error, size_t error_size)
{
    enum protocol protocol = e->at[0].point->protocol;
    char *dir = paths_temporary("explain", error, error_size);
    if (!dir)
        return false;
    char *plots = text_format("%s/plots", dir);
    char *svg = text_format("%s/explained_%s.svg", plots, protocol_names[protocol]);
    bool good = mkdir(plots, 0700) == 0;
    summary_write(&r->summary, dir);
    if (!good)
        snprintf(error, error_size, "cannot make %s: %s", plots, strerror(errno));
    else if (!(good = explain_data_write(dir, protocol, e)))
        snprintf(error, error_size, "no server is predicted at this point: nothing to draw");
    good = good &&
           plot_draw_one(r, scripts, dir, "explained", protocol, e->at[0].point->connections,
                         error, error_size) &&
           text_copy_file(svg, path, error, error_size);
    remove_all(dir, protocol_names[protocol]);
    free(svg);
    free(plots);
    free(dir);
    return good;
}
