#include "bench/record/prediction.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/prediction_text.h"
#include "unit.h"

#define V VERDICT_VALID
#define L VERDICT_GENERATOR_LIMITED
#define X VERDICT_INVALID

enum { BLOCKS = 6, POINTS = 4, ROWS = POINTS * BLOCKS };

/* The trials of a point: a value each block from 1 on, up to the first 0. */
struct made_point {
    const char *model;
    unsigned connections;
    enum verdict verdict;
    double values[BLOCKS];
    double starved;
    unsigned concurrency;
};

/* A point that starves nobody and serves all. */
#define P(name, n, judged, ...)                                                                \
    {                                                                                          \
        .model = name, .connections = n, .verdict = judged, .values = { __VA_ARGS__ }          \
    }

struct made {
    struct trial_row at[ROWS];
    struct trial_rows rows;
    struct summary summary;
    struct environment environment;
    struct predictions predictions;
};

static void add_row(struct made *m, const struct made_point *p, unsigned block,
                    enum metric metric)
{
    struct trial_row *r = &m->at[m->rows.count++];
    trial_row_init(r);
    r->trial = (unsigned)m->rows.count;
    r->block = block;
    r->counting = block == 0;
    r->protocol = PROTOCOL_HTTP;
    r->connections = p->connections;
    r->at = p->connections;
    r->ok = true;
    r->verdict = p->verdict;
    snprintf(r->model, sizeof r->model, "%s", p->model);
    if (p->verdict != V)
        snprintf(r->reason, sizeof r->reason, "spoilt");
    r->value[M_RPS] = 1;
    r->value[M_STARVED] = p->starved;
    r->value[M_CONCURRENCY] = p->concurrency;
    r->value[metric] = p->values[block == 0 ? 0 : block - 1];
}

/* A run with these points, in which `expected` is to be judged. */
static const struct judged *judge(struct made *m, const char *expected,
                                  const struct made_point *points, enum metric metric)
{
    char error[512];
    memset(m, 0, sizeof *m);
    m->rows.at = m->at;
    m->environment.scenario.path = "/wait/20";
    if (!expectations_add(&m->environment.scenario.expectations, expected, 1, error,
                          sizeof error))
        fail_msg("%s", error);
    for (size_t i = 0; i < POINTS && points[i].model; i++)
        for (unsigned b = 0; b < BLOCKS && points[i].values[b] != 0; b++) {
            if (metric == M_SYSCALLS_PER_REQUEST) {
                add_row(m, &points[i], 0, metric); /* and one that is not only counted */
                add_row(m, &points[i], 1, M_RPS);
            } else {
                add_row(m, &points[i], b + 1, metric);
            }
        }
    summary_make(&m->summary, &m->rows);
    predictions_make(&m->predictions, &m->rows, &m->summary, &m->environment);
    assert_int_equal(m->predictions.count, 1);
    return m->predictions.at;
}

static void forget(struct made *m)
{
    predictions_free(&m->predictions);
    summary_free(&m->summary);
    expectations_free(&m->environment.scenario.expectations);
}

struct example {
    const char *expected;
    struct made_point points[POINTS];
    enum prediction_verdict verdict;
    const char *why; /* of the case that decides */
};

static void check(const struct example *examples, size_t count, enum metric metric)
{
    for (size_t i = 0; i < count; i++) {
        const struct example *x = &examples[i];
        struct made m;
        const struct judged *j = judge(&m, x->expected, x->points, metric);
        if (j->verdict != x->verdict)
            fail_msg("%zu: %s: %s (%s)", i, x->expected, prediction_verdict_names[j->verdict],
                     j->count ? j->cases[0].why : "no case");
        for (size_t k = 0; k < j->count; k++) {
            const struct judged_case *c = &j->cases[k];
            assert_int_equal(c->verdict == CANNOT_TELL, c->why[0] != '\0');
            if (c->verdict == x->verdict && !strstr(c->why, x->why))
                fail_msg("%zu: %s: '%s' does not say '%s'", i, x->expected, c->why, x->why);
        }
        forget(&m);
    }
}

#define CHECK(examples, metric) check(examples, sizeof examples / sizeof examples[0], metric)

#define FALLS "ratio(poll, connections=64 / connections=1) < 0.5"
#define AHEAD "ratio(poll / select, connections=64) > 2"

static void a_ratio_by_its_interval(void **state)
{
    static const struct example examples[] = {
        {FALLS,
         {P("poll", 1, V, 100, 100, 100), P("poll", 64, V, 30, 40, 45)},
         AS_PREDICTED,
         ""},
        {FALLS,
         {P("poll", 1, V, 100, 100, 100), P("poll", 64, V, 30, 40, 50)},
         CANNOT_TELL,
         "the limit lies within"},
        {"ratio(poll, connections=64 / connections=1) <= 0.5",
         {P("poll", 1, V, 100, 100, 100), P("poll", 64, V, 30, 40, 50)},
         AS_PREDICTED,
         ""},
        {FALLS,
         {P("poll", 1, V, 100, 100, 100), P("poll", 64, V, 50, 60, 70)},
         NOT_AS_PREDICTED,
         ""},
        {"ratio(poll, connections=64 / connections=1) <= 0.5",
         {P("poll", 1, V, 100, 100, 100), P("poll", 64, V, 50, 60, 70)},
         CANNOT_TELL,
         "the limit lies within"},
        /* Every block was slower than the one before, both points alike: pairs tell. */
        {FALLS,
         {P("poll", 1, V, 400, 200, 100), P("poll", 64, V, 160, 80, 40)},
         AS_PREDICTED,
         ""},
        {AHEAD,
         {P("poll", 64, V, 30, 30, 30), P("select", 64, V, 10, 11, 12)},
         AS_PREDICTED,
         ""},
        {AHEAD,
         {P("poll", 64, V, 30, 30, 30), P("select", 64, V, 15, 16, 17)},
         NOT_AS_PREDICTED,
         ""},
        {AHEAD,
         {P("poll", 64, V, 30, 30, 30), P("select", 64, V, 10, 15, 17)},
         CANNOT_TELL,
         "the limit lies within"},
        /* Few pairs tell what is far from the limit. */
        {AHEAD,
         {P("poll", 64, V, 30, 30), P("select", 64, V, 10, 10)},
         CANNOT_TELL,
         "2 pairs, and not far"},
        {AHEAD, {P("poll", 64, V, 50), P("select", 64, V, 10)}, AS_PREDICTED, ""},
        {AHEAD, {P("poll", 64, V, 9), P("select", 64, V, 10)}, NOT_AS_PREDICTED, ""},
        {AHEAD, {P("poll", 64, V, 11), P("select", 64, V, 10)}, CANNOT_TELL, "1 pair, and"},
    };
    (void)state;
    CHECK(examples, M_RPS);
}

static enum prediction_verdict judged_with(double noise, const char *expected,
                                           const struct made_point *points)
{
    struct made m;
    judge(&m, expected, points, M_RPS);
    predictions_free(&m.predictions);
    m.summary.noise = noise;
    predictions_make(&m.predictions, &m.rows, &m.summary, &m.environment);
    enum prediction_verdict verdict = m.predictions.at[0].verdict;
    forget(&m);
    return verdict;
}

/* The A/A arm says how far is far: a limit within three times the noise cannot be told. */
static void few_pairs_by_the_noise_of_the_run(void **state)
{
    static const struct made_point fast[POINTS] = {P("poll", 64, V, 30, 30),
                                                   P("select", 64, V, 10, 10)};
    (void)state;
    assert_int_equal(judged_with(NAN, AHEAD, fast), CANNOT_TELL);
    assert_int_equal(judged_with(0.1, AHEAD, fast), AS_PREDICTED);
    assert_int_equal(judged_with(0.2, AHEAD, fast), CANNOT_TELL);
    assert_int_equal(judged_with(0.1, "ratio(poll / select, connections=64) < 2", fast),
                     NOT_AS_PREDICTED);
    /* Noise beyond a third says nothing of less than a factor of two. */
    assert_int_equal(judged_with(2, AHEAD, fast), CANNOT_TELL);
    /* Values are not held against the yardstick as pairs are. */
    assert_int_equal(judged_with(0.1, "value(rate poll, connections=64) > 20", fast),
                     CANNOT_TELL);
}

static void what_is_not_there(void **state)
{
    static const struct example examples[] = {
        {AHEAD,
         {P("poll", 64, V, 30, 30, 30)},
         CANNOT_TELL,
         "select at connections = 64: not measured"},
        {AHEAD,
         {P("poll", 64, V, 30, 30, 30), P("select", 1, V, 10, 10, 10)},
         CANNOT_TELL,
         "select at connections = 64: not measured"},
        {AHEAD,
         {P("poll", 64, V, 30, 30, 30), P("select", 64, X, 10, 10, 10)},
         CANNOT_TELL,
         "select at connections = 64: INVALID: spoilt"},
        {AHEAD,
         {P("poll", 64, X, 30, 30, 30), P("select", 64, V, 10, 10, 10)},
         CANNOT_TELL,
         "poll at connections = 64: INVALID: spoilt"},
        {AHEAD,
         {{.model = "poll",
           .connections = 64,
           .verdict = V,
           .values = {30, 30, 30},
           .starved = 5},
          P("select", 64, V, 10, 10, 10)},
         CANNOT_TELL,
         "poll at connections = 64: starves connections"},
        {"within(poll, select, 5%)",
         {P("poll", 64, V, 30, 30, 30), P("select", 1, V, 10, 10, 10)},
         CANNOT_TELL,
         "not both measured"},
        {"value(p99_us poll, connections=64) > 1",
         {P("poll", 64, V, 30, 30, 30)},
         CANNOT_TELL,
         "no trial has the figure"},
        {"ratio(p99_us poll / select, connections=64) > 1",
         {P("poll", 64, V, 30, 30, 30), P("select", 64, V, 10, 10, 10)},
         CANNOT_TELL,
         "no block has both figures"},
        {"value(starved poll, idle=64) > 1", {P("poll", 64, V, 30, 30, 30)}, CANNOT_TELL, ""},
    };
    (void)state;
    CHECK(examples, M_RPS);
}

/* Where the load generator was the limit, the server makes at least what was measured. */
static void a_bound_proves_one_side(void **state)
{
#define LEAST(op, number) "ratio(poll / select, connections=64) " op " " number
#define LIMITED_A                                                                              \
    {                                                                                          \
        P("poll", 64, L, 30, 30, 30), P("select", 64, V, 10, 10, 10)                           \
    }
#define LIMITED_B                                                                              \
    {                                                                                          \
        P("poll", 64, V, 30, 30, 30), P("select", 64, L, 10, 10, 10)                           \
    }
#define LIMITED_BOTH                                                                           \
    {                                                                                          \
        P("poll", 64, L, 30, 30, 30), P("select", 64, L, 10, 10, 10)                           \
    }
    static const char limit[] = "the load generator was the limit";
    static const struct example examples[] = {
        {LEAST(">", "2"), LIMITED_A, AS_PREDICTED, ""},
        {LEAST("<", "2"), LIMITED_A, NOT_AS_PREDICTED, ""},
        {LEAST("<", "4"), LIMITED_A, CANNOT_TELL, limit},
        {LEAST(">", "4"), LIMITED_A, CANNOT_TELL, limit},
        {LEAST(">", "2"), LIMITED_B, CANNOT_TELL, limit},
        {LEAST("<", "2"), LIMITED_B, CANNOT_TELL, limit},
        {LEAST("<", "4"), LIMITED_B, AS_PREDICTED, ""},
        {LEAST(">", "4"), LIMITED_B, NOT_AS_PREDICTED, ""},
        {LEAST(">", "2"), LIMITED_BOTH, CANNOT_TELL, limit},
        {LEAST("<", "4"), LIMITED_BOTH, CANNOT_TELL, limit},
        {"value(rate poll, connections=64) > 20", LIMITED_A, AS_PREDICTED, ""},
        {"value(rate poll, connections=64) > 40", LIMITED_A, CANNOT_TELL, limit},
        {"value(rate poll, connections=64) < 40", LIMITED_A, CANNOT_TELL, limit},
        {"value(rate poll, connections=64) < 20", LIMITED_A, NOT_AS_PREDICTED, ""},
        /* It is the same within 5 % only where it is nowhere else. */
        {"within(poll, select, 5%)",
         {P("poll", 64, L, 30, 30, 30), P("select", 64, V, 30, 30, 30)},
         CANNOT_TELL,
         limit},
        {"within(poll, select, 5%)", LIMITED_A, NOT_AS_PREDICTED, ""},
        {"value(starved poll, connections=64) < 1", LIMITED_A, AS_PREDICTED, ""},
        {"value(p50_us poll, connections=64) < 1", LIMITED_A, CANNOT_TELL,
         "the load generator was the limit"},
    };
    (void)state;
    CHECK(examples, M_RPS);
}

static void one_of_many_cases_decides(void **state)
{
#define SELECT P("select", 64, V, 30, 31, 32)
    static const struct example examples[] = {
        {"within(poll, select, 5%)",
         {P("poll", 1, V, 9, 9, 9), P("poll", 64, V, 30, 31, 32), P("select", 1, V, 9, 9, 9),
          SELECT},
         AS_PREDICTED,
         ""},
        {"within(poll, select, 5%)",
         {P("poll", 1, V, 9, 9, 9), P("poll", 64, V, 40, 41, 42), P("select", 1, V, 9, 9, 9),
          SELECT},
         NOT_AS_PREDICTED,
         ""},
        {"within(poll, select, 5%, connections=1)",
         {P("poll", 1, V, 9, 9, 9), P("poll", 64, V, 40, 41, 42), P("select", 1, V, 9, 9, 9),
          SELECT},
         AS_PREDICTED,
         ""},
        {"within(poll, select, 5%)",
         {P("poll", 1, V, 9, 9, 9), P("poll", 64, V, 30, 31, 40), P("select", 1, V, 9, 9, 9),
          SELECT},
         CANNOT_TELL,
         "the limit lies within"},
        {"value(rate {poll, select}, connections=64) > 20",
         {P("poll", 64, V, 30, 31, 32), SELECT},
         AS_PREDICTED,
         ""},
        {"value(rate {poll, select}, connections=64) > 20",
         {SELECT},
         CANNOT_TELL,
         "not measured"},
        {"value(rate {poll, select}, connections=64) < 20", {SELECT}, NOT_AS_PREDICTED, ""},
    };
    (void)state;
    CHECK(examples, M_RPS);
}

/* Path and run have a wait of 20 ms; 4 workers make 200 requests a second of that. */
static void saturation(void **state)
{
#define SATURATES "saturates(poll, at = workers / wait)"
#define AT(n, ...)                                                                             \
    {                                                                                          \
        .model = "poll", .connections = n, .values = {__VA_ARGS__}, .concurrency = 4           \
    }
    static const struct example examples[] = {
        {SATURATES, {AT(8, 199, 199, 199), AT(16, 198, 199, 200)}, AS_PREDICTED, ""},
        {SATURATES, {AT(2, 100, 100, 100), AT(16, 198, 199, 200)}, CANNOT_TELL, "still grows"},
        {SATURATES, {AT(16, 198, 199, 200)}, CANNOT_TELL, "a single value"},
        {SATURATES, {AT(8, 400, 400, 400), AT(16, 400, 400, 400)}, NOT_AS_PREDICTED, ""},
        {SATURATES, {AT(8, 150, 150, 150), AT(16, 150, 150, 150)}, NOT_AS_PREDICTED, ""},
        {SATURATES, {AT(8, 199, 199, 199), AT(16, 170, 199, 200)}, CANNOT_TELL, "limit lies"},
        {SATURATES, {P("poll", 8, V, 200, 200, 200)}, CANNOT_TELL, "no number of workers"},
        {SATURATES, {P("select", 8, V, 200, 200, 200)}, CANNOT_TELL, "not measured"},
        {"saturates(poll, at = 200)",
         {P("poll", 8, V, 199, 199, 199), P("poll", 16, V, 198, 199, 200)},
         AS_PREDICTED,
         ""},
        /* Twelve of sixteen wait for a worker, and that is what saturates. */
        {SATURATES,
         {AT(8, 199, 199, 199),
          {.model = "poll",
           .connections = 16,
           .verdict = V,
           .values = {198, 199, 200},
           .starved = 12,
           .concurrency = 4}},
         AS_PREDICTED,
         ""},
    };
    (void)state;
    CHECK(examples, M_RPS);
}

/* They are counted once a point, and figures of other trials are none of theirs. */
static void system_calls_are_counted_once(void **state)
{
    static const struct example examples[] = {
        {"value(syscalls_per_request poll, connections=64) > 1",
         {P("poll", 64, V, 2.01)},
         AS_PREDICTED,
         ""},
        {"value(syscalls_per_request poll, connections=64) > 1.1",
         {P("poll", 64, V, 2.01)},
         CANNOT_TELL,
         "1 value, and not far"},
        {"value(syscalls_per_request poll, connections=64) > 5",
         {P("poll", 64, V, 2.01)},
         NOT_AS_PREDICTED,
         ""},
        {"ratio(syscalls_per_request poll / select, connections=64) < 0.3",
         {P("poll", 64, V, 0.1), P("select", 64, V, 2)},
         AS_PREDICTED,
         ""},
    };
    (void)state;
    CHECK(examples, M_SYSCALLS_PER_REQUEST);
}

/* A server of others that does not speak a protocol is no gap in the run of that protocol. */
static void what_was_skipped_and_what_is_not_spoken(void **state)
{
    struct made_point points[POINTS] = {P("poll", 64, V, 30, 30, 30)};
    struct run_skip skip = {.protocol = "http",
                            .model = "select",
                            .connections = 64,
                            .at = 64,
                            .reason = "too many"};
    struct run_server server = {.name = "select", .speaks = {false, true}};
    struct made m;
    (void)state;
    judge(&m, "ratio({poll, select}, connections=64 / connections=1) < 1", points, M_RPS);
    predictions_free(&m.predictions);
    m.environment.skipped = &skip;
    m.environment.skipped_count = 1;
    predictions_make(&m.predictions, &m.rows, &m.summary, &m.environment);
    assert_int_equal(m.predictions.at[0].count, 2);
    assert_string_equal(m.predictions.at[0].cases[1].why,
                        "select at connections = 64: skipped: too many");
    predictions_free(&m.predictions);
    m.environment.servers = &server;
    m.environment.server_count = 1;
    predictions_make(&m.predictions, &m.rows, &m.summary, &m.environment);
    assert_int_equal(m.predictions.at[0].count, 1);
    forget(&m);
}

/* The rate of a point without yardstick is on another scale than that of the rest of the run. */
static void a_point_without_yardstick(void **state)
{
    static const double yardstick[] = {100, 200, 50};
    const struct made_point points[POINTS] = {P("poll", 1, V, 30, 30, 30),
                                              P("poll", 64, V, 30, 30, 30),
                                              P("select", 64, V, 10, 10, 10)};
    struct made m;
    (void)state;
    judge(&m, AHEAD, points, M_RPS);
    predictions_free(&m.predictions);
    summary_free(&m.summary);
    for (size_t i = 0; i < m.rows.count; i++)
        if (strcmp(m.at[i].model, "poll") == 0)
            m.at[i].value[M_YARDSTICK_RPS] = yardstick[m.at[i].block - 1];
    summary_make(&m.summary, &m.rows);
    predictions_make(&m.predictions, &m.rows, &m.summary, &m.environment);
    assert_int_equal(m.predictions.at[0].verdict, AS_PREDICTED);
    assert_float_equal(m.predictions.at[0].cases[0].figure.low, 3, 0);
    assert_float_equal(m.predictions.at[0].cases[0].figure.high, 3, 0);
    forget(&m);
}

static void told_in_words(void **state)
{
    static const struct {
        enum format format;
        const char *lines[4];
    } cases[] = {
        {FORMAT_TERMINAL,
         {"\nPredictions: 0 came out as predicted, 1 did not, 0 cannot be told\n"
          "  NOT as predicted  value(rate {poll, select}, connections=64) < 20\n",
          "                    A <sentence>.\n",
          "                    http poll, connections = 64: 31 [30–32], 3 trials; expected below "
          "20\n",
          "                    http select, connections = 64: 12,345 [10,000–13,000], 3 trials; "
          "expected below 20\n"}},
        {FORMAT_HTML,
         {"<div class=\"scroll\" tabindex=\"0\">",
          "<td class=\"left invalid\">NOT as predicted</td>",
          "A &lt;sentence&gt;.</td><td>2 of 2</td>", "<td>31 [30–32]</td><td>3</td>"}},
        {FORMAT_MARKDOWN,
         {"\n### Predictions\n\n| verdict | expected |",
          "| value(rate {poll, select}, connections=64) \\< 20 | A \\<sentence>. | 2 of 2 |",
          "| NOT as predicted | http | poll | 64 | rate | 31 [30–32] | 3 | below 20 |", ""}},
    };
    struct made_point points[POINTS] = {P("poll", 64, V, 30, 31, 32),
                                        P("select", 64, V, 10000, 12345, 13000)};
    struct made m;
    (void)state;
    judge(&m, "value(rate {poll, select}, connections=64) < 20: A <sentence>.", points, M_RPS);
    struct results r = {.predictions = m.predictions};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        predictions_put(f, &r, cases[i].format);
        fclose(f);
        for (size_t k = 0; k < 4; k++)
            if (!strstr(text, cases[i].lines[k]))
                fail_msg("no '%s' in:\n%s", cases[i].lines[k], text);
        free(text);
    }
    forget(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ratio_by_its_interval),
        cmocka_unit_test(few_pairs_by_the_noise_of_the_run),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(a_bound_proves_one_side),
        cmocka_unit_test(one_of_many_cases_decides),
        cmocka_unit_test(saturation),
        cmocka_unit_test(system_calls_are_counted_once),
        cmocka_unit_test(what_was_skipped_and_what_is_not_spoken),
        cmocka_unit_test(a_point_without_yardstick),
        cmocka_unit_test(told_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
