#include "bench/plan/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/plan/axis.h"
#include "unit.h"

static char file[200];

static const char text[] = "# What it costs.\n"
                           "[scenario]\n"
                           "name = x\n"
                           "question = repetitions = 7?\n"
                           "[sweep]\n"
                           "axis = idle\n"
                           "connections = 8\n"
                           "at = 0, 10, 20, 1K, 2000, 3000\n"
                           "rank = 10\n"
                           "repetitions = 4\n"
                           "[model:poll]\n"
                           "at = 0, 20, 900\n"
                           "reason = at = 5\n";

static void read_text(const char *content, struct scenario *s)
{
    char error[512] = "";
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
    if (!scenario_read(file, s, error, sizeof error))
        fail_msg("%s", error);
}

static void points_are(const struct scenario *s, const char *model, const unsigned *at,
                       size_t n)
{
    const struct point_list *points = scenario_points(s, model);
    assert_int_equal(points->count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(points->at[i], at[i]);
}

static void it_goes_step_by_step(void **state)
{
    (void)state;
    struct scenario s;
    read_text(text, &s);
    assert_true(budget_reduce(&s)); /* repetitions, to three */
    assert_int_equal(s.repetitions, 3);
    assert_int_equal(s.at.count, 6);
    assert_true(budget_reduce(&s)); /* every second point, but for the rank */
    points_are(&s, "", (const unsigned[]){0, 10, 1024, 3000}, 4);
    points_are(&s, "poll", (const unsigned[]){0, 900}, 2);
    assert_true(budget_reduce(&s));
    points_are(&s, "", (const unsigned[]){0, 10, 3000}, 3);
    assert_int_equal(s.repetitions, 3);
    int steps = 0;
    while (budget_reduce(&s))
        assert_true(++steps < 10);
    assert_int_equal(s.repetitions, 1);
    assert_int_equal(s.rank, 10);
    assert_int_equal(s.at.at[0], 0);
    assert_int_equal(s.at.at[s.at.count - 1], 3000);
    scenario_free(&s);
}

static void what_is_left_is_in_the_text(void **state)
{
    (void)state;
    struct scenario before, s, again;
    read_text(text, &before);
    read_text(text, &s);
    budget_reduce(&s);
    budget_reduce(&s);
    budget_rewrite(&s);
    read_text(s.text, &again);
    assert_int_equal(again.repetitions, 3);
    points_are(&again, "", (const unsigned[]){0, 10, 1024, 3000}, 4);
    points_are(&again, "poll", (const unsigned[]){0, 900}, 2);
    assert_string_equal(again.question, "repetitions = 7?");
    assert_string_equal(again.overrides[0].reason, "at = 5");
    assert_non_null(strstr(s.text, "# What it costs.\n"));
    char *left_out = budget_left_out(&before, &again);
    assert_string_equal(left_out, "1 of 4 repetitions; points 20, 2000");
    free(left_out);
    scenario_free(&again);
    scenario_free(&s);
    scenario_free(&before);
}

static void values_in_words(void **state)
{
    (void)state;
    static const struct {
        enum axis axis;
        unsigned at;
        const char *value, *point;
    } cases[] = {
        {AXIS_CONNECTIONS, 1, "1", "1 connection"},
        {AXIS_CONNECTIONS, 64, "64", "64 connections"},
        {AXIS_IDLE, 0, "0", "0 idle connections"},
        {AXIS_CHURN, 0, "∞", "∞ requests a connection"},
        {AXIS_CHURN, 1, "1", "1 request a connection"},
        {AXIS_LOAD, 0, "peak", "peak"},
        {AXIS_LOAD, 80, "80", "80 % of its peak offered"},
        {AXIS_TRANSPORT, 1, "unix", "unix"},
    };
    char out[AXIS_TEXT_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(axis_value_text(cases[i].axis, cases[i].at, out), cases[i].value);
        assert_string_equal(axis_point_text(cases[i].axis, cases[i].at, out), cases[i].point);
    }
    assert_true(axis_place(AXIS_CHURN, 0) > axis_place(AXIS_CHURN, 100));
    assert_true(axis_place(AXIS_IDLE, 0) < axis_place(AXIS_IDLE, 100));
    for (enum axis i = 0; i < AXIS_COUNT; i++) {
        enum axis found;
        assert_true(axis_parse(axis_info(i)->name, &found));
        assert_int_equal(found, i);
    }
}

int main(void)
{
    snprintf(file, sizeof file, "/tmp/iomodels-budget-%ld.ini", (long)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_step_by_step),
        cmocka_unit_test(what_is_left_is_in_the_text),
        cmocka_unit_test(values_in_words),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file);
    return failed;
}
