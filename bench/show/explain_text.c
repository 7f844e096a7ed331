#include "bench/show/explain_text.h"

#include <math.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/show/html.h"

static const double us = 1e-3; /* of a nanosecond */

static void put_title(FILE *f, const struct explanation *e, enum format format)
{
    static const char *const titles[] = {
        [FORMAT_TERMINAL] = "\n%s, %s: server CPU per request in µs, predicted "
                            "from counts and unit costs\n",
        [FORMAT_HTML] = "<h4>%s, %s</h4>\n",
        [FORMAT_MARKDOWN] = "\n### %s, %s: server CPU per request in µs, predicted "
                            "from counts and unit costs\n\n",
    };
    const struct summary_point *p = e->at[0].point;
    char point[AXIS_TEXT_MAX];
    fprintf(f, titles[format], protocol_names[p->protocol],
            axis_point_text(p->axis, p->on_axis, point));
}

/* "+4 %": of the measured time. */
static void put_share(struct grid *g, double rest, double measured)
{
    if (isnan(rest / measured))
        grid_cell(g, "n/a");
    else
        grid_cell(g, "%+.0f %%", rest / measured * 100);
}

/* The parts with a column: the last one has none where no request asks for work. */
static int parts_shown(const struct explanation *e)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->at[i].known && e->at[i].predicted.part[PART_ASKED] > 0)
            return PART_COUNT;
    return PART_ASKED;
}

static void put_rows(struct grid *g, const struct explanation *e, int parts)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct explained *x = &e->at[i];
        struct grid_row *row = grid_row(g);
        double rest = explained_rest(x);
        row->faint = isnan(rest);
        row->mark = isnan(rest) || explained_closely(x) ? NULL : "limited";
        grid_cell(g, "%s", x->point->model);
        for (int p = 0; p < parts; p++)
            grid_number(g, 2, x->known ? x->predicted.part[p] * us : NAN);
        grid_number(g, 2, x->known ? x->predicted.total * us : NAN);
        grid_number(g, 2, x->measured * us);
        grid_number(g, 2, rest * us);
        put_share(g, rest, x->measured);
    }
}

static void put_notes(FILE *f, const struct explanation *e, enum format format)
{
    bool html = format == FORMAT_HTML;
    const char *begin = html                        ? "<p class=\"note\">"
                        : format == FORMAT_MARKDOWN ? "\n"
                                                    : "     ";
    const char *end = html ? "</p>\n" : "\n";
    for (size_t i = 0; i < e->count; i++) {
        const struct explained *x = &e->at[i];
        if (x->known)
            continue;
        fprintf(f, "%snot predicted: ", begin);
        if (html)
            html_format(f, "%s: %s", x->point->model, x->why);
        else
            fprintf(f, "%s: %s", x->point->model, x->why);
        fputs(end, f);
    }
    fprintf(f, "%s%zu of %zu within %.0f %% of measured.%s", begin, e->close, e->both,
            EXPLAINED_WITHIN * 100, end);
}

void explain_table(FILE *f, const struct explanation *e, enum format format)
{
    int parts = parts_shown(e);
    struct grid g = {.heads = {"model"},
                     .columns = 1 + (size_t)parts + 4,
                     .left = 1u << 0,
                     .marked = 1 + (size_t)parts + 3};
    for (int p = 0; p < parts; p++)
        g.heads[1 + p] = cost_part_heads[p];
    g.heads[1 + parts] = "predicted";
    g.heads[2 + parts] = "measured";
    g.heads[3 + parts] = "rest";
    g.heads[4 + parts] = "of it";
    put_title(f, e, format);
    put_rows(&g, e, parts);
    grid_put(f, &g, format);
    if (format == FORMAT_HTML)
        fputc('\n', f);
    put_notes(f, e, format);
    grid_free(&g);
}

void explain_terms(FILE *f, const struct explained *e)
{
    struct grid g = {.heads = {"part", "what", "a request", "ns each", "µs"},
                     .columns = 5,
                     .left = 1u << 0 | 1u << 1};
    const struct prediction *p = &e->predicted;
    fprintf(f, "\n%s\n", e->point->model);
    for (int part = 0; part < PART_COUNT; part++) {
        for (size_t i = 0; i < p->term_count; i++) {
            const struct cost_term *t = &p->terms[i];
            if ((int)t->part != part)
                continue;
            grid_row(&g);
            grid_cell(&g, "%s", cost_part_heads[part]);
            grid_cell(&g, "%s", t->what);
            grid_number(&g, 4, t->count);
            grid_number(&g, 1, t->ns);
            grid_number(&g, 3, t->count * t->ns * us);
        }
    }
    grid_put(f, &g, FORMAT_TERMINAL);
    grid_free(&g);
}

void explain_csv(FILE *f, const struct explanation *e, bool header)
{
    if (header) {
        fputs("protocol,connections,axis,at,model", f);
        for (int p = 0; p < PART_COUNT; p++)
            fprintf(f, ",%s_ns", cost_part_names[p]);
        fputs(",predicted_ns,measured_ns,measured_low_ns,measured_high_ns,rest_ns,why\n", f);
    }
    for (size_t i = 0; i < e->count; i++) {
        const struct explained *x = &e->at[i];
        const struct spread *s = &x->point->at[S_CPU_PER_REQUEST];
        double values[PART_COUNT + 5];
        for (int p = 0; p < PART_COUNT; p++)
            values[p] = x->known ? x->predicted.part[p] : NAN;
        values[PART_COUNT] = x->known ? x->predicted.total : NAN;
        values[PART_COUNT + 1] = x->measured;
        values[PART_COUNT + 2] = s->low / us;
        values[PART_COUNT + 3] = s->high / us;
        values[PART_COUNT + 4] = explained_rest(x);
        fprintf(f, "%s,%u,%s,%u,", protocol_names[x->point->protocol], x->point->connections,
                axis_info(x->point->axis)->name, x->point->on_axis);
        csv_put_text(f, x->point->model);
        for (int k = 0; k < PART_COUNT + 5; k++) {
            fputc(',', f);
            csv_put_number(f, values[k], 3);
        }
        fputc(',', f);
        csv_put_text(f, x->why);
        fputc('\n', f);
    }
}
