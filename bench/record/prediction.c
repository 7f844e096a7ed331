#include "bench/record/prediction.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/record/ratios.h"
#include "common/err.h"
#include "common/parse.h"

const char *const prediction_verdict_names[] = {"as predicted", "NOT as predicted",
                                                "cannot tell"};

const char judged_nothing[] = "nothing of it was measured";

/* A judging under way. */
struct court {
    const struct trial_rows *rows;
    const struct summary *summary;
    const struct environment *environment;
    const struct expectation *of;
    enum summary_metric metric;
    enum protocol protocol;
    struct judged *into;
};

static bool is_rate(enum summary_metric m)
{
    return m == S_RPS || m == S_RATE;
}

static bool is_latency(enum summary_metric m)
{
    return m == S_P50_US || m == S_P90_US || m == S_P99_US || m == S_P999_US;
}

__attribute__((format(printf, 2, 3))) static void untold(struct judged_case *c,
                                                         const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->why, sizeof c->why, format, ap);
    va_end(ap);
    c->verdict = CANNOT_TELL;
}

/* The case that is added last stays where it is until the next one comes. */
static struct judged_case *add_case(const struct court *t, const char *model,
                                    const char *against, unsigned at, unsigned against_at)
{
    struct judged *p = t->into;
    p->cases = xrealloc(p->cases, (p->count + 1) * sizeof *p->cases);
    struct judged_case *c = &p->cases[p->count++];
    *c = (struct judged_case){.protocol = t->protocol,
                              .model = model,
                              .against = against,
                              .placed = true,
                              .at = at,
                              .against_at = against_at,
                              .is_ratio = against || at != against_at,
                              .figure = {NAN, NAN, NAN, 0},
                              .bound = "",
                              .low = -INFINITY,
                              .high = INFINITY,
                              .exact = true};
    return c;
}

static void expect_by_op(struct judged_case *c, const struct expectation *e)
{
    bool below = e->op == OP_LESS || e->op == OP_AT_MOST;
    *(below ? &c->high : &c->low) = e->limit;
    c->exact = e->op == OP_AT_MOST || e->op == OP_AT_LEAST;
}

static void expect_near(struct judged_case *c, double middle, double share)
{
    c->low = middle / (1 + share);
    c->high = middle * (1 + share);
}

/* Where an interval lies: as expected, elsewhere, or over a limit. */
static enum prediction_verdict place(const struct judged_case *c, double low, double high)
{
    bool least = !isinf(c->low);
    bool most = !isinf(c->high);
    bool above = !least || (c->exact ? low >= c->low : low > c->low);
    bool below = !most || (c->exact ? high <= c->high : high < c->high);
    if (above && below)
        return AS_PREDICTED;
    bool too_low = least && (c->exact ? high < c->low : high <= c->low);
    bool too_high = most && (c->exact ? low > c->high : low >= c->high);
    return too_low || too_high ? NOT_AS_PREDICTED : CANNOT_TELL;
}

/* How much wider the interval of a few values is taken for. */
static double widening(const struct court *t, const struct judged_case *c)
{
    double noise = t->summary->noise;
    if (c->figure.n >= PREDICTION_VALUES_MIN)
        return 1;
    return c->is_ratio && is_rate(t->metric) && noise < 1.0 / 3 ? 1 + 3 * noise : 2;
}

/* By the interval of the figure, and by what the load generator leaves open on its sides. */
static void judge_figure(const struct court *t, struct judged_case *c, bool open_below,
                         bool open_above)
{
    const struct spread *s = &c->figure;
    if (s->n == 0) {
        untold(c, c->is_ratio ? "no block has both figures" : "no trial has the figure");
        return;
    }
    double low = s->low / widening(t, c);
    double high = s->high * widening(t, c);
    enum prediction_verdict measured = place(c, s->low, s->high);
    enum prediction_verdict told = place(c, low, high);
    c->verdict = place(c, open_below ? -INFINITY : low, open_above ? INFINITY : high);
    if (c->verdict != CANNOT_TELL)
        return;
    if (measured == CANNOT_TELL)
        untold(c, "the limit lies within the interval");
    else if (told == CANNOT_TELL)
        untold(c, "%zu %s%s, and not far from the limit", s->n, c->is_ratio ? "pair" : "value",
               text_s((double)s->n));
    else
        untold(c, "the load generator was the limit");
}

/* Why the point `of`, "poll at idle = 4: " or "", is not there. */
static void tell_missing(const struct court *t, struct judged_case *c, const char *of,
                         const char *model, unsigned at)
{
    const struct environment *e = t->environment;
    for (size_t i = 0; i < e->skipped_count; i++) {
        const struct run_skip *s = &e->skipped[i];
        bool here = s->connections == 0 ||
                    (s->at == at && strcmp(s->protocol, protocol_names[t->protocol]) == 0);
        if (here && strcmp(s->model, model) == 0) {
            untold(c, "%sskipped: %s", of, s->reason);
            return;
        }
    }
    untold(c, "%snot measured", of);
}

/* The point that a case needs, or NULL: then the case has its verdict. */
static const struct summary_point *usable_point(const struct court *t, struct judged_case *c,
                                                const char *model, unsigned at)
{
    const struct summary_point *p = ratio_point(t->summary, t->protocol, model, at);
    bool limited = p && p->verdict == VERDICT_GENERATOR_LIMITED;
    bool speed = is_rate(t->metric) || is_latency(t->metric);
    char of[128] = "";
    if (c->is_ratio)
        snprintf(of, sizeof of, "%s at %s = %u: ", model,
                 axis_info(t->environment->scenario.axis)->name, at);
    if (!p)
        tell_missing(t, c, of, model, at);
    else if (p->verdict == VERDICT_INVALID)
        untold(c, "%sINVALID: %s", of, p->reason);
    else if (p->answer[0])
        untold(c, "%sanswers otherwise than ours: %s", of, p->answer);
    else if (speed && summary_starves(p) && t->of->form != EXPECT_SATURATES)
        untold(c, "%sstarves connections", of);
    else if (limited && (is_latency(t->metric) || t->metric == S_SERVER_CPU_FRACTION))
        untold(c, "%sthe load generator was the limit", of);
    else
        return p;
    return NULL;
}

static bool is_limited(const struct court *t, const struct summary_point *p)
{
    return is_rate(t->metric) && p->verdict == VERDICT_GENERATOR_LIMITED;
}

static void judge_value(const struct court *t, struct judged_case *c)
{
    const struct summary_point *p = usable_point(t, c, c->model, c->at);
    if (!p)
        return;
    bool limited = is_limited(t, p);
    c->figure = p->at[t->metric];
    c->bound = limited ? "≥" : "";
    judge_figure(t, c, false, limited);
}

static void judge_ratio(const struct court *t, struct judged_case *c)
{
    const struct summary_point *a = usable_point(t, c, c->model, c->at);
    const struct summary_point *b =
        a ? usable_point(t, c, c->against ? c->against : c->model, c->against_at) : NULL;
    if (!b)
        return;
    bool a_limited = is_limited(t, a);
    bool b_limited = is_limited(t, b);
    /* One of them has no yardstick: both by what was measured. */
    bool plain = t->metric == S_RATE && a->plain != b->plain;
    c->figure = ratio_spread(t->rows, a, b, plain ? S_RPS : t->metric);
    c->bound = a_limited == b_limited ? "" : a_limited ? "≥" : "≤";
    judge_figure(t, c, b_limited, a_limited);
}

/* A server of others need not speak all protocols. */
static bool speaks(const struct court *t, const char *model)
{
    const struct run_server *s = environment_server(t->environment, model);
    return !s || s->speaks[t->protocol];
}

/* The ratio of two models: at the value that is named, else at all that both have. */
static void compare_models(const struct court *t, const char *a, const char *b)
{
    const struct expectation *e = t->of;
    size_t before = t->into->count;
    for (size_t i = 0; i < t->summary->count; i++) {
        const struct summary_point *p = &t->summary->at[i];
        unsigned at = p->on_axis;
        if (e->axis || p->protocol != t->protocol || strcmp(p->model, a) != 0 ||
            !ratio_point(t->summary, t->protocol, b, at))
            continue;
        struct judged_case *c = add_case(t, a, b, at, at);
        expect_near(c, 1, e->limit);
        judge_ratio(t, c);
    }
    if (t->into->count > before)
        return;
    struct judged_case *c = add_case(t, a, b, e->at, e->at);
    e->form == EXPECT_WITHIN ? expect_near(c, 1, e->limit) : expect_by_op(c, e);
    c->placed = e->axis != NULL;
    if (c->placed)
        judge_ratio(t, c);
    else
        untold(c, "they were not both measured at any value");
}

/* The requests/s at which `model` should saturate; 0: not known. */
static double saturation(const struct court *t, const struct summary_point *p)
{
    static const char wait[] = "/wait/";
    const char *path = t->environment->scenario.path;
    uint64_t ms;
    if (!t->of->by_workers)
        return t->of->limit;
    if (p->concurrency == 0 || strncmp(path, wait, strlen(wait)) != 0 ||
        !parse_u64(path + strlen(wait), 1, UINT32_MAX, &ms))
        return 0;
    return p->concurrency * 1e3 / (double)ms;
}

/* Whether the rate still grows to the last value. If so it says nothing of where it will end. */
static void judge_growth(const struct court *t, const char *model, unsigned last,
                         const struct summary_point *before)
{
    if (!before) {
        untold(add_case(t, model, NULL, last, last),
               "a single value does not show whether the rate still grows");
        return;
    }
    struct judged_case *c = add_case(t, model, NULL, last, before->on_axis);
    c->high = 1 + EXPECTATION_SATURATED;
    judge_ratio(t, c);
    if (c->verdict == NOT_AS_PREDICTED)
        untold(c, "the rate still grows to the last value");
}

/* Two cases: the rate at the last value, and whether it grew to there. */
static void judge_saturation(const struct court *t, const char *model)
{
    const struct summary_point *before = NULL;
    const struct summary_point *last = NULL;
    for (size_t i = 0; i < t->summary->count; i++) {
        const struct summary_point *p = &t->summary->at[i];
        if (p->protocol != t->protocol || strcmp(p->model, model) != 0)
            continue;
        before = last;
        last = p; /* the summary is in the order of the axis */
    }
    unsigned at = last ? last->on_axis : 0;
    double rate = last ? saturation(t, last) : 0;
    struct judged_case *c = add_case(t, model, NULL, at, at);
    if (!last) {
        c->placed = false;
        tell_missing(t, c, "", model, 0);
        return;
    }
    if (rate == 0) {
        untold(c, "it serves all connections at one time: there is no number of workers");
        return;
    }
    expect_near(c, rate, EXPECTATION_SATURATED);
    judge_value(t, c);
    judge_growth(t, model, at, before);
}

static void judge_model(const struct court *t, const char *model)
{
    const struct expectation *e = t->of;
    struct judged_case *c;
    switch (e->form) {
    case EXPECT_RATIO_OF_POINTS:
        c = add_case(t, model, NULL, e->at, e->against_at);
        expect_by_op(c, e);
        judge_ratio(t, c);
        break;
    case EXPECT_VALUE:
        c = add_case(t, model, NULL, e->at, e->at);
        expect_by_op(c, e);
        judge_value(t, c);
        break;
    case EXPECT_SATURATES:
        judge_saturation(t, model);
        break;
    default:
        for (size_t i = 0; i < e->against.count; i++)
            if (speaks(t, e->against.at[i]))
                compare_models(t, model, e->against.at[i]);
    }
}

static bool was_measured(const struct summary *s, enum protocol protocol)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].protocol == protocol)
            return true;
    return false;
}

static void judge_all(struct court *t)
{
    struct judged *p = t->into;
    for (t->protocol = 0; t->protocol < PROTOCOL_COUNT; t->protocol++) {
        /* An echo waits for nothing. */
        if (!was_measured(t->summary, t->protocol) ||
            (t->of->by_workers && t->protocol != PROTOCOL_HTTP))
            continue;
        for (size_t i = 0; i < t->of->models.count; i++)
            if (speaks(t, t->of->models.at[i]))
                judge_model(t, t->of->models.at[i]);
    }
    for (size_t i = 0; i < p->count; i++)
        p->verdicts[p->cases[i].verdict]++;
    p->verdict = p->verdicts[NOT_AS_PREDICTED] > 0           ? NOT_AS_PREDICTED
                 : p->verdicts[CANNOT_TELL] > 0 || !p->count ? CANNOT_TELL
                                                             : AS_PREDICTED;
}

void predictions_make(struct predictions *p, const struct trial_rows *rows,
                      const struct summary *s, const struct environment *environment)
{
    const struct expectations *all = &environment->scenario.expectations;
    *p = (struct predictions){.at = xcalloc(all->count + 1, sizeof *p->at),
                              .count = all->count,
                              .axis = axis_info(environment->scenario.axis)->name};
    for (size_t i = 0; i < all->count; i++) {
        struct court t = {.rows = rows,
                          .summary = s,
                          .environment = environment,
                          .of = &all->at[i],
                          .metric = summary_metric_named(all->at[i].metric),
                          .into = &p->at[i]};
        p->at[i].of = &all->at[i];
        p->at[i].verdict = CANNOT_TELL;
        /* One of these can stand in a file that this version did not write. */
        if (t.metric != SUMMARY_COUNT && (!t.of->axis || strcmp(t.of->axis, p->axis) == 0))
            judge_all(&t);
    }
}

void predictions_free(struct predictions *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->at[i].cases);
    free(p->at);
    *p = (struct predictions){0};
}

static void put_numbers(FILE *f, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputc(',', f);
        csv_put_number(f, values[i], 5);
    }
}

static void write_case(FILE *f, const struct predictions *all, size_t number,
                       const struct judged_case *c)
{
    const struct judged *p = &all->at[number];
    fprintf(f, "%zu,", number + 1);
    csv_put_text(f, p->of->text);
    fprintf(f, ",%s,%s,", prediction_verdict_names[p->verdict], protocol_names[c->protocol]);
    csv_put_text(f, c->model);
    fputc(',', f);
    csv_put_text(f, c->against ? c->against : "");
    fprintf(f, ",%s,%s,%s,", c->is_ratio ? "ratio" : "value", p->of->metric, all->axis);
    if (c->placed)
        fprintf(f, "%u,%u", c->at, c->against_at);
    else
        fputc(',', f);
    fprintf(f, ",%zu", c->figure.n);
    put_numbers(f, (const double[]){c->figure.median, c->figure.low, c->figure.high}, 3);
    fprintf(f, ",%s",
            c->bound[0] == '\0'          ? ""
            : strcmp(c->bound, "≥") == 0 ? "lower"
                                         : "upper");
    put_numbers(f, (const double[]){c->low, c->high}, 2);
    fprintf(f, ",%s,", prediction_verdict_names[c->verdict]);
    csv_put_text(f, c->why);
    fputc('\n', f);
}

static void write_without_case(FILE *f, const struct judged *j, size_t number)
{
    fprintf(f, "%zu,", number);
    csv_put_text(f, j->of->text);
    fprintf(f, ",%s,,,,,%s,,,,,,,,,,,,%s\n", prediction_verdict_names[j->verdict],
            j->of->metric, judged_nothing);
}

void predictions_write(const struct predictions *p, const char *dir)
{
    if (p->count == 0)
        return;
    char *path = text_format("%s/predictions.csv", dir);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs(
        "prediction,expectation,prediction_verdict,protocol,model,against,kind,metric,axis,at,"
        "against_at,n,figure,figure_low,figure_high,bound,expected_low,expected_high,verdict,why\n",
        f);
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < p->at[i].count; k++)
            write_case(f, p, i, &p->at[i].cases[k]);
        if (p->at[i].count == 0)
            write_without_case(f, &p->at[i], i + 1);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}
