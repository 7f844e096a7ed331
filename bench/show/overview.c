#include "bench/show/overview.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/plan/family.h"
#include "bench/show/conditions.h"
#include "bench/show/finding.h"
#include "bench/show/gnuplot.h"
#include "bench/show/line_pictures.h"
#include "bench/show/ranking.h"
#include "common/err.h"

static struct overview_cell *cell_at(const struct overview *o, size_t row, size_t column)
{
    return &o->cells[row * o->columns + column];
}

static bool mine(const struct results *r, const struct summary_point *p, enum protocol protocol,
                 bool (*drawn)(const struct results *r, const char *model))
{
    return p->protocol == protocol && (!drawn || drawn(r, p->model));
}

static bool any_has_both(const struct summary *s, enum protocol protocol, unsigned a,
                         unsigned b)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].protocol == protocol && s->at[i].on_axis == a &&
            ratio_point(s, protocol, s->at[i].model, b))
            return true;
    return false;
}

/* Every value of the sweep once, without those that stand in the next one's column. */
static void find_columns(struct overview *o, const struct results *r, enum protocol protocol,
                         bool (*drawn)(const struct results *r, const char *model))
{
    const struct summary *s = &r->summary;
    unsigned *all = xcalloc(s->count, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (mine(r, &s->at[i], protocol, drawn))
            all[n++] = s->at[i].on_axis;
    axis_sort(o->axis, all, n);
    o->at = all;
    for (size_t i = 0; i < n; i++) {
        size_t next = i + 1;
        while (next < n && all[next] == all[i])
            next++;
        bool joins = next < n && all[i] > 0 && all[next] > all[i] && all[next] < all[i] * 1.1 &&
                     !any_has_both(s, protocol, all[i], all[next]);
        if (!joins)
            all[o->columns++] = all[i];
        i = next - 1;
    }
}

static size_t column_of(const struct overview *o, unsigned at)
{
    size_t column = 0;
    while (column + 1 < o->columns &&
           axis_place(o->axis, o->at[column]) < axis_place(o->axis, at))
        column++;
    return column;
}

static void find_rows(struct overview *o, const struct results *r, enum protocol protocol,
                      bool (*drawn)(const struct results *r, const char *model))
{
    const struct summary *s = &r->summary;
    o->models = xcalloc(s->count, sizeof *o->models);
    for (size_t i = 0; i < s->count; i++)
        if (mine(r, &s->at[i], protocol, drawn) &&
            (o->rows == 0 || strcmp(o->models[o->rows - 1], s->at[i].model) != 0))
            o->models[o->rows++] = s->at[i].model;
    o->cells = xcalloc(o->rows * o->columns, sizeof *o->cells);
    size_t row = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        if (!mine(r, p, protocol, drawn))
            continue;
        while (strcmp(o->models[row], p->model) != 0)
            row++;
        cell_at(o, row, column_of(o, p->on_axis))->point = p;
    }
}

static bool has_figure(const struct overview_cell *c)
{
    return c->point && !ratio_excuse(c->point) && c->point->at[S_RATE].n > 0;
}

static void compare_column(struct overview *o, size_t column, const struct summary *s)
{
    char excuse[512];
    const struct summary_point *best = NULL;
    for (size_t row = 0; row < o->rows; row++) {
        const struct overview_cell *c = cell_at(o, row, column);
        if (has_figure(c) && !ranking_excuse(c->point, excuse) &&
            (!best || c->point->at[S_RATE].median > best->at[S_RATE].median))
            best = c->point;
    }
    for (size_t row = 0; row < o->rows; row++) {
        struct overview_cell *c = cell_at(o, row, column);
        bool figure = best && has_figure(c);
        c->relative = figure ? c->point->at[S_RATE].median / best->at[S_RATE].median : NAN;
        c->best =
            figure && !ranking_excuse(c->point, excuse) && !summary_apart(s, best, c->point);
    }
}

/* Geometric mean of a row's cells; 0 without any. */
static double mean_of(const struct overview *o, size_t row)
{
    double sum = 0;
    size_t n = 0;
    for (size_t column = 0; column < o->columns; column++) {
        double v = cell_at(o, row, column)->relative;
        if (v > 0) {
            sum += log(v);
            n++;
        }
    }
    return n > 0 ? exp(sum / (double)n) : 0;
}

static void swap_rows(struct overview *o, size_t a, size_t b)
{
    const char *model = o->models[a];
    o->models[a] = o->models[b];
    o->models[b] = model;
    for (size_t column = 0; column < o->columns; column++) {
        struct overview_cell cell = *cell_at(o, a, column);
        *cell_at(o, a, column) = *cell_at(o, b, column);
        *cell_at(o, b, column) = cell;
    }
}

void overview_make(struct overview *o, const struct results *r, enum protocol protocol,
                   bool (*drawn)(const struct results *r, const char *model))
{
    *o = (struct overview){.axis = r->environment.scenario.axis, .partial = drawn != NULL};
    find_columns(o, r, protocol, drawn);
    find_rows(o, r, protocol, drawn);
    for (size_t column = 0; column < o->columns; column++)
        compare_column(o, column, &r->summary);
    for (size_t i = 1; i < o->rows; i++) /* equal rows keep the textbook's order */
        for (size_t k = i; k > 0 && mean_of(o, k) > mean_of(o, k - 1); k--)
            swap_rows(o, k, k - 1);
}

void overview_free(struct overview *o)
{
    free(o->models);
    free(o->at);
    free(o->cells);
    *o = (struct overview){0};
}

const char *overview_cell_text(const struct overview_cell *c, char out[32])
{
    if (!c->point)
        return "";
    if (c->point->verdict == VERDICT_INVALID)
        return "invalid";
    if (isnan(c->relative))
        return summary_starves(c->point) ? "starves" : c->point->answer[0] ? "other" : "";
    snprintf(out, 32, "%s%.2f", c->point->verdict == VERDICT_GENERATOR_LIMITED ? "≥ " : "",
             c->relative);
    return out;
}

static void write_data(const struct overview *o, const char *path)
{
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("row\tcolumn\tmodel\tfamily\tat\trelative\trate\tlow\thigh\ttext\tbest\t"
          "best_above\tbest_below\n",
          f);
    for (size_t row = 0; row < o->rows; row++) {
        for (size_t column = 0; column < o->columns; column++) {
            const struct overview_cell *c = cell_at(o, row, column);
            char text[32];
            fprintf(f, "%zu\t%zu\t%s\t%s\t%u\t", row + 1, column + 1, o->models[row],
                    family_at(family_of(o->models[row]))->name,
                    c->point ? c->point->on_axis : o->at[column]);
            csv_put_number(f, c->relative, 4);
            for (int k = 0; k < 3; k++) {
                const struct spread *s = c->point ? &c->point->at[S_RATE] : NULL;
                fputc('\t', f);
                csv_put_number(f, !s ? NAN : k == 0 ? s->median : k == 1 ? s->low : s->high, 1);
            }
            fprintf(f, "\t%s\t%d\t%d\t%d\n", overview_cell_text(c, text), c->best,
                    row > 0 && cell_at(o, row - 1, column)->best,
                    row + 1 < o->rows && cell_at(o, row + 1, column)->best);
        }
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
}

static size_t best_of(const struct overview *o, size_t row)
{
    size_t n = 0;
    for (size_t column = 0; column < o->columns; column++)
        n += cell_at(o, row, column)->best;
    return n;
}

static char *finding_of(const struct overview *o)
{
    size_t most = 0, rows = 0;
    for (size_t row = 0; row < o->rows; row++)
        most = best_of(o, row) > most ? best_of(o, row) : most;
    char *names = xstrdup("");
    for (size_t row = 0; row < o->rows; row++) {
        if (best_of(o, row) != most)
            continue;
        rows++;
        if (rows > 3)
            continue;
        char *longer = text_format("%s%s%s", names, names[0] ? ", " : "", o->models[row]);
        free(names);
        names = longer;
    }
    char more[32] = "";
    char *text;
    if (rows > 3)
        snprintf(more, sizeof more, " and %zu more", rows - 3);
    if (most == 0)
        text = xstrdup("No model can be ranked at any point");
    else if (rows == o->rows)
        text = text_format("Each model is among the fastest at %zu of %zu points", most,
                           o->columns);
    else
        text = text_format("Most often among the fastest: %s%s, at %zu of %zu points", names,
                           more, most, o->columns);
    free(names);
    return text;
}

static char *figures_of(const struct overview *o)
{
    char *all = xstrdup("rate relative to the fastest at each point:");
    for (size_t row = 0; row < o->rows; row++) {
        char *begun = text_format("%s%s %s:", all, row > 0 ? ";" : "", o->models[row]);
        free(all);
        all = begun;
        for (size_t column = 0; column < o->columns; column++) {
            const struct overview_cell *c = cell_at(o, row, column);
            char cell[32];
            const char *text = overview_cell_text(c, cell);
            if (!text[0])
                continue;
            char value[AXIS_TEXT_MAX];
            char *longer = text_format("%s %s at %s%s", all, text,
                                       axis_value_text(o->axis, o->at[column], value),
                                       c->best ? " (among the fastest)" : "");
            free(all);
            all = longer;
        }
    }
    return all;
}

/* Models that stand in the column of another point. */
static char *moved(const struct overview *o)
{
    char *note = xstrdup("");
    for (size_t row = 0; row < o->rows; row++) {
        for (size_t column = 0; column < o->columns; column++) {
            const struct summary_point *p = cell_at(o, row, column)->point;
            if (p && p->on_axis != o->at[column])
                note = note_join(note, text_format("%s: %u in place of %u", o->models[row],
                                                   p->on_axis, o->at[column]));
        }
    }
    return note;
}

/* The models of the rows, separated by spaces. */
static char *names_of(const struct overview *o)
{
    char *names = xstrdup("");
    for (size_t row = 0; row < o->rows; row++) {
        char *longer = text_format("%s%s%s", names, names[0] ? " " : "", o->models[row]);
        free(names);
        names = longer;
    }
    char *quoted = gnuplot_string(names);
    free(names);
    return quoted;
}

void overview_picture(const struct overview *o, const struct results *r, enum protocol protocol,
                      const char *path, struct caption *caption, char **set)
{
    char *note =
        xstrdup("number: requests/s relative to the fastest of the column; outlined: cannot "
                "be told from the fastest");
    note = note_join(note, moved(o));
    note = note_join(note, xstrdup(o->partial ? "servers of others: see the comparison" : ""));
    *caption = (struct caption){.finding = finding_of(o),
                                .conditions = conditions_text(r, protocol, false),
                                .note = note,
                                .figures = figures_of(o)};
    char *tics = xstrdup("");
    for (size_t column = 0; column < o->columns; column++) {
        char label[AXIS_TEXT_MAX];
        char *longer = text_format("%s%s\"%s\" %zu", tics, tics[0] ? ", " : "",
                                   tics_value_text(o->axis, o->at[column], label), column + 1);
        free(tics);
        tics = longer;
    }
    char *quoted = gnuplot_string(tics);
    char *names = names_of(o);
    *set = text_format("models=%zu; points=%zu; names=%s; x_tics=%s; "
                       "x_title='%s'",
                       o->rows, o->columns, names, quoted, axis_info(o->axis)->title);
    free(names);
    free(quoted);
    free(tics);
    write_data(o, path);
}
