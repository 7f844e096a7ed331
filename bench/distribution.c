#include "distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/csv.h"
#include "bench/text.h"
#include "common/err.h"

struct bucket {
    double highest_ns;
    double count;
};

struct buckets {
    struct bucket *at;
    size_t count;
    double total;
};

static int by_value(const void *a, const void *b)
{
    const struct bucket *x = a;
    const struct bucket *y = b;
    return (x->highest_ns > y->highest_ns) - (x->highest_ns < y->highest_ns);
}

/* Add the histogram of one trial. Buckets of all trials have the same bounds, but nothing here
 * needs that: a value counts as the highest of its bucket. */
static void add_trial(struct buckets *all, const char *dir, unsigned trial)
{
    struct csv c;
    char error[256];
    char *path = text_format("%s/histograms/%u.csv", dir, trial);
    if (csv_read(path, &c, error, sizeof error)) {
        int highest = csv_column(&c, "highest_ns");
        int count = csv_column(&c, "count");
        all->at = xrealloc(all->at, (all->count + c.rows) * sizeof *all->at);
        for (size_t i = 0; i < c.rows; i++) {
            struct bucket b = {csv_number(&c, i, highest), csv_number(&c, i, count)};
            if (isnan(b.highest_ns) || !(b.count > 0))
                continue;
            all->at[all->count++] = b;
            all->total += b.count;
        }
        csv_free(&c);
    }
    free(path);
}

/* One line a bucket would be thousands; a step of 2 % in 1 - q is finer than a picture shows.
 */
static void write_curve(FILE *f, const char *model, struct buckets *all)
{
    double below = 0;
    double next = 1; /* write when 1 - q is below this */
    qsort(all->at, all->count, sizeof *all->at, by_value);
    for (size_t i = 0; i < all->count; i++) {
        below += all->at[i].count;
        double above = 1 - below / all->total;
        bool last = i + 1 == all->count;
        if (above > next && !last)
            continue;
        if (last)
            above = 1 / all->total; /* the slowest of all */
        fprintf(f, "%s\t%.9g\t%.3f\n", model, 1 - above, all->at[i].highest_ns / 1e3);
        next = above * 0.98;
    }
}

bool distribution_write(const char *dir, const char *protocol, unsigned connections,
                        const struct summary *summary, const struct trial_rows *rows)
{
    char *path = text_format("%s/plots/latency_distribution_%s.tsv", dir, protocol);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    bool any = false;
    fputs("model\tq\tlatency_us\n", f);
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_point *p = &summary->at[i];
        if (strcmp(p->protocol, protocol) != 0 || p->connections != connections ||
            p->verdict == VERDICT_INVALID || summary_starves(p))
            continue;
        struct buckets all = {0};
        for (size_t k = 0; k < rows->count; k++)
            if (summary_uses(p, &rows->at[k]))
                add_trial(&all, dir, rows->at[k].trial);
        if (all.count > 0) {
            write_curve(f, p->model, &all);
            any = true;
        }
        free(all.at);
    }
    if (fclose(f) != 0)
        die_errno("cannot write %s", path);
    free(path);
    return any;
}
