#include "bench/show/speeds_text.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/trial/waking.h"
#include "unit.h"

enum { ROUNDS = 8, WINDOWS = ROUNDS * SPEED_CONDITIONS };

/* Windows in which everything is the same. */
static void make(struct speed_window *w)
{
    for (unsigned i = 0; i < WINDOWS; i++) {
        w[i] = (struct speed_window){.model = "poll",
                                     .connections = 1,
                                     .round = 1 + i / SPEED_CONDITIONS,
                                     .condition = i % SPEED_CONDITIONS};
        w[i].value[SPEED_RPS] = 1000;
        w[i].value[SPEED_CPU_US] = 10;
        w[i].value[SPEED_WAKINGS] = w[i].condition == SPEED_SPIN ? 0 : 1;
        w[i].value[SPEED_CPU_FRACTION] = 0.5;
    }
}

static void expect_text(const struct speed_window *w, double waking_ns, const char *says)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    speeds_tell(f, w, WINDOWS, waking_ns);
    fclose(f);
    if (!strstr(text, says))
        fail_msg("'%s' is not in:\n%s", says, text);
    if (strstr(text, "nan") || strstr(text, "inf"))
        fail_msg("no figure for people:\n%s", text);
    free(text);
}

static void no_difference(void **state)
{
    struct speed_window w[WINDOWS];
    (void)state;

    make(w);
    for (unsigned i = 0; i < WINDOWS; i++)
        w[i].value[SPEED_CPU_US] += i % 4; /* noise, larger than any difference */
    expect_text(w, 2000, "The generator's sleep makes no difference here");
    expect_text(w, NAN, "One speed with the generator as it is");
}

static void wakings_explain(void **state)
{
    struct speed_window w[WINDOWS];
    (void)state;

    make(w);
    for (unsigned i = 0; i < WINDOWS; i++)
        if (w[i].condition == SPEED_SPIN)
            w[i].value[SPEED_CPU_US] = 6;
    expect_text(w, 3000,
                "pays 4.00 µs [4.00 to 4.00] of CPU a request more where the generator "
                "sleeps. It wakes the generator 1.000 times a request, at 3.00 µs each: "
                "wake-ups explain 75 %");
    expect_text(w, NAN, "if that is all, a wake-up costs 4.00 µs");
    for (unsigned i = 0; i < WINDOWS; i++)
        w[i].value[SPEED_WAKINGS] = NAN;
    expect_text(w, 3000, "wake-ups cannot be counted here");
}

static void spinning_costs(void **state)
{
    struct speed_window w[WINDOWS];
    (void)state;

    make(w);
    for (unsigned i = 0; i < WINDOWS; i++)
        if (w[i].condition == SPEED_SPIN)
            w[i].value[SPEED_CPU_US] = 15;
    expect_text(w, 3000,
                "pays 5.00 µs [5.00 to 5.00] of CPU a request less where the generator "
                "sleeps, so wake-ups (1.000 a request) are not what it pays for");
}

static void two_speeds(void **state)
{
    struct speed_window w[WINDOWS];
    (void)state;

    make(w);
    for (unsigned i = 0; i < WINDOWS; i++)
        if (w[i].round % 2) {
            w[i].value[SPEED_RPS] = 400;
            w[i].value[SPEED_OTHER_SERVER] = 0.6;
        }
    expect_text(w, NAN,
                "2.50 times as fast, but a request costs the server 1.00 times the CPU");
    expect_text(w, NAN, "slow half: 400 requests/s");
    expect_text(w, NAN, "others had 60 % and 0 %");
    for (unsigned i = 0; i < WINDOWS; i++)
        if (w[i].round % 2)
            w[i].value[SPEED_CPU_US] = 20;
    expect_text(w, NAN,
                "2.50 times as fast, and in the slow half a request costs the server 2.00");
    for (unsigned i = 0; i < WINDOWS; i++)
        w[i].value[SPEED_WAKINGS] = w[i].value[SPEED_STOLEN_SERVER] = NAN;
    expect_text(w, NAN, "CPU 20.00 µs a request, n/a wake-ups a request");
    expect_text(w, NAN, "the hypervisor n/a % and 0 %");
    for (unsigned i = 0; i < WINDOWS; i++)
        if (w[i].round % 2)
            w[i].value[SPEED_RPS] = 0;
    expect_text(w, NAN, "In half of the windows nothing was answered");
}

static void nobody_is_woken(void **state)
{
    struct speed_window w[WINDOWS];
    (void)state;

    make(w);
    for (unsigned i = 0; i < WINDOWS; i++) {
        w[i].value[SPEED_CPU_US] = w[i].condition == SPEED_SPIN ? 6 : 10;
        w[i].value[SPEED_WAKINGS] = 0;
    }
    expect_text(w, NAN, "so wake-ups (0.000 a request) are not what it pays for");
}

static void idle_cpus(void **state)
{
    struct speed_window w[WINDOWS];
    (void)state;

    make(w);
    for (unsigned i = 0; i < WINDOWS; i++)
        if (w[i].condition == SPEED_IDLE_SERVER)
            w[i].value[SPEED_RPS] = 2000;
    expect_text(w, NAN,
                "With the server's CPU never idle the two are 2.00 [2.00 to 2.00] times");
}

static void one_window(void **state)
{
    struct speed_window w = {.model = "poll", .connections = 1, .round = 1};
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    (void)state;

    speeds_tell(f, &w, 1, NAN);
    fclose(f);
    assert_non_null(strstr(text, "Nothing can be said"));
    free(text);
}

static void the_cost_of_waking(void **state)
{
    json_t *costs = json_loads("{\"costs\": {\"wake_cross_cpu\": {\"ns\": 2500.5}}}", 0, NULL);
    json_t *none = json_loads("{\"costs\": {\"wake_cross_cpu\": {\"ns\": null}}}", 0, NULL);
    (void)state;

    assert_true(waking_cost_ns(costs) == 2500.5);
    assert_true(isnan(waking_cost_ns(none)) && isnan(waking_cost_ns(NULL)));
    assert_true(waking_share(4, 250, 2000) == 0.5);
    assert_true(isnan(waking_share(4, NAN, 2000)) && isnan(waking_share(NAN, 250, 2000)));
    assert_true(isnan(waking_share(4, 250, 0)));
    json_decref(costs);
    json_decref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_difference),      cmocka_unit_test(wakings_explain),
        cmocka_unit_test(spinning_costs),     cmocka_unit_test(two_speeds),
        cmocka_unit_test(idle_cpus),          cmocka_unit_test(one_window),
        cmocka_unit_test(the_cost_of_waking), cmocka_unit_test(nobody_is_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
