#include "bench/show/distribution.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "common/err.h"
#include "common/parse.h"

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

enum histogram { HISTOGRAM_GOOD, HISTOGRAM_MISSING, HISTOGRAM_BAD };

/* A whole number that a double holds exactly; false for anything else. */
static bool whole(const struct csv *c, size_t row, int column, double *value)
{
    uint64_t n;
    bool good = parse_u64(csv_cell(c, row, column), 0, UINT64_C(1) << 53, &n);
    *value = good ? (double)n : NAN;
    return good;
}

/* Add all buckets; false where a line is none, or does not lie above the one before it. Their
 * bounds are the same in all trials, but nothing here needs that: a value counts as the highest of
 * its bucket. */
static bool add_buckets(struct buckets *all, const char *path, const struct csv *c, char *error,
                        size_t error_size)
{
    int lowest = csv_column(c, "lowest_ns");
    int highest = csv_column(c, "highest_ns");
    int count = csv_column(c, "count");
    double last = -1;
    all->at = xrealloc(all->at, (all->count + c->rows) * sizeof *all->at);
    for (size_t i = 0; i < c->rows; i++) {
        struct bucket b;
        double from;
        if (!whole(c, i, lowest, &from) || !whole(c, i, highest, &b.highest_ns) ||
            !whole(c, i, count, &b.count) || from <= last || b.highest_ns < from ||
            b.count < 1) {
            snprintf(error, error_size, "%s:%zu: no bucket of a histogram above the one before",
                     path, c->lines[i]);
            return false;
        }
        last = b.highest_ns;
        all->at[all->count++] = b;
        all->total += b.count;
    }
    return true;
}

/* Add the histogram of one trial, which holds all its answers and timeouts. */
static enum histogram add_trial(struct buckets *all, const char *dir,
                                const struct trial_row *row, char *error, size_t error_size)
{
    struct csv c;
    double before = all->total;
    double samples = row->value[M_OK] + row->value[M_TIMEOUT];
    char *path = text_format("%s/histograms/%u.csv", dir, row->trial);
    enum histogram result = HISTOGRAM_BAD;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        result = HISTOGRAM_MISSING;
    } else if (csv_read(path, &c, error, error_size)) {
        bool good = add_buckets(all, path, &c, error, error_size);
        if (good && c.cut_line > 0) {
            good = false;
            snprintf(error, error_size, "%s:%zu: the last line is cut off", path, c.cut_line);
        } else if (good && !isnan(samples) && all->total - before != samples) {
            good = false;
            snprintf(error, error_size,
                     "%s holds %.0f samples, line %zu of trials.csv tells of %.0f", path,
                     all->total - before, row->line, samples);
        }
        result = good ? HISTOGRAM_GOOD : HISTOGRAM_BAD;
        csv_free(&c);
    }
    free(path);
    return result;
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

/* The curve of one point. Without all of its histograms it would be that of some trials, so there
 * is none then, and a word of it. */
static bool write_point(FILE *f, const char *dir, const struct summary_point *p,
                        const struct trial_rows *rows, bool *any, char *error,
                        size_t error_size)
{
    struct buckets all = {0};
    enum histogram last = HISTOGRAM_GOOD;
    for (size_t k = 0; k < rows->count && last == HISTOGRAM_GOOD; k++) {
        if (!summary_uses(p, &rows->at[k]))
            continue;
        last = add_trial(&all, dir, &rows->at[k], error, error_size);
        if (last == HISTOGRAM_MISSING)
            warn("%s/histograms/%u.csv is missing: %s has no latency distribution", dir,
                 rows->at[k].trial, p->model);
    }
    if (last == HISTOGRAM_GOOD && all.count > 0) {
        write_curve(f, p->model, &all);
        *any = true;
    }
    free(all.at);
    return last != HISTOGRAM_BAD;
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
        if (p->protocol == protocol && p->connections == r->environment.scenario.rank &&
            p->verdict != VERDICT_INVALID && !summary_starves(p))
            good = write_point(f, r->dir, p, &r->rows, any, error, error_size);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
    return good;
}
