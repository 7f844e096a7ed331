#include "loadgen/pace/schedule.h"

#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "unit.h"

/* The Anderson-Darling statistic of a sample from a distribution that is known in full exceeds
 * this with a probability of 1 %, for n >= 5 (Stephens, "EDF Statistics for Goodness of Fit and
 * Some Comparisons", Journal of the American Statistical Association 69, 1974, table 1, case 0).
 */
#define AD_1_PERCENT 3.857

#define SEEDS 100
#define LEAST 95

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A^2 of `n` values that should be uniform in (0, 1); they are sorted. */
static double anderson_darling(double *u, size_t n)
{
    double sum = 0;
    qsort(u, n, sizeof *u, compare);
    for (size_t i = 0; i < n; i++)
        sum += (double)(2 * i + 1) * (log(u[i]) + log1p(-u[n - 1 - i]));
    return -(double)n - sum / (double)n;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The arrivals of all threads before `end`, in order; how many. */
static size_t arrivals(const struct schedule_plan *plan, uint64_t end, uint64_t *at,
                       size_t room)
{
    size_t n = 0;
    for (uint32_t i = 0; i < plan->threads; i++) {
        struct schedule s;
        uint64_t last = 0;
        for (schedule_init(&s, plan, i); s.at < end; schedule_advance(&s)) {
            assert_true(n < room && s.at >= last);
            at[n++] = last = s.at;
        }
    }
    qsort(at, n, sizeof *at, compare_times);
    return n;
}

#define ROOM 20000
static uint64_t moments[ROOM];
static double uniform[ROOM];

/* Of how many seeds the arrivals in 1 s at 5,000/s pass: by their gaps, by their places. */
static void count_passes(uint32_t threads, enum arrival kind, int *by_gap, int *by_place)
{
    *by_gap = *by_place = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct schedule_plan plan = {kind, 5000 * 1000, seed, threads, NULL};
        size_t n = arrivals(&plan, NS_PER_S, moments, ROOM);
        uint64_t last = 0;
        assert_true(n > 4000);
        for (size_t i = 0; i < n; i++) {
            /* Half a nanosecond more, for what was rounded down: no gap is 0. */
            uniform[i] = -expm1(-((double)(moments[i] - last) + 0.5) * 5000 / 1e9);
            last = moments[i];
        }
        *by_gap += anderson_darling(uniform, n) < AD_1_PERCENT;
        for (size_t i = 0; i < n; i++)
            uniform[i] = ((double)moments[i] + 0.5) / 1e9;
        *by_place += anderson_darling(uniform, n) < AD_1_PERCENT;
    }
}

static void poisson_gaps_are_exponential_and_places_uniform(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads += 3) {
        int by_gap, by_place;
        count_passes(threads, ARRIVAL_POISSON, &by_gap, &by_place);
        assert_true(by_gap >= LEAST);
        assert_true(by_place >= LEAST);
    }
}

static void the_test_tells_constant_from_poisson(void **state)
{
    (void)state;
    int by_gap, by_place;
    count_passes(1, ARRIVAL_CONSTANT, &by_gap, &by_place);
    assert_int_equal(by_gap, 0);
}

static void poisson_counts_vary_as_they_should(void **state)
{
    (void)state;
    double sum = 0, squares = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct schedule_plan plan = {ARRIVAL_POISSON, 5000 * 1000, seed, 3, NULL};
        double n = (double)arrivals(&plan, NS_PER_S, moments, ROOM);
        sum += n;
        squares += (n - 5000) * (n - 5000);
    }
    /* Mean and variance are both 5,000: here within four standard errors of either. */
    assert_true(fabs(sum / SEEDS - 5000) < 4 * sqrt(5000.0 / SEEDS));
    assert_true(fabs(squares / SEEDS - 5000) < 4 * 5000 * sqrt(2.0 / SEEDS));
}

static void constant_is_exact(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1, 999, 1000, 7000, 333333, 1234567, 10000000, 12345678};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++)
        for (uint32_t threads = 1; threads <= 7; threads += 3) {
            struct schedule_plan plan = {ARRIVAL_CONSTANT, rates[r], 1, threads, NULL};
            size_t n = arrivals(&plan, NS_PER_S, moments, ROOM);
            assert_int_equal(n, (rates[r] + 999) / 1000);
            for (size_t k = 0; k < n; k++)
                assert_int_equal(moments[k], (unsigned __int128)k * 1000 * NS_PER_S / rates[r]);
        }
}

static void constant_does_not_drift(void **state)
{
    (void)state;
    struct schedule_plan plan = {ARRIVAL_CONSTANT, UINT64_C(3000001), 1, 1, NULL};
    struct schedule s;
    schedule_init(&s, &plan, 0);
    for (uint32_t k = 0; k < 3000001; k++)
        schedule_advance(&s);
    assert_int_equal(s.at, 1000 * NS_PER_S);
}

static void seed_decides(void **state)
{
    (void)state;
    static uint64_t other[ROOM];
    struct schedule_plan plan = {ARRIVAL_POISSON, 1000 * 1000, 7, 2, NULL};
    size_t n = arrivals(&plan, NS_PER_S, moments, ROOM);
    assert_int_equal(arrivals(&plan, NS_PER_S, other, ROOM), n);
    assert_memory_equal(moments, other, n * sizeof *moments);

    plan.seed = 8;
    arrivals(&plan, NS_PER_S, other, ROOM);
    size_t same = 0;
    for (size_t i = 0; i < 900; i++)
        same += moments[i] == other[i];
    assert_true(same < 5);

    /* The threads' own streams differ too. */
    struct schedule a, b;
    schedule_init(&a, &plan, 0);
    schedule_init(&b, &plan, 1);
    assert_true(a.at != b.at);
}

static void a_copy_goes_the_same_way(void **state)
{
    (void)state;
    for (int kind = ARRIVAL_CONSTANT; kind <= ARRIVAL_POISSON; kind++) {
        struct schedule_plan plan = {(enum arrival)kind, 777777, 3, 2, NULL};
        struct schedule a;
        schedule_init(&a, &plan, 1);
        schedule_advance(&a);
        struct schedule b = a;
        uint64_t seen[100];
        for (size_t i = 0; i < 100; i++, schedule_advance(&a))
            seen[i] = a.at;
        for (size_t i = 0; i < 100; i++, schedule_advance(&b))
            assert_int_equal(b.at, seen[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poisson_gaps_are_exponential_and_places_uniform),
        cmocka_unit_test(the_test_tells_constant_from_poisson),
        cmocka_unit_test(poisson_counts_vary_as_they_should),
        cmocka_unit_test(constant_is_exact),
        cmocka_unit_test(constant_does_not_drift),
        cmocka_unit_test(seed_decides),
        cmocka_unit_test(a_copy_goes_the_same_way),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
