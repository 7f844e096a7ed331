#include "bench/record/shape.h"

#include <math.h>
#include <stdlib.h>

#include "bench/record/buckets.h"
#include "bench/stats/ks.h"
#include "common/err.h"

struct bars {
    struct ks_bar *at;
    size_t count;
};

/* The trials of one point in one run, and all of them as one. */
struct sample {
    struct bars *trials;
    size_t count;
    struct bars all;
    bool missing;
};

static int ascending(const void *a, const void *b)
{
    const struct ks_bar *x = a;
    const struct ks_bar *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static void append(struct bars *all, const struct bars *more)
{
    all->at = xrealloc(all->at, (all->count + more->count + 1) * sizeof *all->at);
    for (size_t i = 0; i < more->count; i++)
        all->at[all->count++] = more->at[i];
}

static void add_trial(struct sample *s, const struct buckets *b)
{
    double median = buckets_percentile(b, 500000, INFINITY);
    struct bars bars = {xcalloc(b->count + 1, sizeof *bars.at), b->count};
    for (size_t i = 0; i < b->count; i++)
        bars.at[i] = (struct ks_bar){b->at[i].highest_ns / median, (uint64_t)b->at[i].count};
    s->trials = xrealloc(s->trials, (s->count + 1) * sizeof *s->trials);
    s->trials[s->count++] = bars;
    append(&s->all, &bars);
}

static bool read_sample(struct sample *s, const struct results *r,
                        const struct summary_point *p, char *error, size_t error_size)
{
    bool good = true;
    for (size_t i = 0; good && !s->missing && i < r->rows.count; i++) {
        struct buckets b = {0};
        if (!summary_uses(p, &r->rows.at[i]))
            continue;
        enum buckets_result result =
            buckets_read(&b, r->dir, &r->rows.at[i], error, error_size);
        good = result != BUCKETS_BAD;
        s->missing = result == BUCKETS_MISSING || b.total == 0;
        if (good && !s->missing)
            add_trial(s, &b);
        free(b.at);
    }
    if (s->all.count > 0)
        qsort(s->all.at, s->all.count, sizeof *s->all.at, ascending);
    return good;
}

static void free_sample(struct sample *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->trials[i].at);
    free(s->trials);
    free(s->all.at);
}

static double distance(const struct bars *a, const struct bars *b)
{
    return ks_distance(a->at, a->count, b->at, b->count);
}

static double greatest_within(const struct sample *s)
{
    double greatest = NAN;
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < i; k++)
            greatest = fmax(greatest, distance(&s->trials[i], &s->trials[k]));
    return greatest;
}

bool shape_compare(struct shape *s, const struct results *a,
                   const struct summary_point *point_a, const struct results *b,
                   const struct summary_point *point_b, char *error, size_t error_size)
{
    struct sample x = {0}, y = {0};
    *s = (struct shape){NAN, NAN};
    bool good = read_sample(&x, a, point_a, error, error_size) &&
                (x.missing || read_sample(&y, b, point_b, error, error_size));
    if (good && !x.missing && !y.missing && x.count > 0 && y.count > 0) {
        s->distance = distance(&x.all, &y.all);
        if (x.count > 1 && y.count > 1)
            s->within = fmax(greatest_within(&x), greatest_within(&y));
    }
    free_sample(&x);
    free_sample(&y);
    return good;
}
