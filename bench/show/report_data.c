#include "bench/show/report_data.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/plan/family.h"
#include "bench/record/ratios.h"
#include "bench/show/ranking.h"
#include "bench/show/tics.h"
#include "common/err.h"

static json_t *families(void)
{
    json_t *list = json_array();
    const struct family *family;
    for (size_t i = 0; (family = family_at(i)); i++)
        json_array_append_new(
            list, json_pack("[s,s,s]", family->name, family->title, family->colour));
    return list;
}

static json_t *models(const struct report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->model_count; i++)
        json_array_append_new(list, json_checked(json_pack("[s,i]", report->models[i],
                                                           (int)family_of(report->models[i])),
                                                 report->models[i]));
    return list;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* The rates that the figure of a point is made of, by block. */
static json_t *rates(const struct results *r, const struct summary_point *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->rows.count; i++) {
        const struct trial_row *row = &r->rows.at[i];
        double rate = summary_value(p, row, S_RATE);
        if (isnan(rate) || row->block == 0)
            continue;
        while (json_array_size(list) < row->block)
            json_array_append_new(list, json_null());
        json_array_set_new(list, row->block - 1, json_real(rate));
    }
    return list;
}

static int state_of(const struct summary_point *p)
{
    return ratio_excuse(p) || p->at[S_RATE].n == 0   ? 2
           : p->verdict == VERDICT_GENERATOR_LIMITED ? 1
                                                     : 0;
}

static void add_points(json_t *list, const struct heat *h, size_t column, size_t first)
{
    for (size_t m = 0; m < h->report->model_count; m++) {
        char text[32];
        const struct overview_cell *c = heat_cell(h, column, h->report->models[m]);
        if (!c || !c->point)
            continue;
        const struct spread *s = &c->point->at[S_RATE];
        const struct results *r = h->report->runs[h->columns[column].run].results;
        json_array_append_new(
            list, json_pack("[i,i,i,s,o,o,o,o]", (int)m, (int)(first + column),
                            state_of(c->point), overview_cell_text(c, text), number(s->low),
                            number(s->median), number(s->high), rates(r, c->point)));
    }
}

static json_t *column_of(const struct heat *h, const struct heat_column *c)
{
    char value[AXIS_TEXT_MAX];
    enum axis axis = h->overviews[c->run].axis;
    const struct results *r = h->report->runs[c->run].results;
    return json_pack("{s:s,s:s,s:s,s:s,s:b,s:f}", "run", h->report->runs[c->run].place.name,
                     "service", protocol_names[h->protocol], "at",
                     tics_value_text(axis, c->at, value), "axis", axis_info(axis)->name, "main",
                     c->main, "apart", r->summary.apart);
}

/* Without "</script>" or "<!--" in it. */
static int put(const char *text, size_t size, void *to)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '<')
            fputs("\\u003c", to);
        else
            fputc(text[i], to);
    }
    return 0;
}

void report_data(FILE *f, const struct heat heats[PROTOCOL_COUNT])
{
    json_t *columns = json_array();
    json_t *points = json_array();
    size_t first = 0;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        const struct heat *h = &heats[p];
        for (size_t column = 0; column < h->count; column++) {
            json_array_append_new(columns,
                                  json_checked(column_of(h, &h->columns[column]), "a column"));
            add_points(points, h, column, first);
        }
        first += h->count;
    }
    json_t *all = json_checked(json_pack("{s:o,s:o,s:o,s:o,s:i}", "families", families(),
                                         "models", models(heats[0].report), "columns", columns,
                                         "points", points, "pairs", RATIO_PAIRS_MIN),
                               "the report's figures");
    json_dump_callback(all, put, f, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(all);
}
