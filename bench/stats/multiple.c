#include "bench/stats/multiple.h"

#include <math.h>
#include <stdlib.h>

#include "common/err.h"

struct ranked {
    double p;
    size_t place;
};

static int ascending(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->p;
    double y = ((const struct ranked *)b)->p;
    return (x > y) - (x < y);
}

/* The values that are there, the smallest first; the caller frees them. Writes the NaN through. */
static struct ranked *rank(const double *p, size_t n, double *adjusted, size_t *kept)
{
    struct ranked *order = xcalloc(n + 1, sizeof *order);
    *kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(p[i]))
            adjusted[i] = p[i];
        else
            order[(*kept)++] = (struct ranked){p[i], i};
    }
    qsort(order, *kept, sizeof *order, ascending);
    return order;
}

void holm_adjust(const double *p, size_t n, double *adjusted)
{
    size_t kept;
    struct ranked *order = rank(p, n, adjusted, &kept);
    double so_far = 0;
    for (size_t i = 0; i < kept; i++) {
        so_far = fmax(so_far, fmin(1, (double)(kept - i) * order[i].p));
        adjusted[order[i].place] = so_far;
    }
    free(order);
}

void bh_adjust(const double *p, size_t n, double *adjusted)
{
    size_t kept;
    struct ranked *order = rank(p, n, adjusted, &kept);
    double so_far = 1;
    for (size_t i = kept; i-- > 0;) {
        so_far = fmin(so_far, (double)kept / (double)(i + 1) * order[i].p);
        adjusted[order[i].place] = so_far;
    }
    free(order);
}
