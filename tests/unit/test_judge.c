#include "bench/trial/judge.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct model all_at_once = {.name = (char[]){"poll"}};
static struct model one_at_a_time = {.name = (char[]){"iterative"}, .concurrency = 1};
static struct placement apart = {.server_count = 1, .generator_count = 1};
static struct placement together = {.server_count = 2, .generator_count = 2, .shared = true};

/* A trial with nothing to complain of. */
static struct trial_row good(void)
{
    struct trial_row r;
    trial_row_init(&r);
    for (int m = 0; m < METRIC_COUNT; m++)
        r.value[m] = 0;
    r.ok = true;
    r.connections = 64;
    r.value[M_CONNECTED] = r.value[M_SETTLED] = 64;
    r.value[M_REQUESTS] = r.value[M_OK] = 10000;
    r.value[M_IN_FLIGHT] = r.value[M_IN_FLIGHT_AT_START] = 64;
    r.value[M_REQUESTS_STARTED] = 10000;
    r.value[M_WINDOW_S] = r.value[M_COUNTER_WINDOW_S] = 0.35;
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
    r.value[M_WINDOW_S] = r.value[M_COUNTER_WINDOW_S] = 0.1;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_one_figure),    cmocka_unit_test(failed_requests),
        cmocka_unit_test(who_can_hold_all), cmocka_unit_test(ticks_are_coarse),
        cmocka_unit_test(who_is_the_limit), cmocka_unit_test(counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
