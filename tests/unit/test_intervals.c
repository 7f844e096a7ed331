#include "bench/stats/interval.h"

#include <math.h>

#include "common/random.h"

#include "unit.h"

static double normal(uint64_t *random)
{
    return sqrt(2 * random_exponential(random)) * cos(2 * M_PI * random_uniform(random));
}

/* Compared as doubles: cmocka's own comparison is of floats. */
static void near(double a, double b, double by)
{
    assert_true(fabs(a - b) <= by);
}

static void what_a_session_says(void **state)
{
    static const double a[] = {2, 2, 2, 2, 20};
    static const double b[] = {1, 1, 1, 10, 1};
    (void)state;
    near(estimate_log_ratio(ESTIMATE_MEAN, a, b, 5), (3 * log(2) + log(0.2) + log(20)) / 5,
         1e-12);
    near(estimate_log_ratio(ESTIMATE_TRIMMED, a, b, 5), log(2), 1e-12);
    near(estimate_log_ratio(ESTIMATE_MEDIAN, a, b, 5), log(2), 1e-12);
    near(estimate_log_ratio(ESTIMATE_SUMS, a, b, 5), log(28.0 / 14), 1e-12);
    near(estimate_log_ratio(ESTIMATE_MEDIANS, a, b, 5), log(2), 1e-12);
    near(estimate_log_ratio(ESTIMATE_LOW, a, b, 5), log(2), 1e-12);
    for (enum estimator e = 0; e < ESTIMATE_COUNT; e++) {
        near(estimate_log_ratio(e, a, b, 5), -estimate_log_ratio(e, b, a, 5), 1e-12);
        assert_true(isnan(estimate_log_ratio(e, a, b, 0)));
        assert_true(estimator_names[e] != NULL);
    }
    assert_null(estimator_names[ESTIMATE_COUNT]);
}

/* The quantiles of Student's distribution as tables have them. */
static void student(void **state)
{
    static const struct {
        double freedom, t, below;
    } table[] = {{1, 12.7062, 0.975},
                 {4, 2.77645, 0.975},
                 {10, 1.81246, 0.95},
                 {30, 2.75, 0.995},
                 {200, 1.97190, 0.975}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        near(student_below(table[i].t, table[i].freedom), table[i].below, 2e-6);
        near(student_below(-table[i].t, table[i].freedom), 1 - table[i].below, 2e-6);
    }
    near(student_below(0, 7), 0.5, 1e-12);
    struct moments m = {.mean = 3, .deviation = 2, .n = 5};
    near(student_interval(&m, 0.05).high, 3 + 2.77645 * 2 / sqrt(5), 1e-4);
    m.n = 1;
    assert_true(isinf(student_interval(&m, 0.05).low));
}

static void equivalence(void **state)
{
    (void)state;
    assert_true(interval_within(&(struct interval){-0.1, 0.1}, 0.2));
    assert_false(interval_within(&(struct interval){-0.1, 0.3}, 0.2));
    assert_false(interval_within(&(struct interval){-0.3, 0.1}, 0.2));
}

/* The martingale behind sequence_t(): it is 1/alpha at the ends of the interval. */
static void sequence_is_where_the_martingale_says(void **state)
{
    static const double x[] = {0.3, -1.2, 0.8, 2.5, 0.1, 1.4};
    enum { N = sizeof x / sizeof x[0] };
    double a = -2 * log(0.05);
    double c = 8 / (a + log(a + 1));
    struct moments m = moments_of(x, N);
    struct interval i = sequence_t(&m, 8, 0.05);
    (void)state;
    for (int end = 0; end < 2; end++) {
        double mean = end ? i.high : i.low;
        double s = 0, v = 0;
        for (int k = 0; k < N; k++) {
            s += x[k] - mean;
            v += (x[k] - mean) * (x[k] - mean);
        }
        double martingale = sqrt(c / (N + c)) * pow(v / (v - s * s / (N + c)), N / 2.0);
        near(martingale, 20, 1e-6);
    }
    m.n = 1;
    assert_true(isinf(sequence_t(&m, 8, 0.05).high));
}

/* Looks after each of 100 values, from the fifth on: a sequence leaves out the mean in 5 % of
 * the runs at most; intervals for a fixed number of values do so in more than a quarter of
 * them. 2,000 runs, standard error below 0.006. */
static void looking_often(void **state)
{
    enum { RUNS = 2000, N = 100, FIRST = 5 };
    unsigned by_t = 0, by_student = 0;
    uint64_t random = 3;
    (void)state;
    for (int r = 0; r < RUNS; r++) {
        double values[N];
        bool out_t = false, out_student = false;
        for (size_t n = 1; n <= N; n++) {
            values[n - 1] = normal(&random);
            if (n < FIRST)
                continue;
            struct moments m = moments_of(values, n);
            struct interval t = sequence_t(&m, 20, 0.05);
            out_t = out_t || t.low > 0 || t.high < 0;
            double statistic = m.mean / m.deviation * sqrt((double)n);
            out_student = out_student || student_below(-fabs(statistic), (double)n - 1) < 0.025;
        }
        by_t += out_t;
        by_student += out_student;
    }
    assert_true((double)by_t / RUNS < 0.05);
    assert_true((double)by_t / RUNS > 0.01);
    assert_true((double)by_student / RUNS > 0.25);
}

/* Sessions that differ, pairs that differ more, one-sided noise: the interval covers in 93 to
 * 97 % of the runs, for ten sessions and for thirty. 600 runs, standard error 0.009. */
static void bootstrap_covers(void **state)
{
    enum { RUNS = 600, PAIRS = 4, MOST = 30 };
    static const size_t counts[] = {10, MOST};
    size_t sizes[MOST];
    double a[MOST * PAIRS], b[MOST * PAIRS];
    uint64_t random = 7;
    (void)state;
    for (size_t i = 0; i < MOST; i++)
        sizes[i] = PAIRS;
    for (size_t c = 0; c < 2; c++) {
        unsigned covered = 0;
        for (int r = 0; r < RUNS; r++) {
            for (size_t i = 0; i < counts[c] * PAIRS; i++) {
                static double session;
                session = i % PAIRS == 0 ? 0.01 * normal(&random) : session;
                a[i] = exp(session) * (1 + 0.05 * random_exponential(&random));
                b[i] = 1 + 0.05 * random_exponential(&random);
            }
            struct paired_sessions s = {a, b, sizes, counts[c]};
            struct interval found = bootstrap_log_ratio(&s, ESTIMATE_TRIMMED,
                                                        BOOTSTRAP_SESSIONS, 400, 0.05, &random);
            covered += found.low <= 0 && found.high >= 0;
        }
        assert_true((double)covered / RUNS > 0.925);
        assert_true((double)covered / RUNS < 0.975);
    }
}

static void bootstrap_of_little(void **state)
{
    static const double a[] = {2, 2, 2, 2};
    static const double b[] = {1, 1, 1, 1};
    static const size_t sizes[] = {2, 2};
    uint64_t random = 1;
    struct paired_sessions s = {a, b, sizes, 2};
    (void)state;
    struct interval same =
        bootstrap_log_ratio(&s, ESTIMATE_MEAN, BOOTSTRAP_BOTH, 100, 0.05, &random);
    near(same.low, log(2), 1e-12);
    near(same.high, log(2), 1e-12);
    s.count = 1;
    same = bootstrap_log_ratio(&s, ESTIMATE_MEAN, BOOTSTRAP_BOTH, 100, 0.05, &random);
    assert_true(isnan(same.low) && isnan(same.high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_session_says),
        cmocka_unit_test(student),
        cmocka_unit_test(equivalence),
        cmocka_unit_test(sequence_is_where_the_martingale_says),
        cmocka_unit_test(looking_often),
        cmocka_unit_test(bootstrap_covers),
        cmocka_unit_test(bootstrap_of_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
