#include "bench/base/tree.h"

#include <math.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "unit.h"

static const double ms = 1e6;

static void what_ended_counts_where_ticks_do_not_explain_it(void **state)
{
    (void)state;
    double tick = 1e9 / (double)sysconf(_SC_CLK_TCK);
    /* One window: two ticks. */
    assert_true(tree_cpu_with_ended(300 * ms, 300 * ms + 3 * tick, 1) == 300 * ms + 3 * tick);
    assert_true(tree_cpu_with_ended(300 * ms, 300 * ms + 1.9 * tick, 1) == 300 * ms);
    /* The errors of several windows cancel in part. */
    assert_true(tree_cpu_with_ended(300 * ms, 300 * ms + 6 * tick, 8) == 300 * ms + 6 * tick);
    assert_true(tree_cpu_with_ended(300 * ms, 300 * ms + 5 * tick, 8) == 300 * ms);
    /* Who stays is not among those that ended. */
    assert_true(tree_cpu_with_ended(300 * ms, 0, 8) == 300 * ms);
    assert_true(tree_cpu_with_ended(300 * ms, NAN, 8) == 300 * ms);
    assert_true(isnan(tree_cpu_with_ended(NAN, 300 * ms, 8)));
}

static uint64_t own_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return timespec_ns(t);
}

/* A child that uses 60 ms of CPU time, ends and is waited for: it is in the sum of its parent. */
static void a_child_that_ended_is_counted(void **state)
{
    (void)state;
    static const uint64_t used = 60 * NS_PER_MS;
    double before = tree_root_cpu_ns(getpid());
    pid_t child = fork();
    if (child == 0) {
        while (own_ns() < used)
            ;
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, NULL, 0) == child);
    double taken = tree_root_cpu_ns(getpid()) - before;
    double ticks = 2 * 1e9 / (double)sysconf(_SC_CLK_TCK);
    if (taken < (double)used - ticks)
        fail_msg("%.0f ns of a child that used %.0f", taken, (double)used);
    assert_true(isnan(tree_root_cpu_ns(child)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ended_counts_where_ticks_do_not_explain_it),
        cmocka_unit_test(a_child_that_ended_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
