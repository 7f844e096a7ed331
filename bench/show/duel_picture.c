#include "bench/show/duel_picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/show/gnuplot.h"

/* Where gnuplot works: the scripts want a summary and a folder for pictures. */
struct desk {
    char *dir, *pairs, *summary, *plots, *svg, *png;
};

static bool desk_make(struct desk *k, char *error, size_t error_size)
{
    const char *tmp = getenv("TMPDIR");
    k->dir = text_format("%s/iomodels-duel-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    bool good = mkdtemp(k->dir) != NULL;
    k->pairs = text_format("%s/duel.tsv", k->dir);
    k->summary = text_format("%s/summary.csv", k->dir);
    k->plots = text_format("%s/plots", k->dir);
    k->svg = text_format("%s/duel.svg", k->plots);
    k->png = text_format("%s/duel.png", k->plots);
    good = good && mkdir(k->plots, 0777) == 0;
    if (!good)
        snprintf(error, error_size, "cannot make the directory %s: %s", k->dir,
                 strerror(errno));
    else
        text_write_file(k->summary, "scenario\n");
    return good;
}

static void desk_clear(struct desk *k)
{
    char *files[] = {k->png, k->svg, k->summary, k->pairs};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        unlink(files[i]);
        free(files[i]);
    }
    rmdir(k->plots);
    rmdir(k->dir);
    free(k->plots);
    free(k->dir);
}

/* A line a session: its number, what it says; then a line a pair: session, ratio. */
static char *pairs_text(const struct duel *d)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    enum duel_metric metric = d->spec->metric;
    fputs("kind\tsession\tratio\n", f);
    size_t pair = 0;
    for (size_t s = 0; s < d->session_count; s++) {
        fprintf(f, "session\t%zu\t%.9g\n", s + 1, duel_ratio(metric, d->values[s]));
        for (size_t i = 0; i < d->sizes[s]; i++, pair++) {
            double a = d->cost[0][pair], b = d->cost[1][pair];
            fprintf(f, "pair\t%.4f\t%.9g\n",
                    (double)s + 0.75 + 0.5 * ((double)i + 0.5) / (double)d->sizes[s],
                    metric == DUEL_RATE ? b / a : a / b);
        }
    }
    fclose(f);
    return text;
}

static char *settings(const struct duel *d, const char *scripts)
{
    static const char *const what[DUEL_METRICS] = {
        "requests per second", "server CPU per request", "99th percentile of latency"};
    const struct duel_spec *s = d->spec;
    char *quoted[] = {gnuplot_string(scripts), gnuplot_string(s->contestants[0].text),
                      gnuplot_string(s->contestants[1].text)};
    char *set = text_format(
        "dir='.'; scripts=%s; protocol='%s'; models=''; name='duel'; a=%s; b=%s; what='%s'; "
        "point=%u; low=%.9g; high=%.9g; middle=%.9g; margin=%.9g; sessions=%zu",
        quoted[0], protocol_names[s->protocol], quoted[1], quoted[2], what[s->metric],
        s->connections, duel_ratio(s->metric, d->interval.low),
        duel_ratio(s->metric, d->interval.high), duel_ratio(s->metric, d->look.moments.mean),
        s->margin, d->session_count);
    for (size_t i = 0; i < sizeof quoted / sizeof quoted[0]; i++)
        free(quoted[i]);
    return set;
}

/* Not by rename(2): the file may lie in another file system. */
static bool copy(const char *from, const char *to, char *error, size_t error_size)
{
    char *text = text_read_file(from);
    FILE *f = text ? fopen(to, "we") : NULL;
    bool good = f && fputs(text, f) >= 0;
    if (f)
        good = text_close(f) && good;
    if (!good)
        snprintf(error, error_size, "cannot write %s: %s", to, strerror(errno));
    free(text);
    return good;
}

bool duel_draw(const struct duel *d, const char *scripts, const char *svg, char *error,
               size_t error_size)
{
    struct desk k;
    char no_png[160];
    char *absolute = gnuplot_find_scripts(scripts, error, error_size);
    if (!absolute)
        return false;
    bool good = desk_make(&k, error, error_size);
    if (good) {
        char *pairs = pairs_text(d);
        char *set = settings(d, absolute);
        text_write_file(k.pairs, pairs);
        good = gnuplot_run(absolute, "duel.gp", set, k.dir, k.svg, no_png, sizeof no_png, error,
                           error_size) &&
               copy(k.svg, svg, error, error_size);
        free(set);
        free(pairs);
    }
    desk_clear(&k);
    free(absolute);
    return good;
}
