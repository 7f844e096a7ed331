#include <math.h>

#include "bench/stats/interval.h"

static struct interval around(double middle, double half)
{
    return (struct interval){middle - half, middle + half};
}

/* What makes the interval of a normal mixture narrow at `n` values: minus the lower branch of
 * Lambert's W, which n / c comes to, is -log(alpha^2) + log(-log(alpha^2)) + 1 nearly. Source:
 * Waudby-Smith and others, appendix C.3. */
static double tuning(double n, double alpha)
{
    double a = -2 * log(alpha);
    return n / (a + log(a + 1));
}

struct interval sequence_t(const struct moments *m, double tuned_for, double alpha)
{
    double n = (double)m->n;
    double c = tuning(tuned_for, alpha);
    if (m->n < 2)
        return (struct interval){-INFINITY, INFINITY};
    /* The martingale reaches 1/alpha where S^2 reaches `reach` times V; and V is the sum of the
     * squares about the mean of the values, and n times the square of that mean's distance. */
    double reach = (n + c) * -expm1((2 * log(alpha) - log1p(n / c)) / n);
    if (reach >= n)
        return (struct interval){-INFINITY, INFINITY};
    return around(m->mean, m->deviation * sqrt(reach * (n - 1) / (n * (n - reach))));
}

/* The continued fraction of the incomplete beta function, by Lentz's method. Source: NIST Digital
 * Library of Mathematical Functions, 8.17.22 and 3.10(iii). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int k = 1; k <= 300; k++) {
        double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
        double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
        double last = 1;
        for (int step = 0; step < 2; step++) {
            double term = step == 0 ? even : odd;
            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            c = fabs(c) < tiny ? tiny : c;
            last = c * d;
            f *= last;
        }
        if (fabs(last - 1) < 1e-15)
            break;
    }
    return f;
}

/* The regularized incomplete beta function. */
static double beta_below(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_below(double t, double freedom)
{
    double tail = beta_below(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;
    return t > 0 ? 1 - tail : tail;
}

struct interval student_interval(const struct moments *m, double alpha)
{
    double low = 0, high = 1e6;
    if (m->n < 2)
        return (struct interval){-INFINITY, INFINITY};
    for (int i = 0; i < 100; i++) {
        double t = (low + high) / 2;
        *(student_below(-t, (double)(m->n - 1)) > alpha / 2 ? &low : &high) = t;
    }
    return around(m->mean, high * m->deviation / sqrt((double)m->n));
}

bool interval_within(const struct interval *i, double margin)
{
    return i->low > -margin && i->high < margin;
}
