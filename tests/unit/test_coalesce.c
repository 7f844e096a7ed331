#include "loadgen/engine/coalesce.h"

#include "unit.h"

/* A whole slice, of which the thread used that share of a CPU. */
static void slice(struct coalesce *c, double busy)
{
    coalesce_slice(c, c->wall_begin + COALESCE_SLICE_NS,
                   c->cpu_begin + (uint64_t)(busy * (double)COALESCE_SLICE_NS));
}

static void begin(struct coalesce *c)
{
    coalesce_init(c, true);
    coalesce_slice(c, 5, NS_PER_S);
    assert_false(c->on);
}

static void saturated(struct coalesce *c)
{
    begin(c);
    slice(c, 1);
    assert_true(c->on);
}

/* One that has time takes each answer as it comes. */
static void on_when_saturated(void **state)
{
    struct coalesce c;
    (void)state;

    begin(&c);
    assert_int_equal(coalesce_batch(&c, 1000), 1);
    slice(&c, COALESCE_ON - 0.01);
    assert_false(c.on);
    assert_int_equal(coalesce_batch(&c, 1000), 1);
    slice(&c, COALESCE_ON + 0.01);
    assert_true(c.on);
}

/* Waits for a batch sleep: that alone does not end it. */
static void off_when_it_sleeps_much(void **state)
{
    struct coalesce c;
    (void)state;

    saturated(&c);
    slice(&c, COALESCE_OFF + 0.01);
    assert_true(c.on);
    slice(&c, COALESCE_OFF - 0.01);
    assert_false(c.on);
    assert_int_equal(coalesce_batch(&c, 1000), 1);
}

static void a_half_of_what_is_on_its_way(void **state)
{
    struct coalesce c;
    (void)state;

    saturated(&c);
    for (uint64_t n = 0; n < 4; n++)
        assert_int_equal(coalesce_batch(&c, n), 1);
    assert_int_equal(coalesce_batch(&c, 4), 2);
    assert_int_equal(coalesce_batch(&c, 64), 32);
    assert_int_equal(coalesce_batch(&c, 1000000), COALESCE_MAX);
}

/* Where most requests are slow, a half does not come. */
static void smaller_after_falling_short(void **state)
{
    struct coalesce c;
    (void)state;

    saturated(&c);
    coalesce_fell_short(&c, 40);
    assert_int_equal(coalesce_batch(&c, 1000), 20);
    coalesce_fell_short(&c, 0);
    assert_int_equal(coalesce_batch(&c, 1000), 1);
    slice(&c, 0.9);
    assert_int_equal(coalesce_batch(&c, 1000), 2);
    for (int i = 0; i < 100; i++)
        slice(&c, 0.9);
    assert_int_equal(coalesce_batch(&c, 1000), COALESCE_MAX);
}

static void accounts_for_its_time(void **state)
{
    struct coalesce c;
    (void)state;

    saturated(&c);
    assert_int_equal(c.on_ns, 0);
    slice(&c, 0.75);
    assert_int_equal(c.on_ns, COALESCE_SLICE_NS);
    assert_int_equal(c.slept_ns, COALESCE_SLICE_NS / 4);
    slice(&c, 0.5); /* in which it is on; then it is off */
    assert_int_equal(c.on_ns, 2 * COALESCE_SLICE_NS);
    assert_int_equal(c.slept_ns, 3 * COALESCE_SLICE_NS / 4);
    slice(&c, 0.5);
    assert_int_equal(c.on_ns, 2 * COALESCE_SLICE_NS);
}

/* When a window opens or closes in a slice, the slice ends, but what it would decide is not
 * known. */
static void a_part_of_a_slice_decides_nothing(void **state)
{
    struct coalesce c;
    (void)state;

    begin(&c);
    coalesce_slice(&c, c.wall_begin + COALESCE_SLICE_NS - 1,
                   c.cpu_begin + COALESCE_SLICE_NS - 1);
    assert_false(c.on);
    slice(&c, 1);
    assert_true(c.on);
}

/* This thread's CPU time, taken for the time of day: so the thread never sleeps, even if
 * others want its CPU. */
static uint64_t busy_clock(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
    return timespec_ns(t);
}

static bool on_after_five_slices(bool allowed)
{
    struct coalesce c;
    coalesce_init(&c, allowed);
    for (uint64_t end = busy_clock() + 5 * COALESCE_SLICE_NS; busy_clock() < end;)
        coalesce_waited(&c, busy_clock());
    return c.on;
}

static void only_where_allowed(void **state)
{
    (void)state;
    assert_true(on_after_five_slices(true));
    assert_false(on_after_five_slices(false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_when_saturated),
        cmocka_unit_test(off_when_it_sleeps_much),
        cmocka_unit_test(a_half_of_what_is_on_its_way),
        cmocka_unit_test(smaller_after_falling_short),
        cmocka_unit_test(accounts_for_its_time),
        cmocka_unit_test(a_part_of_a_slice_decides_nothing),
        cmocka_unit_test(only_where_allowed),
    };
    return cmocka_run_group_tests_name("coalesce", tests, NULL, NULL);
}
