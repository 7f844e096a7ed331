#include "bench/show/ratios_table.h"

#include <math.h>

#include "bench/base/figures.h"

/* "2.00 / 4.02" */
static void add_both(struct grid *g, const struct ratio *r, enum summary_metric metric)
{
    char text[2][24];
    const double values[] = {r->model->at[metric].median, r->external->at[metric].median};
    for (int k = 0; k < 2; k++)
        snprintf(text[k], sizeof text[k], "%.2f", values[k]);
    grid_cell(g, "%s / %s", isnan(values[0]) ? "n/a" : text[0],
              isnan(values[1]) ? "n/a" : text[1]);
}

static void add_ratio(struct grid *g, const struct ratio_pair *p)
{
    const struct spread *s = &p->at;
    if (s->n == 0)
        grid_cell(g, "n/a");
    else if (s->n == 1)
        grid_cell(g, "%s%.2f", p->bound, s->median);
    else
        grid_cell(g, "%s%.2f [%.2f–%.2f]", p->bound, s->median, s->low, s->high);
}

static void add_row(struct grid *g, const struct ratio *r)
{
    char ours[32], theirs[32], point[AXIS_TEXT_MAX];
    grid_row(g);
    grid_cell(g, "%s", r->model->model);
    grid_cell(g, "%s", r->external->model);
    grid_cell(g, "%s", axis_value_text(r->model->axis, r->model->on_axis, point));
    add_ratio(g, &r->pair);
    grid_cell(g, "%zu", r->pair.at.n);
    grid_cell(g, "%s", ratio_finding_text(r));
    grid_cell(g, "%s / %s", figure_thousands(r->model->at[S_RATE].median, ours),
              figure_thousands(r->external->at[S_RATE].median, theirs));
    add_both(g, r, S_SYSCALLS_PER_REQUEST);
    add_both(g, r, S_CPU_PER_REQUEST);
}

void ratios_table(FILE *f, const struct ratios *r, enum protocol protocol, enum format format)
{
    static const char *const titles[] = {
        [FORMAT_TERMINAL] = ("\n%s, our models beside servers of others (ours / external), "
                             "ratios paired by block\n"),
        [FORMAT_HTML] = "<h4>%s</h4>\n",
        [FORMAT_MARKDOWN] = "\n### %s, ours / external\n\n",
    };
    struct grid g = {.heads = {"ours", "external", "conns", "ours/external [low–high]", "pairs",
                               "finding", "req/s", "syscalls/req", "CPU µs/req"},
                     .columns = 9,
                     .left = 1u << 0 | 1u << 1 | 1u << 5};
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i].model->protocol == protocol)
            add_row(&g, &r->at[i]);
    if (g.count > 0) {
        fprintf(f, titles[format], protocol_names[protocol]);
        grid_put(f, &g, format);
        if (format == FORMAT_HTML)
            fputc('\n', f);
    }
    grid_free(&g);
}
