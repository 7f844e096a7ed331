#include "bench/record/buckets.h"

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
    all->at = xrealloc(all->at, (all->count + c->rows + 1) * sizeof *all->at);
    for (size_t i = 0; i < c->rows; i++) {
        struct bucket b;
        if (!whole(c, i, lowest, &b.lowest_ns) || !whole(c, i, highest, &b.highest_ns) ||
            !whole(c, i, count, &b.count) || b.lowest_ns <= last ||
            b.highest_ns < b.lowest_ns || b.count < 1) {
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

/* What `path` says, held against the row. */
static bool add_file(struct buckets *all, const char *path, const struct trial_row *row,
                     char *error, size_t error_size)
{
    struct csv c;
    double before = all->total;
    double samples = row->value[M_OK] + row->value[M_TIMEOUT];
    if (!csv_read(path, &c, error, error_size))
        return false;
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
    csv_free(&c);
    return good;
}

enum buckets_result buckets_read(struct buckets *all, const char *dir,
                                 const struct trial_row *row, char *error, size_t error_size)
{
    char *path = text_format("%s/histograms/%u.csv", dir, row->trial);
    enum buckets_result result = BUCKETS_MISSING;
    if (access(path, F_OK) == 0 || errno != ENOENT)
        result = add_file(all, path, row, error, error_size) ? BUCKETS_GOOD : BUCKETS_BAD;
    free(path);
    return result;
}

static int by_value(const void *a, const void *b)
{
    const struct bucket *x = a;
    const struct bucket *y = b;
    return (x->highest_ns > y->highest_ns) - (x->highest_ns < y->highest_ns);
}

void buckets_sort(struct buckets *all)
{
    if (all->count > 0)
        qsort(all->at, all->count, sizeof *all->at, by_value);
}

double buckets_percentile(const struct buckets *all, unsigned ppm, double greatest_ns)
{
    /* Whole numbers below 2^53: the rank is exact. */
    uint64_t n = (uint64_t)all->total;
    double rank = (double)(uint64_t)(((unsigned __int128)n * ppm + 999999) / 1000000);
    double below = 0;
    for (size_t i = 0; i < all->count; i++) {
        below += all->at[i].count;
        if (below >= rank)
            return fmin(all->at[i].highest_ns, greatest_ns);
    }
    return NAN;
}
