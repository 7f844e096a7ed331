#include "bench/base/levels.h"

#include <math.h>
#include <stdlib.h>

#include "bench/stats/ascending.h"
#include "common/err.h"

static const double apart = 1.2;

static double middle(const double *sorted, size_t n)
{
    return exp((sorted[(n - 1) / 2] + sorted[n / 2]) / 2);
}

/* How many of `n` sorted values are below the best split; 0 where all are the same. */
static size_t split(const double *sorted, size_t n, double *explained)
{
    double sum = 0, total = 0, best = 0, below = 0;
    size_t least = n / 5 > 2 ? n / 5 : 2;
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        sum += sorted[i];
    for (size_t i = 0; i < n; i++)
        total += (sorted[i] - sum / (double)n) * (sorted[i] - sum / (double)n);
    for (size_t k = 1; k < n; k++) {
        below += sorted[k - 1];
        double difference = (sum - below) / (double)(n - k) - below / (double)k;
        double between = (double)k * (double)(n - k) / (double)n * difference * difference;
        if (k >= least && n - k >= least && between > best) {
            best = between;
            at = k;
        }
    }
    *explained = total > 0 ? best / total : 0;
    return at;
}

struct levels levels_find(const double *values, size_t n)
{
    struct levels found = {.low = NAN, .high = NAN, .explained = NAN};
    double *sorted = xcalloc(n, sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (values[i] > 0)
            sorted[kept++] = log(values[i]);
    if (kept >= LEVELS_MIN) {
        qsort(sorted, kept, sizeof *sorted, ascending);
        size_t at = split(sorted, kept, &found.explained);
        double low = middle(sorted, at > 0 ? at : kept);
        double high = middle(sorted + at, kept - at);
        double enough = fmin(0.97, 0.82 + 1.4 / (double)kept);
        found.two = at > 0 && found.explained > enough && high > apart * low;
        if (found.two) {
            found.low = low;
            found.high = high;
            found.at_low = at;
            found.at_high = kept - at;
        }
    }
    free(sorted);
    return found;
}
