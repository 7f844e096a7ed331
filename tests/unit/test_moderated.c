#include "bench/stats/moderated.h"

#include <math.h>
#include <stdbool.h>

#include "bench/base/stats.h"
#include "bench/stats/multiple.h"
#include "common/random.h"
#include "unit.h"

/* From tables of Student's distribution. */
static void students_distribution(void **state)
{
    static const struct {
        double t, freedom, above;
    } known[] = {{12.7062, 1, 0.025},  {4.30265, 2, 0.025},        {2.77645, 4, 0.025},
                 {2.22814, 10, 0.025}, {1.95996, INFINITY, 0.025}, {0, 3, 0.5},
                 {31.8205, 1, 0.01},   {-2.77645, 4, 0.975},       {3.30, 1000, 0.0005}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_float_equal(student_above(known[i].t, known[i].freedom), known[i].above, 1e-5);
    assert_true(isnan(student_above(NAN, 3)));
}

static void means_and_variances(void **state)
{
    (void)state;
    const double values[] = {1, NAN, 2, 3, 6};
    struct side s = side_of(values, 5);
    assert_int_equal(s.n, 4);
    assert_float_equal(s.mean, 3, 1e-12);
    assert_float_equal(s.variance, 14.0 / 3, 1e-12);
    assert_true(isnan(side_of(values, 1).variance));
    assert_int_equal(side_of(values + 1, 1).n, 0);
}

/* Without a prior the test is Welch's: 1, 2, 3 and 11, 13, 15, 17 have variances 1 and 20/3. */
static void without_a_prior_it_is_welchs_test(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3};
    const double y[] = {11, 13, 15, 17};
    struct variance_prior none = {NAN, 0};
    struct side a = side_of(x, 3), b = side_of(y, 4);
    struct difference d = difference_of(&a, &none, &b, &none);
    assert_float_equal(d.mean, 12, 1e-12);
    assert_float_equal(d.error, sqrt(1.0 / 3 + 20.0 / 12), 1e-12);
    assert_float_equal(d.freedom, 4.07547, 1e-5);
    assert_float_equal(difference_within_p(&d, 12), 0.5, 1e-12);
    assert_true(difference_within_p(&d, 100) < 1e-4);
    double half = difference_half_width(&d, 0.05);
    struct difference edge = {half, d.error, d.freedom};
    assert_float_equal(difference_p(&edge), 0.05, 1e-9);

    struct side one = side_of(x, 1);
    d = difference_of(&one, &none, &b, &none);
    assert_true(isnan(difference_p(&d)) && isnan(difference_half_width(&d, 0.05)));
    struct variance_prior known = {4, 10};
    d = difference_of(&one, &known, &one, &known);
    assert_float_equal(d.error, sqrt(8), 1e-12);
    assert_float_equal(d.freedom, 20, 1e-9);
}

static uint64_t seed;

static double uniform(void)
{
    return ((double)(random_next(&seed) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* Noise that only slows down: small most of the time, large now and then. */
static double one_sided(void)
{
    return 0.03 * normal() - (uniform() < 0.1 ? 0.3 * uniform() : 0);
}

static double equal_deviations(void)
{
    return 0.03 * normal();
}

/* A program beside the trials takes up to 30 % of the CPUs, now more and now less. */
static double disturbed(void)
{
    return equal_deviations() + log1p(-0.3 * uniform());
}

enum { POINTS = 54 };

/* One run of all points with `n` trials each. Every fifth point is noisier. */
static void make_run(double (*noise)(void), size_t n, struct side side[POINTS],
                     struct variance_prior *prior)
{
    double variance[POINTS], freedom[POINTS], values[8];
    for (size_t i = 0; i < POINTS; i++) {
        for (size_t j = 0; j < n; j++)
            values[j] = noise() * (i % 5 == 0 ? 3 : 1);
        side[i] = side_of(values, n);
        variance[i] = side[i].variance;
        freedom[i] = (double)n - 1;
    }
    *prior = variance_prior_of(variance, freedom, POINTS);
}

/* Runs with the noises `a` and `b`, in which nothing else differs but that each sixth point of b is
 * slower by `slower`: which share of the points (of those, where it is above 0) is called
 * different at 0.05, with Holm's correction or without? */
static double flagged(double (*a)(void), double (*b)(void), double slower, size_t n, bool holm)
{
    enum { RUNS = 400 };
    size_t found = 0;
    for (size_t run = 0; run < RUNS; run++) {
        struct side x[POINTS], y[POINTS];
        struct variance_prior prior_x, prior_y;
        double p[POINTS], means[POINTS];
        make_run(a, n, x, &prior_x);
        make_run(b, n, y, &prior_y);
        for (size_t i = 0; i < POINTS; i++)
            means[i] = y[i].mean - x[i].mean;
        double shift = stats_spread(means, POINTS).median;
        for (size_t i = 0; i < POINTS; i++) {
            struct difference d = difference_of(&x[i], &prior_x, &y[i], &prior_y);
            d.mean -= i % 6 == 0 ? slower : 0;
            difference_widen(&d, shift);
            p[i] = difference_p(&d);
        }
        if (holm)
            holm_adjust(p, POINTS, p);
        for (size_t i = 0; i < POINTS; i++)
            found += p[i] <= 0.05 && (slower == 0 || i % 6 == 0);
    }
    return (double)found / (RUNS * POINTS) * (slower == 0 ? 1 : 6);
}

static void the_level_holds_with_few_trials(void **state)
{
    (void)state;
    seed = 11;
    for (size_t n = 3; n <= 5; n++) {
        double equal = flagged(equal_deviations, equal_deviations, 0, n, false);
        double skewed = flagged(one_sided, one_sided, 0, n, false);
        double after_holm = flagged(one_sided, one_sided, 0, n, true);
        double beside = flagged(equal_deviations, disturbed, 0, n, true);
        double found = flagged(equal_deviations, equal_deviations, 0.1, n, true);
        print_message(
            "# %zu trials: of equal points %.3f, with one-sided noise %.3f; after Holm "
            "%.4f, beside a disturber %.3f; of points 10 %% slower %.2f\n",
            n, equal, skewed, after_holm, beside, found);
        assert_true(equal > 0.02 && equal < 0.065);
        assert_true(skewed > 0.005 && skewed < 0.065);
        assert_true(after_holm < 0.05 / POINTS * 2);
        assert_true(beside < 0.05);
        assert_true(found > 0.05);
    }
}

/* Variances that are all the same have a prior without end; wide ones have one of few degrees. */
static void the_prior_follows_the_spread_of_the_variances(void **state)
{
    enum { N = 2000 };
    double variance[N], freedom[N];
    (void)state;
    seed = 5;
    for (int wide = 0; wide <= 1; wide++) {
        for (size_t i = 0; i < N; i++) {
            double values[4];
            double scale = wide ? exp(normal()) : 2;
            for (size_t j = 0; j < 4; j++)
                values[j] = scale * normal();
            struct side s = side_of(values, 4);
            variance[i] = s.variance;
            freedom[i] = 3;
        }
        struct variance_prior p = variance_prior_of(variance, freedom, N);
        if (wide)
            assert_true(p.freedom > 1 && p.freedom < 3);
        else
            assert_true(p.freedom > 50 && fabs(p.variance - 4) < 0.3);
    }
    assert_float_equal(variance_prior_of(variance, freedom, 2).freedom, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_distribution),
        cmocka_unit_test(means_and_variances),
        cmocka_unit_test(without_a_prior_it_is_welchs_test),
        cmocka_unit_test(the_level_holds_with_few_trials),
        cmocka_unit_test(the_prior_follows_the_spread_of_the_variances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
