#include "bench/duel/decide.h"

#include <math.h>
#include <stdlib.h>

#include "bench/stats/robust.h"
#include "common/err.h"
#include "common/random.h"

const char *const duel_verdict_names[DUEL_VERDICTS] = {"a-faster", "b-faster", "same", "open"};

const enum estimator duel_estimator = ESTIMATE_TRIMMED;
const enum bootstrap duel_bootstrap = BOOTSTRAP_BOTH_HUBER;

/* The number of sessions at which the t-test's sequence is narrowest. */
static const double tuned_for = 5;
static const double alpha = 0.05;
/* Of the error, the part of the t-test: it sees what is large after few sessions, of which twelve
 * are needed to see anything without their size. */
static const double part_of_t = 0.2;
static const unsigned draws = 4000;

/* What the sessions tell, with the error `error` in both sequences together. */
struct evidence {
    struct interval by_t;
    const double *values;
    double *scales;
    size_t n;
    double error;
};

static bool above(const struct evidence *e, double middle)
{
    return e->by_t.low > middle || symmetric_evidence(e->values, e->scales, e->n, middle) >=
                                       -log((1 - part_of_t) * e->error);
}

static bool below(const struct evidence *e, double middle)
{
    return e->by_t.high < middle || -symmetric_evidence(e->values, e->scales, e->n, middle) >=
                                        -log((1 - part_of_t) * e->error);
}

/* Sessions that all say the same have windows of so few requests that the noise is rounded away:
 * they tell nothing of the error. */
static bool tells(const struct moments *m)
{
    return m->n >= DUEL_SESSIONS_MIN && m->deviation > 1e-9;
}

struct duel_look duel_look(const double *values, size_t n, double margin)
{
    struct duel_look look = {.verdict = DUEL_OPEN, .middle = huber_moments(values, n).mean};
    struct moments m = moments_of(values, n);
    if (!tells(&m))
        return look;
    double *scales = xcalloc(n, sizeof *scales);
    scales_before(values, n, scales);
    struct evidence e = {sequence_t(&m, tuned_for, part_of_t * alpha), values, scales, n,
                         alpha};
    struct evidence twice = e;
    twice.error = 2 * alpha;
    twice.by_t = sequence_t(&m, tuned_for, part_of_t * twice.error);
    /* The mean and the middle of lopsided sessions can lie on two sides: that tells nothing. */
    bool a = above(&e, 0), b = below(&e, 0);
    if (a && !b)
        look.verdict = DUEL_A_FASTER;
    else if (b && !a)
        look.verdict = DUEL_B_FASTER;
    else if (!a && above(&twice, -margin) && below(&twice, margin))
        look.verdict = DUEL_SAME;
    free(scales);
    return look;
}

struct interval duel_always(const double *values, size_t n)
{
    const struct interval nothing = {-INFINITY, INFINITY};
    struct moments m = moments_of(values, n);
    if (!tells(&m))
        return nothing;
    double *scales = xcalloc(n + 1, sizeof *scales);
    scales_before(values, n, scales);
    struct interval by_t = sequence_t(&m, tuned_for, part_of_t * alpha);
    struct interval by_side = sequence_symmetric(values, scales, n, (1 - part_of_t) * alpha);
    free(scales);
    struct interval both = {fmax(by_t.low, by_side.low), fmin(by_t.high, by_side.high)};
    return both.low <= both.high ? both : nothing;
}

struct interval duel_interval(const struct paired_sessions *pairs, uint64_t seed)
{
    uint64_t random = random_stream(seed, 1);
    return bootstrap_log_ratio(pairs, duel_estimator, duel_bootstrap, draws, alpha, &random);
}
