#include "bench/show/distribution.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/record/buckets.h"
#include "common/err.h"

/* One line a bucket would be thousands; a step of 2 % in 1 - q is finer than a picture shows.
 */
static void write_curve(FILE *f, const char *model, struct buckets *all)
{
    double below = 0;
    double next = 1; /* write when 1 - q is below this */
    buckets_sort(all);
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

/* The curve of one point. Without all of its histograms it would be that of some trials, so there
 * is none then, and a word of it. */
static bool write_point(FILE *f, const char *dir, const struct summary_point *p,
                        const struct trial_rows *rows, bool *any, char *error,
                        size_t error_size)
{
    struct buckets all = {0};
    enum buckets_result last = BUCKETS_GOOD;
    for (size_t k = 0; k < rows->count && last == BUCKETS_GOOD; k++) {
        if (!summary_uses(p, &rows->at[k]))
            continue;
        last = buckets_read(&all, dir, &rows->at[k], error, error_size);
        if (last == BUCKETS_MISSING)
            warn("%s/histograms/%u.csv is missing: %s has no latency distribution", dir,
                 rows->at[k].trial, p->model);
    }
    if (last == BUCKETS_GOOD && all.count > 0) {
        write_curve(f, p->model, &all);
        *any = true;
    }
    free(all.at);
    return last != BUCKETS_BAD;
}

bool distribution_write(const struct results *r, enum protocol protocol, bool *any, char *error,
                        size_t error_size)
{
    char *path =
        text_format("%s/plots/latency_distribution_%s.tsv", r->dir, protocol_names[protocol]);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    bool good = true;
    *any = false;
    fputs("model\tq\tlatency_us\n", f);
    for (size_t i = 0; good && i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol == protocol && p->on_axis == r->environment.scenario.rank &&
            p->verdict != VERDICT_INVALID && !summary_starves(p))
            good = write_point(f, r->dir, p, &r->rows, any, error, error_size);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
    return good;
}
