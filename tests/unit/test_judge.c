#include "bench/trial/judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/levels.h"
#include "bench/trial/consistent.h"
#include "unit.h"

static struct model all_at_once = {.name = (char[]){"poll"}};
static struct model one_at_a_time = {.name = (char[]){"iterative"}, .concurrency = 1};
static struct placement apart = {.server_count = 1, .generator_count = 1};
static struct placement together = {.server_count = 2, .generator_count = 2, .shared = true};

/* The figures that follow from the length of the window: 64 connections, 10,000 answers. */
static void set_window(struct trial_row *r, double seconds)
{
    r->value[M_WINDOW_S] = r->value[M_COUNTER_WINDOW_S] = seconds;
    r->value[M_RPS] = 10000 / seconds;
    r->value[M_MEAN_US] = 64 * seconds * 1e6 / 10000;
    r->value[M_MIN_US] = r->value[M_MEAN_US] / 2;
    for (int m = M_P50_US; m <= M_MAX_US; m++)
        r->value[m] = r->value[M_MEAN_US] * (1 + 0.1 * (m - M_P50_US));
    r->value[M_OLDEST_IN_FLIGHT_US] = r->value[M_MEAN_US];
    r->value[M_SERVER_CPU_US] = 0.9 * seconds * 1e6;
    r->value[M_CPU_PER_REQUEST] = 0.9 * seconds * 100;
    r->value[M_GENERATOR_CPU_US] = 0.5 * seconds * 1e6;
    r->value[M_GENERATOR_CPU_PER_REQUEST] = 0.5 * seconds * 100;
}

/* A trial with nothing to complain of. */
static struct trial_row good(void)
{
    struct trial_row r;
    trial_row_init(&r);
    for (int m = 0; m < METRIC_COUNT; m++)
        r.value[m] = 0;
    r.ok = true;
    r.connections = r.at = 64;
    r.value[M_CONNECTED] = r.value[M_SETTLED] = 64;
    r.value[M_REQUESTS] = r.value[M_OK] = 10000;
    r.value[M_IN_FLIGHT] = r.value[M_IN_FLIGHT_AT_START] = 64;
    r.value[M_REQUESTS_STARTED] = 10000;
    r.value[M_REQUESTS_MIN] = r.value[M_REQUESTS_MEDIAN] = 156;
    r.value[M_REQUESTS_MAX] = 157;
    r.value[M_JAIN] = 1;
    r.value[M_GENERATOR_CPU_FRACTION] = r.value[M_GENERATOR_THREAD_CPU_FRACTION] = 0.5;
    r.value[M_GENERATOR_SLEPT_FRACTION] = 0.5;
    set_window(&r, 0.35);
    r.value[M_SERVER_CPU_FRACTION] = 0.9;
    return r;
}

static void expect_verdict(struct trial_row *r, const struct model *model,
                           const struct placement *placement, const char *generator,
                           enum verdict verdict, const char *says)
{
    judge(r, &(struct judge_facts){.model = model,
                                   .placement = placement,
                                   .settling = model->concurrency == 0,
                                   .generator_verdict = generator,
                                   .generator_reason = "it says so"});
    if (r->verdict != verdict || !strstr(r->reason, says))
        fail_msg("%s, '%s' instead of %s, '%s'", verdict_names[r->verdict], r->reason,
                 verdict_names[verdict], says);
    assert_int_equal(r->disturbed, reason_of_disturbance(r->reason));
}

struct change {
    enum metric metric;
    double value;
    enum verdict verdict;
    const char *says;
};

/* Slow clients that hold all workers are no fault of the trial. That nobody was answered for
 * another reason is one. */
static void frozen_by_slow_clients(void **state)
{
    (void)state;
    struct placement placement = {.server_count = 1, .generator_count = 1};
    const struct model pool = {.name = (char[]){"pool"}, .concurrency = 128};
    const struct model loop = {.name = (char[]){"loop"}};
    struct trial_row r = good();
    r.axis = AXIS_SLOW;
    r.at = 256;
    r.value[M_REQUESTS] = r.value[M_OK] = r.value[M_REQUESTS_STARTED] = 0;
    r.value[M_REQUESTS_MIN] = r.value[M_REQUESTS_MEDIAN] = r.value[M_REQUESTS_MAX] = 0;
    r.value[M_STARVED] = 64;
    r.value[M_RPS] = 0;
    r.value[M_CPU_PER_REQUEST] = r.value[M_GENERATOR_CPU_PER_REQUEST] = NAN;
    /* The generator fails where nobody is answered. */
    expect_verdict(&r, &pool, &placement, "FAILED", VERDICT_VALID, "");
    assert_non_null(strstr(r.note, "hold all 128 workers"));
    expect_verdict(&r, &loop, &placement, "ok", VERDICT_INVALID, "no request was answered");
    r.at = 16;
    expect_verdict(&r, &pool, &placement, "ok", VERDICT_INVALID, "no request was answered");
    r.axis = AXIS_CONNECTIONS;
    r.at = r.connections;
    expect_verdict(&r, &pool, &placement, "ok", VERDICT_INVALID, "no request was answered");
}

static void by_one_figure(void **state)
{
    static const struct change cases[] = {
        {M_REQUESTS, 10000, VERDICT_VALID, ""},
        {M_CORRUPT, 1, VERDICT_INVALID, "1 wrong answers"},
        {M_NON_2XX, 3, VERDICT_INVALID, "3 answers with a status other than 2xx"},
        {M_REQUESTS, 0, VERDICT_INVALID, "no request was answered"},
        {M_REQUESTS_STARTED, 10001, VERDICT_INVALID, "do not add up: 10065 requests, 10064"},
        {M_IN_FLIGHT_AT_START, 63, VERDICT_INVALID, "do not add up"},
        {M_UNSOLICITED, 1, VERDICT_INVALID, "do not add up"},
        {M_OTHER_GENERATOR_CPU_FRACTION, 0.15, VERDICT_VALID, ""},
        {M_OTHER_GENERATOR_CPU_FRACTION, 0.161, VERDICT_INVALID,
         "disturbed: other programs took 16 % of the load generator's CPUs"},
        {M_OTHER_SERVER_CPU_FRACTION, 0.161, VERDICT_INVALID,
         "disturbed: other programs took 16 % of the server's CPUs"},
        {M_STOLEN_SERVER_CPU_FRACTION, 0.15, VERDICT_VALID, ""},
        {M_STOLEN_SERVER_CPU_FRACTION, 0.2, VERDICT_INVALID,
         "disturbed: the hypervisor took 20 % of the server's CPUs"},
        {M_STOLEN_GENERATOR_CPU_FRACTION, 0.3, VERDICT_INVALID,
         "disturbed: the hypervisor took 30 % of the load generator's CPUs"},
        {M_THROTTLED_FRACTION, 0.01, VERDICT_VALID, ""},
        {M_THROTTLED_FRACTION, 0.5, VERDICT_INVALID,
         "disturbed: the CPU quota of a control group stopped all programs in 0 periods, for "
         "50 %"},
        {M_GENERATOR_SLEPT_FRACTION, 0.36, VERDICT_VALID, ""},
        {M_GENERATOR_SLEPT_FRACTION, 0.3, VERDICT_INVALID,
         "disturbed: the load generator neither ran nor slept for 20 % of the window"},
        {M_GENERATOR_SLEPT_FRACTION, 0.9, VERDICT_INVALID,
         "the load generator ran for 50 % of the window and slept for 90 %"},
        {M_COUNTER_WINDOW_S, 0.367, VERDICT_VALID, ""},
        {M_COUNTER_WINDOW_S, 0.369, VERDICT_INVALID,
         "counters cover 0.369 s of a window of 0.350 s"},
        {M_COUNTER_WINDOW_S, 0.331, VERDICT_INVALID, "counters cover 0.331 s"},
        {M_CONNECTED, 63, VERDICT_INVALID, "63 of 64 connections came about"},
        {M_SETTLED, 63, VERDICT_INVALID,
         "only 63 of 64 connections had an answer before the load began"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial_row r = good();
        r.value[cases[i].metric] = cases[i].value;
        expect_verdict(&r, &all_at_once, &apart, "ok", cases[i].verdict, cases[i].says);
    }
}

/* The figures of good(): percentiles from 2240 us up in steps of 224, the mean 2240, the maximum
 * 3808; 28571.4 requests/s; 64 connections, so Little's law allows 0.96 to 1.04 of them. */
static void each_damaged_figure_has_its_reason(void **state)
{
    static const struct change cases[] = {
        {M_MIN_US, 2300, VERDICT_INVALID,
         "min_us is 2300.000, above p50_us, which is 2240.000"},
        {M_P75_US, 2200, VERDICT_INVALID, "p50_us is 2240.000, above p75_us"},
        {M_P99_US, 9000, VERDICT_INVALID, "p99_us is 9000.000, above p999_us"},
        {M_MAX_US, 3000, VERDICT_INVALID, "p9999_us is 3584.000, above max_us"},
        {M_MEAN_US, 4000, VERDICT_INVALID, "the mean latency, 4000.000 us, is not from"},
        {M_MEAN_US, 1000, VERDICT_INVALID, "the mean latency, 1000.000 us, is not from"},
        {M_STDDEV_US, 1300, VERDICT_VALID, ""},
        {M_STDDEV_US, 1400, VERDICT_INVALID, "cannot have a standard deviation of 1400.000"},
        {M_REQUESTS, 9999, VERDICT_INVALID, "9999 answers, and 10000 requests that ended well"},
        {M_RPS, 28600, VERDICT_INVALID, "10000 answers in 0.350000 s are not 28600.0 a second"},
        {M_REQUESTS_MIN, 157, VERDICT_INVALID, "answers to 64 connections, and 157, 156 and"},
        {M_REQUESTS_MAX, 156, VERDICT_INVALID, "and 156, 156 and 156 to one"},
        {M_JAIN, 1.001, VERDICT_INVALID,
         "Jain's index is 1.0010, with 156 to 157 answers to a connection"},
        {M_JAIN, 0.9998, VERDICT_INVALID, "Jain's index is 0.9998, with"},
        {M_STARVED, 2, VERDICT_INVALID, "2 connections starved, and each had 156 answers"},
        {M_SERVER_CPU_US, 300000, VERDICT_INVALID,
         "300000 us of CPU of the server for 10000 answers are not 31.5000 for one"},
        {M_GENERATOR_CPU_PER_REQUEST, 18, VERDICT_INVALID, "us of CPU of the load generator"},
        {M_SERVER_CPU_FRACTION, 1.09, VERDICT_VALID, ""},
        {M_SERVER_CPU_FRACTION, 1.2, VERDICT_INVALID, "server_cpu_fraction is 1.2000 of what"},
        {M_GENERATOR_THREAD_CPU_FRACTION, 2, VERDICT_INVALID, "generator_thread_cpu_fraction"},
        {M_MEAN_US, 2170, VERDICT_VALID, ""},
        {M_MEAN_US, 2140, VERDICT_INVALID,
         "Little's law: throughput times mean latency is 61.14 requests under way, 64 "
         "connections can have 61.8"},
        {M_MEAN_US, 2300, VERDICT_VALID, ""},
        {M_MEAN_US, 2400, VERDICT_INVALID,
         "Little's law: throughput times mean latency is 68."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial_row r = good();
        r.value[cases[i].metric] = cases[i].value;
        expect_verdict(&r, &all_at_once, &apart, "ok", cases[i].verdict, cases[i].says);
        r = good();
        r.value[cases[i].metric] = NAN; /* not there: it contradicts nothing */
        if (cases[i].metric != M_REQUESTS)
            expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_VALID, "");
    }
}

/* Where a connection was lost or starved it had no request under way for a while, so there can be
 * fewer; there can never be more. */
static void littles_law_with_lost_connections(void **state)
{
    (void)state;
    struct trial_row r = good();
    r.value[M_MEAN_US] = 1500;
    r.value[M_RESET] = 1;
    r.value[M_REQUESTS_STARTED]++;
    expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_VALID, "");
    assert_true(isnan(little_of(&r).low));
    r.value[M_MEAN_US] = 2500;
    expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_INVALID, "can have 0.00 to");

    r = good();
    r.value[M_MEAN_US] = 1500;
    r.value[M_STARVED] = 10;
    r.value[M_REQUESTS_MIN] = 0;
    r.value[M_REQUESTS_MAX] = 200;
    r.value[M_JAIN] = 0.85;
    expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_VALID, "");

    r = good();
    r.value[M_MEAN_US] = 1500;
    r.counting = true;
    expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_VALID, "");
}

/* In a window of a few answers the edges are most of it, and the bounds say so. */
static void littles_law_in_a_short_window(void **state)
{
    (void)state;
    struct trial_row r = good();
    r.value[M_OK] = 128; /* two for each connection */
    r.value[M_WINDOW_S] = 0.35;
    r.value[M_GENERATOR_CPU_PER_REQUEST] = 0;
    for (int m = M_MIN_US; m <= M_MAX_US; m++)
        r.value[m] = 175000;
    r.value[M_OLDEST_IN_FLIGHT_US] = 175000;
    r.value[M_IN_FLIGHT] = 64;
    struct little l = little_of(&r);
    assert_float_equal(l.ratio, 1, 1e-9);
    assert_float_equal((float)l.low, 0.48F, 1e-6);
    assert_float_equal((float)l.high, 1.5205F, 1e-6);
    /* The same time as four windows, which close over 64 requests each. */
    r.value[M_IN_FLIGHT] = 4 * 64;
    r.value[M_OLDEST_IN_FLIGHT_US] = 40000;
    assert_float_equal((float)little_of(&r).low, 0.98F - 4 * 40000 / 350e3F, 1e-6);
}

/* Of 100,000 answers ten are above p9999, 90 above p999 and 900 above p99. */
static void the_slowest_are_bounded_by_the_percentiles(void **state)
{
    (void)state;
    struct trial_row r = good();
    r.value[M_OK] = 100000;
    r.value[M_MAX_US] = 1e6;
    r.value[M_P9999_US] = 1e4;
    r.value[M_P999_US] = 1e3;
    r.value[M_P99_US] = 100;
    assert_true(fabs(little_slowest(&r, 10) - 1.001 * 10 * 1e6) < 1e-3);
    assert_true(fabs(little_slowest(&r, 110) - 1.001 * (10 * 1e6 + 90 * 1e4 + 1e4)) < 1e-3);
    assert_float_equal(little_slowest(&r, 0), 0, 0);
}

static void two_levels(void **state)
{
    static const double fast_and_slow[] = {46e3,  120e3, 122e3, 45e3, 47e3,
                                           121e3, 44e3,  119e3, 46e3, 123e3};
    static const double noisy[] = {100e3, 120e3, 112e3, 105e3, 97e3,
                                   121e3, 114e3, 109e3, 106e3, 93e3};
    static const double near[] = {100e3, 110e3, 100e3, 110e3, 100e3, 110e3, 100e3, 110e3};
    static const double one_outlier[] = {100e3, 101e3, 100e3, 99e3, 100e3, 101e3, 100e3, 10e3};
    (void)state;
    struct trial_row r = good();
    struct judge_facts facts = {.model = &all_at_once,
                                .placement = &apart,
                                .settling = true,
                                .generator_verdict = "ok",
                                .windows = fast_and_slow,
                                .window_count = 10};
    judge(&r, &facts);
    assert_int_equal(r.verdict, VERDICT_VALID);
    assert_string_equal(r.note, "two levels: 5 windows at 46000 requests/s, 5 at 121000");
    assert_false(levels_find(noisy, 10).two);
    assert_false(levels_find(near, 8).two);
    assert_false(levels_find(one_outlier, 8).two);
    assert_false(levels_find(fast_and_slow, LEVELS_MIN - 1).two);
    assert_true(isnan(levels_find(fast_and_slow, LEVELS_MIN - 1).explained));
}

/* How many may be lost is for the generator to say, which knows --max-errors. */
static void failed_requests(void **state)
{
    (void)state;
    for (int counting = 0; counting <= 1; counting++) {
        struct trial_row r = good();
        r.counting = counting;
        r.value[M_RESET] = 5000;
        r.value[M_REQUESTS_STARTED] += 5000;
        expect_verdict(&r, &all_at_once, &apart, "FAILED", VERDICT_INVALID, "it says so");
        r.reason[0] = '\0';
        expect_verdict(&r, &one_at_a_time, &apart, "ok", VERDICT_VALID, "");
    }
}

static void who_can_hold_all(void **state)
{
    (void)state;
    assert_true(judge_holds_all(&all_at_once, 1000000));
    assert_true(judge_holds_all(&one_at_a_time, 1));
    assert_false(judge_holds_all(&one_at_a_time, 2));
}

/* In a window of 100 ms one tick of 10 ms is a tenth. */
static void ticks_are_coarse(void **state)
{
    (void)state;
    struct trial_row r = good();
    set_window(&r, 0.1);
    r.value[M_OTHER_SERVER_CPU_FRACTION] = 0.19;
    expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_VALID, "");
    r.value[M_OTHER_SERVER_CPU_FRACTION] = 0.35;
    expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_INVALID, "disturbed: ");
}

static void who_is_the_limit(void **state)
{
    (void)state;
    struct trial_row r = good();
    expect_verdict(&r, &all_at_once, &apart, "generator-limited", VERDICT_GENERATOR_LIMITED,
                   "it says so");
    r = good();
    r.value[M_SERVER_CPU_FRACTION] = 0.96;
    expect_verdict(&r, &all_at_once, &apart, "generator-limited", VERDICT_VALID, "");
    r = good();
    expect_verdict(&r, &all_at_once, &apart, "INVALID", VERDICT_INVALID, "it says so");
    r = good();
    expect_verdict(&r, &all_at_once, &together, "ok", VERDICT_GENERATOR_LIMITED,
                   "share all 2 CPUs");
}

/* Where only system calls are counted, speed does not matter, but the window does. */
static void counting(void **state)
{
    (void)state;
    struct trial_row r = good();
    r.counting = true;
    r.value[M_OTHER_SERVER_CPU_FRACTION] = 0.9;
    expect_verdict(&r, &all_at_once, &apart, "generator-limited", VERDICT_VALID, "");
    r.value[M_COUNTER_WINDOW_S] = 0.5;
    expect_verdict(&r, &all_at_once, &apart, "ok", VERDICT_INVALID, "counters cover");
}

static void expect_overload(enum axis axis, bool on_time, const char *reason,
                            enum verdict verdict)
{
    struct trial_row r = good();
    r.axis = axis;
    judge(&r, &(struct judge_facts){.model = &all_at_once,
                                    .placement = &apart,
                                    .settling = true,
                                    .generator_verdict = "INVALID",
                                    .generator_reason = reason,
                                    .on_time = on_time});
    bool noted = strncmp(r.note, judge_overload, strlen(judge_overload)) == 0;
    if (r.verdict != verdict || noted != (verdict == VERDICT_VALID))
        fail_msg("%s, '%s', note '%s'", verdict_names[r.verdict], r.reason, r.note);
}

/* What is offered beyond the peak waits for a connection. Only where a rate is the question, and
 * where the generator itself was on time, is that no fault of the trial. */
static void an_overload_is_what_the_load_asks_about(void **state)
{
    static const char late[] =
        "the asked rate was not delivered: 2.2 % of the schedule was sent too late";
    static const char full[] =
        "the asked rate was not delivered: 2.2 % of the schedule was sent "
        "too late, a generator thread used 99.0 % of its CPU";
    (void)state;
    expect_overload(AXIS_LOAD, true, late, VERDICT_VALID);
    expect_overload(AXIS_RATE, true, "12.0 % of the schedule was not sent", VERDICT_VALID);
    expect_overload(AXIS_CONNECTIONS, true, late, VERDICT_INVALID);
    expect_overload(AXIS_LOAD, false, late, VERDICT_INVALID);
    expect_overload(AXIS_LOAD, true, full, VERDICT_INVALID);
    expect_overload(AXIS_LOAD, true, "the schedule slipped: lateness p99 2.000 ms",
                    VERDICT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_one_figure),
        cmocka_unit_test(frozen_by_slow_clients),
        cmocka_unit_test(failed_requests),
        cmocka_unit_test(who_can_hold_all),
        cmocka_unit_test(ticks_are_coarse),
        cmocka_unit_test(who_is_the_limit),
        cmocka_unit_test(counting),
        cmocka_unit_test(each_damaged_figure_has_its_reason),
        cmocka_unit_test(littles_law_with_lost_connections),
        cmocka_unit_test(littles_law_in_a_short_window),
        cmocka_unit_test(the_slowest_are_bounded_by_the_percentiles),
        cmocka_unit_test(two_levels),
        cmocka_unit_test(an_overload_is_what_the_load_asks_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
