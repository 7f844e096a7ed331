#include "bench/base/tree.h"

#include <math.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "unit.h"

static const double ms = 1e6;

static double cpu(double counted_ms, double own_ms, double waited_ms, unsigned windows)
{
    struct root_cpu used = {own_ms * ms, waited_ms * ms};
    return tree_cpu_with_ended(counted_ms * ms, used, windows) / ms;
}

static void what_ended_counts_where_ticks_do_not_explain_it(void **state)
{
    (void)state;
    double tick = 1e3 / (double)sysconf(_SC_CLK_TCK);
    /* One window: two ticks. */
    assert_true(cpu(300, 100, 200 + 3 * tick, 1) == 300 + 3 * tick);
    assert_true(cpu(300, 100, 200 + 1.9 * tick, 1) == 300);
    /* The errors of several windows cancel in part. */
    assert_true(cpu(300, 100, 200 + 6 * tick, 8) == 300 + 6 * tick);
    assert_true(cpu(300, 100, 200 + 5 * tick, 8) == 300);
    /* Threads that ended are in the process's own clock, which has no ticks. */
    assert_true(cpu(300, 301, 0, 8) == 301);
    /* Who stays is not among those that ended. */
    assert_true(cpu(300, 0, 0, 8) == 300);
    assert_true(cpu(300, NAN, NAN, 8) == 300);
    assert_true(isnan(cpu(NAN, 300, 0, 8)));
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
    struct root_cpu before = tree_root_cpu(getpid()), taken = {0};
    pid_t child = fork();
    if (child == 0) {
        while (own_ns() < used)
            ;
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, NULL, 0) == child);
    root_cpu_add(&taken, before, tree_root_cpu(getpid()));
    double ticks = 2 * 1e9 / (double)sysconf(_SC_CLK_TCK);
    if (taken.waited_ns < (double)used - ticks)
        fail_msg("%.0f ns of a child that used %.0f", taken.waited_ns, (double)used);
    assert_true(isnan(tree_root_cpu(child).own_ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ended_counts_where_ticks_do_not_explain_it),
        cmocka_unit_test(a_child_that_ended_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
