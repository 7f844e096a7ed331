#include "bench/stats/robust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/ascending.h"
#include "common/err.h"

/* In scales. The lower, the less a disturbed session counts, down to the sign alone. */
static const double cut = 0.7;
/* The variance of the normal distribution of b is one by this: the sequence is narrowest after
 * some 30 values. */
static const double mixture = 1;
/* The median distance from the median times this is the deviation of a normal distribution. */
static const double normal_scale = 1.4826;

static double middle_of(const double *sorted, size_t n)
{
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

/* The scale of sorted values: distances from the median grow to both sides, so the nearer end
 * of what is left is always the smallest. */
static double scale_of(const double *sorted, size_t n)
{
    double median = middle_of(sorted, n);
    size_t high = n / 2, low = high;
    double last = 0, before = 0;
    for (size_t taken = 0; taken <= n / 2; taken++) {
        bool down = low > 0 && (high == n || median - sorted[low - 1] < sorted[high] - median);
        before = last;
        last = down ? median - sorted[--low] : sorted[high++] - median;
    }
    return normal_scale * (n % 2 == 1 ? last : (before + last) / 2);
}

void scales_before(const double *values, size_t n, double *scales)
{
    double *sorted = xcalloc(n + 1, sizeof *sorted);
    for (size_t i = 0; i < n; i++) {
        scales[i] = i < 2 ? 0 : scale_of(sorted, i);
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = values[i];
    }
    free(sorted);
}

/* A distance in scales, cut off. Where all values before were the same, only the side counts. */
static double cut_off(double distance, double scale)
{
    if (!(scale > 0))
        return distance > 0 ? cut : distance < 0 ? -cut : 0;
    double u = distance / scale;
    return u > cut ? cut : u < -cut ? -cut : u;
}

double symmetric_evidence(const double *values, const double *scales, size_t n, double middle)
{
    double s = 0, v = 0;
    for (size_t i = 2; i < n; i++) {
        double u = cut_off(values[i] - middle, scales[i]);
        s += u;
        v += u * u;
    }
    double evidence = s * s / (2 * (v + mixture)) - log1p(v / mixture) / 2;
    return evidence > 0 ? copysign(evidence, s) : 0;
}

/* Where the evidence against a middle on this side (-1 below, 1 above) of `inside` begins to be
 * enough. From afar, since it need not grow all the way. */
static double end_of(const double *values, const double *scales, size_t n, double inside,
                     double far, double side, double enough)
{
    enum { STEPS = 40, HALVINGS = 40 };
    double out = far;
    for (int step = STEPS - 1; step >= 0; step--) {
        double at = inside + (far - inside) * step / STEPS;
        if (-side * symmetric_evidence(values, scales, n, at) < enough) {
            inside = at;
            break;
        }
        out = at;
    }
    for (int i = 0; i < HALVINGS; i++) {
        double at = (inside + out) / 2;
        *(-side * symmetric_evidence(values, scales, n, at) < enough ? &inside : &out) = at;
    }
    return out;
}

struct interval sequence_symmetric(const double *values, const double *scales, size_t n,
                                   double alpha)
{
    double enough = -log(alpha);
    struct interval found = {-INFINITY, INFINITY};
    if (n < 3)
        return found;
    double lowest = values[0], highest = values[0], widest = 0;
    for (size_t i = 0; i < n; i++) {
        lowest = fmin(lowest, values[i]);
        highest = fmax(highest, values[i]);
        widest = fmax(widest, scales[i]);
    }
    /* Beyond these all values count as cut off on one side: the evidence grows no more. */
    lowest -= widest;
    highest += widest;
    double inside = huber_moments(values, n).mean;
    if (symmetric_evidence(values, scales, n, lowest) >= enough)
        found.low = end_of(values, scales, n, inside, lowest, -1, enough);
    if (-symmetric_evidence(values, scales, n, highest) >= enough)
        found.high = end_of(values, scales, n, inside, highest, 1, enough);
    return found;
}

/* The location at which the cut-off distances add up to nothing. They fall where it grows. */
static double huber_location(const double *sorted, size_t n, double scale)
{
    double low = sorted[0], high = sorted[n - 1];
    for (int i = 0; i < 60 && high - low > 1e-9 * scale; i++) {
        double at = (low + high) / 2, sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += cut_off(sorted[k] - at, scale);
        *(sum > 0 ? &low : &high) = at;
    }
    return (low + high) / 2;
}

struct moments huber_moments(const double *values, size_t n)
{
    struct moments plain = moments_of(values, n);
    if (n < 3 || !(plain.deviation > 0))
        return plain;
    double *sorted = xcalloc(n, sizeof *sorted);
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    double scale = scale_of(sorted, n);
    if (scale > 0) {
        double location = huber_location(sorted, n, scale);
        double squares = 0, within = 0;
        for (size_t k = 0; k < n; k++) {
            double u = cut_off(sorted[k] - location, scale);
            squares += u * u;
            within += fabs(u) < cut;
        }
        within = fmax(within, 1);
        double share = within / (double)n;
        double few = 1 + (1 - share) / ((double)n * share);
        plain.mean = location;
        plain.deviation = few * scale * sqrt(squares / (double)(n - 1)) / share;
    }
    free(sorted);
    return plain;
}
