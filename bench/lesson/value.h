/* What windows say: the value of an expression with its interval, whether a claim holds, and what
 * a prediction is worth. */
#ifndef IOM_LESSON_VALUE_H
#define IOM_LESSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/lesson/expression.h"

struct lesson_sample {
    double value[LESSON_METRICS]; /* NaN: not known */
};

/* Round after round, in each a window of every side. */
struct lesson_windows {
    struct lesson_sample *at; /* side `s` of round `r`: at[r * sides + s] */
    size_t rounds, sides;
};

/* The median of the rounds, and an interval that covers it with 95 % from six rounds on
 * (base/stats.h): a window that the machine disturbed moves neither far. A ratio is one of two
 * windows of the same round. NaN where nothing is known. */
struct lesson_value {
    double middle, low, high;
    size_t rounds; /* that there is a value of */
};

struct lesson_value lesson_value(const struct lesson_windows *w,
                                 const struct lesson_expression *e);

enum lesson_verdict {
    LESSON_HOLDS,        /* the whole interval is on the claimed side */
    LESSON_CONTRADICTED, /* the whole interval is on the other side */
    LESSON_OPEN,         /* cannot tell */
    LESSON_VERDICTS
};

extern const char *const lesson_verdict_names[LESSON_VERDICTS];

enum lesson_verdict lesson_judge(const struct lesson_claim *c, const struct lesson_value *v);

enum lesson_mark {
    LESSON_FULL,    /* within the interval, or near enough to its middle */
    LESSON_PARTLY,  /* within a factor of two of the middle */
    LESSON_FAR,     /* further away */
    LESSON_REVERSE, /* of a ratio: more where it is less, or less where it is more */
    LESSON_UNTOLD,  /* the measurement tells too little: no points are given or taken */
    LESSON_MARKS
};

extern const char *const lesson_mark_names[LESSON_MARKS];

enum { LESSON_POINTS = 10 }; /* for LESSON_FULL; half of it for LESSON_PARTLY */

/* `near`: in per cent. `ratio`: 1 is the border between more and less. */
enum lesson_mark lesson_mark(double prediction, const struct lesson_value *v, unsigned near,
                             bool ratio);
unsigned lesson_points(enum lesson_mark mark);

#endif
