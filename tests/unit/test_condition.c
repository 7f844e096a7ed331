/* Conditions: what they are read as, and when they hold. */
#include "loadgen/report/condition.h"

#include <stdlib.h>
#include <string.h>

#include "loadgen/report/result.h"
#include "unit.h"

static struct result result;
static struct histogram *latency;

static int set_up(void **state)
{
    (void)state;
    latency = malloc(sizeof *latency);
    assert_non_null(latency);
    histogram_init(latency);
    result = (struct result){.sum.latency = latency};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(latency);
    return 0;
}

static struct condition parsed(const char *text)
{
    struct condition c;
    if (!condition_parse(text, &c))
        fail_msg("'%s' is refused", text);
    assert_ptr_equal(c.text, text);
    return c;
}

static bool holds(const char *text)
{
    struct condition c = parsed(text);
    double value;
    return condition_value(&c, &result, &value) && condition_holds(&c, value);
}

static void limits_are_read(void **state)
{
    static const struct {
        const char *text;
        enum condition_unit unit;
        double limit;
        bool above, or_equal;
    } right[] = {
        {"p99<2ms", CONDITION_NS, 2e6, false, false},
        {"p50>=250us", CONDITION_NS, 250e3, true, true},
        {"p75<1", CONDITION_NS, 1e9, false, false},
        {"p90<=1.5s", CONDITION_NS, 1.5e9, false, true},
        {"p95>1ns", CONDITION_NS, 1, true, false},
        {"p99.9 > 2ms", CONDITION_NS, 2e6, true, false},
        {"p99.99\t>=  2m", CONDITION_NS, 120e9, true, true},
        {"mean<500us", CONDITION_NS, 500e3, false, false},
        {"max>24h", CONDITION_NS, 24 * 3600e9, true, false},
        {"stddev>1ms", CONDITION_NS, 1e6, true, false},
        {"rate<1.5k", CONDITION_PER_SECOND, 1500, false, false},
        {"rate>=0.5", CONDITION_PER_SECOND, 0.5, true, true},
        {"errors>0", CONDITION_REQUESTS, 0, true, false},
        {"errors>0.1%", CONDITION_SHARE, 0.001, true, false},
        {"errors>=100%", CONDITION_SHARE, 1, true, true},
        {"timeouts>12", CONDITION_REQUESTS, 12, true, false},
        {"timeouts<5%", CONDITION_SHARE, 0.05, false, false},
        {"transfer<10M", CONDITION_BYTES_PER_SECOND, 10485760, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct condition c = parsed(right[i].text);
        assert_int_equal(c.unit, right[i].unit);
        assert_true(c.limit > right[i].limit * (1 - 1e-12) - 1e-12 &&
                    c.limit < right[i].limit * (1 + 1e-12) + 1e-12);
        assert_int_equal(c.above, right[i].above);
        assert_int_equal(c.or_equal, right[i].or_equal);
    }
    assert_int_equal(parsed("p999>1s").ppm, parsed("p99.9>1s").ppm);
    assert_int_equal(parsed("p9999>1s").ppm, parsed("p99.99>1s").ppm);
}

static void what_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",           "p99",          "p99<",        "<2ms",          "p98<1ms",
        "P99<1ms",    "p99=1ms",      "p99==1ms",    "p99<<1ms",      "p99<>1ms",
        "p99<-1ms",   "p99<0",        "p99<fast",    "p99<1ms x",     "p99<1ms ",
        " p99<1ms",   "p99<25h",      "p99<1%",      "rate<1ms",      "rate<",
        "rate<-5",    "errors>",      "errors>1ms",  "errors>101%",   "errors>%",
        "errors>1%%", "errors>0.5",   "errors>-1",   "timeouts>nan%", "timeouts>1e1%",
        "transfer<",  "transfer<1.5", "transfer<1x", "p99.9.9<1",     "errors>1.2.3%",
        "foo>1",
    };
    struct condition c;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (condition_parse(wrong[i], &c))
            fail_msg("'%s' is taken", wrong[i]);
}

static void operators(void **state)
{
    struct condition c;
    (void)state;
    c = parsed("p50<2ms");
    assert_true(condition_holds(&c, 2e6 - 1) && !condition_holds(&c, 2e6));
    c = parsed("p50<=2ms");
    assert_true(condition_holds(&c, 2e6) && !condition_holds(&c, 2e6 + 1));
    c = parsed("p50>2ms");
    assert_true(condition_holds(&c, 2e6 + 1) && !condition_holds(&c, 2e6));
    c = parsed("p50>=2ms");
    assert_true(condition_holds(&c, 2e6) && !condition_holds(&c, 2e6 - 1));
}

static void times_are_those_of_the_histogram(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 1000; i++)
        histogram_record(latency, i); /* so small that each has a bucket of its own */
    assert_true(holds("p50>=500ns") && !holds("p50>500ns"));
    assert_true(holds("p75>=750ns") && !holds("p75>750ns"));
    assert_true(holds("p90>=900ns") && !holds("p90>900ns"));
    assert_true(holds("p95>=950ns") && !holds("p95>950ns"));
    assert_true(holds("p99>=990ns") && !holds("p99>990ns"));
    assert_true(holds("p99.9>=999ns") && !holds("p99.9>999ns"));
    assert_true(holds("p99.99>=1000ns") && !holds("p99.99>1000ns"));
    assert_true(holds("max>=1000ns") && !holds("max>1000ns"));
    assert_true(holds("mean>=501ns") && !holds("mean>501ns"));     /* 500.5 */
    assert_true(holds("stddev>=289ns") && !holds("stddev>289ns")); /* 288.7 */
}

static void counts_and_shares(void **state)
{
    (void)state;
    result.sum.window.n[COUNT_OK] = 90;
    result.sum.window.n[COUNT_TIMEOUT] = 4;
    result.sum.window.n[COUNT_NON_2XX] = 5;
    result.sum.window.n[COUNT_REFUSED] = 1;
    result.sum.in_flight_at_close = 50; /* they have not ended */
    assert_true(holds("errors>=10") && !holds("errors>10"));
    assert_true(holds("errors>=10%") && !holds("errors>10%"));
    assert_true(holds("timeouts>=4") && !holds("timeouts>4"));
    assert_true(holds("timeouts>=4%") && !holds("timeouts>4%"));
    result.window_ns = 500000000;
    result.requests_per_second = 180;
    result.sum.window.n[COUNT_BYTES_IN] = 1024;
    assert_true(holds("rate>=180") && !holds("rate>180"));
    assert_true(holds("transfer>=2k") && !holds("transfer>2k"));
}

static void nothing_has_no_value(void **state)
{
    static const char *const each[] = {"p99>1ns",   "mean>1ns", "max<1h",       "stddev<1h",
                                       "errors<1%", "rate<1",   "timeouts>=0%", "transfer<1"};
    (void)state;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
        assert_false(holds(each[i]));
    assert_true(holds("errors<1")); /* of nothing, nothing failed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_read),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(operators),
        cmocka_unit_test_setup_teardown(times_are_those_of_the_histogram, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_and_shares, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_has_no_value, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
