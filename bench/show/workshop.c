#include "bench/show/workshop.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "common/err.h"

static void clear_away(struct workshop *w)
{
    const char *const names[] = {w->data, w->svg};
    for (size_t i = 0; i < 2; i++)
        unlink(names[i]);
    char *png = text_format("%s/plots/%s.png", w->dir, w->name);
    char *summary = text_format("%s/summary.csv", w->dir);
    char *plots = text_format("%s/plots", w->dir);
    unlink(png);
    unlink(summary);
    rmdir(plots);
    rmdir(w->dir);
    free(plots);
    free(summary);
    free(png);
    free(w->svg);
    free(w->data);
    free(w->dir);
}

bool workshop_open(struct workshop *w, const char *name, char *error, size_t error_size)
{
    *w = (struct workshop){.name = name, .dir = paths_temporary(name, error, error_size)};
    if (!w->dir)
        return false;
    char *plots = text_format("%s/plots", w->dir);
    char *summary = text_format("%s/summary.csv", w->dir);
    w->data = text_format("%s/%s.tsv", w->dir, name);
    w->svg = text_format("%s/plots/%s.svg", w->dir, name);
    if (mkdir(plots, 0777) != 0)
        die_errno("cannot make %s", plots);
    text_write_file(summary, "scenario,protocol,model,connections,trials\n");
    w->f = fopen(w->data, "we");
    if (!w->f)
        die_errno("cannot write %s", w->data);
    free(summary);
    free(plots);
    return true;
}

bool workshop_draw(struct workshop *w, const char *scripts, const char *set, const char *to,
                   char *error, size_t error_size)
{
    char no_png[160];
    char *script = text_format("%s.gp", w->name);
    if (!text_close(w->f))
        die_errno("cannot write %s", w->data);
    char *absolute = gnuplot_find_scripts(scripts, error, error_size);
    bool good = absolute != NULL;
    if (good) {
        char *quoted = gnuplot_string(absolute);
        char *all =
            text_format("dir='.'; scripts=%s; name='%s'; models=''; %s", quoted, w->name, set);
        good = gnuplot_run(absolute, script, all, w->dir, w->svg, no_png, sizeof no_png, error,
                           error_size) &&
               text_copy_file(w->svg, to, error, error_size);
        free(all);
        free(quoted);
    }
    free(absolute);
    free(script);
    clear_away(w);
    return good;
}
