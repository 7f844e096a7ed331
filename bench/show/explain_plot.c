#include "bench/show/explain_plot.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/show/explain_data.h"
#include "bench/show/plot.h"
#include "bench/show/workshop.h"

bool explain_plot_file(const struct results *r, const struct explanation *e,
                       const char *scripts, const char *path, char *error, size_t error_size)
{
    enum protocol protocol = e->at[0].point->protocol;
    /* The scripts read and write a run directory, and that of the run is not to be changed. */
    char *dir = workshop_make("explain", error, error_size);
    if (!dir)
        return false;
    char *svg = text_format("%s/plots/explained_%s.svg", dir, protocol_names[protocol]);
    summary_write(&r->summary, dir);
    bool good = explain_data_write(dir, protocol, e);
    if (!good)
        snprintf(error, error_size, "no server is predicted at this point: nothing to draw");
    good = good &&
           plot_draw_one(r, scripts, dir, "explained", protocol, e->at[0].point->on_axis, error,
                         error_size) &&
           text_copy_file(svg, path, error, error_size);
    free(svg);
    workshop_clear(dir);
    return good;
}
