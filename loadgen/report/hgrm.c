#include "loadgen/report/hgrm.h"

#include <math.h>

#include "loadgen/report/output.h"

#define TICKS_PER_HALF 5
#define NS_PER_VALUE   1e6

/* The percentile that is told after `level`: a fifth of the way to where the distance to 100 %
 * will be half of the power of two that it is in now. */
static double next_level(double level)
{
    double halvings = floor(log2(100 / (100 - level))) + 1;
    return level + 100 / (TICKS_PER_HALF * exp2(halvings));
}

static void row(FILE *out, uint64_t value, double level, uint64_t count)
{
    fprintf(out, "%12.6f %14.12f %10llu %14.2f\n", (double)value / NS_PER_VALUE, level / 100,
            (unsigned long long)count, 1 / (1 - level / 100));
}

bool hgrm_write(FILE *out, const struct histogram *h)
{
    struct histogram_bucket b = {0};
    uint64_t count = 0;
    double level = 0;

    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
            "1/(1-Percentile)");
    while (histogram_next(h, &b)) {
        uint64_t value = b.highest < h->max ? b.highest : h->max;
        count += b.count;
        while (100.0 * (double)count / (double)h->count >= level) {
            row(out, value, level, count);
            level = next_level(level);
            if (count == h->count)
                break;
        }
    }
    if (h->count > 0)
        row(out, h->max, 100, h->count);
    fprintf(out, "#[Mean    = %12.6f, StdDeviation   = %12.6f]\n",
            histogram_mean(h) / NS_PER_VALUE, histogram_stddev(h) / NS_PER_VALUE);
    fprintf(out, "#[Max     = %12.6f, Total count    = %12llu]\n",
            (double)h->max / NS_PER_VALUE, (unsigned long long)h->count);
    fprintf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n",
            HISTOGRAM_RANGE_BITS - HISTOGRAM_HALF_BITS, 2 << HISTOGRAM_HALF_BITS);
    return !ferror(out);
}

bool hgrm_write_file(const char *path, const struct histogram *h)
{
    FILE *out = output_open(path);
    return out && output_close(out, path, hgrm_write(out, h));
}
