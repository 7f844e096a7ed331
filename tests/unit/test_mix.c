/* The weighted choice among several URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loadgen/protocol/mix.h"

#define DRAWS 1000000

/* Pearson's chi-squared statistic of DRAWS choices against the weights. */
static double chi_squared(const uint32_t *weights, uint32_t count, uint64_t seed)
{
    static uint64_t seen[65535];
    struct mix mix;
    uint64_t state = seed;
    double total = 0, sum = 0;

    mix_init(&mix, weights, count);
    for (uint32_t i = 0; i < count; i++) {
        seen[i] = 0;
        total += weights[i];
    }
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t k = mix_next(&mix, &state);
        assert_true(k < count);
        seen[k]++;
    }
    for (uint32_t i = 0; i < count; i++) {
        double expected = DRAWS * weights[i] / total;
        sum += ((double)seen[i] - expected) * ((double)seen[i] - expected) / expected;
    }
    mix_free(&mix);
    return sum;
}

/* The critical values at 0.1 % for 1, 3 and 9 degrees of freedom (NIST/SEMATECH e-Handbook of
 * Statistical Methods, section 1.3.6.7.4): the seeds are fixed, so a pass stays one. */
static void follows_the_weights(void **state)
{
    static const uint32_t two[] = {1, 3}, four[] = {70, 20, 9, 1},
                          ten[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1000};
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        assert_true(chi_squared(two, 2, seed) < 10.828);
        assert_true(chi_squared(four, 4, seed) < 16.266);
        assert_true(chi_squared(ten, 10, seed) < 27.877);
    }
}

/* Equal weights, and as many and as unlike as there can be. */
static void extremes(void **state)
{
    static const uint32_t equal[] = {5, 5, 5, 5};
    static uint32_t many[65535];
    struct mix mix;
    (void)state;

    assert_true(chi_squared(equal, 4, 1) < 16.266);
    for (uint32_t i = 0; i < 65535; i++)
        many[i] = i % 3 ? 1000000 : 1;
    mix_init(&mix, many, 65535);
    uint64_t random = 1;
    uint32_t rare = 0;
    for (uint32_t i = 0; i < DRAWS; i++)
        rare += mix_next(&mix, &random) % 3 == 0;
    assert_true(rare <= 10); /* 0.5 of a million are expected */
    mix_free(&mix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_weights),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
