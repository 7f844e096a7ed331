#include "bench/show/panels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/plan/family.h"
#include "bench/show/gnuplot.h"
#include "common/err.h"

/* Between two names in one panel, as a part of its height; panels.gp has the heights. */
static const double label_gap = 0.125;

static const char *const state_names[POINT_STATES] = {[POINT_VALID] = "valid",
                                                      [POINT_LIMITED] = "generator-limited",
                                                      [POINT_STARVES] = "starves",
                                                      [POINT_LINE] = "",
                                                      [POINT_NONE] = "none"};

void panels_line(struct panels *p, const char *name)
{
    p->lines = xrealloc(p->lines, (p->count + 1) * sizeof *p->lines);
    p->lines[p->count++] = (struct panel_line){.name = name};
}

void panels_point(struct panels *p, struct panel_point point)
{
    struct panel_line *line = &p->lines[p->count - 1];
    line->points = xrealloc(line->points, (line->count + 1) * sizeof *line->points);
    line->points[line->count++] = point;
}

static const struct panel_point *last_drawn(const struct panel_line *line)
{
    for (size_t i = line->count; i-- > 0;)
        if (line->points[i].state != POINT_NONE)
            return &line->points[i];
    return NULL;
}

static int by_label(const void *a, const void *b)
{
    double x = (*(struct panel_line *const *)a)->label;
    double y = (*(struct panel_line *const *)b)->label;
    return (x > y) - (x < y);
}

/* Names at the ends of their lines, moved apart where they would touch. */
static void place_labels(const struct panels *p, struct panel_line **lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double part = tics_part(&p->y, last_drawn(lines[i])->value);
        lines[i]->label = fmin(fmax(part, 0.04), 0.98);
    }
    qsort(lines, n, sizeof *lines, by_label);
    for (size_t i = 1; i < n; i++)
        lines[i]->label = fmax(lines[i]->label, lines[i - 1]->label + label_gap);
    double above = 0.98;
    for (size_t i = n; i-- > 0; above = lines[i]->label - label_gap)
        lines[i]->label = fmin(lines[i]->label, above);
    for (size_t i = 0; i < n; i++)
        lines[i]->label = tics_value(&p->y, lines[i]->label);
}

void panels_arrange(struct panels *p)
{
    struct panel_line *in_panel[PANEL_LINES_MAX];
    p->panel_count = 0;
    for (size_t family = 0; family_at(family); family++) {
        size_t n = 0;
        for (size_t i = 0; i < p->count; i++) {
            struct panel_line *line = &p->lines[i];
            if (family_of(line->name) != family || !last_drawn(line))
                continue;
            if (n == PANEL_LINES_MAX) {
                place_labels(p, in_panel, n);
                n = 0;
            }
            p->panel_count += n == 0;
            line->panel = p->panel_count;
            line->shape = n + 1;
            in_panel[n++] = line;
        }
        if (n > 0)
            place_labels(p, in_panel, n);
    }
}

static void put(FILE *f, double value, int digits)
{
    fputc('\t', f);
    csv_put_number(f, value, digits);
}

static void write_point(FILE *f, const struct panel_line *line, const struct panel_point *point,
                        bool last)
{
    bool drawn = point->state != POINT_NONE;
    fputs(line->name, f);
    put(f, point->at, 9);
    put(f, drawn ? point->value : NAN, 4);
    put(f, drawn ? point->low : NAN, 4);
    put(f, drawn ? point->high : NAN, 4);
    fprintf(f, "\t%s\t%zu\t%s\t%zu", state_names[point->state], line->panel,
            family_at(family_of(line->name))->name, line->shape);
    put(f, point->x, 6);
    put(f, last ? line->label : NAN, 4);
    fputc('\n', f);
}

void panels_write(const struct panels *p, const char *path)
{
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fprintf(f, "model\t%s\t%s\tlow\thigh\tstate\tpanel\tfamily\tshape\tx\tname_y\n", p->at_name,
            p->value_name);
    bool first = true;
    for (size_t i = 0; i < p->count; i++) {
        const struct panel_line *line = &p->lines[i];
        if (line->panel == 0)
            continue;
        if (!first)
            fputc('\n', f);
        first = false;
        for (size_t k = 0; k < line->count; k++)
            write_point(f, line, &line->points[k], &line->points[k] == last_drawn(line));
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
}

/* The names of the lines of a panel, in the order of their shapes, separated by spaces. */
static char *panel_names(const struct panels *p, size_t panel)
{
    char *names = xstrdup("");
    for (size_t i = 0; i < p->count; i++) {
        if (p->lines[i].panel != panel)
            continue;
        char *longer = text_format("%s%s%s", names, names[0] ? " " : "", p->lines[i].name);
        free(names);
        names = longer;
    }
    char *quoted = gnuplot_string(names);
    free(names);
    return quoted;
}

static const struct family *panel_family(const struct panels *p, size_t panel)
{
    size_t i = 0;
    while (p->lines[i].panel != panel)
        i++;
    return family_at(family_of(p->lines[i].name));
}

/* "family_1='epoll'; title_1='epoll'; names_1='epoll-lt epoll-et'; ...", for each panel. */
static char *panel_titles(const struct panels *p)
{
    char *all = xstrdup("");
    for (size_t panel = 1; panel <= p->panel_count; panel++) {
        const struct family *family = panel_family(p, panel);
        char *names = panel_names(p, panel);
        char *longer = text_format("%sfamily_%zu='%s'; title_%zu='%s'; names_%zu=%s; ", all,
                                   panel, family->name, panel, family->title, panel, names);
        free(names);
        free(all);
        all = longer;
    }
    return all;
}

char *panels_set(const struct panels *p)
{
    size_t longest = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->lines[i].panel > 0 && text_width(p->lines[i].name) > longest)
            longest = text_width(p->lines[i].name);
    char *titles = panel_titles(p);
    char *x_tics = gnuplot_string(p->x.text);
    char *y_tics = gnuplot_string(p->y.text);
    char *y_grid = gnuplot_string(p->y.bare);
    char *x_title = gnuplot_lines(p->x_title, 60);
    char *y_title = gnuplot_lines(p->y_title, 60);
    char *set = text_format(
        "%spanels=%zu; longest=%zu; x_low=%.9g; x_high=%.9g; y_low=%.9g; "
        "y_high=%.9g; log_y=%d; x_tics=%s; y_tics=%s; y_grid=%s; x_title=%s; y_title=%s",
        titles, p->panel_count, longest, p->x.low, p->x.high, p->y.low, p->y.high, p->y.log,
        x_tics, y_tics, y_grid, x_title, y_title);
    free(y_title);
    free(x_title);
    free(y_grid);
    free(y_tics);
    free(x_tics);
    free(titles);
    return set;
}

void panels_free(struct panels *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->lines[i].points);
    free(p->lines);
    *p = (struct panels){0};
}
