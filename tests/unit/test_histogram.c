/* The histogram against the truth: the same samples, sorted. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/histogram.h"

#define SAMPLES 200000

static const uint32_t percentiles[] = {0,      1,      250000, 500000, 750000, 900000,
                                       950000, 990000, 999000, 999900, 1000000};

#define PERCENTILES (sizeof percentiles / sizeof percentiles[0])

static uint64_t random_state;

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
 */
static double uniform(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    uint64_t bits = random_state * UINT64_C(2685821657736338717);
    return ((double)(bits >> 11) + 0.5) / 9007199254740992.0;
}

/* Box and Muller, 1958. */
static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static uint64_t draw_uniform(void)
{
    return (uint64_t)(uniform() * 5e6);
}

static uint64_t draw_exponential(void)
{
    return (uint64_t)(-log(uniform()) * 250e3);
}

static uint64_t draw_lognormal(void)
{
    return (uint64_t)exp(11 + 1.5 * normal());
}

static uint64_t draw_bimodal(void)
{
    return uniform() < 0.9 ? 20000 + (uint64_t)(uniform() * 1000)
                           : 1000000000 + (uint64_t)(uniform() * 1e7);
}

static uint64_t draw_constant(void)
{
    return 123457;
}

static uint64_t draw_tiny(void)
{
    return (uint64_t)(uniform() * 3000);
}

/* Every power of two of the range, evenly. */
static uint64_t draw_magnitudes(void)
{
    return (uint64_t)exp2(uniform() * 41.9);
}

static const struct distribution {
    const char *name;
    uint64_t (*draw)(void);
} distributions[] = {
    {"uniform", draw_uniform},       {"exponential", draw_exponential},
    {"lognormal", draw_lognormal},   {"bimodal", draw_bimodal},
    {"constant", draw_constant},     {"tiny", draw_tiny},
    {"magnitudes", draw_magnitudes},
};

#define DISTRIBUTIONS (sizeof distributions / sizeof distributions[0])

static struct histogram *new_histogram(void)
{
    struct histogram *h = xmalloc(sizeof *h);
    histogram_init(h);
    return h;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t *draw_samples(const struct distribution *d, size_t n)
{
    uint64_t *samples = xmalloc(n * sizeof *samples);
    random_state = UINT64_C(88172645463325252);
    for (size_t i = 0; i < n; i++)
        samples[i] = d->draw();
    return samples;
}

static void check_percentiles(const char *name, const struct histogram *h,
                              const uint64_t *sorted, size_t n)
{
    for (size_t i = 0; i < PERCENTILES; i++) {
        size_t rank = (size_t)(((unsigned __int128)n * percentiles[i] + 999999) / 1000000);
        uint64_t truth = sorted[rank ? rank - 1 : 0];
        uint64_t value;
        assert_true(histogram_percentile(h, percentiles[i], &value));
        if (value < truth || (double)(value - truth) > 0.001 * (double)truth)
            fail_msg("%s, %u ppm: %llu, truth %llu", name, (unsigned)percentiles[i],
                     (unsigned long long)value, (unsigned long long)truth);
    }
}

static void check_moments(const struct histogram *h, const uint64_t *samples, size_t n)
{
    long double sum = 0;
    long double squares = 0;

    for (size_t i = 0; i < n; i++)
        sum += samples[i];
    long double mean = sum / n;
    for (size_t i = 0; i < n; i++)
        squares += (samples[i] - mean) * (samples[i] - mean);
    double stddev = (double)sqrtl(squares / n);
    assert_true(fabs(histogram_mean(h) - (double)mean) <= 1e-9 * (double)mean);
    assert_true(fabs(histogram_stddev(h) - stddev) <= 1e-6 * (stddev + 1));
}

static void matches_sorted_truth(void **state)
{
    (void)state;
    for (size_t d = 0; d < DISTRIBUTIONS; d++) {
        uint64_t *samples = draw_samples(&distributions[d], SAMPLES);
        struct histogram *h = new_histogram();
        for (size_t i = 0; i < SAMPLES; i++)
            histogram_record(h, samples[i]);
        qsort(samples, SAMPLES, sizeof *samples, compare);

        check_percentiles(distributions[d].name, h, samples, SAMPLES);
        check_moments(h, samples, SAMPLES);
        assert_int_equal(h->count, SAMPLES);
        assert_int_equal(h->overflow, 0);
        assert_int_equal(h->min, samples[0]);
        assert_int_equal(h->max, samples[SAMPLES - 1]);
        free(h);
        free(samples);
    }
}

/* Samples dealt out to three histograms and merged must be the same struct, byte for byte. */
static void merge_equals_all_in_one(void **state)
{
    (void)state;
    for (size_t d = 0; d < DISTRIBUTIONS; d++) {
        uint64_t *samples = draw_samples(&distributions[d], SAMPLES);
        struct histogram *all = new_histogram();
        struct histogram *merged = new_histogram();
        struct histogram *parts[3] = {new_histogram(), new_histogram(), new_histogram()};
        for (size_t i = 0; i < SAMPLES; i++) {
            histogram_record(all, samples[i]);
            histogram_record(parts[i * i % 3], samples[i]);
        }
        for (size_t i = 0; i < 3; i++) {
            histogram_merge(merged, parts[i]);
            free(parts[i]);
        }
        assert_memory_equal(all, merged, sizeof *all);
        free(all);
        free(merged);
        free(samples);
    }
}

static void empty_has_no_percentiles(void **state)
{
    (void)state;
    struct histogram *h = new_histogram();
    struct histogram *other = new_histogram();
    struct histogram_bucket b = {0};
    uint64_t value = 42;

    assert_false(histogram_percentile(h, 500000, &value));
    assert_int_equal(value, 42);
    assert_true(histogram_mean(h) == 0 && histogram_stddev(h) == 0);
    assert_false(histogram_next(h, &b));
    histogram_merge(h, other);
    assert_false(histogram_percentile(h, 500000, &value));
    histogram_add(h, 5, 0);
    assert_false(histogram_percentile(h, 500000, &value));

    histogram_record(other, 7);
    histogram_merge(h, other);
    assert_int_equal(h->min, 7);
    assert_int_equal(h->max, 7);
    assert_false(histogram_percentile(h, 1000001, &value));
    free(h);
    free(other);
}

static void one_sample_is_every_percentile(void **state)
{
    (void)state;
    static const uint64_t samples[] = {0, 1, 2047, 2048, 2049, 999999, 123456789012};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct histogram *h = new_histogram();
        histogram_record(h, samples[i]);
        check_percentiles("one sample", h, &samples[i], 1);
        uint64_t value;
        assert_true(histogram_percentile(h, 500000, &value));
        assert_int_equal(value, samples[i]);
        assert_true(histogram_mean(h) == (double)samples[i]);
        assert_true(histogram_stddev(h) == 0);
        free(h);
    }
}

static void overflow_keeps_the_exact_maximum(void **state)
{
    (void)state;
    struct histogram *h = new_histogram();
    struct histogram_bucket b = {0};
    uint64_t value;

    for (int i = 0; i < 98; i++)
        histogram_record(h, 1000);
    histogram_record(h, HISTOGRAM_LIMIT);
    histogram_record(h, HISTOGRAM_LIMIT * 3 + 17);
    assert_int_equal(h->overflow, 2);
    assert_true(histogram_percentile(h, 980000, &value));
    assert_int_equal(value, 1000);
    assert_true(histogram_percentile(h, 990000, &value));
    assert_int_equal(value, HISTOGRAM_LIMIT * 3 + 17);

    assert_true(histogram_next(h, &b));
    assert_int_equal(b.lowest, 1000);
    assert_int_equal(b.count, 98);
    assert_true(histogram_next(h, &b));
    assert_int_equal(b.highest, HISTOGRAM_LIMIT * 3 + 17);
    assert_int_equal(b.count, 2);
    assert_false(histogram_next(h, &b));

    for (int i = 0; i < 3; i++)
        histogram_record(h, UINT64_MAX);
    assert_int_equal(h->max, UINT64_MAX);
    assert_true(histogram_stddev(h) > 0);
    free(h);
}

static void last_value_in_range_does_not_overflow(void **state)
{
    (void)state;
    struct histogram *h = new_histogram();
    uint64_t value;
    histogram_record(h, HISTOGRAM_LIMIT - 1);
    assert_int_equal(h->overflow, 0);
    assert_true(histogram_percentile(h, 500000, &value));
    assert_int_equal(value, HISTOGRAM_LIMIT - 1);
    assert_true(HISTOGRAM_LIMIT > UINT64_C(3600000000000));
    free(h);
}

/* The rank is ceil(q n): p50 of two samples is the first, p51 the second. */
/* Cleared is as good as new, whatever was in it, and so is memory that is all zero. */
static void cleared_is_empty(void **state)
{
    static const uint64_t values[][2] = {{0, 0},
                                         {1, 5000},
                                         {123456789, 123456790},
                                         {0, HISTOGRAM_LIMIT - 1},
                                         {HISTOGRAM_LIMIT, UINT64_MAX}};
    struct histogram *fresh = xmalloc(sizeof *fresh);
    struct histogram *used = xcalloc(1, sizeof *used);
    (void)state;

    histogram_init(fresh);
    histogram_clear(used);
    assert_memory_equal(used, fresh, sizeof *used);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        histogram_record(used, values[i][0]);
        histogram_add(used, values[i][1], 3);
        histogram_clear(used);
        assert_memory_equal(used, fresh, sizeof *used);
    }
    free(used);
    free(fresh);
}

static void rank_is_the_ceiling(void **state)
{
    (void)state;
    struct histogram *h = new_histogram();
    uint64_t value;
    for (uint64_t i = 1; i <= 1000; i++)
        histogram_record(h, i);
    static const struct {
        uint32_t ppm;
        uint64_t value;
    } cases[] = {{0, 1},         {1, 1},         {1000, 1},      {1001, 2},
                 {70000, 70},    {500000, 500},  {500001, 501},  {999000, 999},
                 {999001, 1000}, {999900, 1000}, {1000000, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(histogram_percentile(h, cases[i].ppm, &value));
        assert_int_equal(value, cases[i].value);
    }
    free(h);
}

/* Buckets tile the range without gap or overlap, none wider than 0.1 % of its values. */
static void buckets_tile_the_range(void **state)
{
    (void)state;
    struct histogram *h = new_histogram();
    struct histogram_bucket b = {0};
    uint64_t expected = 0;
    size_t n = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        h->buckets[i] = i + 1;
    for (; histogram_next(h, &b); n++) {
        assert_int_equal(b.count, n + 1);
        assert_int_equal(b.lowest, expected);
        assert_int_equal(histogram_index(b.lowest), n);
        assert_int_equal(histogram_index(b.highest), n);
        assert_true((double)(b.highest - b.lowest) <= 0.001 * (double)b.lowest);
        expected = b.highest + 1;
    }
    assert_int_equal(n, HISTOGRAM_BUCKETS);
    assert_int_equal(expected, HISTOGRAM_LIMIT);
    free(h);
}

/* What a reader of the JSON form does. */
static void rebuilt_from_buckets_has_the_same_percentiles(void **state)
{
    (void)state;
    uint64_t *samples = draw_samples(&distributions[2], SAMPLES);
    struct histogram *h = new_histogram();
    struct histogram *copy = new_histogram();
    struct histogram_bucket b = {0};

    for (size_t i = 0; i < SAMPLES; i++)
        histogram_record(h, samples[i]);
    while (histogram_next(h, &b))
        histogram_add(copy, b.highest, b.count);
    assert_int_equal(copy->count, SAMPLES);
    for (size_t i = 0; i + 1 < PERCENTILES; i++) {
        uint64_t x, y;
        assert_true(histogram_percentile(h, percentiles[i], &x));
        assert_true(histogram_percentile(copy, percentiles[i], &y));
        assert_int_equal(x, y);
    }
    free(h);
    free(copy);
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_sorted_truth),
        cmocka_unit_test(merge_equals_all_in_one),
        cmocka_unit_test(empty_has_no_percentiles),
        cmocka_unit_test(one_sample_is_every_percentile),
        cmocka_unit_test(overflow_keeps_the_exact_maximum),
        cmocka_unit_test(last_value_in_range_does_not_overflow),
        cmocka_unit_test(cleared_is_empty),
        cmocka_unit_test(rank_is_the_ceiling),
        cmocka_unit_test(buckets_tile_the_range),
        cmocka_unit_test(rebuilt_from_buckets_has_the_same_percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
