/* An order that is told of some servers, held against what a run measured. */
#ifndef IOM_ORDER_H
#define IOM_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/ratios.h"
#include "bench/record/summary.h"

enum { ORDER_MAX = 16 };

enum order_verdict {
    ORDER_HOLDS,   /* every neighbour is faster than the next */
    ORDER_REFUTED, /* at least one is slower */
    ORDER_OPEN,    /* none is slower, and some cannot be told apart */
    ORDER_UNKNOWN, /* a figure is missing */
};

/* A link of the claimed chain, "first > second". */
struct order_link {
    const char *first;
    const char *second;
    const struct summary_point *a; /* NULL: not measured */
    const struct summary_point *b;
    struct ratio_pair pair; /* of a and b */
    bool overlap;           /* of the intervals of both medians */
    enum order_verdict verdict;
};

struct order {
    char *text; /* the names point into it */
    const char *names[ORDER_MAX];
    size_t count;
    struct order_link links[ORDER_MAX];              /* count - 1 */
    const struct summary_point *measured[ORDER_MAX]; /* the fastest first */
    size_t measured_count;
    enum protocol protocol;
    enum axis axis;
    unsigned at;
    enum order_verdict verdict;
};

/* Judge `claim`, "a > b > c", at the point of the sweep that `where` is of: each link by the
 * ratio of the neighbours, paired by block, whose interval must lie above 1. */
void order_make(struct order *o, const char *claim, const struct summary_point *where,
                const struct trial_rows *rows, const struct summary *s);
void order_free(struct order *o);

extern const char *const order_verdict_names[];

#endif
