#include "bench/crawl/queues.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/show/grid.h"
#include "bench/show/plot.h"
#include "common/err.h"

static bool is_queue(const struct crawl_point *p)
{
    return p->first->kind == CRAWL_QUEUE && p->first->status != CRAWL_SKIPPED;
}

/* Jobs a second by the time of all: the longest time is the lowest rate. */
static struct spread job_rate(const struct crawl_point *p)
{
    struct spread s = p->at[CF_WALL_S];
    double jobs = (double)p->first->requests;
    return (struct spread){
        .n = s.n, .median = jobs / s.median, .low = jobs / s.high, .high = jobs / s.low};
}

static void add_row(struct grid *g, const struct crawl_point *p)
{
    char text[32];
    const struct spread *at = p->at;
    grid_row(g);
    grid_cell(g, "%s", p->first->client);
    grid_number(g, 0, job_rate(p).median);
    grid_number(g, 0, at[CF_EMPTY_RATE].median);
    grid_cell(g, "%s", figure_time(at[CF_LATENCY_P50_US].median, text));
    grid_cell(g, "%s", figure_time(at[CF_LATENCY_P90_US].median, text));
    grid_cell(g, "%s", figure_time(at[CF_CPU_US].median, text));
}

void queues_table(FILE *f, const struct crawl_points *points, enum format format)
{
    for (size_t i = 0; i < points->count;) {
        unsigned c = points->at[i].first->concurrency;
        struct grid g = {.heads = {"queue", "jobs/s", "empty jobs/s", "one job, median",
                                   "one job, 90 %", "CPU/job"},
                         .columns = 6,
                         .left = 1u << 0};
        bool any = false;
        for (; i < points->count && points->at[i].first->concurrency == c; i++) {
            if (!is_queue(&points->at[i]))
                continue;
            add_row(&g, &points->at[i]);
            any = true;
        }
        if (any) {
            char *title = text_format("queues, %u worker%s", c, text_s(c));
            grid_heading(f, title, format);
            free(title);
            grid_put(f, &g, format);
        }
        grid_free(&g);
    }
}

static bool put(FILE *f, const char *name, const char *what, const struct spread *s)
{
    if (isnan(s->median))
        return false;
    fprintf(f, "%s, %s\t", name, what);
    csv_put_number(f, s->median, 2);
    fputc('\t', f);
    csv_put_number(f, s->low, 2);
    fputc('\t', f);
    csv_put_number(f, s->high, 2);
    fputc('\n', f);
    return true;
}

/* How many lines; `best` becomes the point with the highest rate. */
static size_t write_rates(const char *path, const struct crawl_points *points, unsigned at,
                          const struct crawl_point **best)
{
    size_t lines = 0;
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fprintf(f, "name\tfigure\tlow\thigh\n");
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_point *p = &points->at[i];
        if (!is_queue(p) || p->first->concurrency != at)
            continue;
        struct spread rate = job_rate(p);
        if (put(f, p->first->client, "a fetch", &rate)) {
            lines++;
            if (!*best || rate.median > job_rate(*best).median)
                *best = p;
        }
        lines += put(f, p->first->client, "nothing", &p->at[CF_EMPTY_RATE]);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    return lines;
}

static bool any_queue(const struct crawl_points *points)
{
    for (size_t i = 0; i < points->count; i++)
        if (is_queue(&points->at[i]))
            return true;
    return false;
}

bool queues_draw(const char *dir, const char *scripts, const struct crawl_scenario *s,
                 const struct crawl_points *points, char *error, size_t size)
{
    static const char name[] = "queue_throughput";
    unsigned at = s->concurrency[s->points - 1];
    const struct crawl_point *best = NULL;
    if (!any_queue(points))
        return true;
    char *data = text_format("%s/plots/%s.tsv", dir, name);
    bool good = true;
    if (write_rates(data, points, at, &best) > 0 && best) {
        double rate = job_rate(best).median;
        struct caption caption = {
            .finding = text_format(
                "%u workers fed by a queue: at most %.0f jobs with a fetch a second, by %s", at,
                rate, best->first->client),
            .conditions =
                text_format("jobs that get a URL of a server that waits %u ms, and jobs that "
                            "do nothing; broker and workers share what CPUs the server leaves",
                            s->wait_ms),
            .note = xstrdup("the scale is logarithmic"),
            .figures =
                text_format("The best possible is %.0f jobs a second", at * 1e3 / s->wait_ms)};
        char *set = xstrdup("x_title='jobs a second'");
        good = plot_draw_by(dir, scripts, "dots", name, set, &caption, error, size);
        free(set);
        caption_free(&caption);
    }
    free(data);
    return good;
}
