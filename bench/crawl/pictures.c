#include "bench/crawl/pictures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "bench/show/panels.h"
#include "bench/show/plot.h"
#include "common/err.h"

static const struct kind {
    const char *name, *y_title, *column, *what;
    enum crawl_figure figure;
    bool log;
} kinds[] = {
    {"crawl_efficiency", "best time / time", "efficiency",
     "1 is the best time: nothing but waiting takes time", CF_EFFICIENCY, false},
    {"crawl_cpu", "CPU of the client per request", "cpu_us_per_request",
     "CPU of the client's whole process tree, its start left out", CF_CPU_US, true},
};

static bool is_drawn(const struct crawl_point *p)
{
    return p->first->way == CRAWL_TUNED && p->first->status != CRAWL_SKIPPED;
}

static bool drawn_before(const struct crawl_points *points, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_drawn(&points->at[k]) &&
            strcmp(points->at[k].first->client, points->at[i].first->client) == 0)
            return true;
    return false;
}

/* The points of the line of one client. */
static void add_line(struct panels *panels, const struct kind *kind,
                     const struct crawl_scenario *s, const struct crawl_points *points,
                     const char *client, const double *x)
{
    panels_line(panels, client);
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_point *p = &points->at[i];
        const struct spread *v = &p->at[kind->figure];
        size_t k = 0;
        if (!is_drawn(p) || strcmp(p->first->client, client) != 0)
            continue;
        while (k + 1 < s->points && s->concurrency[k] != p->first->concurrency)
            k++;
        panels_point(
            panels, (struct panel_point){.at = p->first->concurrency,
                                         .x = x[k],
                                         .value = v->median,
                                         .low = v->n > 1 ? v->low : NAN,
                                         .high = v->n > 1 ? v->high : NAN,
                                         .state = isnan(v->median) ? POINT_NONE : POINT_VALID});
    }
}

static void scale(struct panels *panels, const struct kind *kind)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < panels->count; i++) {
        for (size_t k = 0; k < panels->lines[i].count; k++) {
            least = fmin(least, panels->lines[i].points[k].value);
            most = fmax(most, panels->lines[i].points[k].value);
        }
    }
    if (kind->log)
        tics_log(&panels->y, isfinite(least) ? least : 1, most > 0 ? most : 10, UNIT_TIME);
    else
        tics_linear(&panels->y, fmax(most, 1), UNIT_RATE);
}

/* Of a picture of `at` requests at once; 0: of a sweep, whose last finding stands for all. */
static struct caption caption_of(const struct crawl_scenario *s, const struct kind *kind,
                                 const struct crawl_points *points, unsigned at)
{
    char *finding = at > 0 ? crawl_finding_at(points, at) : crawl_finding(points);
    const char *line = strrchr(finding, '\n');
    struct caption c = {
        .finding = xstrdup(line ? line + 1 : finding),
        .conditions =
            text_format("requests to a server that waits %u ms, %u rounds, %u "
                        "repetition%s; server on a CPU of its own",
                        s->wait_ms, s->rounds, s->repetitions, text_s(s->repetitions)),
        .note = xstrdup(kind->what),
        .figures = xstrdup(finding),
    };
    size_t n = strlen(c.finding);
    if (n > 0 && c.finding[n - 1] == '.')
        c.finding[n - 1] = '\0';
    free(finding);
    return c;
}

static bool draw_lines(const char *dir, const char *scripts, const struct kind *kind,
                       const struct crawl_scenario *s, const struct crawl_points *points,
                       char *error, size_t size)
{
    double x[CRAWL_POINTS_MAX];
    struct panels panels = {.x_title = "requests at once",
                            .y_title = kind->y_title,
                            .at_name = "concurrency",
                            .value_name = kind->column};
    tics_sweep(&panels.x, AXIS_CONNECTIONS, s->concurrency, s->points, x);
    for (size_t i = 0; i < points->count; i++)
        if (is_drawn(&points->at[i]) && !drawn_before(points, i))
            add_line(&panels, kind, s, points, points->at[i].first->client, x);
    scale(&panels, kind);
    panels_arrange(&panels);
    char *data = text_format("%s/plots/%s.tsv", dir, kind->name);
    panels_write(&panels, data);
    char *set = panels_set(&panels);
    struct caption caption = caption_of(s, kind, points, 0);
    bool good = plot_draw_by(dir, scripts, "panels", kind->name, set, &caption, error, size);
    caption_free(&caption);
    free(set);
    free(data);
    panels_free(&panels);
    return good;
}

/* The point of the same client in the other way. */
static const struct crawl_point *twin(const struct crawl_points *points,
                                      const struct crawl_row *row, enum crawl_way way)
{
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_row *r = points->at[i].first;
        if (r->way == way && r->concurrency == row->concurrency &&
            strcmp(r->client, row->client) == 0)
            return &points->at[i];
    }
    return NULL;
}

/* Of the ideal time of its own job: clients that make fewer at once have shorter jobs. */
static double times_ideal(const struct crawl_point *p)
{
    return p ? 1 / p->at[CF_EFFICIENCY].median : NAN;
}

static size_t write_times(FILE *f, const struct crawl_points *points, unsigned concurrency)
{
    size_t lines = 0;
    fprintf(f, "client\tfirst_times_ideal\ttuned_times_ideal\n");
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_row *row = points->at[i].first;
        const struct crawl_point *tuned = twin(points, row, CRAWL_TUNED);
        const struct crawl_point *first = twin(points, row, CRAWL_FIRST);
        double hollow = times_ideal(first), filled = times_ideal(tuned);
        bool has_line = &points->at[i] == (tuned ? tuned : first);
        if (row->concurrency != concurrency || !has_line || (isnan(hollow) && isnan(filled)))
            continue;
        fprintf(f, "%s\t", row->client);
        csv_put_number(f, hollow, 5);
        fputc('\t', f);
        csv_put_number(f, filled, 5);
        fputc('\n', f);
        lines++;
    }
    return lines;
}

static bool draw_times(const char *dir, const char *scripts, const struct crawl_scenario *s,
                       const struct crawl_points *points, char *error, size_t size)
{
    static const struct kind kind = {
        .name = "crawl_time",
        .what = "filled: tuned; hollow: as first written; 1 is the ideal "
                "time of a client's own job. The scale is logarithmic"};
    /* Where system calls are counted all clients have their part; else the highest. */
    unsigned at = s->concurrency[s->points - 1];
    for (size_t i = 0; i < s->points; i++)
        if (s->concurrency[i] == 100)
            at = 100;
    char *data = text_format("%s/plots/crawl_time.tsv", dir);
    FILE *f = fopen(data, "we");
    if (!f)
        die_errno("cannot write %s", data);
    size_t lines = write_times(f, points, at);
    if (!text_close(f))
        die_errno("cannot write %s", data);
    free(data);
    if (lines == 0)
        return true;
    struct caption caption = caption_of(s, &kind, points, at);
    char *set = text_format("lines=%zu; at=%u", lines, at);
    bool good = plot_draw_by(dir, scripts, kind.name, kind.name, set, &caption, error, size);
    free(set);
    caption_free(&caption);
    return good;
}

bool crawl_pictures_draw(const char *dir, const char *scripts, const struct crawl_scenario *s,
                         const struct crawl_points *points, char *error, size_t size)
{
    bool good = plot_make_directory(dir, error, size);
    for (size_t i = 0; good && s->points > 1 && i < sizeof kinds / sizeof kinds[0]; i++)
        good = draw_lines(dir, scripts, &kinds[i], s, points, error, size);
    return good && draw_times(dir, scripts, s, points, error, size);
}
