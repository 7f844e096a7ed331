#include "bench/crawl/pictures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/crawl/queues.h"
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

/* Of the ideal time of its own job: clients that make fewer at once have shorter jobs. */
static double times_ideal(const struct crawl_point *p)
{
    return 1 / p->at[CF_EFFICIENCY].median;
}

static double cpu_us(const struct crawl_point *p)
{
    return p->at[CF_CPU_US].median;
}

/* A dot for each client as first written, and one for each that is tuned. */
static const struct dots {
    struct kind kind;
    double (*value)(const struct crawl_point *p);
    const char *unit; /* on the axis */
    double best;      /* 0: there is none */
} dots[] = {
    {{.name = "crawl_time",
      .y_title = "times the ideal time",
      .column = "times_ideal",
      .what = "filled: tuned; hollow: as first written; 1 is the ideal "
              "time of a client's own job. The scale is logarithmic"},
     times_ideal,
     "",
     1},
    {{.name = "crawl_cost",
      .y_title = "CPU of the client per request",
      .column = "cpu_us_per_request",
      .what =
          "filled: tuned; hollow: as first written; CPU of the client's whole process tree, its "
          "start left out. The scale is logarithmic"},
     cpu_us,
     " µs",
     0},
};

static size_t write_dots(FILE *f, const struct dots *d, const struct crawl_points *points,
                         unsigned concurrency)
{
    size_t lines = 0;
    fprintf(f, "client\tfirst_%s\ttuned_%s\n", d->kind.column, d->kind.column);
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_row *row = points->at[i].first;
        const struct crawl_point *tuned = crawl_twin(points, row, CRAWL_TUNED);
        const struct crawl_point *first = crawl_twin(points, row, CRAWL_FIRST);
        double hollow = first ? d->value(first) : NAN, filled = tuned ? d->value(tuned) : NAN;
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

/* Where system calls are counted all clients have their part; else the most at once. */
static unsigned level_of_dots(const struct crawl_scenario *s)
{
    for (size_t i = 0; i < s->points; i++)
        if (s->concurrency[i] == 100)
            return 100;
    return s->concurrency[s->points - 1];
}

static bool draw_dots(const char *dir, const char *scripts, const struct dots *d,
                      const struct crawl_scenario *s, const struct crawl_points *points,
                      char *error, size_t size)
{
    unsigned at = level_of_dots(s);
    char *data = text_format("%s/plots/%s.tsv", dir, d->kind.name);
    FILE *f = fopen(data, "we");
    if (!f)
        die_errno("cannot write %s", data);
    size_t lines = write_dots(f, d, points, at);
    if (!text_close(f))
        die_errno("cannot write %s", data);
    free(data);
    if (lines == 0)
        return true;
    struct caption caption = caption_of(s, &d->kind, points, at);
    char *set = text_format("lines=%zu; x_title='%s, %u requests at once'; unit='%s'; best=%g",
                            lines, d->kind.y_title, at, d->unit, d->best);
    bool good =
        plot_draw_by(dir, scripts, "crawl_dots", d->kind.name, set, &caption, error, size);
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
    for (size_t i = 0; good && i < sizeof dots / sizeof dots[0]; i++)
        good = draw_dots(dir, scripts, &dots[i], s, points, error, size);
    return good && queues_draw(dir, scripts, s, points, error, size);
}
