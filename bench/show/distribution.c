#include "bench/show/distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/record/buckets.h"
#include "bench/show/conditions.h"
#include "bench/show/finding.h"
#include "bench/show/line_pictures.h"
#include "common/err.h"

/* One point a bucket would be thousands; a step of 5 % in 1 - q is finer than a picture shows. */
static void add_curve(struct panels *panels, const char *model, struct buckets *all)
{
    double below = 0;
    double next = 1; /* write when 1 - q is below this */
    buckets_sort(all);
    panels_line(panels, model);
    for (size_t i = 0; i < all->count; i++) {
        below += all->at[i].count;
        double above = 1 - below / all->total;
        bool last = i + 1 == all->count;
        if (above > next && !last)
            continue;
        if (last)
            above = 1 / all->total; /* the slowest of all */
        panels_point(panels, (struct panel_point){.at = 1 - above,
                                                  .x = -log10(above),
                                                  .value = all->at[i].highest_ns / 1e3,
                                                  .low = NAN,
                                                  .high = NAN,
                                                  .state = POINT_LINE});
        next = above * 0.95;
    }
}

/* The curve of one point. Without all of its histograms it would be that of some trials, so there
 * is none then, and a word of it. */
static bool add_point(struct panels *panels, const char *dir, const struct summary_point *p,
                      const struct trial_rows *rows, char *error, size_t error_size)
{
    struct buckets all = {0};
    enum buckets_result last = BUCKETS_GOOD;
    for (size_t k = 0; k < rows->count && last == BUCKETS_GOOD; k++) {
        if (!summary_uses(p, &rows->at[k]))
            continue;
        last = buckets_read(&all, dir, &rows->at[k], error, error_size);
        if (last == BUCKETS_MISSING)
            warn("%s/histograms/%u.csv is missing: %s has no latency distribution", dir,
                 rows->at[k].trial, p->model);
    }
    if (last == BUCKETS_GOOD && all.count > 0)
        add_curve(panels, p->model, &all);
    free(all.at);
    return last != BUCKETS_BAD;
}

/* The latency of a line at a percentile; NaN where it has too few samples. */
static double latency_at(const struct panel_line *line, double q)
{
    if (line->count == 0 || line->points[line->count - 1].at < q)
        return NAN;
    size_t i = 0;
    while (line->points[i].at < q)
        i++;
    return line->points[i].value;
}

/* The axis of nines, from the median on: each nine takes the same room. */
static void set_axes(struct panels *p)
{
    double end = 1, least = INFINITY, most = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct panel_line *line = &p->lines[i];
        end = fmax(end, line->points[line->count - 1].x);
        least = fmin(least, latency_at(line, 0.5));
        most = fmax(most, line->points[line->count - 1].value);
    }
    p->x = (struct tics){.low = log10(2), .high = end};
    snprintf(p->x.text, sizeof p->x.text,
             "\"50 %%%%\" %.6f, \"\" 1, \"99 %%%%\" 2, \"\" 3, \"99.99 %%%%\" 4, \"\" 5, "
             "\"99.9999 %%%%\" 6",
             p->x.low);
    tics_log(&p->y, least > 0 && isfinite(least) ? least : 1, most > 0 ? most : 10, UNIT_TIME);
}

static char *finding_of(const struct panels *p, const struct environment *e)
{
    static const struct {
        double q;
        const char *text;
    } rare[] = {{0.999, "one request in 1,000"},
                {0.99, "one request in 100"},
                {0.9, "one request in 10"},
                {0, "a request"}};
    const struct panel_line *least = NULL, *most = NULL;
    size_t k = 0;
    for (; k < sizeof rare / sizeof rare[0] && least == most; k++) {
        least = most = NULL;
        for (size_t i = 0; i < p->count; i++) {
            double v = latency_at(&p->lines[i], rare[k].q);
            if (!isnan(v) && (!least || v < latency_at(least, rare[k].q)))
                least = &p->lines[i];
            if (!isnan(v) && (!most || v > latency_at(most, rare[k].q)))
                most = &p->lines[i];
        }
    }
    const double q = rare[k - 1].q;
    char a[32], b[32], at[AXIS_TEXT_MAX];
    finding_point(e->scenario.axis, e->scenario.rank, at);
    figure_time(latency_at(least, q), a);
    figure_time(latency_at(most, q), b);
    if (least == most)
        return text_format("At %s %s takes at least %s with %s", at, rare[k - 1].text, a,
                           least->name);
    return text_format("At %s %s takes at least %s with %s and %s with %s", at,
                       rare[k - 1].text, a, least->name, b, most->name);
}

static char *figures_of(const struct panels *p)
{
    char *all = xstrdup("latency of the median request and of the slowest in 1,000:");
    for (size_t i = 0; i < p->count; i++) {
        char a[32], b[32];
        char *longer = text_format("%s%s %s %s and %s", all, i > 0 ? "," : "", p->lines[i].name,
                                   figure_time(latency_at(&p->lines[i], 0.5), a),
                                   figure_time(latency_at(&p->lines[i], 0.999), b));
        free(all);
        all = longer;
    }
    return all;
}

static bool mine(const struct results *r, const struct summary_point *p, enum protocol protocol)
{
    return p->protocol == protocol && p->on_axis == r->environment.scenario.rank &&
           p->verdict != VERDICT_INVALID;
}

/* Names of the points that starve connections, or that the generator limits, after `what`. */
static char *names_of(const struct results *r, enum protocol protocol, bool starving,
                      const char *what)
{
    char *names = xstrdup("");
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        bool counts = starving ? summary_starves(p)
                               : !summary_starves(p) && p->verdict == VERDICT_GENERATOR_LIMITED;
        if (!mine(r, p, protocol) || !counts)
            continue;
        char *longer =
            text_format("%s%s%s", names[0] ? names : what, names[0] ? ", " : " ", p->model);
        free(names);
        names = longer;
    }
    return names;
}

static void set_caption(const struct results *r, enum protocol protocol, bool omitted,
                        const struct panels *panels, struct caption *caption)
{
    char *note = names_of(r, protocol, false, "generator-limited:");
    note = note_join(note, names_of(r, protocol, true, "starves: not drawn:"));
    note = note_join(note, xstrdup(omitted ? "servers of others: see the comparison" : ""));
    note = note_join(note, xstrdup("all repetitions of a model are merged"));
    *caption = (struct caption){.finding = finding_of(panels, &r->environment),
                                .conditions = conditions_text(r, protocol, false),
                                .note = note,
                                .figures = figures_of(panels)};
}

bool distribution_picture(const struct results *r, enum protocol protocol,
                          bool (*drawn)(const struct results *r, const char *model),
                          struct caption *caption, struct panels *panels, char *error,
                          size_t error_size)
{
    bool good = true;
    *caption = (struct caption){0};
    *panels = (struct panels){.x_title = "percentile",
                              .y_title = "latency",
                              .at_name = "q",
                              .value_name = "latency_us"};
    for (size_t i = 0; good && i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (mine(r, p, protocol) && !summary_starves(p) && (!drawn || drawn(r, p->model)))
            good = add_point(panels, r->dir, p, &r->rows, error, error_size);
    }
    if (good && panels->count > 0) {
        set_axes(panels);
        panels_arrange(panels);
        set_caption(r, protocol, drawn != NULL, panels, caption);
    }
    return good;
}
