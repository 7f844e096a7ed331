/* Latency histogram: log-linear buckets, three significant digits, nanoseconds.
 *
 * The idea is Gil Tene's HdrHistogram (https://hdrhistogram.org), written anew: every power of
 * two is cut into HISTOGRAM_HALF equal buckets, so a bucket is never wider than 1/1024 of the
 * values in it and any value is told to better than 0.1 %. Below 2 * HISTOGRAM_HALF ns a bucket
 * is one nanosecond: exact. Recording takes one count-leading-zeros, one shift and a few
 * additions, no division and no memory beyond the struct; the range needs no configuration.
 *
 * Histograms are merged by adding counts, and that loses nothing: percentiles of the merged one
 * equal those of all samples recorded into one. Percentiles themselves must never be averaged.
 *
 * Not thread-safe: one histogram a thread, merged when the threads have ended. */
#ifndef IOM_HISTOGRAM_H
#define IOM_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Buckets in one power of two: 2^10 of them give a relative width of at most 1/1024 < 0.1 %. */
#define HISTOGRAM_HALF_BITS 10
#define HISTOGRAM_HALF      (UINT64_C(1) << HISTOGRAM_HALF_BITS)

/* Values below 2^42 ns (73 minutes) have their bucket; larger ones are counted in the last. */
#define HISTOGRAM_RANGE_BITS 42
#define HISTOGRAM_LIMIT      (UINT64_C(1) << HISTOGRAM_RANGE_BITS)

#define HISTOGRAM_BUCKETS                                                                      \
    ((HISTOGRAM_RANGE_BITS - HISTOGRAM_HALF_BITS + 1) << HISTOGRAM_HALF_BITS)

#define HISTOGRAM_SIGNIFICANT_DIGITS 3

/* About 264 KiB, of which a run touches the few pages its latencies fall in. All fields may be
 * read; write through the functions. */
struct histogram {
    uint64_t count;        /* samples recorded */
    uint64_t overflow;     /* values of HISTOGRAM_LIMIT and above, counted in the last bucket */
    uint64_t min;          /* exact; UINT64_MAX where empty */
    uint64_t max;          /* exact, also for overflow; 0 where empty */
    unsigned __int128 sum; /* exact */
    unsigned __int128 squares; /* exact; stays at its maximum should it ever not fit */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* One bucket as histogram_next() gives it: `count` samples between `lowest` and `highest`, both
 * inclusive, in nanoseconds. */
struct histogram_bucket {
    uint64_t lowest;
    uint64_t highest;
    uint64_t count;
    size_t next; /* where the iteration goes on; 0 to begin */
};

/* Make `*h` empty. */
void histogram_init(struct histogram *h);

/* The same for one that was in use, or that is all zero bytes; costs what its range of values
 * costs, not all of its memory. */
void histogram_clear(struct histogram *h);

/* The bucket of `value`. */
static inline size_t histogram_index(uint64_t value)
{
    if (value >= HISTOGRAM_LIMIT)
        return HISTOGRAM_BUCKETS - 1;
    /* The leading HISTOGRAM_HALF_BITS + 1 bits of the value choose the bucket within its power
     * of two; the bits below are shifted out. Or-ing the smallest two-power that has so many
     * bits makes the shift 0 for all values that are exact. */
    unsigned msb = 63 - (unsigned)__builtin_clzll(value | HISTOGRAM_HALF);
    unsigned shift = msb - HISTOGRAM_HALF_BITS;
    return ((size_t)shift << HISTOGRAM_HALF_BITS) + (size_t)(value >> shift);
}

/* Record `count` samples of `value` ns. */
static inline void histogram_add(struct histogram *h, uint64_t value, uint64_t count)
{
    unsigned __int128 square = (unsigned __int128)value * value;
    unsigned __int128 squares;

    if (count == 0)
        return;
    h->buckets[histogram_index(value)] += count;
    h->count += count;
    if (__builtin_expect(value >= HISTOGRAM_LIMIT, 0))
        h->overflow += count;
    if (value < h->min)
        h->min = value;
    if (value > h->max)
        h->max = value;
    h->sum += (unsigned __int128)value * count;
    if (__builtin_mul_overflow(square, (unsigned __int128)count, &squares) ||
        __builtin_add_overflow(h->squares, squares, &h->squares))
        h->squares = ~(unsigned __int128)0;
}

/* Record one sample of `value` ns. */
static inline void histogram_record(struct histogram *h, uint64_t value)
{
    histogram_add(h, value, 1);
}

/* Add all samples of `*from` to `*into`. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value at a percentile, given in parts per million so that the rank is exact in integers:
 * 500000 is the median, 999900 is p99.99. The rank is ceil(q * n), at least 1 (the nearest-rank
 * definition: Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996, type 1), and
 * the value is the highest one that shares a bucket with the sample of that rank, but never
 * above the exact maximum: so it is never below the true sample and at most 0.1 % above it.
 * Percentiles that fall among overflowed samples give the maximum. Returns false, and leaves
 * `*value` alone, where the histogram is empty or `ppm` is beyond 1000000. */
bool histogram_percentile(const struct histogram *h, uint32_t ppm, uint64_t *value);

/* Mean and population standard deviation in ns, from the exact sums and not from buckets. 0
 * where empty. */
double histogram_mean(const struct histogram *h);
double histogram_stddev(const struct histogram *h);

/* Visit the buckets that are not empty, lowest first: begin with `*b` all zero, and go on while
 * it returns true. The last bucket's `highest` is the exact maximum where values overflowed
 * into it. A histogram rebuilt with histogram_add(h, b.highest, b.count) has the same
 * percentiles (up to the cap at the maximum), but not the exact sums. */
bool histogram_next(const struct histogram *h, struct histogram_bucket *b);

#endif
