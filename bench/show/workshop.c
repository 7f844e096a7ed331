#include "bench/show/workshop.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "common/err.h"

char *workshop_make(const char *name, char *error, size_t error_size)
{
    char *dir = paths_temporary(name, error, error_size);
    if (!dir)
        return NULL;
    char *plots = text_format("%s/plots", dir);
    if (mkdir(plots, 0777) != 0)
        die_errno("cannot make %s", plots);
    free(plots);
    return dir;
}

static void empty(const char *path)
{
    struct dirent *entry;
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
}

void workshop_clear(char *dir)
{
    char *plots = text_format("%s/plots", dir);
    empty(plots);
    rmdir(plots);
    empty(dir);
    rmdir(dir);
    free(plots);
    free(dir);
}

static void clear_away(struct workshop *w)
{
    workshop_clear(w->dir);
    free(w->svg);
    free(w->data);
}

bool workshop_open(struct workshop *w, const char *name, char *error, size_t error_size)
{
    *w = (struct workshop){.name = name, .dir = workshop_make(name, error, error_size)};
    if (!w->dir)
        return false;
    w->data = text_format("%s/%s.tsv", w->dir, name);
    w->svg = text_format("%s/plots/%s.svg", w->dir, name);
    w->f = fopen(w->data, "we");
    if (!w->f)
        die_errno("cannot write %s", w->data);
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
        char *all = text_format("dir='.'; scripts=%s; name='%s'; %s", quoted, w->name, set);
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
