/* Two runs, point by point: what became faster, slower, or stayed. */
#ifndef IOM_COMPARE_H
#define IOM_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/levels.h"
#include "bench/record/rate.h"
#include "bench/record/results.h"

enum compare_figure { COMPARE_RATE, COMPARE_CPU, COMPARE_TAIL, COMPARE_FIGURES };

enum compare_verdict {
    COMPARE_BETTER, /* more requests/s, less CPU, a shorter tail */
    COMPARE_WORSE,
    COMPARE_SAME, /* within the margin */
    COMPARE_OPEN, /* cannot tell */
    COMPARE_VERDICTS
};

enum compare_correction { CORRECT_HOLM, CORRECT_BH, CORRECT_NONE };

struct compare_options {
    double alpha;  /* 0.05 */
    double margin; /* 0.02: ratios from 1/1.02 to 1.02 are the same */
    enum compare_correction correction;
};

/* One figure of one point in both runs. */
struct compare_cell {
    double a, b; /* geometric means of the trials */
    size_t n_a, n_b;
    double ratio, low, high; /* b / a, with an interval for this point alone */
    double p, within_p; /* of no difference, and of a difference beyond the margin; corrected */
    enum compare_verdict verdict;
    const char *bound; /* what the load generator makes of the ratio: "≥", "≤", or "" */
};

struct compare_point {
    const struct summary_point *a, *b;
    const char *excuse; /* why there are no verdicts, or NULL */
    bool yardstick;     /* the rates are by the yardstick, in both runs */
    struct compare_cell at[COMPARE_FIGURES];
    /* The largest distance of the distributions of latency, each trial's by its own median, and the
     * largest of any two trials of one run. NaN: not known. */
    double shape, shape_within;
    bool shape_changed;
};

struct compare {
    const struct results *a, *b;
    struct compare_options options;
    struct compare_point *at; /* in the order of a's summary */
    size_t count;
    size_t only_a, only_b;         /* points that the other run does not have */
    struct rate_basis basis;       /* of both: `at` is that of a */
    double yardstick_ratio;        /* of the yardsticks themselves, b / a; NaN */
    double shift[COMPARE_FIGURES]; /* the median of all models' ratios; NaN: too few models */
    size_t models;                 /* that both runs have, each service by itself */
    bool yardstick_in_one;         /* one run has it: so it is not used */
    struct levels levels[2];       /* of the trials of a and b, each by the mean of its point */
};

/* Shapes that differ by less are not worth a word, however certain: with a million latencies any
 * two windows differ. */
#define COMPARE_SHAPE_MIN 0.1

/* With fewer models nothing is known of what moved them all. */
enum { COMPARE_MODELS_MIN = 5 };

/* Compare the points that both runs have. The logarithms of a point's trials, those that its
 * figures come from (summary_uses()), are tested by difference_of(): the variance of a point is
 * moderated by those of all points of its run. The p-values of all points and figures together are
 * corrected.
 *
 * What moved all models alike can be the machine as well as the code, and two runs cannot tell
 * which. So the common shift is noise of each point (difference_widen()), but for rates by a
 * yardstick, where what the machine did has cancelled out. A point that has no yardstick in one of
 * the two runs is compared by plain requests/s, and what the yardstick itself did elsewhere is
 * noise of it.
 *
 * The verdict is SAME where the corrected `within_p` is at most alpha, else BETTER or WORSE where
 * the corrected `p` is, else OPEN. Where the load generator limited a run the ratio of rates is a
 * bound, and only a verdict that the bound allows is given. INVALID points, those that starve
 * connections and those with another answer have none.
 *
 * The shape has changed where its distance is at least COMPARE_SHAPE_MIN and above that of any two
 * trials of one run; this needs two trials on each side, and all of their histograms. Returns false
 * with one line in `error` where a histogram is damaged. */
bool compare_make(struct compare *c, const struct results *a, const struct results *b,
                  const struct compare_options *options, char *error, size_t error_size);
void compare_free(struct compare *c);

/* How many points have the verdict in the figure. */
size_t compare_count(const struct compare *c, enum compare_figure f, enum compare_verdict v);

/* Whether any figure of any point became worse. */
bool compare_regressed(const struct compare *c);

#endif
