#include "bench/stats/ks.h"

#include <math.h>

static double total(const struct ks_bar *bars, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)bars[i].count;
    return sum;
}

double ks_distance(const struct ks_bar *a, size_t na, const struct ks_bar *b, size_t nb)
{
    double all_a = total(a, na);
    double all_b = total(b, nb);
    double seen_a = 0, seen_b = 0;
    double d = all_a > 0 && all_b > 0 ? 0 : NAN;
    size_t i = 0, j = 0;
    while (i < na && j < nb) {
        double at = fmin(a[i].value, b[j].value);
        for (; i < na && a[i].value <= at; i++)
            seen_a += (double)a[i].count;
        for (; j < nb && b[j].value <= at; j++)
            seen_b += (double)b[j].count;
        if (!isnan(d))
            d = fmax(d, fabs(seen_a / all_a - seen_b / all_b));
    }
    return d;
}
