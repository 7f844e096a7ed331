#include "bench/lesson/value.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/stats.h"
#include "common/err.h"

const char *const lesson_verdict_names[LESSON_VERDICTS] = {"holds", "contradicted",
                                                           "cannot tell"};
const char *const lesson_mark_names[LESSON_MARKS] = {"full", "partial", "far", "wrong side",
                                                     "cannot tell"};

/* With fewer rounds no interval covers the median with 95 %. */
static const size_t rounds_least = 6;
/* An interval whose ends differ by more than this factor grades nobody. */
static const double widest = 4;

struct lesson_value lesson_value(const struct lesson_windows *w,
                                 const struct lesson_expression *e)
{
    double *values = xcalloc(w->rounds + 1, sizeof *values);
    for (size_t r = 0; r < w->rounds; r++) {
        const struct lesson_sample *sides = w->at + r * w->sides;
        values[r] = sides[e->over.side].value[e->over.metric];
        if (e->ratio)
            values[r] /= sides[e->under.side].value[e->under.metric];
    }
    struct spread s = stats_spread(values, w->rounds);
    free(values);
    return (struct lesson_value){s.median, s.low, s.high, s.n};
}

enum lesson_verdict lesson_judge(const struct lesson_claim *c, const struct lesson_value *v)
{
    if (isnan(v->middle) || v->rounds < rounds_least)
        return LESSON_OPEN;
    bool above = v->low > c->bound;
    bool below = v->high < c->bound;
    if (!above && !below)
        return LESSON_OPEN;
    return below == c->below ? LESSON_HOLDS : LESSON_CONTRADICTED;
}

enum lesson_mark lesson_mark(double prediction, const struct lesson_value *v, unsigned near,
                             bool ratio)
{
    if (!isfinite(v->middle) || !isfinite(v->high) || v->rounds < rounds_least ||
        v->high > widest * v->low)
        return LESSON_UNTOLD;
    double far = fabs(log(prediction / v->middle));
    if ((prediction >= v->low && prediction <= v->high) || far <= log1p(near / 100.0))
        return LESSON_FULL;
    if (ratio && ((v->high < 1 && prediction > 1) || (v->low > 1 && prediction < 1)))
        return LESSON_REVERSE;
    return far <= log(2) ? LESSON_PARTLY : LESSON_FAR;
}

unsigned lesson_points(enum lesson_mark mark)
{
    return mark == LESSON_FULL ? LESSON_POINTS : mark == LESSON_PARTLY ? LESSON_POINTS / 2 : 0;
}
