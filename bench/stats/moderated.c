#include "bench/stats/moderated.h"

#include <math.h>
#include <stdlib.h>

#include "bench/stats/ascending.h"
#include "bench/stats/interval.h"
#include "common/err.h"

/* From here on Student's distribution is the normal one to six digits. */
static const double as_normal = 1e7;

/* The two derivatives of log Γ: recurrence up to where the series of Stirling holds. Source: NIST
 * Digital Library of Mathematical Functions, 5.5.2, 5.11.2 and 5.15.5, 5.15.8. */
static double digamma(double x)
{
    double sum = 0;
    for (; x < 8; x++)
        sum -= 1 / x;
    double y = 1 / (x * x);
    return sum + log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y / 252));
}

static double trigamma(double x)
{
    double sum = 0;
    for (; x < 8; x++)
        sum += 1 / (x * x);
    double y = 1 / (x * x);
    return sum + 1 / x + y / 2 + y / x * (1.0 / 6 - y * (1.0 / 30 - y / 42));
}

/* trigamma() falls from infinity to 0. */
static double trigamma_inverse(double value)
{
    double low = 1e-4, high = 1e8;
    while (high / low > 1 + 1e-10) {
        double middle = sqrt(low * high);
        *(trigamma(middle) > value ? &low : &high) = middle;
    }
    return low;
}

/* Variances of 0, of values that are equal as written, have no logarithm. */
static double least_variance(const double *variance, const double *freedom, size_t n)
{
    double *sorted = xcalloc(n, sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (freedom[i] > 0 && variance[i] > 0)
            sorted[kept++] = variance[i];
    if (kept > 0)
        qsort(sorted, kept, sizeof *sorted, ascending);
    double least = kept > 0 ? sorted[kept / 2] * 1e-4 : 1e-12;
    free(sorted);
    return least;
}

struct variance_prior variance_prior_of(const double *variance, const double *freedom, size_t n)
{
    double least = least_variance(variance, freedom, n);
    double sum = 0, squares = 0, expected = 0;
    double groups = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(freedom[i] > 0) || isnan(variance[i]))
            continue;
        double half = freedom[i] / 2;
        double e = log(fmax(variance[i], least)) - digamma(half) + log(half);
        sum += e;
        squares += e * e;
        expected += trigamma(half);
        groups++;
    }
    if (groups < 3)
        return (struct variance_prior){NAN, 0};
    double mean = sum / groups;
    double excess = (squares - sum * mean) / (groups - 1) - expected / groups;
    if (!(excess > 0))
        return (struct variance_prior){exp(mean), INFINITY};
    double half = trigamma_inverse(excess);
    return (struct variance_prior){exp(mean + digamma(half) - log(half)), 2 * half};
}

struct side side_of(const double *values, size_t n)
{
    struct side s = {0};
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            double from = values[i] - s.mean;
            s.n++;
            s.mean += from / (double)s.n;
            squares += from * (values[i] - s.mean);
        }
    s.variance = s.n > 1 ? squares / (double)(s.n - 1) : NAN;
    return s;
}

/* The variance of the mean of a side, and its freedom. */
static double of_mean(const struct side *s, const struct variance_prior *p, double *freedom)
{
    double own = (double)s->n - 1;
    double variance = s->variance;
    *freedom = own + p->freedom;
    if (isinf(p->freedom))
        variance = p->variance;
    else if (own > 0 && p->freedom > 0)
        variance = (own * s->variance + p->freedom * p->variance) / *freedom;
    else if (own <= 0)
        variance = p->freedom > 0 ? p->variance : NAN;
    return variance / (double)s->n;
}

struct difference difference_of(const struct side *a, const struct variance_prior *prior_a,
                                const struct side *b, const struct variance_prior *prior_b)
{
    struct difference d = {b->mean - a->mean, NAN, NAN};
    double freedom_a, freedom_b;
    if (a->n == 0 || b->n == 0)
        return (struct difference){NAN, NAN, NAN};
    double va = of_mean(a, prior_a, &freedom_a);
    double vb = of_mean(b, prior_b, &freedom_b);
    d.error = sqrt(va + vb);
    d.freedom = (va + vb) * (va + vb) / (va * va / freedom_a + vb * vb / freedom_b);
    if (!(d.error > 0))
        d.error = NAN; /* two values that are equal by chance are no proof */
    return d;
}

void difference_widen(struct difference *d, double shift)
{
    if (!isnan(shift))
        d->error = hypot(d->error, shift);
}

double student_above(double t, double freedom)
{
    if (isnan(t) || !(freedom > 0))
        return NAN;
    return freedom > as_normal ? erfc(t / sqrt(2)) / 2 : student_below(-t, freedom);
}

double difference_p(const struct difference *d)
{
    return 2 * student_above(fabs(d->mean) / d->error, d->freedom);
}

double difference_within_p(const struct difference *d, double margin)
{
    return student_above((margin - fabs(d->mean)) / d->error, d->freedom);
}

double difference_half_width(const struct difference *d, double alpha)
{
    double low = 0, high = 1e6;
    if (isnan(d->error))
        return NAN;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        *(2 * student_above(middle, d->freedom) > alpha ? &low : &high) = middle;
    }
    return low * d->error;
}
