/* Intervals for the mean of independent values: one for a fixed number of values, and sequences of
 * intervals that stay valid when somebody looks after every value and stops when it suits. */
#ifndef IOM_INTERVAL_H
#define IOM_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/stats/estimate.h"

struct interval {
    double low;
    double high;
};

/* Pairs of costs on two levels: sessions are independent of one another, the pairs of one
 * session are not. The sizes[i] pairs of session i follow those of session i - 1; no size is
 * 0. */
struct paired_sessions {
    const double *a;
    const double *b;
    const size_t *sizes;
    size_t count; /* of sessions */
};

enum bootstrap {
    /* Draws sessions, each with its pairs as they are; Student's statistic of each draw. */
    BOOTSTRAP_SESSIONS,
    /* Draws sessions, and in each session drawn its pairs again; Student's statistic. */
    BOOTSTRAP_BOTH,
    /* The same draws; the quantiles of their means. The noise within sessions counts twice: where
     * sessions do not differ, that interval is too wide by 41 %. */
    BOOTSTRAP_BOTH_QUANTILES,
    /* The same quantiles, scaled so that the deviation of the draws is the standard error of the
     * sessions' mean, and for few sessions as Student's distribution is wider than the normal. */
    BOOTSTRAP_BOTH_SCALED,
    /* The same of Huber's location of the sessions and its standard error (robust.h), in place of
     * their mean and its. */
    BOOTSTRAP_BOTH_HUBER,
    BOOTSTRAP_COUNT
};

/* The interval of the mean of what the sessions say (`e`) of the log ratio, by `draws` draws
 * with replacement, with the error `alpha` on both sides together. Sources: Davison and
 * Hinkley, Bootstrap Methods and their Application, sections 3.8 and 5.2; Ren and others,
 * "Nonparametric bootstrapping for hierarchical data", Journal of Applied Statistics 37
 * (2010). Valid for a number of sessions that was fixed before. NaN for fewer than two
 * sessions. */
struct interval bootstrap_log_ratio(const struct paired_sessions *s, enum estimator e,
                                    enum bootstrap kind, unsigned draws, double alpha,
                                    uint64_t *random);

/* The interval after n values of a confidence sequence: with the probability 1 - alpha all the
 * intervals of a sequence, from the second value on, cover the mean. So the first interval that
 * tells something may be believed, however often somebody has looked.
 *
 * For independent normal values of unknown deviation this holds exactly. It comes from the t-test
 * with a normal mixture over the effect size: the ratio of the marginal densities under the right
 * Haar prior of the deviation,
 *     sqrt(c/(n+c)) (V / (V - S^2/(n+c)))^(n/2),  S = sum(x - m), V = sum((x - m)^2),
 * is a martingale where m is the mean, and Ville's inequality bounds it. `tuned_for` is the number
 * of values at which the interval is to be narrow: it chooses c. Sources: Lai, "On Confidence
 * Sequences", Annals of Statistics 4 (1976); Wang and Ramdas, "Anytime-valid t-tests and
 * confidence sequences for Gaussian means with unknown variance" (arXiv 2310.03722, 2024).
 * Infinite where n values cannot tell anything. */
struct interval sequence_t(const struct moments *m, double tuned_for, double alpha);

/* The interval of Student's t-test, for a number of values that was fixed before. */
struct interval student_interval(const struct moments *m, double alpha);

/* P(T <= t) of Student's distribution with `freedom` degrees. */
double student_below(double t, double freedom);

/* Whether the interval lies within the margins: with the error 2 * alpha, that is a test of
 * equivalence with the error alpha on each side. Source: Schuirmann, "A Comparison of the Two
 * One-Sided Tests Procedure and the Power Approach", Journal of Pharmacokinetics and
 * Biopharmaceutics 15 (1987). */
bool interval_within(const struct interval *i, double margin);

#endif
