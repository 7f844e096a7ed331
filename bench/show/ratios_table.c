#include "bench/show/ratios_table.h"

#include <math.h>

#include "bench/base/figures.h"
#include "bench/show/grid.h"

/* "2.00 / 4.02" */
static void put_both(char out[64], double ours, double peer)
{
    char text[2][24];
    const double values[] = {ours, peer};
    for (int k = 0; k < 2; k++) {
        if (isnan(values[k]))
            snprintf(text[k], sizeof text[k], "n/a");
        else
            snprintf(text[k], sizeof text[k], "%.2f", values[k]);
    }
    snprintf(out, 64, "%s / %s", text[0], text[1]);
}

static void put_ratio(char out[96], const struct ratio_pair *p)
{
    const struct spread *s = &p->at;
    if (s->n == 0)
        snprintf(out, 96, "n/a");
    else if (s->n == 1)
        snprintf(out, 96, "%s%.2f", p->bound, s->median);
    else
        snprintf(out, 96, "%s%.2f [%.2f–%.2f]", p->bound, s->median, s->low, s->high);
}

static void fill(struct grid *g, const struct ratios *r, enum protocol protocol)
{
    static const char *const heads[] = {"ours",      "peer",    "conns", "ours/peer [low–high]",
                                        "pairs",     "finding", "req/s", "syscalls/req",
                                        "CPU µs/req"};
    enum { COLUMNS = sizeof heads / sizeof heads[0] };
    *g = (struct grid){.heads = heads, .columns = COLUMNS, .left = 1u << 0 | 1u << 1 | 1u << 5};
    for (size_t i = 0; i < r->count; i++) {
        const struct ratio *x = &r->at[i];
        const struct spread *a = x->model->at;
        const struct spread *b = x->peer->at;
        char connections[16], ratio[96], pairs[24], rps[80], calls[64], cpu[64], one[32],
            two[32];
        if (x->model->protocol != protocol)
            continue;
        snprintf(connections, sizeof connections, "%u", x->model->connections);
        snprintf(pairs, sizeof pairs, "%zu", x->pair.at.n);
        put_ratio(ratio, &x->pair);
        snprintf(rps, sizeof rps, "%s / %s", figure_thousands(a[S_RPS].median, one),
                 figure_thousands(b[S_RPS].median, two));
        put_both(calls, a[S_SYSCALLS_PER_REQUEST].median, b[S_SYSCALLS_PER_REQUEST].median);
        put_both(cpu, a[S_CPU_PER_REQUEST].median, b[S_CPU_PER_REQUEST].median);
        const char *cells[COLUMNS] = {x->model->model,
                                      x->peer->model,
                                      connections,
                                      ratio,
                                      pairs,
                                      ratio_finding_text(x),
                                      rps,
                                      calls,
                                      cpu};
        grid_add(g, cells);
    }
}

void ratios_print(FILE *f, const struct ratios *r, enum protocol protocol)
{
    struct grid g;
    fill(&g, r, protocol);
    if (g.rows > 0) {
        fprintf(f,
                "\n%s, our models beside servers of others (ours / peer), ratios paired by "
                "block\n",
                protocol_names[protocol]);
        grid_print(f, &g);
    }
    grid_free(&g);
}

void ratios_html(FILE *f, const struct ratios *r, enum protocol protocol)
{
    struct grid g;
    fill(&g, r, protocol);
    if (g.rows > 0) {
        fprintf(f, "<h3>%s</h3>\n", protocol_names[protocol]);
        grid_html(f, &g);
    }
    grid_free(&g);
}
