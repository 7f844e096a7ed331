#include "common/histogram.h"

#include <math.h>
#include <string.h>

void histogram_init(struct histogram *h)
{
    memset(h, 0, sizeof *h);
    h->min = UINT64_MAX;
}

void histogram_clear(struct histogram *h)
{
    if (h->count > 0) {
        size_t first = histogram_index(h->min);
        size_t last = histogram_index(h->max);
        memset(&h->buckets[first], 0, (last - first + 1) * sizeof h->buckets[0]);
    }
    memset(h, 0, offsetof(struct histogram, buckets));
    h->min = UINT64_MAX;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->count == 0)
        return;
    for (size_t i = histogram_index(from->min); i <= histogram_index(from->max); i++)
        into->buckets[i] += from->buckets[i];
    into->count += from->count;
    into->overflow += from->overflow;
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->sum += from->sum;
    if (__builtin_add_overflow(into->squares, from->squares, &into->squares))
        into->squares = ~(unsigned __int128)0;
}

static uint64_t bucket_lowest(size_t index)
{
    if (index < 2 * HISTOGRAM_HALF)
        return index;
    size_t shift = (index >> HISTOGRAM_HALF_BITS) - 1;
    return (uint64_t)(index - (shift << HISTOGRAM_HALF_BITS)) << shift;
}

static uint64_t bucket_highest(const struct histogram *h, size_t index)
{
    if (index == HISTOGRAM_BUCKETS - 1 && h->overflow > 0)
        return h->max;
    return bucket_lowest(index + 1) - 1;
}

bool histogram_percentile(const struct histogram *h, uint32_t ppm, uint64_t *value)
{
    if (h->count == 0 || ppm > 1000000)
        return false;

    uint64_t rank = (uint64_t)(((unsigned __int128)h->count * ppm + 999999) / 1000000);
    if (rank == 0)
        rank = 1;

    uint64_t seen = 0;
    size_t i = histogram_index(h->min);
    while ((seen += h->buckets[i]) < rank)
        i++;
    uint64_t highest = bucket_highest(h, i);
    *value = highest < h->max ? highest : h->max;
    return true;
}

double histogram_mean(const struct histogram *h)
{
    return h->count ? (double)h->sum / (double)h->count : 0.0;
}

/* sum((x - q)^2) with q the integer part of the mean is sum(x^2) - 2q sum(x) + nq^2. All terms
 * are integers and unsigned arithmetic wraps, so the difference of those huge terms is exact;
 * in floating point it would lose most of its digits. */
double histogram_stddev(const struct histogram *h)
{
    if (h->count == 0)
        return 0.0;
    unsigned __int128 n = h->count;
    unsigned __int128 q = h->sum / n;
    double rest = (double)(h->sum % n) / (double)n;
    double about_q = (double)(h->squares - 2 * q * h->sum + n * q * q) / (double)n;
    double variance = about_q - rest * rest;
    return variance > 0 ? sqrt(variance) : 0.0;
}

bool histogram_next(const struct histogram *h, struct histogram_bucket *b)
{
    for (size_t i = b->next; i < HISTOGRAM_BUCKETS; i++) {
        if (h->buckets[i] == 0)
            continue;
        b->lowest = bucket_lowest(i);
        b->highest = bucket_highest(h, i);
        b->count = h->buckets[i];
        b->next = i + 1;
        return true;
    }
    return false;
}
