#include "bench/base/stats.h"

#include <math.h>

#include "unit.h"

static void median_of_odd_and_even(void **state)
{
    (void)state;
    double odd[] = {5, 1, 3};
    double even[] = {4, 1, 3, 2};
    double one[] = {7};
    assert_float_equal(stats_spread(odd, 3).median, 3, 0);
    assert_float_equal(stats_spread(even, 4).median, 2.5, 0);
    struct spread s = stats_spread(one, 1);
    assert_float_equal(s.median, 7, 0);
    assert_float_equal(s.low, 7, 0);
    assert_float_equal(s.high, 7, 0);
}

static void few_values_give_the_range(void **state)
{
    (void)state;
    double v[] = {30, 10, 50, 20, 40};
    struct spread s = stats_spread(v, 5);
    assert_float_equal(s.low, 10, 0);
    assert_float_equal(s.high, 50, 0);
    assert_int_equal(s.n, 5);
}

static void missing_values_are_passed_over(void **state)
{
    (void)state;
    double v[] = {NAN, 2, NAN, 1, 3};
    struct spread s = stats_spread(v, 5);
    assert_int_equal(s.n, 3);
    assert_float_equal(s.median, 2, 0);

    double none[] = {NAN, NAN};
    s = stats_spread(none, 2);
    assert_int_equal(s.n, 0);
    assert_true(isnan(s.median) && isnan(s.low) && isnan(s.high));
    s = stats_spread(NULL, 0);
    assert_int_equal(s.n, 0);
}

/* The largest k with 1 - 2 P(B < k) >= 0.95, summed by hand: for n = 9, 1 - 2 (1 + 9) / 512 =
 * 0.961, while k = 3 gives 1 - 2 (1 + 9 + 36) / 512 = 0.82. */
static void ranks_of_the_interval(void **state)
{
    static const struct {
        size_t n;
        size_t lower; /* from 1 */
    } table[] = {{6, 1}, {7, 1}, {8, 1}, {9, 2}, {10, 2}, {12, 3}, {15, 4}, {20, 6}, {30, 10}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double v[30];
        size_t n = table[i].n;
        for (size_t k = 0; k < n; k++)
            v[k] = (double)(n - k); /* n .. 1: value is its rank */
        struct spread s = stats_spread(v, n);
        assert_float_equal(s.low, (double)table[i].lower, 0);
        assert_float_equal(s.high, (double)(n + 1 - table[i].lower), 0);
        assert_true(stats_coverage(n) >= 0.95);
    }
}

static void coverage_of_few_values(void **state)
{
    (void)state;
    assert_float_equal(stats_coverage(0), 0, 0);
    assert_float_equal(stats_coverage(1), 0, 1e-12);
    assert_float_equal(stats_coverage(2), 0.5, 1e-12);
    assert_float_equal(stats_coverage(3), 0.75, 1e-12);
    assert_float_equal(stats_coverage(5), 0.9375, 1e-12);
    assert_float_equal(stats_coverage(6), 0.96875, 1e-12);
}

/* The interval must cover the median as often as it says: exact by simulation's nature only, so
 * with a wide margin (20,000 draws, standard error 0.0016). */
static void covers_as_often_as_it_says(void **state)
{
    (void)state;
    unsigned long long random = 88172645463325252ULL;
    enum { DRAWS = 20000, N = 9 };
    unsigned covered = 0;
    for (int i = 0; i < DRAWS; i++) {
        double v[N];
        for (int k = 0; k < N; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            v[k] = (double)(random >> 11) / 9007199254740992.0;
        }
        struct spread s = stats_spread(v, N);
        covered += s.low <= 0.5 && 0.5 <= s.high;
    }
    assert_float_equal((double)covered / DRAWS, stats_coverage(N), 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_of_odd_and_even),
        cmocka_unit_test(few_values_give_the_range),
        cmocka_unit_test(missing_values_are_passed_over),
        cmocka_unit_test(ranks_of_the_interval),
        cmocka_unit_test(coverage_of_few_values),
        cmocka_unit_test(covers_as_often_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
