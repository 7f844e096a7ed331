#include "bench/record/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/shape.h"
#include "bench/stats/moderated.h"
#include "bench/stats/multiple.h"
#include "common/err.h"

/* The points of one run, in the order of its summary. */
struct run {
    const struct results *results;
    const struct summary *other; /* of the run that this one is compared with */
    struct rate_basis basis;
    struct side *sides[COMPARE_FIGURES]; /* of the logarithms */
    struct variance_prior priors[COMPARE_FIGURES];
};

static double figure_of(const struct trial_row *row, enum compare_figure f,
                        const struct rate_basis *basis)
{
    return f == COMPARE_RATE  ? rate_of(row, basis)
           : f == COMPARE_CPU ? row->value[M_CPU_PER_REQUEST]
                              : row->value[M_P99_US];
}

/* The point of `b` that is the same as `p`; its place in b's summary. */
static const struct summary_point *counterpart(const struct summary *b,
                                               const struct summary_point *p, size_t *at)
{
    const struct summary_point *found = ratio_point(b, p->protocol, p->model, p->on_axis);
    *at = found ? (size_t)(found - b->at) : 0;
    return found;
}

/* The yardstick counts where a point has it in both runs. */
static struct rate_basis basis_of(const struct run *run, const struct summary_point *p)
{
    size_t k;
    const struct summary_point *q = counterpart(run->other, p, &k);
    return summary_basis(q && q->plain ? q : p, &run->basis);
}

/* The logarithms of a point's figures; returns how many. */
static size_t logarithms(const struct run *run, const struct summary_point *p,
                         enum compare_figure f, double *out)
{
    const struct trial_rows *rows = &run->results->rows;
    const struct rate_basis basis = basis_of(run, p);
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (p->verdict == VERDICT_INVALID || !summary_uses(p, &rows->at[i]))
            continue;
        double value = figure_of(&rows->at[i], f, &basis);
        if (value > 0)
            out[n++] = log(value);
    }
    return n;
}

static void make_run(struct run *run, const struct results *r, const struct summary *other,
                     const struct rate_basis *basis)
{
    const struct summary *s = &r->summary;
    double *values = xcalloc(r->rows.count, sizeof *values);
    double *variance = xcalloc(s->count, sizeof *variance);
    double *freedom = xcalloc(s->count, sizeof *freedom);
    *run = (struct run){.results = r, .other = other, .basis = *basis};
    for (int f = 0; f < COMPARE_FIGURES; f++) {
        run->sides[f] = xcalloc(s->count, sizeof *run->sides[f]);
        for (size_t i = 0; i < s->count; i++) {
            size_t n = logarithms(run, &s->at[i], (enum compare_figure)f, values);
            run->sides[f][i] = side_of(values, n);
            variance[i] = run->sides[f][i].variance;
            freedom[i] = n > 1 ? (double)n - 1 : 0;
        }
        run->priors[f] = variance_prior_of(variance, freedom, s->count);
    }
    free(freedom);
    free(variance);
    free(values);
}

static void free_run(struct run *run)
{
    for (int f = 0; f < COMPARE_FIGURES; f++)
        free(run->sides[f]);
}

/* Each trial's rate by the mean of its point, over the whole run. */
static struct levels levels_of(const struct run *run)
{
    const struct summary *s = &run->results->summary;
    double *values = xcalloc(run->results->rows.count, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        size_t first = n;
        n += logarithms(run, &s->at[i], COMPARE_RATE, values + n);
        for (size_t k = first; k < n; k++)
            values[k] = exp(values[k] - run->sides[COMPARE_RATE][i].mean);
    }
    struct levels levels = levels_find(values, n);
    free(values);
    return levels;
}

static struct compare_cell make_cell(const struct side *a, const struct variance_prior *prior_a,
                                     const struct side *b, const struct variance_prior *prior_b,
                                     const struct compare_options *o, double shift)
{
    struct difference d = difference_of(a, prior_a, b, prior_b);
    difference_widen(&d, shift);
    double half = difference_half_width(&d, o->alpha);
    return (struct compare_cell){
        .a = a->n > 0 ? exp(a->mean) : NAN,
        .b = b->n > 0 ? exp(b->mean) : NAN,
        .n_a = a->n,
        .n_b = b->n,
        .ratio = exp(d.mean),
        .low = exp(d.mean - half),
        .high = exp(d.mean + half),
        .p = difference_p(&d),
        .within_p = difference_within_p(&d, log1p(o->margin)),
        .verdict = COMPARE_OPEN,
        .bound = "",
    };
}

/* What moved a point's figure together with all others. */
static double shift_of(const struct compare *c, enum compare_figure f, bool yardstick)
{
    double shift = log(c->shift[f]);
    if (f != COMPARE_RATE || !c->basis.yardstick)
        return shift;
    if (yardstick)
        return NAN;
    return log(c->yardstick_ratio) + (isnan(shift) ? 0 : shift);
}

static void add_point(struct compare *c, const struct run *a, size_t i, const struct run *b,
                      size_t k)
{
    struct compare_point p = {
        .a = &a->results->summary.at[i],
        .b = &b->results->summary.at[k],
        .yardstick = basis_of(a, &a->results->summary.at[i]).yardstick,
        .shape = NAN,
        .shape_within = NAN,
    };
    p.excuse = ratio_excuse(p.a) ? ratio_excuse(p.a) : ratio_excuse(p.b);
    for (int f = 0; f < COMPARE_FIGURES; f++)
        p.at[f] = make_cell(&a->sides[f][i], &a->priors[f], &b->sides[f][k], &b->priors[f],
                            &c->options, shift_of(c, (enum compare_figure)f, p.yardstick));
    c->at[c->count++] = p;
}

/* The median of what the models say, each by the median of its points, which follow one another.
 * Returns how many models there are. */
static size_t find_shift(const struct run *a, const struct run *b, enum compare_figure f,
                         double *shift)
{
    const struct summary *s = &a->results->summary;
    double *of_models = xcalloc(s->count + 1, sizeof *of_models);
    double *of_points = xcalloc(s->count + 1, sizeof *of_points);
    size_t models = 0, points = 0, k;
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        /* A point may lack one of the figures. */
        if (!ratio_excuse(p) && counterpart(&b->results->summary, p, &k) &&
            !ratio_excuse(&b->results->summary.at[k]) && a->sides[f][i].n > 0 &&
            b->sides[f][k].n > 0 &&
            (f != COMPARE_RATE || basis_of(a, p).yardstick == a->basis.yardstick))
            of_points[points++] = b->sides[f][k].mean - a->sides[f][i].mean;
        bool last = i + 1 == s->count || strcmp(p->model, p[1].model) != 0;
        if (last && points > 0)
            of_models[models++] = stats_spread(of_points, points).median;
        points = last ? 0 : points;
    }
    *shift = models < COMPARE_MODELS_MIN ? NAN : exp(stats_spread(of_models, models).median);
    free(of_points);
    free(of_models);
    return models;
}

static bool add_shapes(struct compare *c, char *error, size_t error_size)
{
    for (size_t i = 0; i < c->count; i++) {
        struct compare_point *p = &c->at[i];
        struct shape s;
        if (p->excuse)
            continue;
        if (!shape_compare(&s, c->a, p->a, c->b, p->b, error, error_size))
            return false;
        p->shape = s.distance;
        p->shape_within = s.within;
        p->shape_changed = s.distance >= COMPARE_SHAPE_MIN && s.distance > s.within;
    }
    return true;
}

/* What the load generator limited is a bound: of a rate from below, of a tail from neither side. */
static enum compare_verdict bounded(const struct compare_point *p, enum compare_figure f,
                                    enum compare_verdict verdict, const char **bound)
{
    bool a_limited = p->a->verdict == VERDICT_GENERATOR_LIMITED;
    bool b_limited = p->b->verdict == VERDICT_GENERATOR_LIMITED;
    if (f == COMPARE_CPU || (!a_limited && !b_limited))
        return verdict;
    if (f == COMPARE_TAIL || (a_limited && b_limited))
        return COMPARE_OPEN;
    *bound = a_limited ? "≤" : "≥";
    return verdict == (a_limited ? COMPARE_WORSE : COMPARE_BETTER) ? verdict : COMPARE_OPEN;
}

static void judge_cell(struct compare_point *p, enum compare_figure f,
                       const struct compare_options *o)
{
    struct compare_cell *cell = &p->at[f];
    bool less_is_better = f != COMPARE_RATE;
    enum compare_verdict verdict = COMPARE_OPEN;
    if (cell->within_p <= o->alpha)
        verdict = COMPARE_SAME;
    else if (cell->p <= o->alpha)
        verdict = (cell->ratio < 1) == less_is_better ? COMPARE_BETTER : COMPARE_WORSE;
    cell->verdict = bounded(p, f, verdict, &cell->bound);
}

/* All points and figures are one family of comparisons. */
static void correct_and_judge(struct compare *c)
{
    static void (*const adjust[])(const double *, size_t, double *) = {
        [CORRECT_HOLM] = holm_adjust, [CORRECT_BH] = bh_adjust, [CORRECT_NONE] = NULL};
    size_t n = c->count * COMPARE_FIGURES;
    double *p = xcalloc(n, sizeof *p);
    double *within = xcalloc(n, sizeof *within);
    for (size_t i = 0; i < n; i++) {
        const struct compare_point *point = &c->at[i / COMPARE_FIGURES];
        const struct compare_cell *cell = &point->at[i % COMPARE_FIGURES];
        p[i] = point->excuse ? NAN : cell->p;
        within[i] = point->excuse ? NAN : cell->within_p;
    }
    if (adjust[c->options.correction]) {
        adjust[c->options.correction](p, n, p);
        adjust[c->options.correction](within, n, within);
    }
    for (size_t i = 0; i < n; i++) {
        struct compare_point *point = &c->at[i / COMPARE_FIGURES];
        point->at[i % COMPARE_FIGURES].p = p[i];
        point->at[i % COMPARE_FIGURES].within_p = within[i];
        judge_cell(point, i % COMPARE_FIGURES, &c->options);
    }
    free(within);
    free(p);
}

/* Both runs are measured in the yardstick of a, so that what both yardsticks met cancels out. */
static void choose_basis(struct compare *c)
{
    struct rate_basis a = rate_basis_of(&c->a->rows);
    struct rate_basis b = rate_basis_of(&c->b->rows);
    c->yardstick_in_one = a.yardstick != b.yardstick;
    c->yardstick_ratio = NAN;
    c->basis = rate_basis_plain();
    if (!a.yardstick || !b.yardstick)
        return;
    c->basis = a;
    c->yardstick_ratio = b.at / a.at;
}

bool compare_make(struct compare *c, const struct results *a, const struct results *b,
                  const struct compare_options *options, char *error, size_t error_size)
{
    struct run x, y;
    *c = (struct compare){.a = a, .b = b, .options = *options};
    choose_basis(c);
    make_run(&x, a, &b->summary, &c->basis);
    make_run(&y, b, &a->summary, &c->basis);
    c->levels[0] = levels_of(&x);
    c->levels[1] = levels_of(&y);
    for (int f = 0; f < COMPARE_FIGURES; f++)
        c->models = find_shift(&x, &y, (enum compare_figure)f, &c->shift[f]);
    c->at = xcalloc(a->summary.count, sizeof *c->at);
    for (size_t i = 0; i < a->summary.count; i++) {
        size_t k;
        if (counterpart(&b->summary, &a->summary.at[i], &k))
            add_point(c, &x, i, &y, k);
    }
    c->only_a = a->summary.count - c->count;
    c->only_b = b->summary.count - c->count;
    correct_and_judge(c);
    free_run(&y);
    free_run(&x);
    if (add_shapes(c, error, error_size))
        return true;
    compare_free(c);
    return false;
}

void compare_free(struct compare *c)
{
    free(c->at);
    c->at = NULL;
}

size_t compare_count(const struct compare *c, enum compare_figure f, enum compare_verdict v)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += !c->at[i].excuse && c->at[i].at[f].verdict == v;
    return n;
}

bool compare_regressed(const struct compare *c)
{
    bool worse = false;
    for (int f = 0; f < COMPARE_FIGURES; f++)
        worse |= compare_count(c, (enum compare_figure)f, COMPARE_WORSE) > 0;
    return worse;
}
