#include "bench/record/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/ranking.h"
#include "bench/show/table.h"
#include "unit.h"

static struct trial_row row(const char *model, unsigned trial, enum verdict verdict, double rps)
{
    struct trial_row r;
    trial_row_init(&r);
    r.trial = trial;
    r.block = trial;
    r.connections = r.at = 64;
    r.ok = true;
    r.verdict = verdict;
    r.protocol = PROTOCOL_HTTP;
    snprintf(r.model, sizeof r.model, "%s", model);
    if (verdict != VERDICT_VALID)
        snprintf(r.reason, sizeof r.reason, "trial %u", trial);
    r.value[M_RPS] = rps;
    r.value[M_STARVED] = 0;
    r.value[M_CONCURRENCY] = 0;
    return r;
}

#define V VERDICT_VALID
#define L VERDICT_GENERATOR_LIMITED
#define X VERDICT_INVALID

/* What a point is made of, by the verdicts of its five trials, which made 1 to 5 requests/s. */
static void figures_come_from_the_valid_trials(void **state)
{
    static const struct {
        enum verdict trials[5];
        enum verdict verdict;
        unsigned used;
        double median, low, high;
        const char *reason;
    } cases[] = {
        {{V, V, V, V, V}, V, 5, 3, 1, 5, ""},
        {{L, V, V, L, V}, V, 3, 3, 2, 5, ""},
        {{L, V, X, L, V}, L, 4, 3, 1, 5, "trial 1"}, /* half is not more than half */
        {{V, L, L, L, V}, L, 5, 3, 1, 5, "trial 2"},
        {{X, V, L, X, V}, V, 2, 3.5, 2, 5, ""},
        {{X, V, V, X, X}, X, 0, NAN, NAN, NAN, "trial 1"},
        {{V, L, X, X, X}, X, 0, NAN, NAN, NAN, "trial 3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial_row at[5];
        struct trial_rows rows = {at, 5};
        struct summary s;
        for (unsigned k = 0; k < 5; k++)
            at[k] = row("poll", k + 1, cases[i].trials[k], k + 1);
        summary_make(&s, &rows);
        assert_int_equal(s.count, 1);
        const struct summary_point *p = s.at;
        assert_int_equal(p->verdict, cases[i].verdict);
        assert_int_equal(p->used, cases[i].used);
        assert_string_equal(p->reason, cases[i].reason);
        assert_int_equal(summary_empty_points(&s), 0);
        if (isnan(cases[i].median)) {
            assert_true(isnan(p->at[S_RPS].median));
        } else {
            assert_float_equal(p->at[S_RPS].median, cases[i].median, 0);
            assert_float_equal(p->at[S_RPS].low, cases[i].low, 0);
            assert_float_equal(p->at[S_RPS].high, cases[i].high, 0);
        }
        unsigned merged = 0;
        for (unsigned k = 0; k < 5; k++)
            merged += p->verdict != VERDICT_INVALID && summary_uses(p, &at[k]);
        assert_int_equal(merged, cases[i].used);
        summary_free(&s);
    }
}

static void points_without_any_usable_trial(void **state)
{
    (void)state;
    struct trial_row at[] = {row("poll", 1, X, 1), row("poll", 2, X, 2), row("fork", 3, V, 1),
                             row("select", 4, V, 1)};
    at[3].ok = false;
    at[3].verdict = VERDICT_INVALID;
    at[0].disturbed = true;
    struct trial_rows rows = {at, 4};
    struct summary s;
    summary_make(&s, &rows);
    assert_int_equal(summary_empty_points(&s), 2);
    assert_int_equal(summary_disturbed(&rows), 1);
    summary_free(&s);
}

static void how_many_starved_connections_are_too_many(void **state)
{
    static const struct {
        unsigned connections;
        unsigned concurrency;
        double starved;
        bool starves;
    } cases[] = {
        {64, 0, 0, false},   {64, 0, 1, true},   {100, 0, 1, false},  {1000, 0, 10, false},
        {1000, 0, 11, true}, {64, 1, 63, true},  {64, 32, 32, false}, {64, 32, 33, true},
        {64, 64, 1, true},   {64, 128, 1, true}, {64, 0, NAN, false}, {1, 1, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial_row at = row("poll", 1, V, 1);
        struct trial_rows rows = {&at, 1};
        struct summary s;
        at.connections = cases[i].connections;
        at.value[M_CONCURRENCY] = cases[i].concurrency;
        at.value[M_STARVED] = cases[i].starved;
        summary_make(&s, &rows);
        if (summary_starves(s.at) != cases[i].starves)
            fail_msg("%.0f of %u connections, %u at a time", cases[i].starved,
                     cases[i].connections, cases[i].concurrency);
        summary_free(&s);
    }
}

/* Two trials each, so that the interval is low..high and the median the middle. */
static void models_that_overlap_share_a_rank(void **state)
{
    static const struct {
        const char *model;
        double low, high;
        const char *rank;
    } models[] = {
        {"epoll-lt", 98, 102, "1"}, {"epoll-et", 96, 100, "="}, {"poll", 94, 98, "="},
        {"select", 93, 97.9, "4"},  {"libuv", 90, 94, "="},     {"libev", 80, 81, "6"},
        {"fork", 500, 600, "-"},
    };
    enum { N = sizeof models / sizeof models[0] };
    (void)state;
    struct trial_row at[2 * N];
    for (unsigned i = 0; i < N; i++) {
        enum verdict verdict = strcmp(models[i].model, "fork") == 0 ? L : V;
        at[2 * i] = row(models[i].model, 2 * i + 1, verdict, models[i].low);
        at[2 * i + 1] = row(models[i].model, 2 * i + 2, verdict, models[i].high);
    }
    struct trial_rows rows = {at, 2 * N};
    struct results results = {.environment.scenario.rank = 64};
    struct ranking r;
    char text[32];
    summary_make(&results.summary, &rows);
    ranking_make(&r, &results, PROTOCOL_HTTP);
    assert_int_equal(r.count, N);
    assert_int_equal(r.ranked, N - 1);
    for (size_t i = 0; i < N; i++) {
        assert_string_equal(r.at[i]->model, models[i].model);
        assert_string_equal(ranking_text(&r, i, "-", text), models[i].rank);
    }
    ranking_free(&r);
    summary_free(&results.summary);
}

/* The ranking of three trials of poll, one of fork and one of select, as text. */
static char *ranking_of_three(enum format format)
{
    struct trial_row at[] = {row("poll", 1, V, 10), row("poll", 2, V, 20), row("poll", 3, L, 5),
                             row("fork", 4, V, 7), row("select", 5, X, 1)};
    struct trial_rows rows = {at, 5};
    struct results r = {.environment.scenario.rank = 64};
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    summary_make(&r.summary, &rows);
    assert_int_equal(table_ranking(f, &r, PROTOCOL_HTTP, format), 2);
    summary_free(&r.summary);
    fclose(f);
    return text;
}

#define FOUND "At 64 connections poll is the fastest, before fork."

static void one_table_for_terminal_html_and_markdown(void **state)
{
    static const struct {
        enum format format;
        const char *lines[4]; /* how many trials are told: 2/3, 1 and 0/1 */
    } cases[] = {
        {FORMAT_TERMINAL,
         {"\nhttp, 64 connections, closed loop\n" FOUND "\n"
          "  #  model     n  req/s [low–high]",
          "\n  1  poll    2/3        15 [10–20]", "\n  2  fork      1                 7",
          "\n  -  select  0/1"}},
        {FORMAT_HTML,
         {"<h4>http, 64 connections</h4>\n<p>" FOUND
          "</p>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">#</th>"
          "<th scope=\"col\" class=\"left\">model</th><th scope=\"col\">n</th>",
          "<tr><td>1</td><td class=\"left\">poll</td><td>2/3</td><td>15 [10–20]</td>",
          "<tr><td>2</td><td class=\"left\">fork</td><td>1</td><td>7</td>",
          "<tr class=\"out\"><td>–</td><td class=\"left\">select</td><td>0/1</td>"}},
        {FORMAT_MARKDOWN,
         {"\n### http, 64 connections, closed loop\n\n" FOUND
          "\n\n| # | model | n | req/s [low–high] |",
          "\n|--:|---|--:|--:|", "\n| 1 | poll | 2/3 | 15 [10–20] |",
          "\n| – | select | 0/1 |"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = ranking_of_three(cases[i].format);
        for (size_t k = 0; k < 4; k++)
            if (!strstr(text, cases[i].lines[k]))
                fail_msg("no '%s' in:\n%s", cases[i].lines[k], text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_come_from_the_valid_trials),
        cmocka_unit_test(points_without_any_usable_trial),
        cmocka_unit_test(how_many_starved_connections_are_too_many),
        cmocka_unit_test(models_that_overlap_share_a_rank),
        cmocka_unit_test(one_table_for_terminal_html_and_markdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
