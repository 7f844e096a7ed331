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

/* What is known after a session of the log of how many times A is faster than B. */
struct duel_look {
    enum duel_verdict verdict; /* DUEL_OPEN: not decided yet */
    double middle;             /* Huber's location of the sessions' values (stats/robust.h) */
};

/* Look at the duel after `n` sessions. May be done after each of them: the verdict comes from
 * confidence sequences, which stay valid however often one looks. There are two, and they share
 * the error: one of the t-test (stats/interval.h), which needs few sessions where the
 * difference is large, and one of symmetric noise (stats/robust.h), which sees small
 * differences where some sessions are disturbed.
 *
 * A or B is faster where a sequence leaves out 0, with the error 5 %. Both are the same within
 * `margin` (a log ratio) where the sequences with error 10 %, 5 % on each side, lie within
 * -margin and margin: two one-sided tests with error 5 %. Where both hold, one is faster, by
 * less than the margin. Where the two sequences contradict each other, nothing is told. */
struct duel_look duel_look(const double *values, size_t n, double margin);

/* What both sequences have left after `n` sessions, with error 5 % in all looks together.
 * Infinite where that is nothing, or where the sessions tell nothing of the error. */
struct interval duel_always(const double *values, size_t n);

/* How sessions say what they say, and the interval of that with error 5 %, by the bootstrap
 * (stats/interval.h). */
extern const enum estimator duel_estimator;
extern const enum bootstrap duel_bootstrap;
struct interval duel_interval(const struct paired_sessions *pairs, uint64_t seed);

#endif
