#include "bench/stats/ks.h"

#include <math.h>

#include "unit.h"

static void apart_and_alike(void **state)
{
    static const struct ks_bar low[] = {{1, 3}, {2, 3}, {3, 1}};
    static const struct ks_bar high[] = {{4, 1}, {5, 1}};
    (void)state;
    assert_float_equal(ks_distance(low, 3, low, 3), 0, 0);
    assert_float_equal(ks_distance(low, 3, high, 2), 1, 0);
    assert_float_equal(ks_distance(high, 2, low, 3), 1, 0);
}

/* A third, two thirds, all; and a sixth, two thirds, all: a sixth apart at 1, a third at 3. */
static void the_largest_distance(void **state)
{
    static const struct ks_bar a[] = {{1, 100}, {2, 100}, {4, 100}};
    static const struct ks_bar b[] = {{1, 50}, {2, 150}, {3, 100}};
    (void)state;
    assert_float_equal(ks_distance(a, 3, b, 3), 1.0 / 3, 1e-12);
    assert_float_equal(ks_distance(b, 3, a, 3), 1.0 / 3, 1e-12);
}

/* Counts matter by their share, and one value may be in several bars. */
static void shares_count(void **state)
{
    static const struct ks_bar a[] = {{1, 1}, {2, 1}, {2, 2}};
    static const struct ks_bar b[] = {{1, 1000}, {2, 1000}, {2, 1000}, {2, 1000}};
    static const struct ks_bar c[] = {{1, 10}, {2, 10}};
    (void)state;
    assert_float_equal(ks_distance(a, 3, b, 4), 0, 1e-12);
    assert_float_equal(ks_distance(a, 3, c, 2), 0.25, 1e-12);
}

static void without_counts(void **state)
{
    static const struct ks_bar a[] = {{1, 1}};
    static const struct ks_bar none[] = {{1, 0}};
    (void)state;
    assert_true(isnan(ks_distance(NULL, 0, a, 1)));
    assert_true(isnan(ks_distance(a, 1, none, 1)));
    assert_true(isnan(ks_distance(NULL, 0, NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(apart_and_alike),
        cmocka_unit_test(the_largest_distance),
        cmocka_unit_test(shares_count),
        cmocka_unit_test(without_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
