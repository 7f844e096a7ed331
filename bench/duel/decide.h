/* When a duel is decided, and what it says. */
#ifndef IOM_DECIDE_H
#define IOM_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/stats/interval.h"

enum duel_verdict {
    DUEL_A_FASTER,
    DUEL_B_FASTER,
    DUEL_SAME, /* within the margin, by two one-sided tests */
    DUEL_OPEN, /* cannot tell */
    DUEL_VERDICTS
};

extern const char *const duel_verdict_names[DUEL_VERDICTS]; /* "a-faster", ... */

/* Sessions that a verdict needs at least. */
enum { DUEL_SESSIONS_MIN = 5 };

/* The intervals after a session, of the log of how many times A is faster than B. */
struct duel_look {
    enum duel_verdict verdict; /* DUEL_OPEN: not decided yet */
    struct moments moments;    /* of the sessions' values */
    struct interval always;    /* of the confidence sequence, error 5 % in all looks together */
};

/* Look at the duel after `n` sessions. May be done after each of them: the verdict comes from
 * confidence sequences (stats/interval.h), which stay valid however often one looks.
 *
 * A or B is faster where the sequence with error 5 % leaves out 0. Both are the same within
 * `margin` (a log ratio) where the sequence with error 10 %, 5 % on each side, lies within -margin
 * and margin: two one-sided tests with error 5 %. Where both hold, one is faster, by less than the
 * margin. */
struct duel_look duel_look(const double *values, size_t n, double margin);

/* How sessions say what they say, and the interval of that with error 5 %, by the bootstrap
 * (stats/interval.h). */
extern const enum estimator duel_estimator;
extern const enum bootstrap duel_bootstrap;
struct interval duel_interval(const struct paired_sessions *pairs, uint64_t seed);

#endif
