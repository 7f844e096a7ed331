#include "bench/base/stats.h"

#include <math.h>
#include <stdlib.h>

#include "bench/stats/ascending.h"

/* P(B < k) for B binomial(n, 1/2). */
static double below(size_t n, size_t k)
{
    double term = pow(0.5, (double)n);
    double sum = 0;
    for (size_t i = 0; i < k; i++) {
        sum += term;
        term *= (double)(n - i) / (double)(i + 1);
    }
    return sum;
}

static const double wanted = 0.95;

/* The rank (from 1) of the lower end. */
static size_t lower_rank(size_t n)
{
    size_t k = 1;
    while (k + 1 <= n / 2 && 1 - 2 * below(n, k + 1) >= wanted)
        k++;
    return k;
}

double stats_coverage(size_t n)
{
    return n == 0 ? 0 : 1 - 2 * below(n, lower_rank(n));
}

struct spread stats_spread(double *values, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            values[kept++] = values[i];
    if (kept == 0)
        return (struct spread){NAN, NAN, NAN, 0};

    qsort(values, kept, sizeof *values, ascending);
    size_t k = lower_rank(kept);
    return (struct spread){
        .median = (values[(kept - 1) / 2] + values[kept / 2]) / 2,
        .low = values[k - 1],
        .high = values[kept - k],
        .n = kept,
    };
}
