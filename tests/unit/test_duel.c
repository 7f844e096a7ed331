/* When a duel is decided. The windows that tests/data/ has were recorded by duels of a server
 * against itself, on a machine that did other things as well: IOM_TEST_DATA names the folder. */
#include "bench/duel/duel.h"

#include <math.h>
#include <stdlib.h>

#include "common/random.h"

#include "recorded.h"
#include "unit.h"

static struct recorded recorded;

static void four_verdicts(void **state)
{
    static const double faster[] = {0.10, 0.11, 0.09, 0.10, 0.11, 0.09};
    static const double same[] = {0.001, -0.001, 0.001, -0.001, 0, 0.0005, -0.0005, 0.001};
    static const double open[] = {0.2, -0.3, 0.1, -0.1, 0.3, -0.2};
    double slower[6];
    (void)state;
    for (int i = 0; i < 6; i++)
        slower[i] = -faster[i];
    assert_int_equal(duel_look(faster, 6, 0.02).verdict, DUEL_A_FASTER);
    assert_int_equal(duel_look(slower, 6, 0.02).verdict, DUEL_B_FASTER);
    assert_int_equal(duel_look(same, 8, 0.02).verdict, DUEL_SAME);
    assert_int_equal(duel_look(same, 8, 0.0002).verdict, DUEL_OPEN);
    assert_int_equal(duel_look(open, 6, 0.02).verdict, DUEL_OPEN);
    /* One that is faster by less than the margin is faster. */
    assert_int_equal(duel_look(faster, 6, 0.5).verdict, DUEL_A_FASTER);
}

static void not_before_some_sessions(void **state)
{
    static const double values[] = {0.1, 0.1001, 0.0999, 0.1, 0.1};
    (void)state;
    for (size_t n = 0; n < DUEL_SESSIONS_MIN; n++)
        assert_int_equal(duel_look(values, n, 0.02).verdict, DUEL_OPEN);
    assert_int_equal(duel_look(values, DUEL_SESSIONS_MIN, 0.02).verdict, DUEL_A_FASTER);
}

/* A few sessions far out hide a small difference from a t-test, and not from the middle. */
static void disturbed_sessions(void **state)
{
    double values[40];
    (void)state;
    for (int i = 0; i < 40; i++)
        values[i] =
            0.01 + (i % 7 - 3) * 0.001 + (i % 10 == 5 ? 0.4 * (i % 20 == 5 ? 1 : -1) : 0);
    struct moments m = moments_of(values, 40);
    assert_true(sequence_t(&m, 10, 0.05).low < 0);
    assert_int_equal(duel_look(values, 40, 0.002).verdict, DUEL_A_FASTER);
    struct interval always = duel_always(values, 40);
    assert_true(always.low > 0 && always.low < 0.01 && always.high > 0.01 &&
                always.high < 0.02);
    assert_true(isinf(duel_always(values, 3).low));
}

/* The middle lies on one side and the mean on the other: neither side is told, either way round. */
static void lopsided_sessions_tell_nothing(void **state)
{
    double values[100], turned[100];
    (void)state;
    for (int i = 0; i < 100; i++) {
        values[i] = i % 4 == 3 ? 0.30 + (i % 5 - 2) * 0.01 : -0.01 + (i % 3 - 1) * 0.003;
        turned[i] = -values[i];
    }
    struct moments m = moments_of(values, 100);
    assert_true(m.mean > 0 && sequence_t(&m, 5, 0.01).low > 0);
    assert_int_equal(duel_look(values, 100, 0.001).verdict, DUEL_OPEN);
    assert_int_equal(duel_look(turned, 100, 0.001).verdict, DUEL_OPEN);
    assert_true(isinf(duel_always(values, 100).low) && isinf(duel_always(values, 100).high));
}

static void nothing_without_noise(void **state)
{
    static const double equal[] = {0, 0, 0, 0, 0, 0, 0, 0};
    static const double twice[] = {0.69, 0.69, 0.69, 0.69, 0.69, 0.69, 0.69, 0.69};
    (void)state;
    assert_int_equal(duel_look(equal, 8, 0.02).verdict, DUEL_OPEN);
    assert_int_equal(duel_look(twice, 8, 0.02).verdict, DUEL_OPEN);
}

static void ratios_as_the_metric_has_them(void **state)
{
    (void)state;
    assert_true(fabs(duel_ratio(DUEL_RATE, log(2)) - 2) < 1e-12);
    assert_true(fabs(duel_ratio(DUEL_CPU, log(2)) - 0.5) < 1e-12);
    assert_true(fabs(duel_ratio(DUEL_P99, -log(2)) - 2) < 1e-12);
}

static bool read_data(const char *name)
{
    const char *folder = getenv("IOM_TEST_DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "tests/data", name);
    return recorded_read(&recorded, path);
}

static const char *const files[] = {"windows_restless.csv", "windows_busy.csv",
                                    "windows_crowded.csv"};
enum { FILES = sizeof files / sizeof files[0] };

/* Duels of the recorded noise, all sides equal, with a look after each of up to 60 sessions:
 * at most 5 % of them tell the sides apart. 300 duels; of equal sides 2 % are told, with the
 * standard error 0.008. */
static void false_alarms_of_recorded_noise(void **state)
{
    enum { DUELS = 300, MOST = 60, PAIRS = MOST * 16 };
    static double a[PAIRS], b[PAIRS];
    size_t sizes[MOST];
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        assert_true(read_data(files[f]));
        for (enum recorded_metric m = 0; m < RECORDED_METRICS; m++) {
            uint64_t random = 17;
            unsigned alarms = 0;
            for (int r = 0; r < DUELS; r++) {
                double values[MOST];
                bool told = false;
                recorded_draw(&recorded, m, MOST, a, b, sizes, &random);
                size_t at = 0;
                for (size_t n = 0; n < MOST && !told; at += sizes[n++]) {
                    values[n] = estimate_log_ratio(duel_estimator, b + at, a + at, sizes[n]);
                    enum duel_verdict v = duel_look(values, n + 1, 1e-9).verdict;
                    told = v == DUEL_A_FASTER || v == DUEL_B_FASTER;
                }
                alarms += told;
            }
            assert_true((double)alarms / DUELS <= 0.05);
        }
    }
}

/* The interval that a duel prints covers 1 in 93 to 97 % of duels of 20 sessions. 400 duels,
 * standard error 0.011, which the bounds allow for. Of few sessions it is wider rather than too
 * narrow. */
static void interval_covers_recorded_noise(void **state)
{
    enum { DUELS = 400, N = 20, PAIRS = N * 16 };
    static double a[PAIRS], b[PAIRS];
    size_t sizes[N];
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        assert_true(read_data(files[f]));
        for (enum recorded_metric m = 0; m < RECORDED_METRICS; m++) {
            uint64_t random = 23;
            unsigned covered = 0;
            for (int r = 0; r < DUELS; r++) {
                struct paired_sessions s = recorded_draw(&recorded, m, N, a, b, sizes, &random);
                struct interval i =
                    bootstrap_log_ratio(&s, duel_estimator, duel_bootstrap, 200, 0.05, &random);
                covered += i.low <= 0 && i.high >= 0;
            }
            assert_true((double)covered / DUELS > 0.93 - 0.011);
            assert_true((double)covered / DUELS < 0.97 + 0.011);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_verdicts),
        cmocka_unit_test(not_before_some_sessions),
        cmocka_unit_test(disturbed_sessions),
        cmocka_unit_test(lopsided_sessions_tell_nothing),
        cmocka_unit_test(nothing_without_noise),
        cmocka_unit_test(ratios_as_the_metric_has_them),
        cmocka_unit_test(false_alarms_of_recorded_noise),
        cmocka_unit_test(interval_covers_recorded_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
