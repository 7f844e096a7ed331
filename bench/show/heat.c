#include "bench/show/heat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/family.h"
#include "bench/show/html.h"
#include "bench/show/tics.h"
#include "common/err.h"

/* The column that holds the point of the ranking; else the last one. */
static size_t main_column(const struct overview *o, unsigned rank)
{
    for (size_t column = 0; column < o->columns; column++)
        if (o->at[column] == rank)
            return column;
    return o->columns - 1;
}

static void add_columns(struct heat *h, size_t run)
{
    const struct overview *o = &h->overviews[run];
    unsigned rank = h->report->runs[run].results->environment.scenario.rank;
    bool all = h->report->count == 1;
    h->columns = xrealloc(h->columns, (h->count + o->columns + 1) * sizeof *h->columns);
    for (size_t column = 0; column < o->columns; column++)
        h->columns[h->count++] =
            (struct heat_column){.run = run,
                                 .column = column,
                                 .at = o->at[column],
                                 .main = all || column == main_column(o, rank)};
}

static bool has_row(const struct heat *h, const char *model)
{
    for (size_t run = 0; run < h->report->count; run++)
        for (size_t row = 0; row < h->overviews[run].rows; row++)
            if (strcmp(h->overviews[run].models[row], model) == 0)
                return true;
    return false;
}

const struct overview_cell *heat_cell(const struct heat *h, size_t column, const char *model)
{
    const struct heat_column *c = &h->columns[column];
    const struct overview *o = &h->overviews[c->run];
    for (size_t row = 0; row < o->rows; row++)
        if (strcmp(o->models[row], model) == 0)
            return &o->cells[row * o->columns + c->column];
    return NULL;
}

/* Geometric mean of the main cells that have a figure; `*enough` where half of them have. */
static double mean_of(const struct heat *h, const char *model, bool *enough)
{
    double sum = 0;
    size_t n = 0, all = 0;
    for (size_t column = 0; column < h->count; column++) {
        const struct overview_cell *c = heat_cell(h, column, model);
        if (!h->columns[column].main)
            continue;
        all++;
        if (c && c->relative > 0) {
            sum += log(c->relative);
            n++;
        }
    }
    *enough = 2 * n >= all && n > 0;
    return n > 0 ? exp(sum / (double)n) : NAN;
}

static bool is_before(const struct heat *h, const char *a, const char *b)
{
    bool a_enough, b_enough;
    double x = mean_of(h, a, &a_enough);
    double y = mean_of(h, b, &b_enough);
    if (a_enough != b_enough)
        return a_enough;
    return isnan(y) ? !isnan(x) : x > y;
}

static void sort_rows(struct heat *h)
{
    for (size_t i = 1; i < h->rows; i++) { /* equal rows keep the textbook's order */
        for (size_t k = i; k > 0 && is_before(h, h->models[k], h->models[k - 1]); k--) {
            const char *model = h->models[k];
            h->models[k] = h->models[k - 1];
            h->models[k - 1] = model;
        }
    }
}

void heat_make(struct heat *h, const struct report *report, enum protocol protocol)
{
    *h = (struct heat){.report = report, .protocol = protocol};
    h->overviews = xcalloc(report->count, sizeof *h->overviews);
    for (size_t run = 0; run < report->count; run++) {
        overview_make(&h->overviews[run], report->runs[run].results, protocol, NULL);
        add_columns(h, run);
    }
    h->models = xcalloc(report->model_count + 1, sizeof *h->models);
    for (size_t i = 0; i < report->model_count; i++)
        if (has_row(h, report->models[i]))
            h->models[h->rows++] = report->models[i];
    sort_rows(h);
}

void heat_free(struct heat *h)
{
    for (size_t run = 0; run < h->report->count; run++)
        overview_free(&h->overviews[run]);
    free(h->overviews);
    free(h->columns);
    free(h->models);
    *h = (struct heat){0};
}

static enum axis axis_of(const struct heat *h, size_t column)
{
    return h->overviews[h->columns[column].run].axis;
}

static void put_heads(FILE *f, const struct heat *h, size_t first)
{
    fputs("<thead><tr><th scope=\"col\" class=\"left\">model</th><th scope=\"col\">mean</th>",
          f);
    for (size_t column = 0; column < h->count; column++) {
        const struct heat_column *c = &h->columns[column];
        const struct report_run *run = &h->report->runs[c->run];
        char value[AXIS_TEXT_MAX];
        tics_value_text(axis_of(h, column), c->at, value);
        fprintf(f, "<th scope=\"col\" data-c=\"%zu\"%s>", first + column,
                c->main ? "" : " hidden");
        if (h->report->count > 1) {
            fputs("<a href=\"#scenario-", f);
            html_id(f, run->place.name);
            html_format(f, "\">%s</a> ", run->place.name);
        }
        html_format(f, "<span>%s</span></th>", value);
    }
    fputs("</tr></thead>\n", f);
}

static bool is_best(const struct heat *h, size_t row, size_t column)
{
    const struct overview_cell *c = row < h->rows ? heat_cell(h, column, h->models[row]) : NULL;
    return c && c->best;
}

static void put_cell(FILE *f, const struct heat *h, size_t row, size_t column, size_t first)
{
    char text[32];
    const struct overview_cell *c = heat_cell(h, column, h->models[row]);
    fprintf(f, "<td data-c=\"%zu\"", first + column);
    if (is_best(h, row, column))
        fprintf(f, " class=\"best%s%s\"", row > 0 && is_best(h, row - 1, column) ? "" : " top",
                is_best(h, row + 1, column) ? "" : " foot");
    if (c && c->relative > 0)
        fprintf(f, " style=\"--v:%.3f\"", fmin(c->relative, 1));
    fprintf(f, "%s>", h->columns[column].main ? "" : " hidden");
    html_text(f, c ? overview_cell_text(c, text) : "");
    fputs("</td>", f);
}

static size_t model_number(const struct report *report, const char *model)
{
    size_t i = 0;
    while (strcmp(report->models[i], model) != 0)
        i++;
    return i;
}

static void put_row(FILE *f, const struct heat *h, size_t row, size_t first)
{
    const char *model = h->models[row];
    bool enough;
    double mean = mean_of(h, model, &enough);
    fprintf(f, "<tr data-m=\"%zu\"><th scope=\"row\" class=\"left\"><a href=\"#model-",
            model_number(h->report, model));
    html_id(f, model);
    html_format(f, "\"><i style=\"background:%s\"></i>%s</a></th>",
                family_at(family_of(model))->colour, model);
    fprintf(f, enough ? "<td>%.2f</td>" : "<td></td>", mean);
    for (size_t column = 0; column < h->count; column++)
        put_cell(f, h, row, column, first);
    fputs("</tr>\n", f);
}

void heat_put(FILE *f, const struct heat *h, size_t first)
{
    if (h->rows == 0)
        return;
    fprintf(f,
            "<div class=\"scroll\" tabindex=\"0\"><table class=\"heat\" data-protocol=\"%s\">"
            "<caption>%s: requests/s relative to the fastest of the column",
            protocol_names[h->protocol], protocol_names[h->protocol]);
    if (h->report->count == 1)
        html_format(f, "; columns: %s", axis_info(h->overviews[0].axis)->title);
    fputs("</caption>\n", f);
    put_heads(f, h, first);
    fputs("<tbody>\n", f);
    for (size_t row = 0; row < h->rows; row++)
        put_row(f, h, row, first);
    fputs("</tbody></table></div>\n", f);
}
