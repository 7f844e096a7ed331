#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/record/noise_floor.h"
#include "bench/record/rate.h"
#include "bench/record/summary.h"
#include "bench/trial/turns.h"
#include "unit.h"

static void near(double found, double wanted)
{
    assert_true(fabs(found - wanted) < 1e-9 * fabs(wanted));
}

static struct trial_row row(const char *model, unsigned connections, double rps,
                            double yardstick, double self)
{
    struct trial_row r;
    trial_row_init(&r);
    snprintf(r.model, sizeof r.model, "%s", model);
    r.ok = true;
    r.verdict = VERDICT_VALID;
    r.protocol = PROTOCOL_HTTP;
    r.connections = r.at = connections;
    r.value[M_RPS] = rps;
    r.value[M_YARDSTICK_RPS] = yardstick;
    r.value[M_YARDSTICK_SELF] = self;
    r.value[M_WINDOWS] = isnan(yardstick) ? NAN : 4;
    r.value[M_YARDSTICK_JUMPS] = isnan(yardstick) ? NAN : 1;
    return r;
}

static void a_window_that_jumped_is_left_out(void **state)
{
    (void)state;
    struct trial_row r = row("poll", 1, 300, NAN, NAN);
    r.windows.count = 4;
    r.windows.at[0] = (struct row_window){200, 100, 100, false}; /* 2 */
    r.windows.at[1] = (struct row_window){300, 100, 121, false}; /* 300 / 110 */
    r.windows.at[2] = (struct row_window){900, 121, 100, true};
    r.windows.at[3] = (struct row_window){400, 100, 100, false}; /* 4 */
    turns_columns(&r);
    near(r.value[M_WINDOWS], 4);
    near(r.value[M_YARDSTICK_JUMPS], 1);
    near(r.value[M_YARDSTICK_RPS], 110);          /* the middle ratio is 300 / 110 */
    near(r.value[M_YARDSTICK_SELF], 100.0 / 110); /* of the first two windows alone */
}

static void where_all_jumped_all_count(void **state)
{
    (void)state;
    struct trial_row r = row("poll", 1, 300, NAN, NAN);
    r.windows.count = 2;
    r.windows.at[0] = (struct row_window){200, 50, 200, true};
    r.windows.at[1] = (struct row_window){400, 200, 50, true};
    turns_columns(&r);
    near(r.value[M_YARDSTICK_JUMPS], 2);
    near(r.value[M_YARDSTICK_RPS], 100);
    assert_true(isnan(r.value[M_YARDSTICK_SELF]));
    /* Nothing answered in half of the windows, though in the trial. */
    r.windows.at[0].rps = r.windows.at[1].rps = 0;
    turns_columns(&r);
    assert_true(isnan(r.value[M_YARDSTICK_RPS]));
}

static void a_single_window_stands_between_two(void **state)
{
    (void)state;
    struct trial_row r = row("iterative", 4, 240, NAN, NAN);
    turns_single(&r.windows, 240, 110, 121);
    assert_int_equal(r.windows.count, 1);
    assert_false(r.windows.at[0].jumped);
    turns_columns(&r);
    near(r.value[M_YARDSTICK_RPS], sqrt(110.0 * 121));
    turns_single(&r.windows, 240, 100, 126);
    assert_true(r.windows.at[0].jumped);
    turns_single(&r.windows, 240, 126, 100);
    assert_true(r.windows.at[0].jumped);
    turns_single(&r.windows, 240, 100, NAN);
    assert_false(r.windows.at[0].jumped);
    turns_columns(&r);
    assert_true(isnan(r.value[M_YARDSTICK_RPS]));
}

static void rates_are_on_the_scale_of_their_point(void **state)
{
    (void)state;
    struct trial_row at[] = {row("poll", 1, 50, 100, 1),    row("select", 1, 90, 90, 1),
                             row("poll", 1, 10, 110, 1),    row("poll", 64, 500, 1000, 1),
                             row("select", 64, 70, NAN, 1), row("poll", 64, 1, 5000, 1)};
    at[5].verdict = VERDICT_INVALID;
    struct trial_rows rows = {at, 6};
    struct rate_basis basis = rate_basis_of(&rows);
    assert_true(basis.yardstick);
    near(rate_basis_at(&basis, PROTOCOL_HTTP, 1), 100);
    near(rate_basis_at(&basis, PROTOCOL_HTTP, 64), 1000);
    near(rate_basis_at(&basis, PROTOCOL_ECHO, 64), 105); /* of 90, 100, 110 and 1000 */
    near(rate_of(&at[1], &basis), 100);
    near(rate_of(&at[2], &basis), 1000.0 / 110);
    near(rate_of(&at[3], &basis), 500);
    assert_true(isnan(rate_of(&at[4], &basis)));
}

static void without_a_yardstick_rates_are_requests(void **state)
{
    (void)state;
    struct trial_row at[] = {row("poll", 1, 50, 100, 1), row("poll", 1, 60, NAN, NAN)};
    struct trial_rows rows = {at, 2};
    struct rate_basis basis = rate_basis_of(&rows);
    assert_false(basis.yardstick);
    near(rate_of(&at[0], &basis), 50);
    near(rate_of(&at[1], &basis), 60);
}

/* A trial without a yardstick has no rate, but where its whole point has none. */
static void a_point_without_a_yardstick_has_plain_rates(void **state)
{
    (void)state;
    struct trial_row at[] = {row("poll", 1, 50, 100, 1), row("poll", 1, 60, NAN, NAN),
                             row("select", 1, 70, NAN, NAN), row("libuv", 1, 90, 90, 1),
                             row("epoll-lt", 1, 10, 80, 1)};
    struct trial_rows rows = {at, 5};
    struct summary s;
    summary_make(&s, &rows);
    assert_int_equal(s.count, 4);
    for (size_t i = 0; i < s.count; i++) {
        const struct summary_point *p = &s.at[i];
        bool select = strcmp(p->model, "select") == 0;
        assert_int_equal(p->plain, select);
        assert_int_equal(p->at[S_RATE].n, 1);
        if (select)
            near(p->at[S_RATE].median, 70);
        else if (strcmp(p->model, "poll") == 0)
            near(p->at[S_RATE].median, 45); /* half of 90, the median of 80, 90 and 100 */
    }
    summary_free(&s);
}

static void noise_is_what_the_yardstick_says_of_itself(void **state)
{
    (void)state;
    struct trial_row at[] = {row("poll", 1, 1, 1, 0.98),   row("poll", 1, 1, 1, 1.01),
                             row("select", 1, 1, 1, 1.02), row("select", 1, 1, 1, 1.04),
                             row("libuv", 1, 1, 1, 1.00),  row("libuv", 1, 1, 1, 1.03),
                             row("epoll", 64, 1, 1, 3.00), row("libev", 1, 1, NAN, NAN)};
    struct trial_rows rows = {at, 8};
    struct noise_floor f = noise_floor_of(&rows);
    assert_int_equal(f.trials, 7);
    assert_int_equal(f.windows, 28);
    assert_int_equal(f.jumped, 7);
    near(f.typical, 0.02);
    near(f.most, 2);
    assert_int_equal(f.pairs, 3);
    assert_int_equal(f.flagged, 1); /* poll and select */
    near(f.apart, 3);               /* few pairs: by `most` */
    rows.count = 0;
    near(noise_floor_of(&rows).apart, 1);
    assert_int_equal(noise_floor_of(&rows).trials, 0);
    assert_true(isnan(noise_floor_of(&rows).typical));
}

enum { EQUAL = 7 };

/* 28 pairs, of which 7 do not overlap: a gap as wide as theirs tells nothing. */
static void the_gap_of_equal_servers_is_no_difference(void **state)
{
    (void)state;
    static const char *const names[EQUAL + 1] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct trial_row at[2 * (EQUAL + 1)];
    for (size_t i = 0; i <= EQUAL; i++) {
        at[2 * i] = row(names[i], 1, 1, 1, i == EQUAL ? 1.05 : 0.99);
        at[2 * i + 1] = row(names[i], 1, 1, 1, i == EQUAL ? 1.06 : 1.01);
    }
    struct trial_rows rows = {at, 2 * (EQUAL + 1)};
    struct noise_floor f = noise_floor_of(&rows);
    assert_int_equal(f.pairs, 28);
    assert_int_equal(f.flagged, 7);
    near(f.apart, 1.05 / 1.01);
    /* One of them that is like the others makes 0 of 28: where intervals end is enough. */
    at[2 * EQUAL].value[M_YARDSTICK_SELF] = at[2 * EQUAL + 1].value[M_YARDSTICK_SELF] = 1;
    near(noise_floor_of(&rows).apart, 1);
}

static void the_ranking_asks_for_the_gap(void **state)
{
    (void)state;
    struct summary s = {.apart = 1.04};
    struct summary_point fast = {.verdict = VERDICT_VALID}, slow = fast;
    fast.at[S_RATE] = (struct spread){.n = 3, .low = 1050, .median = 1060, .high = 1070};
    slow.at[S_RATE] = (struct spread){.n = 3, .low = 990, .median = 995, .high = 1000};
    assert_true(summary_apart(&s, &fast, &slow));
    slow.at[S_RATE].high = 1020;
    assert_false(summary_apart(&s, &fast, &slow));
    s.apart = 1;
    assert_true(summary_apart(&s, &fast, &slow));
    slow.at[S_RATE].high = 1050;
    assert_false(summary_apart(&s, &fast, &slow));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_that_jumped_is_left_out),
        cmocka_unit_test(where_all_jumped_all_count),
        cmocka_unit_test(a_single_window_stands_between_two),
        cmocka_unit_test(rates_are_on_the_scale_of_their_point),
        cmocka_unit_test(without_a_yardstick_rates_are_requests),
        cmocka_unit_test(a_point_without_a_yardstick_has_plain_rates),
        cmocka_unit_test(noise_is_what_the_yardstick_says_of_itself),
        cmocka_unit_test(the_gap_of_equal_servers_is_no_difference),
        cmocka_unit_test(the_ranking_asks_for_the_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
