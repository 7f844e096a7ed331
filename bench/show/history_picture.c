#include "bench/show/history_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "bench/show/workshop.h"

/* Points of one line of the picture. */
static bool same_line(const struct history_point *x, const struct history_point *y)
{
    return x->protocol == y->protocol && x->axis == y->axis && x->at == y->at &&
           x->of_kind == y->of_kind && x->yardstick == y->yardstick &&
           strcmp(x->model, y->model) == 0 && strcmp(x->scenario, y->scenario) == 0;
}

static const struct history_point *first_of(const struct history *h, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (same_line(&h->at[k], &h->at[i]) && h->at[k].rate > 0)
            return &h->at[k];
    return &h->at[i];
}

/* The points of the line that begins at `first`; their first line is the
 * title, and two empty lines end them, as gnuplot has it. */
static void put_line(FILE *f, const struct history *h, const struct history_point *first)
{
    char mark[HISTORY_MARK_MAX], point[AXIS_TEXT_MAX];
    bool connections = first->axis == AXIS_CONNECTIONS;
    fprintf(f, "%s %s%s, machine %s%s\n", protocol_names[first->protocol],
            connections ? "c=" : "",
            connections ? axis_value_text(first->axis, first->at, point)
                        : axis_point_text(first->axis, first->at, point),
            history_mark(first->of_kind, mark), first->yardstick ? "" : ", raw");
    for (size_t i = 0; i < h->count; i++) {
        const struct history_point *p = &h->at[i];
        if (!same_line(p, first) || !(p->rate > 0))
            continue;
        const double figures[] = {p->rate, p->low, p->high};
        fprintf(f, "%zu\t%.7s", p->run, p->commit);
        for (int k = 0; k < 3; k++) {
            fputc('\t', f);
            csv_put_number(f, figures[k] / first->rate, 5);
        }
        fputc('\n', f);
    }
    fputs("\n\n", f);
}

bool history_picture(const struct history *h, const char *model, const char *scripts,
                     const char *svg, char *error, size_t error_size)
{
    struct workshop w;
    size_t lines = 0;
    if (!workshop_open(&w, "history", error, error_size))
        return false;
    for (size_t i = 0; i < h->count; i++) {
        const struct history_point *p = &h->at[i];
        if (strcmp(p->model, model) != 0 || !(p->rate > 0) || first_of(h, i) != p)
            continue;
        put_line(w.f, h, p);
        lines++;
    }
    char *name = gnuplot_string(model);
    char *set = text_format("model=%s; lines=%zu; runs=%zu", name, lines, h->runs);
    bool good = workshop_draw(&w, scripts, set, svg, error, error_size);
    free(set);
    free(name);
    return good;
}
