#include "bench/stats/robust.h"

#include <math.h>

#include "common/random.h"

#include "unit.h"

static void near(double a, double b, double by)
{
    assert_true(fabs(a - b) <= by);
}

/* Cauchy's distribution: no mean, no deviation. */
static double cauchy(uint64_t *random)
{
    return tan(M_PI * (random_uniform(random) - 0.5));
}

static void location_of_values(void **state)
{
    static const double even[] = {1, 2, 3, 4, 5};
    static const double far[] = {1, 2, 3, 4, 1000};
    static const double farther[] = {1, 2, 3, 4, 1e6};
    static const double same[] = {7, 7, 7, 7};
    (void)state;
    near(huber_moments(even, 5).mean, 3, 1e-8);
    near(huber_moments(far, 5).mean, huber_moments(farther, 5).mean, 1e-8);
    near(huber_moments(far, 5).deviation, huber_moments(farther, 5).deviation, 1e-8);
    assert_true(huber_moments(far, 5).mean < 4);
    near(huber_moments(same, 4).mean, 7, 0);
    near(huber_moments(same, 4).deviation, 0, 0);
    assert_true(isnan(huber_moments(even, 0).mean));
    near(huber_moments(even, 2).mean, 1.5, 1e-12);
}

/* Of normal values, the standard error is what the values do: 4,000 runs, 2 % of it is noise. */
static void standard_error_of_the_location(void **state)
{
    enum { RUNS = 4000, N = 40 };
    static double locations[RUNS];
    double said = 0;
    uint64_t random = 5;
    (void)state;
    for (int r = 0; r < RUNS; r++) {
        double values[N];
        for (int i = 0; i < N; i++)
            values[i] =
                sqrt(2 * random_exponential(&random)) * cos(2 * M_PI * random_uniform(&random));
        struct moments m = huber_moments(values, N);
        locations[r] = m.mean;
        said += m.deviation / sqrt(N) / RUNS;
    }
    near(said / moments_of(locations, RUNS).deviation, 1, 0.05);
}

static void scales_come_from_before(void **state)
{
    static const double values[] = {4, 2, 9, 1, 7};
    double scales[5];
    (void)state;
    scales_before(values, 5, scales);
    near(scales[0], 0, 0);
    near(scales[1], 0, 0);
    near(scales[2], 1.4826 * 1, 1e-12);   /* of 2 4 */
    near(scales[3], 1.4826 * 2, 1e-12);   /* of 2 4 9: distances 2 0 5 */
    near(scales[4], 1.4826 * 1.5, 1e-12); /* of 1 2 4 9: distances 2 1 1 6 */
}

/* The evidence, by its formula; and the ends of the interval are where it suffices. */
static void evidence_and_ends(void **state)
{
    static const double x[] = {0.3, -1.2, 0.8, 2.5, 0.1, 1.4, 0.9, 1.1, 0.7, 30, 0.6, 1.3};
    enum { N = sizeof x / sizeof x[0] };
    double scales[N];
    (void)state;
    scales_before(x, N, scales);
    double s = 0, v = 0;
    for (int i = 2; i < N; i++) {
        double u = fmax(-0.7, fmin(0.7, (x[i] + 1) / scales[i]));
        s += u;
        v += u * u;
    }
    near(exp(symmetric_evidence(x, scales, N, -1)),
         sqrt(1 / (v + 1)) * exp(s * s / (2 * (v + 1))), 1e-9);
    struct interval i = sequence_symmetric(x, scales, N, 0.2);
    near(symmetric_evidence(x, scales, N, i.low), log(5), 1e-6);
    near(symmetric_evidence(x, scales, N, i.high), -log(5), 1e-6);
    assert_true(i.low < 0.9 && i.high > 0.9 && i.high < 30);
    assert_true(isinf(sequence_symmetric(x, scales, 2, 0.05).low));
    assert_true(isinf(sequence_symmetric(x, scales, 4, 0.05).high));
}

/* Looks after each of 100 values without moments: 0 is left out in at most 5 % of the runs, and
 * a shift by half of the scale is seen in most, where the t-test sees it in few. 1,000 runs. */
static void looking_at_long_tails(void **state)
{
    enum { RUNS = 1000, N = 100 };
    unsigned alarms = 0, seen = 0, by_t = 0;
    uint64_t random = 11;
    (void)state;
    for (int r = 0; r < RUNS; r++) {
        double values[N], shifted[N], scales[N];
        for (int i = 0; i < N; i++) {
            values[i] = cauchy(&random);
            shifted[i] = values[i] + 0.8;
        }
        bool alarm = false, told = false, t = false;
        scales_before(values, N, scales);
        for (size_t n = 3; n <= N; n++) {
            alarm = alarm || fabs(symmetric_evidence(values, scales, n, 0)) >= log(20);
            told = told || symmetric_evidence(shifted, scales, n, 0) >= log(20);
            struct moments m = moments_of(shifted, n);
            t = t || sequence_t(&m, 10, 0.05).low > 0;
        }
        alarms += alarm;
        seen += told;
        by_t += t;
    }
    assert_true((double)alarms / RUNS <= 0.05);
    assert_true((double)seen / RUNS > 0.9);
    assert_true((double)by_t / RUNS < 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(location_of_values),
        cmocka_unit_test(standard_error_of_the_location),
        cmocka_unit_test(scales_come_from_before),
        cmocka_unit_test(evidence_and_ends),
        cmocka_unit_test(looking_at_long_tails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
