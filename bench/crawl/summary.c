#include "bench/crawl/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/err.h"

void crawl_rows_add(struct crawl_rows *rows, const struct crawl_row *row)
{
    rows->at = xrealloc(rows->at, (rows->count + 1) * sizeof *rows->at);
    rows->at[rows->count++] = *row;
}

void crawl_rows_free(struct crawl_rows *rows)
{
    free(rows->at);
    *rows = (struct crawl_rows){0};
}

/* A job of another length is another point, but that system calls are counted for all lengths. */
static bool same_point(const struct crawl_row *a, const struct crawl_row *b)
{
    return a->concurrency == b->concurrency && a->way == b->way &&
           (a->requests == b->requests || a->counting || b->counting) &&
           strcmp(a->client, b->client) == 0;
}

static bool counts(const struct crawl_row *row, enum crawl_figure f)
{
    return row->status == CRAWL_OK && row->verdict == VERDICT_VALID &&
           row->counting == (f == CF_SYSCALLS);
}

static struct spread spread_of(const struct crawl_rows *rows, const struct crawl_row *first,
                               enum crawl_figure f)
{
    double *values = xcalloc(rows->count, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (same_point(&rows->at[i], first) && counts(&rows->at[i], f))
            values[n++] = rows->at[i].value[f];
    struct spread s = stats_spread(values, n);
    free(values);
    return s;
}

static struct crawl_point make_point(const struct crawl_rows *rows,
                                     const struct crawl_row *first)
{
    struct crawl_point p = {.first = first};
    for (size_t i = 0; i < rows->count; i++) {
        const struct crawl_row *row = &rows->at[i];
        if (!same_point(row, first) || row->counting)
            continue;
        bool valid = counts(row, CF_WALL_S);
        p.trials++;
        p.valid += valid;
        if (!valid)
            p.bad = row;
    }
    for (enum crawl_figure f = 0; f < CRAWL_FIGURE_COUNT; f++)
        p.at[f] = spread_of(rows, first, f);
    return p;
}

static int by_time(const void *a, const void *b)
{
    const struct crawl_point *x = a, *y = b;
    unsigned p = x->first->concurrency, q = y->first->concurrency;
    double s = x->at[CF_EFFICIENCY].median, t = y->at[CF_EFFICIENCY].median;
    if (p != q)
        return (p > q) - (p < q);
    if (isnan(s) || isnan(t))
        return isnan(s) - isnan(t);
    return (s < t) - (s > t);
}

void crawl_summarise(struct crawl_points *points, const struct crawl_rows *rows)
{
    *points = (struct crawl_points){.at = xcalloc(rows->count + 1, sizeof *points->at)};
    for (size_t i = 0; i < rows->count; i++) {
        size_t k = 0;
        while (k < points->count && !same_point(points->at[k].first, &rows->at[i]))
            k++;
        if (k == points->count)
            points->at[points->count++] = make_point(rows, &rows->at[i]);
    }
    if (points->count > 0)
        qsort(points->at, points->count, sizeof *points->at, by_time);
}

void crawl_points_free(struct crawl_points *points)
{
    free(points->at);
    *points = (struct crawl_points){0};
}

/* Those at one concurrency that were tuned and have a figure. */
struct level {
    const struct crawl_point *best, *worst;
    size_t near, count; /* near the best time: 90 % of it */
};

static struct level level_at(const struct crawl_points *points, unsigned concurrency)
{
    struct level l = {0};
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_point *p = &points->at[i];
        double efficiency = p->at[CF_EFFICIENCY].median;
        bool limited = p->at[CF_AT_ONCE].median < concurrency;
        if (p->first->concurrency != concurrency || p->first->way != CRAWL_TUNED ||
            isnan(efficiency) || limited)
            continue;
        l.best = l.best ? l.best : p;
        l.worst = p;
        l.near += efficiency >= 0.9;
        l.count++;
    }
    return l;
}

/* Without CPU time where no counter tells it. */
static char *who(const struct crawl_point *p, const char *unit)
{
    double us = p->at[CF_CPU_US].median;
    return isnan(us) ? xstrdup(p->first->client)
                     : text_format("%s, %.0f %s", p->first->client, us, unit);
}

static char *finding_of(unsigned concurrency, struct level l)
{
    char *best = who(l.best, "µs of CPU a request"), *worst = who(l.worst, "µs"), at[32];
    char *text = text_format(
        "At %s at once %zu of %zu clients reach 90 %% of the best time; the first makes %.3f of "
        "it (%s), the last %.3f (%s).",
        figure_thousands(concurrency, at), l.near, l.count, l.best->at[CF_EFFICIENCY].median,
        best, l.worst->at[CF_EFFICIENCY].median, worst);
    free(best);
    free(worst);
    return text;
}

char *crawl_finding_at(const struct crawl_points *points, unsigned concurrency)
{
    struct level l = level_at(points, concurrency);
    if (l.count > 0)
        return finding_of(concurrency, l);
    return text_format("No client that can make %u at once has a valid job tuned to that.",
                       concurrency);
}

char *crawl_finding(const struct crawl_points *points)
{
    char *text = xstrdup("");
    unsigned last = 0;
    for (size_t i = 0; i < points->count; i++) {
        unsigned c = points->at[i].first->concurrency;
        struct level l = level_at(points, c);
        if (c == last || l.count == 0)
            continue;
        last = c;
        char *one = finding_of(c, l);
        char *more = text_format("%s%s%s", text, text[0] ? "\n" : "", one);
        free(one);
        free(text);
        text = more;
    }
    if (text[0])
        return text;
    free(text);
    return xstrdup("No client that makes as many at once as asked has a valid job.");
}

static void add_verdict(struct grid *g, const struct crawl_point *p)
{
    const struct crawl_row *bad = p->bad;
    if (!bad)
        grid_cell(g, "valid");
    else if (bad->status == CRAWL_OK)
        grid_cell(g, "%zu/%zu, %s: %s", p->valid, p->trials, verdict_names[bad->verdict],
                  bad->reason);
    else
        grid_cell(g, "%s: %s", crawl_status_names[bad->status], bad->reason);
}

static void add_row(struct grid *g, const struct crawl_point *p)
{
    char label[64], text[32];
    const struct spread *at = p->at;
    struct grid_row *row = grid_row(g);
    row->faint = p->valid == 0;
    row->mark = p->bad && p->bad->status == CRAWL_OK ? "invalid" : NULL;
    grid_cell(g, "%s", crawl_label(p->first->client, p->first->way, label));
    grid_number(g, 0, (double)p->first->requests);
    grid_cell(g, "%s", figure_time(at[CF_WALL_S].median * 1e6, text));
    grid_number(g, 3, at[CF_EFFICIENCY].median);
    grid_cell(g, "%s", figure_time(at[CF_CPU_US].median, text));
    grid_number(g, 2, at[CF_SYSCALLS].median);
    grid_number(g, 2, at[CF_SWITCHES].median);
    grid_number(g, 0, at[CF_PROCESSES].median);
    grid_number(g, 0, at[CF_THREADS].median);
    grid_number(g, 1, at[CF_PSS_KIB].median / 1024);
    grid_number(g, 0, at[CF_CONNECTIONS].median);
    grid_number(g, 0, at[CF_MOST].median);
    grid_cell(g, "%s", figure_time(at[CF_START_S].median * 1e6, text));
    add_verdict(g, p);
}

const struct crawl_point *crawl_twin(const struct crawl_points *points,
                                     const struct crawl_row *row, enum crawl_way way)
{
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_row *r = points->at[i].first;
        if (r->way == way && r->concurrency == row->concurrency &&
            strcmp(r->client, row->client) == 0)
            return &points->at[i];
    }
    return NULL;
}

void crawl_table(FILE *f, const struct crawl_points *points, enum format format)
{
    for (size_t i = 0; i < points->count;) {
        unsigned c = points->at[i].first->concurrency;
        struct grid g = {.heads = {"client", "requests", "time", "efficiency", "CPU/req",
                                   "calls/req", "switches/req", "processes", "threads", "MiB",
                                   "connections", "at once", "start", "verdict"},
                         .columns = 14,
                         .left = 1u << 0 | 1u << 13,
                         .wrap = 1u << 13,
                         .marked = 13};
        for (; i < points->count && points->at[i].first->concurrency == c; i++)
            add_row(&g, &points->at[i]);
        char *title = text_format("%u at once", c);
        grid_heading(f, title, format);
        free(title);
        grid_put(f, &g, format);
        grid_free(&g);
    }
}

void crawl_tell(FILE *f, const struct crawl_points *points, const char *finding)
{
    crawl_table(f, points, FORMAT_TERMINAL);
    fprintf(f, "\n%s\n", finding);
}
