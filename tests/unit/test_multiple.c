#include "bench/stats/multiple.h"

#include <math.h>

#include "common/random.h"

#include "unit.h"

/* By hand: (0.01, 0.04, 0.03, 0.005) sorted is 0.005, 0.01, 0.03, 0.04; Holm's factors are 4 to 1
 * and the running maximum of 0.02, 0.03, 0.06, 0.04 counts; of Benjamini and Hochberg 4/1 to 4/4,
 * and the running minimum from the end of 0.02, 0.02, 0.04, 0.04. */
static void four_by_hand(void **state)
{
    static const double p[] = {0.01, 0.04, 0.03, 0.005};
    static const double by_holm[] = {0.03, 0.06, 0.06, 0.02};
    static const double by_bh[] = {0.02, 0.04, 0.04, 0.02};
    double adjusted[4];
    (void)state;
    holm_adjust(p, 4, adjusted);
    for (int i = 0; i < 4; i++)
        assert_float_equal(adjusted[i], by_holm[i], 1e-12);
    bh_adjust(p, 4, adjusted);
    for (int i = 0; i < 4; i++)
        assert_float_equal(adjusted[i], by_bh[i], 1e-12);
}

static void nan_is_not_counted(void **state)
{
    double p[] = {NAN, 0.02, NAN, 0.04};
    (void)state;
    holm_adjust(p, 4, p);
    assert_true(isnan(p[0]) && isnan(p[2]));
    assert_float_equal(p[1], 0.04, 1e-12);
    assert_float_equal(p[3], 0.04, 1e-12);
    double q[] = {0.02, NAN, 0.5};
    bh_adjust(q, 3, q);
    assert_float_equal(q[0], 0.04, 1e-12);
    assert_true(isnan(q[1]));
    assert_float_equal(q[2], 0.5, 1e-12);
    holm_adjust(NULL, 0, NULL);
    bh_adjust(NULL, 0, NULL);
}

static void never_above_one(void **state)
{
    double p[] = {0.9, 0.8, 1};
    (void)state;
    holm_adjust(p, 3, p);
    for (int i = 0; i < 3; i++)
        assert_float_equal(p[i], 1, 0);
}

/* All hypotheses true: Holm calls any different in at most 5 % of families, plain p-values do in
 * 64 %. Half of them false and plain to see: of what Benjamini and Hochberg call different, at most
 * 5 % are equal. 4,000 families, standard error 0.004. */
static void errors_as_promised(void **state)
{
    enum { FAMILIES = 4000, N = 20 };
    uint64_t random = 11;
    unsigned families_wrong = 0, plain_wrong = 0;
    double false_share = 0;
    (void)state;
    for (int f = 0; f < FAMILIES; f++) {
        double p[N], adjusted[N];
        unsigned wrong = 0, plain = 0, false_calls = 0, calls = 0;
        for (int i = 0; i < N; i++)
            p[i] = random_uniform(&random);
        holm_adjust(p, N, adjusted);
        for (int i = 0; i < N; i++) {
            wrong += adjusted[i] <= 0.05;
            plain += p[i] <= 0.05;
        }
        families_wrong += wrong > 0;
        plain_wrong += plain > 0;
        for (int i = 0; i < N / 2; i++)
            p[i] *= 1e-4;
        bh_adjust(p, N, adjusted);
        for (int i = 0; i < N; i++) {
            calls += adjusted[i] <= 0.05;
            false_calls += adjusted[i] <= 0.05 && i >= N / 2;
        }
        false_share += calls > 0 ? (double)false_calls / calls / FAMILIES : 0;
    }
    assert_true((double)families_wrong / FAMILIES < 0.065);
    assert_true((double)families_wrong / FAMILIES > 0.035);
    assert_true((double)plain_wrong / FAMILIES > 0.6);
    assert_true(false_share < 0.05);
    assert_true(false_share > 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_by_hand),
        cmocka_unit_test(nan_is_not_counted),
        cmocka_unit_test(never_above_one),
        cmocka_unit_test(errors_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
