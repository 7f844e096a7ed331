#include "bench/show/prediction_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/record/prediction.h"
#include "common/err.h"

enum {
    CASES_SHOWN = 3, /* of an expectation on a terminal, of each verdict */
    CASES_OPEN = 12, /* a table of more is folded in the report */
    VERDICT_WIDTH = 16,
};

/* Three digits, whole numbers from 1,000 on. */
static const char *figure(double value, char out[32])
{
    if (fabs(value) < 999.5)
        snprintf(out, 32, "%.3g", value);
    else
        figure_thousands(value, out);
    return out;
}

/* "≥0.93 [0.91–0.95]"; "" where there is none. */
static void put_figure(const struct judged_case *c, char out[128])
{
    char median[32], low[32], high[32];
    const struct spread *s = &c->figure;
    out[0] = '\0';
    if (s->n > 1)
        snprintf(out, 128, "%s%s [%s–%s]", c->bound, figure(s->median, median),
                 figure(s->low, low), figure(s->high, high));
    else if (s->n == 1)
        snprintf(out, 128, "%s%s", c->bound, figure(s->median, median));
}

/* "0.952 to 1.05", "below 0.3" */
static void put_expected(const struct judged_case *c, char out[96])
{
    char low[32], high[32];
    if (isinf(c->low))
        snprintf(out, 96, "%s %s", c->exact ? "at most" : "below", figure(c->high, high));
    else if (isinf(c->high))
        snprintf(out, 96, "%s %s", c->exact ? "at least" : "above", figure(c->low, low));
    else
        snprintf(out, 96, "%s to %s", figure(c->low, low), figure(c->high, high));
}

/* "poll / epoll-lt", "poll" */
static char *who(const struct judged_case *c)
{
    return c->against ? text_format("%s / %s", c->model, c->against) : xstrdup(c->model);
}

/* "64", "1024 / 1" */
static char *where(const struct judged_case *c)
{
    if (!c->placed)
        return xstrdup("");
    return c->at == c->against_at ? text_format("%u", c->at)
                                  : text_format("%u / %u", c->at, c->against_at);
}

static void print_case(FILE *f, const struct predictions *all, const struct judged_case *c)
{
    char said[128], expected[96];
    char *name = who(c);
    char *at = where(c);
    put_figure(c, said);
    put_expected(c, expected);
    fprintf(f, "  %*s  %s %s", VERDICT_WIDTH, "", protocol_names[c->protocol], name);
    if (at[0])
        fprintf(f, ", %s = %s", all->axis, at);
    if (said[0])
        fprintf(f, ": %s, %zu %s%s", said, c->figure.n, c->is_ratio ? "pair" : "trial",
                text_s((double)c->figure.n));
    if (said[0] && c->verdict != AS_PREDICTED)
        fprintf(f, "; expected %s", expected);
    fprintf(f, "%s%s\n", c->why[0] ? ": " : "", c->why);
    free(at);
    free(name);
}

static void print_cases(FILE *f, const struct predictions *all, const struct judged *j)
{
    static const enum prediction_verdict order[] = {NOT_AS_PREDICTED, CANNOT_TELL,
                                                    AS_PREDICTED};
    for (size_t v = 0; v < PREDICTION_VERDICTS; v++) {
        size_t shown = 0;
        for (size_t i = 0; i < j->count; i++)
            if (j->cases[i].verdict == order[v] && shown++ < CASES_SHOWN)
                print_case(f, all, &j->cases[i]);
        if (shown > CASES_SHOWN)
            fprintf(f, "  %*s  and %zu more: %s\n", VERDICT_WIDTH, "", shown - CASES_SHOWN,
                    prediction_verdict_names[order[v]]);
    }
    if (j->count == 0)
        fprintf(f, "  %*s  %s\n", VERDICT_WIDTH, "", judged_nothing);
}

static void count(const struct predictions *all, size_t verdicts[PREDICTION_VERDICTS])
{
    memset(verdicts, 0, PREDICTION_VERDICTS * sizeof *verdicts);
    for (size_t i = 0; i < all->count; i++)
        verdicts[all->at[i].verdict]++;
}

static void print(FILE *f, const struct predictions *all)
{
    size_t verdicts[PREDICTION_VERDICTS];
    count(all, verdicts);
    fprintf(f, "\nPredictions: %zu came out as predicted, %zu did not, %zu cannot be told\n",
            verdicts[AS_PREDICTED], verdicts[NOT_AS_PREDICTED], verdicts[CANNOT_TELL]);
    for (size_t i = 0; i < all->count; i++) {
        const struct judged *j = &all->at[i];
        fprintf(f, "  %-*s  %s\n", VERDICT_WIDTH, prediction_verdict_names[j->verdict],
                j->of->text);
        if (j->of->sentence[0])
            fprintf(f, "  %*s  %s\n", VERDICT_WIDTH, "", j->of->sentence);
        print_cases(f, all, j);
    }
}

/* The class in HTML. */
static const char *mark(enum prediction_verdict v)
{
    return v == NOT_AS_PREDICTED ? "invalid" : v == CANNOT_TELL ? "limited" : NULL;
}

static void put_verdicts(FILE *f, const struct predictions *all, enum format format)
{
    struct grid g = {.heads = {"verdict", "expected", "why", "of its figures"},
                     .columns = 4,
                     .left = 1u << 0 | 1u << 1 | 1u << 2,
                     .wrap = 1u << 1 | 1u << 2};
    for (size_t i = 0; i < all->count; i++) {
        const struct judged *j = &all->at[i];
        grid_row(&g)->mark = mark(j->verdict);
        grid_cell(&g, "%s", prediction_verdict_names[j->verdict]);
        grid_cell(&g, "%s", j->of->text);
        grid_cell(&g, "%s", j->count > 0 ? j->of->sentence : judged_nothing);
        grid_cell(&g, "%zu of %zu", j->verdicts[j->verdict], j->count);
    }
    grid_put(f, &g, format);
    grid_free(&g);
}

static void add_case(struct grid *g, const struct judged *j, const struct judged_case *c)
{
    char said[128], expected[96];
    char *name = who(c);
    char *at = where(c);
    put_figure(c, said);
    put_expected(c, expected);
    grid_row(g)->mark = mark(c->verdict);
    grid_cell(g, "%s", prediction_verdict_names[c->verdict]);
    grid_cell(g, "%s", protocol_names[c->protocol]);
    grid_cell(g, "%s", name);
    grid_cell(g, "%s", at);
    grid_cell(g, "%s", j->of->metric);
    grid_cell(g, "%s", said);
    grid_cell(g, "%zu", c->figure.n);
    grid_cell(g, "%s", expected);
    grid_cell(g, "%s", c->why);
    free(at);
    free(name);
}

static void put_cases(FILE *f, const struct predictions *all, enum format format)
{
    struct grid g = {.heads = {"verdict", "service", "model", all->axis, "figure",
                               "measured [low–high]", "n", "expected", "why"},
                     .columns = 9,
                     .left = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 7 | 1u << 8,
                     .wrap = 1u << 8};
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < all->at[i].count; k++)
            add_case(&g, &all->at[i], &all->at[i].cases[k]);
    if (format == FORMAT_HTML)
        fprintf(f, "<details%s><summary>Each figure</summary>\n",
                g.count <= CASES_OPEN ? " open" : "");
    if (g.count > 0)
        grid_put(f, &g, format);
    if (format == FORMAT_HTML)
        fputs("</details>\n", f);
    grid_free(&g);
}

void predictions_put(FILE *f, const struct results *r, enum format format)
{
    const struct predictions *all = &r->predictions;
    if (all->count == 0)
        return;
    if (format == FORMAT_TERMINAL) {
        print(f, all);
        return;
    }
    if (format == FORMAT_MARKDOWN)
        fputs("\n### Predictions\n\n", f);
    put_verdicts(f, all, format);
    fputs("\n", f);
    put_cases(f, all, format);
}
