#include "bench/show/compare_picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "bench/show/workshop.h"

static const char *const kinds[COMPARE_VERDICTS] = {"better", "worse", "same", "open"};

static void put_point(FILE *f, unsigned row, const struct compare_point *p)
{
    const struct compare_cell *c = &p->at[COMPARE_RATE];
    const double figures[] = {c->ratio, isnan(c->low) ? c->ratio : c->low,
                              isnan(c->high) ? c->ratio : c->high};
    char point[AXIS_TEXT_MAX];
    fprintf(f, "%u\t%s %s\t%s", row, protocol_names[p->a->protocol], p->a->model,
            axis_value_text(p->a->axis, p->a->on_axis, point));
    for (int i = 0; i < 3; i++) {
        fputc('\t', f);
        csv_put_number(f, figures[i], 5);
    }
    fprintf(f, "\t%s\n", p->excuse || isnan(c->ratio) ? "none" : kinds[c->verdict]);
}

bool compare_picture(const struct compare *c, const char *scripts, const char *svg, char *error,
                     size_t error_size)
{
    struct workshop w;
    unsigned row = 0;
    if (!workshop_open(&w, "compare", error, error_size))
        return false;
    fputs("row\tlabel\tconnections\tratio\tlow\thigh\tkind\n", w.f);
    for (size_t i = 0; i < c->count; i++) {
        const struct compare_point *p = &c->at[i];
        row += i == 0 || p->a->protocol != p[-1].a->protocol ||
               strcmp(p->a->model, p[-1].a->model) != 0;
        put_point(w.f, row, p);
    }
    char *a = gnuplot_string(c->a->dir);
    char *b = gnuplot_string(c->b->dir);
    char *set =
        text_format("a=%s; b=%s; margin=%.6f; basis='%s'", a, b, c->options.margin,
                    c->basis.yardstick ? "by the yardstick" : "requests/s as they were");
    bool good = workshop_draw(&w, scripts, set, svg, error, error_size);
    free(set);
    free(b);
    free(a);
    return good;
}
