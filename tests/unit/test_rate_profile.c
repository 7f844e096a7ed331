/* A rate that changes: what it is read from, and when its requests are due, to the nanosecond. */
#include "loadgen/pace/rate_profile.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/random.h"
#include "loadgen/pace/schedule.h"
#include "unit.h"

static struct rate_profile parsed(const char *text)
{
    struct rate_profile p;
    char error[200];
    if (!rate_profile_parse(text, &p, error, sizeof error))
        fail_msg("'%s' is refused: %s", text, error);
    return p;
}

static void check_segment(const struct rate_profile *p, uint32_t i, uint64_t from, uint64_t to,
                          uint64_t length_ns)
{
    assert_true(i < p->count);
    assert_int_equal(p->segments[i].from_milli, from);
    assert_int_equal(p->segments[i].to_milli, to);
    assert_int_equal(p->segments[i].length_ns, length_ns);
}

static void what_is_right_is_read(void **state)
{
    (void)state;
    struct rate_profile p = parsed("1k..20k/10s");
    assert_int_equal(p.count, 1);
    check_segment(&p, 0, 1000000, 20000000, 10 * NS_PER_S);
    assert_int_equal(rate_profile_peak(&p), 20000000);
    p = parsed("1k,2k,5k/10s");
    assert_int_equal(p.count, 3);
    check_segment(&p, 0, 1000000, 1000000, 10 * NS_PER_S);
    check_segment(&p, 1, 2000000, 2000000, 10 * NS_PER_S);
    check_segment(&p, 2, 5000000, 5000000, 10 * NS_PER_S);
    assert_int_equal(rate_profile_length(&p), 30 * NS_PER_S);
    p = parsed("0.5..1.5k/100ms,7,8/2m,3..0/1");
    assert_int_equal(p.count, 4);
    check_segment(&p, 0, 500, 1500000, 100 * NS_PER_MS);
    check_segment(&p, 1, 7000, 7000, 120 * NS_PER_S);
    check_segment(&p, 2, 8000, 8000, 120 * NS_PER_S);
    check_segment(&p, 3, 3000, 0, NS_PER_S);
    p = parsed("5/24h");
    assert_int_equal(rate_profile_length(&p), RATE_PROFILE_LONGEST_NS);

    assert_true(rate_profile_is_meant("1,2") && rate_profile_is_meant("1..2"));
    assert_true(rate_profile_is_meant("1/2s") && !rate_profile_is_meant("1.5k"));
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"1,2,3", "how long"},
        {"1..2", "how long"},
        {"1..2,3/1s", "how long"},
        {"1,2/1s,3", "last step"},
        {"1/", "''"},
        {"1/0", "'0'"},
        {"1/fast", "'fast'"},
        {"1/-1s", "'-1s'"},
        {"a..2/1s", "'a'"},
        {"1..b/1s", "'b'"},
        {"..2/1s", "''"},
        {"1../1s", "''"},
        {"1...2..3/1s", "'.2..3'"},
        {",1/1s", "''"},
        {"1,,2/1s", "''"},
        {"1/1s,", "''"},
        {"-1..2/1s", "'-1'"},
        {"1 ..2/1s", "'1 '"},
        {"0/1s", "above 0"},
        {"0..0/1s,0", "last step"},
        {"0,0/1s", "above 0"},
        {"1001M/1s", "'1001M'"},
        {"1/13h,2/12h", "24h"},
        {"1/25h", "'25h'"},
        {"1/1s/2s", "'1s/2s'"},
    };
    struct rate_profile p;
    char error[200];
    char many[400] = "1";
    (void)state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        error[0] = '\0';
        if (rate_profile_parse(wrong[i].text, &p, error, sizeof error))
            fail_msg("'%s' is taken", wrong[i].text);
        if (!strstr(error, wrong[i].part))
            fail_msg("'%s': %s", wrong[i].text, error);
    }
    for (int i = 1; i < RATE_PROFILE_MAX; i++)
        strcat(many, ",1");
    strcat(many, "/1s");
    assert_true(rate_profile_parse(many, &p, error, sizeof error));
    many[strlen(many) - 3] = '\0';
    strcat(many, ",1/1s");
    assert_false(rate_profile_parse(many, &p, error, sizeof error));
    assert_non_null(strstr(error, "more than 64"));
}

/* Is the area under the first `t` ns at most `area`? Multiplied out: exact for what is small. */
static bool within(const struct rate_profile *p, uint64_t t, unsigned __int128 area)
{
    __int128 left = (__int128)area -
                    (__int128)2 * p->segments[0].from_milli * (t < p->lead_ns ? t : p->lead_ns);
    if (t < p->lead_ns)
        return left >= 0;
    t -= p->lead_ns;
    for (uint32_t i = 0; i < p->count && t > 0; i++) {
        const struct rate_segment *s = &p->segments[i];
        __int128 u = t < s->length_ns ? t : s->length_ns;
        __int128 slope = (__int128)s->to_milli - (__int128)s->from_milli;
        if (t < s->length_ns)
            return 2 * (__int128)s->from_milli * u * s->length_ns + slope * u * u <=
                   left * s->length_ns;
        left -= (__int128)(s->from_milli + s->to_milli) * s->length_ns;
        t -= s->length_ns;
    }
    return 2 * (__int128)p->segments[p->count - 1].to_milli * t <= left;
}

/* Every request of a plan up to `end` is due when the integral reaches its number: it is not above
 * it at the moment, and is a nanosecond later. Returns how many there are. */
static uint64_t check_due(const struct rate_profile *p, uint32_t threads, uint64_t end)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < threads; i++) {
        struct schedule_plan plan = {ARRIVAL_CONSTANT, 1, 1, threads, p};
        struct schedule s;
        uint64_t k = i;
        for (schedule_init(&s, &plan, i); s.at < end; schedule_advance(&s), k += threads) {
            unsigned __int128 area = (unsigned __int128)RATE_AREA_REQUEST * k;
            assert_true(within(p, s.at, area));
            assert_false(within(p, s.at + 1, area));
            count++;
        }
    }
    return count;
}

/* ceil(N(end)) in exact arithmetic. */
static uint64_t whole_area(const struct rate_profile *p)
{
    unsigned __int128 area = (unsigned __int128)2 * p->segments[0].from_milli * p->lead_ns;
    for (uint32_t i = 0; i < p->count; i++)
        area += (unsigned __int128)(p->segments[i].from_milli + p->segments[i].to_milli) *
                p->segments[i].length_ns;
    return (uint64_t)((area + RATE_AREA_REQUEST - 1) / RATE_AREA_REQUEST);
}

static void requests_are_due_when_the_integral_says(void **state)
{
    static const char *const each[] = {
        "1k..20k/1s",        "20k..1k/1s",         "0..1k/3s",
        "100,200,500/1s",    "1k..3k/777777777ns", "333..1000.001/1.234567s,17/3s",
        "0.5..1.5/20s",      "1k..1001/2s",        "10,1k..10/100ms,0.001..5k/2s",
        "100k..100.1k/10ms", "1M..2M/3ms,5/200ms",
    };
    (void)state;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        for (uint64_t lead = 0; lead < 2 * NS_PER_S; lead += 123456789) {
            struct rate_profile p = parsed(each[i]);
            p.lead_ns = lead % 3 ? lead : 0;
            uint64_t end = p.lead_ns + rate_profile_length(&p);
            for (uint32_t threads = 1; threads <= 7; threads += 3)
                assert_int_equal(check_due(&p, threads, end), whole_area(&p));
            if (lead > NS_PER_S / 2)
                break;
        }
    }
}

static void random_profiles(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct rate_profile p = {.count = 1 + (uint32_t)(random_next(&random) % 5)};
        for (uint32_t i = 0; i < p.count; i++) {
            uint64_t high = UINT64_C(1) << random_next(&random) % 21;
            p.segments[i].from_milli =
                random_next(&random) % 4 ? random_next(&random) % high : 0;
            p.segments[i].to_milli = random_next(&random) % 3 ? random_next(&random) % high
                                                              : p.segments[i].from_milli;
            p.segments[i].length_ns = 1 + random_next(&random) % (2 * NS_PER_S);
        }
        p.segments[p.count - 1].to_milli++; /* else nothing may be due for ever */
        p.segments[0].from_milli++;
        uint64_t end = rate_profile_length(&p);
        assert_int_equal(check_due(&p, 1 + (uint32_t)round % 4, end), whole_area(&p));
    }
}

static void what_is_held_at_the_end_goes_on(void **state)
{
    (void)state;
    struct rate_profile p = parsed("0..100/1s");
    assert_int_equal(check_due(&p, 1, NS_PER_S), 50);
    assert_int_equal(check_due(&p, 3, 11 * NS_PER_S), 1050);
    /* And never again where that is 0. */
    p = parsed("10,0/1s");
    struct rate_cursor c;
    rate_cursor_init(&c, &p);
    assert_int_equal(rate_cursor_reaches(&c, (unsigned __int128)RATE_AREA_REQUEST * 9),
                     900 * NS_PER_MS);
    assert_int_equal(rate_cursor_reaches(&c, (unsigned __int128)RATE_AREA_REQUEST * 10),
                     CLOCK_NEVER);
    /* In a pause nothing is due, nor before the first rate that is above 0. */
    p = parsed("0,10,0,10/1s");
    rate_cursor_init(&c, &p);
    assert_int_equal(rate_cursor_reaches(&c, 0), NS_PER_S);
    assert_int_equal(rate_cursor_reaches(&c, (unsigned __int128)RATE_AREA_REQUEST * 10),
                     3 * NS_PER_S);
    assert_int_equal(rate_cursor_reaches(&c, (unsigned __int128)RATE_AREA_REQUEST * 11),
                     3 * NS_PER_S + 100 * NS_PER_MS);
}

/* The highest rate over the longest time: what is computed must not overflow, nor take long. */
static void extremes(void **state)
{
    static const char *const each[] = {"0..1000M/24h", "1000M..0/24h", "0..0.001/24h",
                                       "0.001..0/24h", "999M..1000M/1ns"};
    (void)state;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        struct rate_profile p = parsed(each[i]);
        unsigned __int128 whole =
            (unsigned __int128)(p.segments[0].from_milli + p.segments[0].to_milli) *
            p.segments[0].length_ns;
        struct rate_cursor c;
        uint64_t last = 0;
        rate_cursor_init(&c, &p);
        for (unsigned part = 0; part < 1000; part++) {
            uint64_t t = rate_cursor_reaches(&c, whole / 1000 * part);
            double share = (double)t / (double)p.segments[0].length_ns;
            assert_true(t >= last && t <= p.segments[0].length_ns);
            last = t;
            if (i < 4 && i % 2 == 0)
                assert_true(fabs(share * share - part / 1000.0) < 1e-9);
            if (i < 4 && i % 2 == 1)
                assert_true(fabs(1 - (1 - share) * (1 - share) - part / 1000.0) < 1e-9);
        }
    }
}

static void means(void **state)
{
    (void)state;
    struct rate_profile p = parsed("100..300/2s,50/1s");
    p.lead_ns = NS_PER_S; /* time 0 is after it */
    assert_true(fabs(rate_profile_mean(&p, 0, 2 * NS_PER_S) - 200) < 1e-9);
    assert_true(fabs(rate_profile_mean(&p, 0, NS_PER_S) - 150) < 1e-9);
    assert_true(fabs(rate_profile_mean(&p, NS_PER_S, 2 * NS_PER_S) - 250) < 1e-9);
    assert_true(fabs(rate_profile_mean(&p, 2 * NS_PER_S, 9 * NS_PER_S) - 50) < 1e-9);
    assert_true(fabs(rate_profile_mean(&p, NS_PER_S, 3 * NS_PER_S) - 150) < 1e-9);
}

/* The integral up to `t`. */
static double requests(const struct rate_profile *p, uint64_t t)
{
    return t ? rate_profile_mean(p, 0, t) * (double)t / 1e9 : 0;
}

/* What the integral maps the arrivals to are those of a Poisson process with rate 1: their number
 * has that mean and variance, and in each tenth of the area there are as many. */
static void poisson_follows_the_rate(void **state)
{
    struct rate_profile p = parsed("1k..9k/1s,0..2k/500ms,0/200ms,3k/300ms");
    uint64_t end = rate_profile_length(&p);
    double all = requests(&p, end);
    double sum = 0, squares = 0, chi = 0;
    double tenth[10] = {0};
    (void)state;

    for (uint64_t seed = 1; seed <= 100; seed++) {
        double n = 0;
        for (uint32_t thread = 0; thread < 3; thread++) {
            struct schedule_plan plan = {ARRIVAL_POISSON, 1, seed, 3, &p};
            struct schedule s;
            uint64_t last = 0;
            for (schedule_init(&s, &plan, thread); s.at < end; schedule_advance(&s)) {
                assert_true(s.at >= last);
                last = s.at;
                n++;
                tenth[(int)fmin(9, 10 * requests(&p, s.at) / all)]++;
            }
        }
        sum += n;
        squares += (n - all) * (n - all);
    }
    for (int i = 0; i < 10; i++)
        chi += (tenth[i] - sum / 10) * (tenth[i] - sum / 10) / (sum / 10);
    assert_true(fabs(sum / 100 - all) < 4 * sqrt(all / 100));
    assert_true(fabs(squares / 100 - all) < 4 * all * sqrt(2.0 / 100));
    assert_true(chi < 27.877); /* 0.1 % for 9 degrees of freedom, see test_mix.c */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_read),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(requests_are_due_when_the_integral_says),
        cmocka_unit_test(random_profiles),
        cmocka_unit_test(what_is_held_at_the_end_goes_on),
        cmocka_unit_test(extremes),
        cmocka_unit_test(means),
        cmocka_unit_test(poisson_follows_the_rate),
    };
    return cmocka_run_group_tests_name("rate_profile", tests, NULL, NULL);
}
