/* The heap against the plain truth: random insertions, moves and removals, each checked against
 * a linear search. */
#include "common/timers.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "unit.h"

#define COUNT 300

static uint64_t earliest(const struct timer *all)
{
    uint64_t least = CLOCK_NEVER;
    for (size_t i = 0; i < COUNT; i++)
        if (all[i].index != TIMER_OFF && all[i].at < least)
            least = all[i].at;
    return least;
}

static void random_operations(void **state)
{
    struct timers ts = {0};
    struct timer all[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        all[i] = (struct timer){.index = TIMER_OFF};

    unsigned seed = 1;
    for (int n = 0; n < 20000; n++) {
        struct timer *t = &all[rand_r(&seed) % COUNT];
        if (rand_r(&seed) % 4 == 0)
            timers_remove(&ts, t);
        else
            assert_int_equal(timers_set(&ts, t, (uint64_t)(rand_r(&seed) % 1000)), 0);
        assert_true(timers_next(&ts) == earliest(all));
    }

    uint64_t before = 0;
    for (struct timer *t; (t = timers_due(&ts, CLOCK_NEVER));) {
        assert_true(t->at >= before);
        before = t->at;
        assert_true(t->index == TIMER_OFF);
    }
    assert_true(earliest(all) == CLOCK_NEVER);
    timers_free(&ts);
}

static void nothing_is_due_too_early(void **state)
{
    struct timers ts = {0};
    struct timer t = {.index = TIMER_OFF};
    (void)state;
    assert_null(timers_due(&ts, CLOCK_NEVER));
    assert_int_equal(timers_set(&ts, &t, 100), 0);
    assert_null(timers_due(&ts, 99));
    assert_ptr_equal(timers_due(&ts, 100), &t);
    assert_null(timers_due(&ts, 100));
    timers_free(&ts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations),
        cmocka_unit_test(nothing_is_due_too_early),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
