/* What a lesson asks of its measurement, and what it claims of it.
 *
 *     rate(idle)                       a figure of the side `idle`
 *     rate(idle) / rate(alone)         a ratio, of windows of the same round
 *     rate(idle) / rate(alone) < 1: select looks through all descriptors        a claim */
#ifndef IOM_LESSON_EXPRESSION_H
#define IOM_LESSON_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/lesson/lesson.h"

/* The figures of a window. "An answer" is one that the server gave in its life. */
enum lesson_metric {
    LESSON_RATE, /* good answers a second */
    LESSON_MEAN, /* latency, in ms; from here to the maximum */
    LESSON_P50,
    LESSON_P90,
    LESSON_P99,
    LESSON_MAX,
    LESSON_CPU,       /* CPU time of the server for an answer, in µs */
    LESSON_BUSY,      /* the part of one CPU that the server used in the window */
    LESSON_GENERATOR, /* the part of one CPU that the load generator used */
    LESSON_EAGAIN,    /* calls for an answer that found nothing to do */
    LESSON_WAKEUPS,   /* returns for an answer from the call that waits */
    LESSON_EVENTS,    /* what a wake-up reported */
    LESSON_SWITCHES,  /* voluntary context switches for an answer */
    LESSON_FAULTS,    /* page faults for an answer */
    LESSON_TASKS,     /* processes and threads of the server at the end of the window */
    LESSON_MEMORY,    /* KiB that the server had more then than before the load */
    LESSON_FAILED,    /* requests of the window that got no good answer */
    LESSON_METRICS
};

struct lesson_metric_info {
    const char *name;
    const char *unit; /* "" for a bare number */
    const char *says; /* for a list */
};

extern const struct lesson_metric_info lesson_metrics[LESSON_METRICS];

/* Whether an expression can have the unit `unit`. */
bool lesson_unit_is_known(const char *unit);

struct lesson_term {
    enum lesson_metric metric;
    size_t side;
};

struct lesson_expression {
    struct lesson_term over, under;
    bool ratio; /* else there is no `under` */
};

struct lesson_claim {
    struct lesson_expression of;
    bool below; /* it claims to be below the bound; else above */
    double bound;
    const char *text; /* what follows the colon: a part of what was parsed */
};

/* Parse a whole expression, or a whole claim, about the sides of `l`. False with one line in
 * `error`. */
bool lesson_expression_parse(struct lesson_expression *e, const struct lesson *l,
                             const char *text, char *error, size_t error_size);
bool lesson_claim_parse(struct lesson_claim *c, const struct lesson *l, const char *text,
                        char *error, size_t error_size);

/* The unit of an expression's value; "" where it is a ratio or a bare number. */
const char *lesson_unit(const struct lesson_expression *e);

/* The next {EXPRESSION} of a paragraph from `*at` on: `before` becomes what stands before it, and
 * `*at` what follows. 0: there is no further one, and the rest stands in `*at`; -1: it is none,
 * with one line in `error`. */
struct lesson_piece {
    const char *from;
    size_t size;
};
int lesson_next_figure(const char **at, const struct lesson *l, struct lesson_piece *before,
                       struct lesson_expression *e, char *error, size_t error_size);

#endif
