#include "common/parse.h"

#include <limits.h>

#include "common/clock.h"
#include "unit.h"

static void numbers(void **state)
{
    uint64_t v = 7;
    (void)state;
    assert_true(parse_u64("0", 0, 10, &v));
    assert_int_equal(v, 0);
    assert_true(parse_u64("18446744073709551615", 0, UINT64_MAX, &v));
    assert_true(v == UINT64_MAX);
    static const char *const bad[] = {
        "", " 1", "1 ", "-1", "+1", "0x1", "1.0", "1e3", "x", "11", "18446744073709551616"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(parse_u64(bad[i], 0, 10, &v));
    assert_false(parse_u64("4", 5, 10, &v));
    assert_true(v == UINT64_MAX); /* left alone */
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0}, {"64", 64}, {"64k", 65536}, {"2M", 2 << 20}, {"1G", 1 << 30}};
    static const char *const bad[] = {"", "k", "1kk", "1kb", "1.5k", "-1k", "17179869184G"};
    uint64_t v;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(parse_size(good[i].text, 0, UINT64_MAX, &v));
        assert_true(v == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(parse_size(bad[i], 0, UINT64_MAX, &v));
    assert_false(parse_size("2k", 0, 2047, &v));
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {
        {"1", NS_PER_S},          {"1s", NS_PER_S},           {"1.5s", 3 * NS_PER_S / 2},
        {"20ms", 20 * NS_PER_MS}, {"250us", 250 * NS_PER_US}, {"7ns", 7},
        {"2m", 120 * NS_PER_S},   {"1h", 3600 * NS_PER_S},    {"0", 0},
        {".5", NS_PER_S / 2}};
    static const char *const bad[] = {"",     "s",     "1 s",  "1S",
                                      "-1s",  "inf",   "nan",  "0x10s",
                                      "1e3s", "1..2s", "1sec", "99999999999999999999h"};
    uint64_t v;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(parse_duration(good[i].text, 0, CLOCK_NEVER, &v));
        assert_true(v == good[i].ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse_duration(bad[i], 0, CLOCK_NEVER, &v))
            fail_msg("accepted: '%s'", bad[i]);
    assert_false(parse_duration("2s", 0, NS_PER_S, &v));
}

static void rates(void **state)
{
    static const struct {
        const char *text;
        uint64_t milli;
    } good[] = {{"1", 1000},       {"0.5", 500}, {"1500", 1500000}, {"1.5k", 1500000},
                {"20K", 20000000}, {"0.001", 1}, {"1M", 1000000000}};
    static const char *const bad[] = {"",    "k",   "-1",  "1kk",  "1 k",
                                      "1/s", "1e3", "inf", "1.2.3"};
    uint64_t v;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(parse_rate_milli(good[i].text, 1, UINT64_MAX, &v));
        assert_int_equal(v, good[i].milli);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse_rate_milli(bad[i], 0, UINT64_MAX, &v))
            fail_msg("accepted: '%s'", bad[i]);
    assert_false(parse_rate_milli("0", 1, UINT64_MAX, &v));
    assert_false(parse_rate_milli("2", 1, 1999, &v));
}

static void shares(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double share;
    } good[] = {{"0", 0},    {"0.01", 0.01}, {"1%", 0.01}, {"0.5%", 0.005},
                {"100%", 1}, {"1", 1},       {"0%", 0}};
    static const char *const bad[] = {"",    "1.",  "1.%", "%",    ".",    "-1%", "101%",
                                      "1.1", "1 %", "1%%", "1e1%", "nan%", "1k",  "1.2.3%"};
    double share;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(parse_share(good[i].text, &share));
        assert_true(share > good[i].share - 1e-12 && share < good[i].share + 1e-12);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(parse_share(bad[i], &share));
}

/* A loop that sleeps too short would find its timer not due and spin. */
static void timeouts_are_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(clock_timeout_ms(0, CLOCK_NEVER), -1);
    assert_int_equal(clock_timeout_ms(5, 5), 0);
    assert_int_equal(clock_timeout_ms(6, 5), 0);
    assert_int_equal(clock_timeout_ms(5, 6), 1);
    assert_int_equal(clock_timeout_ms(0, NS_PER_MS), 1);
    assert_int_equal(clock_timeout_ms(0, NS_PER_MS + 1), 2);
    assert_int_equal(clock_timeout_ms(0, CLOCK_NEVER - 1), INT_MAX);
    assert_true(clock_after(CLOCK_NEVER - 1, 2) == CLOCK_NEVER);
    assert_true(clock_after(1, 2) == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),   cmocka_unit_test(sizes),
        cmocka_unit_test(durations), cmocka_unit_test(rates),
        cmocka_unit_test(shares),    cmocka_unit_test(timeouts_are_rounded_up),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
