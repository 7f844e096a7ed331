#include "bench/duel/decide.h"

#include "common/random.h"

const char *const duel_verdict_names[DUEL_VERDICTS] = {"a-faster", "b-faster", "same", "open"};

const enum estimator duel_estimator = ESTIMATE_TRIMMED;
const enum bootstrap duel_bootstrap = BOOTSTRAP_BOTH_SCALED;

/* The number of sessions at which the sequences are narrowest. It hardly matters for many sessions;
 * tuned for 20, five sessions could not tell anything. */
static const double tuned_for = 10;
static const double alpha = 0.05;
static const unsigned draws = 4000;

struct duel_look duel_look(const double *values, size_t n, double margin)
{
    struct duel_look look = {.verdict = DUEL_OPEN, .moments = moments_of(values, n)};
    look.always = sequence_t(&look.moments, tuned_for, alpha);
    struct interval same = sequence_t(&look.moments, tuned_for, 2 * alpha);
    /* Sessions that all say the same have windows of so few requests that the noise is rounded
     * away: they tell nothing of the error. */
    if (n < DUEL_SESSIONS_MIN || !(look.moments.deviation > 1e-9))
        return look;
    if (look.always.low > 0)
        look.verdict = DUEL_A_FASTER;
    else if (look.always.high < 0)
        look.verdict = DUEL_B_FASTER;
    else if (interval_within(&same, margin))
        look.verdict = DUEL_SAME;
    return look;
}

struct interval duel_interval(const struct paired_sessions *pairs, uint64_t seed)
{
    uint64_t random = random_stream(seed, 1);
    return bootstrap_log_ratio(pairs, duel_estimator, duel_bootstrap, draws, alpha, &random);
}
