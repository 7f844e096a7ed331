/* Servers of others: names in braces, words, ratios and orders. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/placeholders.h"
#include "bench/plan/external.h"
#include "bench/record/order.h"
#include "bench/record/ratios.h"
#include "bench/record/summary.h"
#include "unit.h"

static void names_in_braces(void **state)
{
    static const struct placeholder names[] = {{"port", "80"}, {"dir", "/a b"}, {"text", "x"}};
    static const struct {
        const char *text;
        const char *loose;
        const char *strict; /* NULL: refused */
    } cases[] = {
        {"", "", ""},
        {"-p {port}", "-p 80", "-p 80"},
        {"{dir}/{dir}", "/a b//a b", "/a b//a b"},
        {"{port+8}", "88", "88"},
        {"{text+8}", "{text+8}", NULL},
        {"{ports}", "{ports}", NULL},
        {"events { use {text}; }", "events { use x; }", "events { use x; }"},
        {"{}{ port}{port", "{}{ port}{port", "{}{ port}{port"},
        {"{{port}}", "{80}", "{80}"},
        {"{port+}", "{port+}", "{port+}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[128] = "";
        char *loose = placeholders_expand(cases[i].text, names, 3, false, error, sizeof error);
        char *strict = placeholders_expand(cases[i].text, names, 3, true, error, sizeof error);
        assert_string_equal(loose, cases[i].loose);
        if (cases[i].strict) {
            assert_non_null(strict);
            assert_string_equal(strict, cases[i].strict);
        } else {
            assert_null(strict);
            assert_non_null(strstr(error, "stands for nothing here"));
        }
        free(loose);
        free(strict);
    }
}

static void commands_as_words(void **state)
{
    static const struct {
        const char *text;
        const char *words; /* joined by '|'; NULL: refused */
    } cases[] = {
        {"a b", "a|b"},
        {"  a\t b \n", "a|b"},
        {"a 'b c' d", "a|b c|d"},
        {"a\"b c\"d", "ab cd"},
        {"a '' b", "a||b"},
        {"a\\ b", "a b"},
        {"'a\\b'", "a\\b"},
        {"\"a\\\"b\"", "a\"b"},
        {"'a", NULL},
        {"\"a 'b'", NULL},
        {"", NULL},
        {"   ", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[128] = "";
        char joined[128] = "";
        char **words = words_split(cases[i].text, error, sizeof error);
        for (size_t k = 0; words && words[k]; k++) {
            strcat(joined, k > 0 ? "|" : "");
            strcat(joined, words[k]);
        }
        if ((words != NULL) != (cases[i].words != NULL))
            fail_msg("'%s': %s", cases[i].text, words ? joined : error);
        if (words)
            assert_string_equal(joined, cases[i].words);
        words_free(words);
    }
}

static void whose_counterpart(void **state)
{
    (void)state;
    assert_true(external_is_counterpart("epoll-et, epoll-lt", "epoll-lt"));
    assert_true(external_is_counterpart("epoll-et,epoll-lt", "epoll-lt"));
    assert_true(external_is_counterpart("thread-pool, thread", "thread"));
    assert_false(external_is_counterpart("thread-pool", "thread"));
    assert_false(external_is_counterpart("prefork", "fork"));
    assert_true(external_is_counterpart("prefork, fork", "fork"));
    assert_true(external_is_counterpart("*", "fork"));
    assert_false(external_is_counterpart("", "fork"));
}

#define V VERDICT_VALID
#define L VERDICT_GENERATOR_LIMITED
#define X VERDICT_INVALID

/* A server with its requests per second in blocks 1, 2, ...; 0: that trial is INVALID. */
struct contender {
    const char *name;
    double rps[5];
    enum verdict verdict; /* of the others */
    const char *answer;
};

enum { BLOCKS = 5 };

static void make_rows(struct trial_rows *rows, const struct contender *c, size_t n)
{
    *rows = (struct trial_rows){calloc(n * BLOCKS, sizeof *rows->at), 0};
    for (size_t i = 0; i < n; i++) {
        for (unsigned block = 1; block <= BLOCKS; block++) {
            struct trial_row *r = &rows->at[rows->count];
            double rps = c[i].rps[block - 1];
            trial_row_init(r);
            r->trial = (unsigned)++rows->count;
            r->block = block;
            r->connections = r->at = 64;
            r->ok = true;
            r->verdict = rps > 0 ? c[i].verdict : X;
            r->protocol = PROTOCOL_HTTP;
            snprintf(r->model, sizeof r->model, "%s", c[i].name);
            snprintf(r->answer, sizeof r->answer, "%s", c[i].answer ? c[i].answer : "");
            r->value[M_RPS] = rps;
            r->value[M_STARVED] = 0;
            r->value[M_CONCURRENCY] = 0;
        }
    }
}

static const struct {
    struct contender a, b;
    double median, low, high;
    size_t pairs;
    enum ratio_finding finding;
} ratio_cases[] = {
    /* The machine was slow in blocks 2 and 4, for both. */
    {{"a", {20, 10, 20, 10, 20}, V, 0},
     {"b", {10, 5, 10, 5, 10}, V, 0},
     2,
     2,
     2,
     5,
     RATIO_ABOVE},
    {{"a", {10, 5, 10, 5, 10}, V, 0},
     {"b", {20, 10, 20, 10, 20}, V, 0},
     .5,
     .5,
     .5,
     5,
     RATIO_BELOW},
    {{"a", {9, 10, 11, 10, 12}, V, 0},
     {"b", {10, 10, 10, 10, 10}, V, 0},
     1,
     .9,
     1.2,
     5,
     RATIO_NOT_TOLD_APART},
    {{"a", {11, 10, 11, 12, 12}, V, 0},
     {"b", {10, 10, 10, 10, 10}, V, 0},
     1.1,
     1,
     1.2,
     5,
     RATIO_NOT_TOLD_APART},
    /* A block without a trial of one is no pair, and three pairs are too few. */
    {{"a", {0, 20, 30, 40, 50}, V, 0},
     {"b", {10, 10, 10, 0, 10}, V, 0},
     3,
     2,
     5,
     3,
     RATIO_OPEN},
    /* Bounds: a limited a is at least so fast, a limited b too. */
    {{"a", {20, 20, 20, 20, 20}, L, 0},
     {"b", {10, 10, 10, 10, 10}, V, 0},
     2,
     2,
     2,
     5,
     RATIO_ABOVE},
    {{"a", {10, 10, 10, 10, 10}, L, 0},
     {"b", {20, 20, 20, 20, 20}, V, 0},
     .5,
     .5,
     .5,
     5,
     RATIO_OPEN},
    {{"a", {20, 20, 20, 20, 20}, V, 0},
     {"b", {10, 10, 10, 10, 10}, L, 0},
     2,
     2,
     2,
     5,
     RATIO_OPEN},
    {{"a", {10, 10, 10, 10, 10}, V, 0},
     {"b", {20, 20, 20, 20, 20}, L, 0},
     .5,
     .5,
     .5,
     5,
     RATIO_BELOW},
    {{"a", {20, 20, 20, 20, 20}, L, 0},
     {"b", {10, 10, 10, 10, 10}, L, 0},
     2,
     2,
     2,
     5,
     RATIO_OPEN},
};

static void ratios_are_paired_by_block(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ratio_cases / sizeof ratio_cases[0]; i++) {
        struct contender both[] = {ratio_cases[i].a, ratio_cases[i].b};
        struct trial_rows rows;
        struct summary s;
        make_rows(&rows, both, 2);
        summary_make(&s, &rows);
        struct ratio_pair p = ratio_of(&rows, ratio_point(&s, PROTOCOL_HTTP, "a", 64),
                                       ratio_point(&s, PROTOCOL_HTTP, "b", 64));
        assert_float_equal(p.at.median, ratio_cases[i].median, 1e-12);
        assert_float_equal(p.at.low, ratio_cases[i].low, 1e-12);
        assert_float_equal(p.at.high, ratio_cases[i].high, 1e-12);
        assert_int_equal(p.at.n, ratio_cases[i].pairs);
        if (p.finding != ratio_cases[i].finding)
            fail_msg("case %zu: finding %d, not %d", i, (int)p.finding,
                     (int)ratio_cases[i].finding);
        summary_free(&s);
        free(rows.at);
    }
}

static void who_is_compared(void **state)
{
    static const struct contender all[] = {
        {"epoll-lt", {20, 20, 20, 20, 20}, V, 0},
        {"poll", {20, 20, 20, 20, 20}, V, 0},
        {"nginx", {10, 10, 10, 10, 10}, V, "same"},
        {"odd", {10, 10, 10, 10, 10}, V, "status 404, ours is 200"},
        {"gone", {0, 0, 0, 0, 10}, V, "same"},
        {"mine", {10, 10, 10, 10, 10}, V, "same"},
    };
    static struct run_server servers[] = {
        {.name = "epoll-lt"},
        {.name = "poll"},
        {.name = "nginx", .external = true, .counterpart_of = "epoll-lt"},
        {.name = "odd", .external = true, .counterpart_of = "epoll-lt"},
        {.name = "gone", .external = true, .counterpart_of = "poll"},
        {.name = "mine", .external = true, .given = true, .counterpart_of = "*"},
    };
    static const struct environment environment = {
        .servers = servers, .server_count = sizeof servers / sizeof servers[0]};
    static const struct {
        const char *model, *external, *excuse;
    } wanted[] = {{"poll", "gone", "INVALID"},
                  {"poll", "mine", NULL},
                  {"epoll-lt", "mine", NULL},
                  {"epoll-lt", "nginx", NULL},
                  {"epoll-lt", "odd", "another answer"}};
    (void)state;
    struct trial_rows rows;
    struct summary s;
    struct ratios r;
    make_rows(&rows, all, sizeof all / sizeof all[0]);
    summary_make(&s, &rows);
    ratios_make(&r, &rows, &s, &environment);
    assert_int_equal(r.count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < r.count; i++) {
        assert_string_equal(r.at[i].model->model, wanted[i].model);
        assert_string_equal(r.at[i].external->model, wanted[i].external);
        if (wanted[i].excuse) {
            assert_string_equal(r.at[i].excuse, wanted[i].excuse);
            assert_true(isnan(r.at[i].pair.at.median));
        } else {
            assert_null(r.at[i].excuse);
            assert_float_equal(r.at[i].pair.at.median, 2, 1e-12);
        }
    }
    ratios_free(&r);
    summary_free(&s);
    free(rows.at);
}

static const struct {
    struct contender at[3];
    const char *claim;
    enum order_verdict verdict;
    enum order_verdict links[2];
    bool overlap[2];
    const char *first; /* of the measured order */
} order_cases[] = {
    {{{"a", {30, 31, 32, 33, 34}, V, 0},
      {"b", {20, 21, 22, 23, 24}, V, 0},
      {"c", {10, 11, 12, 13, 14}, V, 0}},
     "a > b > c",
     ORDER_HOLDS,
     {ORDER_HOLDS, ORDER_HOLDS},
     {false, false},
     "a"},
    {{{"a", {30, 31, 32, 33, 34}, V, 0},
      {"b", {20, 21, 22, 23, 24}, V, 0},
      {"c", {10, 11, 12, 13, 14}, V, 0}},
     "a>c > b",
     ORDER_REFUTED,
     {ORDER_HOLDS, ORDER_REFUTED},
     {false, false},
     "a"},
    /* Always a tenth faster, though the machine's speed varied by more: paired it shows. */
    {{{"a", {11, 22, 33, 11, 22}, V, 0},
      {"b", {10, 20, 30, 10, 20}, V, 0},
      {"c", {1, 2, 3, 1, 2}, V, 0}},
     "a > b > c",
     ORDER_HOLDS,
     {ORDER_HOLDS, ORDER_HOLDS},
     {true, false},
     "a"},
    {{{"a", {9, 11, 10, 12, 9}, V, 0},
      {"b", {10, 10, 10, 10, 10}, V, 0},
      {"c", {1, 2, 3, 1, 2}, V, 0}},
     "a > b > c",
     ORDER_OPEN,
     {ORDER_OPEN, ORDER_HOLDS},
     {true, false},
     NULL},
    /* One wrong link is enough, whatever the others are. */
    {{{"a", {9, 9, 9, 9, 9}, V, 0},
      {"b", {10, 10, 10, 10, 10}, V, 0},
      {"c", {0, 0, 0, 0, 1}, V, 0}},
     "a > b > c",
     ORDER_REFUTED,
     {ORDER_REFUTED, ORDER_UNKNOWN},
     {false, false},
     "b"},
    {{{"a", {11, 11, 11, 11, 11}, V, 0},
      {"b", {10, 10, 10, 10, 10}, V, 0},
      {"c", {1, 1, 1, 1, 1}, V, "status 404"}},
     "a > b > c",
     ORDER_UNKNOWN,
     {ORDER_HOLDS, ORDER_UNKNOWN},
     {false, false},
     "a"},
    {{{"a", {11, 11, 11, 11, 11}, V, 0},
      {"b", {10, 10, 10, 10, 10}, V, 0},
      {"c", {1, 1, 1, 1, 1}, V, 0}},
     "a > b > nobody",
     ORDER_UNKNOWN,
     {ORDER_HOLDS, ORDER_UNKNOWN},
     {false, false},
     "a"},
    /* The generator was b's limit: how fast b is, is not known. */
    {{{"a", {11, 11, 11, 11, 11}, V, 0},
      {"b", {10, 10, 10, 10, 10}, L, 0},
      {"c", {1, 1, 1, 1, 1}, V, 0}},
     "a > b > c",
     ORDER_OPEN,
     {ORDER_OPEN, ORDER_HOLDS},
     {false, false},
     "a"},
};

static void an_order_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof order_cases / sizeof order_cases[0]; i++) {
        struct trial_rows rows;
        struct summary s;
        struct order o;
        make_rows(&rows, order_cases[i].at, 3);
        summary_make(&s, &rows);
        order_make(&o, order_cases[i].claim, &s.at[0], &rows, &s);
        assert_int_equal(o.count, 3);
        if (o.verdict != order_cases[i].verdict)
            fail_msg("case %zu: the order %s", i, order_verdict_names[o.verdict]);
        for (size_t k = 0; k < 2; k++) {
            if (o.links[k].verdict != order_cases[i].links[k])
                fail_msg("case %zu, link %zu %s", i, k,
                         order_verdict_names[o.links[k].verdict]);
            /* Both are measured where one may be told from the other. */
            if (o.links[k].verdict != ORDER_UNKNOWN)
                assert_int_equal(o.links[k].overlap, order_cases[i].overlap[k]);
        }
        if (order_cases[i].first)
            assert_string_equal(o.measured[0]->model, order_cases[i].first);
        order_free(&o);
        summary_free(&s);
        free(rows.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_in_braces),   cmocka_unit_test(commands_as_words),
        cmocka_unit_test(whose_counterpart), cmocka_unit_test(ratios_are_paired_by_block),
        cmocka_unit_test(who_is_compared),   cmocka_unit_test(an_order_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
