#include "bench/crawl/judge.h"

#include <math.h>
#include <string.h>

#include "unit.h"

/* An honest job: 40 requests, 20 at once, 50 ms each. */
static struct crawl_row honest(void)
{
    struct crawl_row row = {.way = CRAWL_TUNED,
                            .concurrency = 20,
                            .requests = 40,
                            .wait_ms = 50,
                            .status = CRAWL_OK};
    for (int i = 0; i < CRAWL_FIGURE_COUNT; i++)
        row.value[i] = NAN;
    row.value[CF_OK] = row.value[CF_ANSWERED] = 40;
    row.value[CF_MOST] = row.value[CF_AT_ONCE] = 20;
    row.value[CF_WALL_S] = 0.11;
    row.value[CF_IDEAL_S] = crawl_ideal_s(&row);
    row.value[CF_WINDOW_S] = 0.12;
    row.value[CF_SERVER_CPU] = 0.3;
    return row;
}

static struct placement apart = {.server_count = 1, .generator_count = 1};
static struct placement together = {.server_count = 1, .generator_count = 1, .shared = true};

/* The words of the verdict; "" where the job is believed. */
static const char *judged(struct crawl_row *row, const struct placement *placement)
{
    const struct crawl_facts facts = {.asked = crawl_digest(50, 40),
                                      .answered = crawl_digest(50, 40),
                                      .placement = placement};
    row->reason[0] = '\0';
    crawl_judge(row, &facts);
    assert_int_equal(row->verdict == VERDICT_VALID, row->reason[0] == '\0');
    return row->reason;
}

static void an_honest_job(void **state)
{
    struct crawl_row row = honest();
    (void)state;
    assert_float_equal(row.value[CF_IDEAL_S], 0.1, 1e-9);
    assert_string_equal(judged(&row, &apart), "");
    row.value[CF_SERVER_CPU] = NAN; /* no counter tells */
    assert_string_equal(judged(&row, &apart), "");
}

/* The figure is the server's then, and not the client's. But where both share the CPUs the server
 * can never have so much, and a job in which calls are counted is not judged by its time. */
static void the_server_is_the_limit(void **state)
{
    struct crawl_row row = honest();
    (void)state;
    row.value[CF_SERVER_CPU] = 0.97;
    assert_string_equal(judged(&row, &apart),
                        "the server was the limit: it used 97 % of its CPUs");
    assert_string_equal(judged(&row, &together), "");
    row.counting = true;
    assert_string_equal(judged(&row, &apart), "");
}

static void others_took_the_cpus(void **state)
{
    struct crawl_row row = honest();
    (void)state;
    row.value[CF_WINDOW_S] = 1; /* in a short window a few ticks are no part of it */
    row.value[CF_OTHER_CLIENT] = 0.5;
    assert_non_null(
        strstr(judged(&row, &apart), "other programs took 50 % of the client's CPUs"));
}

static void not_the_job(void **state)
{
    struct crawl_row row = honest();
    const struct crawl_facts facts = {
        .asked = crawl_digest(50, 40), .answered = crawl_digest(50, 39), .placement = &apart};
    (void)state;
    crawl_judge(&row, &facts);
    assert_non_null(strstr(row.reason, "did not answer each URL once"));
    row.value[CF_MOST] = 21;
    assert_non_null(strstr(judged(&row, &apart), "the server saw 21 requests at once"));
    row = honest();
    row.value[CF_WALL_S] = 0.099;
    assert_non_null(strstr(judged(&row, &apart), "which takes 0.100000 s at least"));
    row.value[CF_WALL_S] = 0.13;
    assert_non_null(strstr(judged(&row, &apart), "of 0.120000 s that passed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_job),
        cmocka_unit_test(the_server_is_the_limit),
        cmocka_unit_test(others_took_the_cpus),
        cmocka_unit_test(not_the_job),
    };
    return cmocka_run_group_tests_name("crawl", tests, NULL, NULL);
}
