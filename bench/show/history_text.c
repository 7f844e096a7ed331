#include "bench/show/history_text.h"

#include <math.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/show/grid.h"

enum { HEADS = 5, POINTS_MAX = GRID_COLUMNS_MAX - HEADS, COMMIT_SHOWN = 12 };

/* A model in one service. */
struct series {
    const struct history *h;
    const char *model;
    enum protocol protocol;
    enum axis axis;
    unsigned points[POINTS_MAX];
    size_t count;
    bool more; /* points that have no column */
};

static bool belongs(const struct series *s, const struct history_point *p)
{
    return p->protocol == s->protocol && p->axis == s->axis && strcmp(p->model, s->model) == 0;
}

static void add_value(struct series *s, unsigned at)
{
    size_t i = 0;
    while (i < s->count && s->points[i] < at)
        i++;
    if (i < s->count && s->points[i] == at)
        return;
    s->more |= s->count == POINTS_MAX;
    if (s->count == POINTS_MAX)
        return;
    memmove(&s->points[i + 1], &s->points[i], (s->count - i) * sizeof s->points[0]);
    s->points[i] = at;
    s->count++;
}

static void point_cell(struct grid *g, const struct history_point *p)
{
    char text[32];
    const char *bound = p && p->verdict == VERDICT_GENERATOR_LIMITED ? "≥" : "";
    if (!p)
        grid_cell(g, "%s", "");
    else if (isnan(p->rate))
        grid_cell(g, "INVALID");
    else if (p->yardstick)
        grid_cell(g, "%s%.3f", bound, p->rate);
    else
        grid_cell(g, "%s%s", bound, figure_thousands(p->rate, text));
}

static void add_run(struct grid *g, const struct series *s, size_t run)
{
    const struct history_point *found[POINTS_MAX] = {NULL};
    const struct history_point *any = NULL;
    char mark[HISTORY_MARK_MAX];
    for (size_t i = 0; i < s->h->count; i++) {
        const struct history_point *p = &s->h->at[i];
        if (p->run != run || !belongs(s, p))
            continue;
        any = p;
        for (size_t k = 0; k < s->count; k++)
            if (s->points[k] == p->at)
                found[k] = p;
    }
    if (!any)
        return;
    grid_row(g);
    grid_cell(g, "%.10s", any->date);
    grid_cell(g, "%.*s", COMMIT_SHOWN, any->commit);
    grid_cell(g, "%s", history_mark(any->of_kind, mark));
    grid_cell(g, "%s", any->scenario);
    grid_cell(g, "%s", any->yardstick ? "yardstick" : "requests/s");
    for (size_t k = 0; k < s->count; k++)
        point_cell(g, found[k]);
}

static void put_series(FILE *f, struct series *s)
{
    char heads[POINTS_MAX][AXIS_TEXT_MAX + 16];
    char value[AXIS_TEXT_MAX];
    struct grid g = {.heads = {"date", "commit", "machine", "scenario", "in"},
                     .columns = HEADS + s->count,
                     .left = 1u << HEADS};
    g.left--;
    for (size_t i = 0; i < s->count; i++) {
        snprintf(heads[i], sizeof heads[i], "%s=%s",
                 s->axis == AXIS_CONNECTIONS ? "c" : axis_info(s->axis)->name,
                 axis_value_text(s->axis, s->points[i], value));
        g.heads[HEADS + i] = heads[i];
    }
    for (size_t run = 0; run < s->h->runs; run++)
        add_run(&g, s, run);
    fprintf(f, "\n%s %s\n", s->model, protocol_names[s->protocol]);
    grid_put(f, &g, FORMAT_TERMINAL);
    if (s->more)
        fprintf(f, "  further points are in the files\n");
    grid_free(&g);
}

/* Whether an earlier point began the same series. */
static bool seen(const struct history *h, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (h->at[k].protocol == h->at[i].protocol && h->at[k].axis == h->at[i].axis &&
            strcmp(h->at[k].model, h->at[i].model) == 0)
            return true;
    return false;
}

size_t history_text(FILE *f, const struct history *h, const char *model)
{
    char mark[HISTORY_MARK_MAX];
    size_t tables = 0;
    for (size_t i = 0; i < h->count; i++) {
        struct series s = {.h = h,
                           .model = h->at[i].model,
                           .protocol = h->at[i].protocol,
                           .axis = h->at[i].axis};
        if ((model && strcmp(model, s.model) != 0) || seen(h, i))
            continue;
        for (size_t k = i; k < h->count; k++)
            if (belongs(&s, &h->at[k]))
                add_value(&s, h->at[k].at);
        put_series(f, &s);
        tables++;
    }
    fputc('\n', f);
    for (size_t i = 0; i < h->machine_count; i++)
        fprintf(f, "machine %s: %s\n", history_mark(i, mark), h->machines[i]);
    if (h->machine_count > 1)
        fprintf(f,
                "These are %zu machines: do not read figures of one beside those of another.\n",
                h->machine_count);
    return tables;
}
