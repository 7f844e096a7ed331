/* Our models beside servers of others: ratios, paired by block. */
#ifndef IOM_RATIOS_H
#define IOM_RATIOS_H

#include <stddef.h>

#include "bench/base/stats.h"
#include "bench/record/environment.h"
#include "bench/record/summary.h"

/* With fewer pairs no finding is given: two servers that are equally fast have all ratios on one
 * side of 1 with probability 2 / 2^n, which is 6 % for five pairs and 25 % for three. */
enum { RATIO_PAIRS_MIN = 5 };

enum ratio_finding {
    RATIO_ABOVE,          /* the interval lies above 1 */
    RATIO_BELOW,          /* below 1 */
    RATIO_NOT_TOLD_APART, /* it holds 1: this run does not tell the two apart */
    /* too few pairs, or limited by the load generator in a way that leaves it open */
    RATIO_OPEN,
};

/* Requests per second of `a` by those of `b`, one ratio for each block in which the figures of both
 * points are used, so that what slowed a whole block down cancels out; then median and interval as
 * stats_spread() gives them.
 *
 * Where the load generator limited `a` the true ratio is at least this, where it limited `b` at
 * most: the finding is then RATIO_OPEN unless the bound settles it. */
struct ratio_pair {
    struct spread at;
    enum ratio_finding finding;
    const char *bound; /* "≥", "≤", or "" */
};
/* The ratios of any figure, and no finding. */
struct spread ratio_spread(const struct trial_rows *rows, const struct summary_point *a,
                           const struct summary_point *b, enum summary_metric m);
struct ratio_pair ratio_of(const struct trial_rows *rows, const struct summary_point *a,
                           const struct summary_point *b);

/* Why a point has no ratio: INVALID, starving, or another answer than ours; else NULL. */
const char *ratio_excuse(const struct summary_point *p);

struct ratio {
    const struct summary_point *model; /* ours */
    const struct summary_point *external;
    struct ratio_pair pair;
    const char *excuse; /* why there is none, or NULL */
};

struct ratios {
    struct ratio *at; /* by protocol, our model, external server, value on the axis */
    size_t count;
};

/* For every server of others, as `environment` (of the run) tells whose counterpart it is, and
 * every model of ours that was measured in the same protocol at the same point. */
void ratios_make(struct ratios *r, const struct trial_rows *rows, const struct summary *s,
                 const struct environment *environment);
void ratios_free(struct ratios *r);

/* DIR/ratios.csv; not written where there are none. */
void ratios_write(const struct ratios *r, const char *dir);

/* What a ratio says in words: who is faster, or why that is open. */
const char *ratio_finding_text(const struct ratio *r);

/* The summary's point, or NULL. */
const struct summary_point *ratio_point(const struct summary *s, enum protocol protocol,
                                        const char *model, unsigned at);

#endif
