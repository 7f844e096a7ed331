#include "bench/record/noise_floor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/stats.h"
#include "bench/stats/ascending.h"
#include "common/err.h"

static bool usable(const struct trial_row *r)
{
    return r->ok && !r->counting && r->verdict != VERDICT_INVALID &&
           r->value[M_YARDSTICK_SELF] > 0;
}

/* The trials of one model at one point, made one spread of the yardstick's ratios to itself. */
struct point {
    const struct trial_row *first;
    struct spread self;
};

static bool same_point(const struct trial_row *x, const struct trial_row *y)
{
    return x->protocol == y->protocol && x->at == y->at && strcmp(x->model, y->model) == 0;
}

static bool seen_before(const struct point *points, size_t n, const struct trial_row *row)
{
    for (size_t i = 0; i < n; i++)
        if (same_point(points[i].first, row))
            return true;
    return false;
}

static size_t make_points(const struct trial_rows *rows, struct point *points)
{
    double *values = xcalloc(rows->count, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        size_t count = 0;
        if (!usable(&rows->at[i]) || seen_before(points, n, &rows->at[i]))
            continue;
        for (size_t k = i; k < rows->count; k++)
            if (usable(&rows->at[k]) && same_point(&rows->at[i], &rows->at[k]))
                values[count++] = rows->at[k].value[M_YARDSTICK_SELF];
        if (count >= 2)
            points[n++] = (struct point){&rows->at[i], stats_spread(values, count)};
    }
    free(values);
    return n;
}

/* How many times the upper end of the lower interval the lower end of the other is; below 1 where
 * the two overlap. */
static double gap(const struct spread *x, const struct spread *y)
{
    return fmax(x->low / y->high, y->low / x->high);
}

/* The gaps of all pairs at the same point. */
static size_t gaps_of(const struct point *points, size_t n, double *gaps)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (points[i].first->protocol == points[k].first->protocol &&
                points[i].first->at == points[k].first->at)
                gaps[count++] = gap(&points[i].self, &points[k].self);
    return count;
}

static void judge_pairs(struct noise_floor *f, const struct trial_rows *rows)
{
    struct point *points = xcalloc(rows->count, sizeof *points);
    size_t n = make_points(rows, points);
    double *gaps = xcalloc(n * n / 2 + 1, sizeof *gaps);
    f->pairs = gaps_of(points, n, gaps);
    for (size_t i = 0; i < f->pairs; i++)
        f->flagged += gaps[i] > 1;
    qsort(gaps, f->pairs, sizeof *gaps, ascending);
    if (f->pairs >= NOISE_PAIRS_MIN)
        f->apart = fmax(1, gaps[(size_t)ceil(0.95 * (double)f->pairs) - 1]);
    else
        f->apart = f->trials > 0 ? 1 + f->most : 1;
    free(gaps);
    free(points);
}

struct noise_floor noise_floor_of(const struct trial_rows *rows)
{
    struct noise_floor f = {.typical = NAN, .most = NAN};
    double *off = xcalloc(rows->count, sizeof *off);
    for (size_t i = 0; i < rows->count; i++) {
        const struct trial_row *r = &rows->at[i];
        if (r->value[M_WINDOWS] > 0) {
            f.windows += (size_t)r->value[M_WINDOWS];
            f.jumped +=
                r->value[M_YARDSTICK_JUMPS] > 0 ? (size_t)r->value[M_YARDSTICK_JUMPS] : 0;
        }
        if (usable(r))
            off[f.trials++] = fabs(r->value[M_YARDSTICK_SELF] - 1);
    }
    if (f.trials > 0) {
        qsort(off, f.trials, sizeof *off, ascending);
        f.typical = off[(f.trials - 1) / 2];
        f.most = off[(size_t)ceil(0.95 * (double)f.trials) - 1];
    }
    free(off);
    judge_pairs(&f, rows);
    return f;
}
