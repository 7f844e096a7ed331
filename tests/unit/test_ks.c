#include "bench/stats/ks.h"

#include <math.h>

#include "common/random.h"

#include "unit.h"

static void apart_and_alike(void **state)
{
    static const double low[] = {1, 2, 3, 4, 5};
    static const double high[] = {6, 7, 8, 9, 10};
    double p;
    (void)state;
    assert_float_equal(ks_two_sample(low, 5, low, 5, &p), 0, 0);
    assert_float_equal(p, 1, 1e-12);
    /* Two of the 252 orders of ten values have the fives apart. */
    assert_float_equal(ks_two_sample(low, 5, high, 5, &p), 1, 0);
    assert_float_equal(p, 2.0 / 252, 1e-12);
    assert_float_equal(ks_two_sample(high, 5, low, 5, NULL), 1, 0);
}

/* Two values among four: of the six orders the distance is 1 in two (aabb, bbaa), and 1/2 in the
 * four others: P(D >= 1/2) = 1. */
static void exact_by_counting(void **state)
{
    static const double a[] = {1, 3};
    static const double b[] = {2, 4};
    double p;
    (void)state;
    assert_float_equal(ks_two_sample(a, 2, b, 2, &p), 0.5, 0);
    assert_float_equal(p, 1, 1e-12);

    /* Every order of na values `a` among na + nb, as the bits of a number. */
    enum { NA = 4, NB = 5, ALL = NA + NB };
    static const double from[] = {1, 2, 4, 8};
    static const double other[] = {3, 5, 6, 7, 9};
    double d = ks_two_sample(from, NA, other, NB, &p);
    unsigned orders = 0, as_far = 0;
    for (unsigned bits = 0; bits < 1U << ALL; bits++) {
        double x = 0, y = 0, far = 0;
        for (int i = 0; i < ALL; i++) {
            if (bits >> i & 1)
                x++;
            else
                y++;
            far = fmax(far, fabs(x / NA - y / NB));
        }
        if (x != NA)
            continue;
        orders++;
        as_far += far >= d - 1e-9;
    }
    assert_int_equal(orders, 126);
    double share = (double)as_far / (double)orders;
    assert_float_equal(p, share, 1e-12);
}

static void missing_values(void **state)
{
    static const double a[] = {1, NAN, 2};
    static const double none[] = {NAN};
    double p;
    (void)state;
    assert_float_equal(ks_two_sample(a, 3, a, 3, &p), 0, 0);
    assert_true(isnan(ks_two_sample(a, 3, none, 1, &p)) && isnan(p));
    assert_true(isnan(ks_two_sample(NULL, 0, a, 3, &p)) && isnan(p));
    assert_true(isnan(ks_histograms(NULL, 0, 0, NULL, 0, 0, &p)) && isnan(p));
}

/* The p-value of two equal samples is below 0.05 in 5 % of the draws: exact for few values (from
 * below: the distances are few), asymptotic for many. A sample of the same median and twice the
 * spread is told. 2,000 draws, standard error 0.005. */
static void as_often_as_it_says(void **state)
{
    static const struct {
        size_t na, nb;
        double low, high;
    } cases[] = {{30, 40, 0.03, 0.065}, {200, 300, 0.035, 0.065}};
    double a[200], b[300];
    uint64_t random = 5;
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        enum { DRAWS = 2000 };
        unsigned equal = 0, spread = 0;
        for (int k = 0; k < DRAWS; k++) {
            double p;
            for (size_t i = 0; i < cases[c].na; i++)
                a[i] = random_uniform(&random) - 0.5;
            for (size_t i = 0; i < cases[c].nb; i++)
                b[i] = random_uniform(&random) - 0.5;
            ks_two_sample(a, cases[c].na, b, cases[c].nb, &p);
            equal += p <= 0.05;
            for (size_t i = 0; i < cases[c].nb; i++)
                b[i] *= 2;
            ks_two_sample(a, cases[c].na, b, cases[c].nb, &p);
            spread += p <= 0.05;
        }
        assert_true((double)equal / DRAWS > cases[c].low);
        assert_true((double)equal / DRAWS < cases[c].high);
        assert_true((double)spread / DRAWS > (c == 0 ? 0.3 : 0.99));
    }
}

/* A histogram stands for its values, and counts that are not independent for fewer of them. */
static void histograms_stand_for_values(void **state)
{
    static const struct ks_bar a[] = {{1, 100}, {2, 100}, {4, 100}};
    static const struct ks_bar b[] = {{1, 50}, {2, 150}, {3, 100}};
    double x[300], y[300], p_values, p_bars, p_few;
    size_t n = 0, m = 0;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (uint64_t k = 0; k < a[i].count; k++)
            x[n++] = a[i].value;
        for (uint64_t k = 0; k < b[i].count; k++)
            y[m++] = b[i].value;
    }
    double d = ks_histograms(a, 3, 0, b, 3, 0, &p_bars);
    assert_float_equal(d, 1.0 / 3, 1e-12);
    assert_float_equal(d, ks_two_sample(x, n, y, m, &p_values), 1e-12);
    assert_float_equal(p_bars, p_values, 1e-12);
    assert_true(p_bars < 1e-6);
    assert_float_equal(ks_histograms(a, 3, 10, b, 3, 10, &p_few), d, 0);
    assert_true(p_few > 0.3);
}

/* The tail of Kolmogorov's distribution at points of its table (Smirnov, Annals of Mathematical
 * Statistics 19, 1948), through two large histograms of a known distance. */
static void tail_as_tabulated(void **state)
{
    static const struct {
        double x, p;
    } table[] = {{0.5, 0.9639}, {0.8276, 0.5}, {1.3581, 0.05}, {1.6276, 0.01}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t n = 200000000;
        uint64_t apart = (uint64_t)llround(table[i].x / sqrt((double)n / 2) * (double)n);
        struct ks_bar a[] = {{1, n / 2}, {2, n / 2}};
        struct ks_bar b[] = {{1, n / 2 + apart}, {2, n / 2 - apart}};
        double p;
        ks_histograms(a, 2, 0, b, 2, 0, &p);
        assert_float_equal(p, table[i].p, 2e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(apart_and_alike),
        cmocka_unit_test(exact_by_counting),
        cmocka_unit_test(missing_values),
        cmocka_unit_test(as_often_as_it_says),
        cmocka_unit_test(histograms_stand_for_values),
        cmocka_unit_test(tail_as_tabulated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
