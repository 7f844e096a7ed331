#include "bench/stats/ks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

static const double exact_most = 10000;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A sorted copy without the NaN; the caller frees it. */
static double *sorted(const double *values, size_t *n)
{
    double *copy = xcalloc(*n + 1, sizeof *copy);
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (!isnan(values[i]))
            copy[kept++] = values[i];
    *n = kept;
    qsort(copy, kept, sizeof *copy, ascending);
    return copy;
}

/* P(D >= d) by counting the paths from (0, 0) to (na, nb), all equally likely, that stay nearer
 * than d to the diagonal: the probability is carried along, so nothing overflows. Hodges, "The
 * Significance Probability of the Smirnov Two-Sample Test", Arkiv för Matematik 3 (1958). */
static double exact(double d, size_t na, size_t nb)
{
    double *row = xcalloc(nb + 1, sizeof *row);
    double m = (double)na, n = (double)nb;
    double limit =
        d * m * n - 0.5; /* the distances of paths are whole multiples of 1 / (m n) */
    for (size_t i = 0; i <= na; i++) {
        for (size_t j = 0; j <= nb; j++) {
            double x = (double)i, y = (double)j;
            if (fabs(x * n - y * m) > limit)
                row[j] = 0;
            else if (i + j == 0)
                row[j] = 1;
            else
                row[j] =
                    (i > 0 ? row[j] * x / (x + y) : 0) + (j > 0 ? row[j - 1] * y / (x + y) : 0);
        }
    }
    double inside = row[nb];
    free(row);
    return fmin(1, fmax(0, 1 - inside));
}

/* The tail of Kolmogorov's distribution: an alternating series for large values, and for small ones
 * the same function by a series that converges there. */
static double tail(double x)
{
    double sum = 0;
    if (x < 0.2)
        return 1;
    if (x < 1) {
        for (int k = 1; k <= 9; k += 2)
            sum += exp(-(double)(k * k) * M_PI * M_PI / (8 * x * x));
        return 1 - sqrt(2 * M_PI) / x * sum;
    }
    for (int k = 1; k <= 20; k++)
        sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
    return sum;
}

static double asymptotic(double d, double na, double nb)
{
    double root = sqrt(na * nb / (na + nb));
    return fmin(1, fmax(0, tail((root + 0.12 + 0.11 / root) * d)));
}

double ks_two_sample(const double *a, size_t na, const double *b, size_t nb, double *p)
{
    double *x = sorted(a, &na);
    double *y = sorted(b, &nb);
    double d = na > 0 && nb > 0 ? 0 : NAN;
    size_t i = 0, j = 0;
    while (i < na && j < nb) {
        double at = fmin(x[i], y[j]);
        while (i < na && x[i] <= at)
            i++;
        while (j < nb && y[j] <= at)
            j++;
        d = fmax(d, fabs((double)i / (double)na - (double)j / (double)nb));
    }
    free(x);
    free(y);
    if (p)
        *p = isnan(d)                                ? NAN
             : (double)na * (double)nb <= exact_most ? exact(d, na, nb)
                                                     : asymptotic(d, (double)na, (double)nb);
    return d;
}

static double total(const struct ks_bar *bars, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)bars[i].count;
    return sum;
}

double ks_histograms(const struct ks_bar *a, size_t na, double independent_a,
                     const struct ks_bar *b, size_t nb, double independent_b, double *p)
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
        d = fmax(d, fabs(seen_a / all_a - seen_b / all_b));
    }
    if (p)
        *p = isnan(d) ? NAN
                      : asymptotic(d, independent_a > 0 ? independent_a : all_a,
                                   independent_b > 0 ? independent_b : all_b);
    return d;
}
