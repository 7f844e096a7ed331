#include "bench/show/machine_card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/show/bare_metal.h"
#include "bench/show/html.h"

/* So many times what is usual is worth a warning. */
#define FAR_ABOVE 10.0

/* A batch that took so many times the fastest one was disturbed. */
#define DISTURBED 2.0

/* "117–121 ns", "980 ns–1.02 µs" */
static void put_interval(struct grid *g, const struct unit_cost_figure *c)
{
    char low[32], high[32];
    if (isnan(c->ns)) {
        grid_cell(g, "n/a");
    } else {
        figure_ns(c->high, high);
        char *unit = strchr(figure_ns(c->low, low), ' ');
        if (unit && strcmp(unit, strchr(high, ' ')) == 0)
            *unit = '\0';
        grid_cell(g, "%s–%s", low, high);
    }
}

static void put_row(struct grid *g, const struct unit_costs *u, enum unit_cost i,
                    unsigned *sources)
{
    char ns[32];
    const struct unit_cost_figure *c = &u->at[i];
    const struct bare_metal *metal = bare_metal(i);
    grid_row(g);
    grid_cell(g, "%s", unit_cost_names[i]);
    grid_cell(g, "%s", figure_ns(c->ns, ns));
    put_interval(g, c);
    grid_cell(g, "%s", figure_ns(c->fastest, ns));
    if (metal->ns > 0)
        grid_cell(g, "%s (%u)", figure_ns(metal->ns, ns), ++*sources);
    else
        grid_cell(g, "%s", "");
    grid_cell(g, "%s", unit_cost_texts[i]);
}

/* A line of text, which is a paragraph of class `class` in HTML. */
static void put_line(FILE *f, enum format format, const char *class, char *text)
{
    if (format == FORMAT_HTML)
        html_format(f, "<p class=\"%s\">%s</p>\n", class, text);
    else
        fprintf(f, "%s\n", text);
    free(text);
}

static void put_missing(FILE *f, const struct unit_costs *u, enum format format)
{
    for (enum unit_cost i = 0; i < UNIT_COST_COUNT; i++)
        if (isnan(u->at[i].ns))
            put_line(f, format, "note",
                     text_format("no %s: %s", unit_cost_names[i], u->at[i].why));
}

static void put_sources(FILE *f, enum format format)
{
    unsigned n = 0;
    put_line(f, format, "note",
             text_format("on bare metal, as others have published; an order of magnitude, for "
                         "machines and ways to measure differ:"));
    for (enum unit_cost i = 0; i < UNIT_COST_COUNT; i++)
        if (bare_metal(i)->ns > 0)
            put_line(f, format, "note", text_format("(%u) %s", ++n, bare_metal(i)->source));
}

static void warn_of_cost(FILE *f, const struct unit_costs *u, enum unit_cost i,
                         bool virtualised, enum format format)
{
    char ours[32], usual[32];
    const struct bare_metal *metal = bare_metal(i);
    /* Where the fastest batch is no such thing, other programs were in the way, not the machine. */
    double fastest = isnan(u->at[i].fastest) ? u->at[i].ns : u->at[i].fastest;
    if (!(metal->ns > 0 && fastest >= FAR_ABOVE * metal->ns))
        return;
    put_line(f, format, "warning",
             text_format("WARNING: %s takes %s here, %.0f times the %s of bare metal: the %s "
                         "are the %s here, not the model's.",
                         unit_cost_names[i], figure_ns(u->at[i].ns, ours),
                         u->at[i].ns / metal->ns, figure_ns(metal->ns, usual), metal->decides,
                         virtualised ? "hypervisor's" : "machine's"));
}

/* How many costs took at the median far longer than in their fastest batch. */
static unsigned disturbed(const struct unit_costs *u)
{
    unsigned n = 0;
    for (enum unit_cost i = 0; i < UNIT_COST_COUNT; i++)
        n += u->at[i].ns > DISTURBED * u->at[i].fastest;
    return n;
}

void machine_warnings(FILE *f, const struct unit_costs *u, bool virtualised, enum format format)
{
    char ns[32];
    for (enum unit_cost i = 0; i < UNIT_COST_COUNT; i++)
        warn_of_cost(f, u, i, virtualised, format);
    if (u->clock_is_system_call)
        put_line(f, format, "warning",
                 text_format("WARNING: reading the clock is a system call here (%s): every "
                             "program that looks at the time pays for it.",
                             figure_ns(u->at[UNIT_CLOCK_GETTIME].ns, ns)));
    unsigned n = disturbed(u);
    if (n > 0)
        put_line(f, format, "warning",
                 text_format("WARNING: the machine did not hold still: %u cost%s took at the "
                             "median more than %.0f times as long as in the fastest batch.",
                             n, text_s(n), DISTURBED));
}

void machine_card(FILE *f, const struct unit_costs *u, bool virtualised, enum format format)
{
    unsigned sources = 0;
    struct grid g = {
        .heads = {"cost", "median", "interval", "fastest", "bare metal", "of what"},
        .columns = 6,
        .left = 1u << 0 | 1u << 5,
        .first_width = 1,
    };
    for (enum unit_cost i = 0; i < UNIT_COST_COUNT; i++)
        put_row(&g, u, i, &sources);
    grid_put(f, &g, format);
    grid_free(&g);
    if (format == FORMAT_HTML)
        fputc('\n', f);
    put_missing(f, u, format);
    machine_warnings(f, u, virtualised, format);
    put_sources(f, format);
}

void machine_compare(FILE *f, const struct unit_costs *a, const struct unit_costs *b,
                     enum format format)
{
    char ns[32];
    struct grid g = {
        .heads = {"cost", "A", "interval", "B", "interval", "B/A", "of what"},
        .columns = 7,
        .left = 1u << 0 | 1u << 6,
        .first_width = 1,
    };
    for (enum unit_cost i = 0; i < UNIT_COST_COUNT; i++) {
        double ratio = b->at[i].ns / a->at[i].ns;
        grid_row(&g);
        grid_cell(&g, "%s", unit_cost_names[i]);
        grid_cell(&g, "%s", figure_ns(a->at[i].ns, ns));
        put_interval(&g, &a->at[i]);
        grid_cell(&g, "%s", figure_ns(b->at[i].ns, ns));
        put_interval(&g, &b->at[i]);
        grid_number(&g, 2, isfinite(ratio) ? ratio : NAN);
        grid_cell(&g, "%s", unit_cost_texts[i]);
    }
    grid_put(f, &g, format);
    grid_free(&g);
}
