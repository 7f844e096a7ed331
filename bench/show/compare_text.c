#include "bench/show/compare_text.h"

#include <math.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/record/environment_diff.h"

static const char *const verdict_words[COMPARE_FIGURES][COMPARE_VERDICTS] = {
    [COMPARE_RATE] = {"faster", "slower", "same", "cannot tell"},
    [COMPARE_CPU] = {"cheaper", "dearer", "same", "cannot tell"},
    [COMPARE_TAIL] = {"shorter", "longer", "same", "cannot tell"},
};
static const char *const figure_words[COMPARE_FIGURES] = {"requests/s", "CPU per request",
                                                          "p99"};
static const char *const correction_words[] = {
    [CORRECT_HOLM] = "corrected after Holm for all of them",
    [CORRECT_BH] = "corrected after Benjamini and Hochberg for all of them",
    [CORRECT_NONE] = "NOT corrected for how many there are",
};

const char *compare_verdict_text(const struct compare_point *p, enum compare_figure f)
{
    return p->excuse ? p->excuse : verdict_words[f][p->at[f].verdict];
}

static void ratio_cell(struct grid *g, const struct compare_point *p, enum compare_figure f)
{
    const struct compare_cell *c = &p->at[f];
    if (isnan(c->ratio))
        grid_cell(g, "n/a");
    else if (isnan(c->low))
        grid_cell(g, "%s%.3f", c->bound, c->ratio);
    else
        grid_cell(g, "%s%.3f [%.3f–%.3f]", c->bound, c->ratio, c->low, c->high);
}

static void add_row(struct grid *g, const struct compare_point *p)
{
    char a[AXIS_TEXT_MAX], b[32];
    grid_row(g);
    grid_cell(g, "%s", p->a->model);
    grid_cell(g, "%s", axis_value_text(p->a->axis, p->a->on_axis, a));
    grid_cell(g, "%s", figure_thousands(p->at[COMPARE_RATE].a, a));
    grid_cell(g, "%s", figure_thousands(p->at[COMPARE_RATE].b, b));
    for (int f = 0; f < COMPARE_FIGURES; f++) {
        ratio_cell(g, p, (enum compare_figure)f);
        grid_cell(g, "%s",
                  p->excuse && f > 0 ? "" : compare_verdict_text(p, (enum compare_figure)f));
    }
    if (isnan(p->shape))
        grid_cell(g, "n/a");
    else
        grid_cell(g, "%.2f%s", p->shape, p->shape_changed ? " changed" : "");
}

static void put_table(FILE *f, const struct compare *c, enum protocol protocol,
                      enum format format)
{
    struct grid g = {
        .heads = {"model", axis_info(c->count > 0 ? c->at[0].a->axis : AXIS_CONNECTIONS)->name,
                  "A requests/s", "B requests/s", "B/A", "", "CPU B/A", "", "p99 B/A", "",
                  "shape"},
        .columns = 11,
        .left = 1u << 0 | 1u << 5 | 1u << 7 | 1u << 9,
    };
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].a->protocol == protocol)
            add_row(&g, &c->at[i]);
    if (g.count > 0) {
        fprintf(f, format == FORMAT_MARKDOWN ? "\n### %s\n\n" : "\n%s\n",
                protocol_names[protocol]);
        grid_put(f, &g, format);
    }
    grid_free(&g);
}

static void put_environments(FILE *f, const struct compare *c, enum format format)
{
    struct environment_changes changes;
    struct grid g = {.heads = {"differs", "A", "B"}, .columns = 3, .left = 7};
    environment_diff(&changes, &c->a->environment, &c->b->environment);
    for (size_t i = 0; i < changes.count; i++) {
        grid_row(&g);
        grid_cell(&g, "%s", changes.at[i].name);
        grid_cell(&g, "%s", changes.at[i].a);
        grid_cell(&g, "%s", changes.at[i].b);
    }
    fputc('\n', f);
    if (g.count > 0)
        grid_put(f, &g, format);
    else
        fputs("The environments do not differ in what is known to matter.\n", f);
    grid_free(&g);
    environment_changes_free(&changes);
}

/* Points that are not compared by the basis of the rest. */
static void put_plain(FILE *f, const struct compare *c)
{
    size_t plain = 0;
    for (size_t i = 0; i < c->count; i++)
        plain += c->basis.yardstick && !c->at[i].excuse && !c->at[i].yardstick;
    if (plain > 0)
        fprintf(
            f,
            "%zu point%s no yardstick in one of the runs: there rates are requests/s as they "
            "were, and what the yardstick did elsewhere widens the interval.\n",
            plain, plain > 1 ? "s have" : " has");
}

static void put_basis(FILE *f, const struct compare *c)
{
    char at[32];
    if (c->basis.yardstick)
        fprintf(
            f,
            "\nRates are ratios to the yardstick of the same half seconds, times the median of A's "
            "yardstick, %s requests/s. The yardstick itself made %.3f times as much in B.\n",
            figure_thousands(c->basis.at, at), c->yardstick_ratio);
    else
        fprintf(
            f,
            "\nRates are requests/s as they were: %s. What the machine did to a whole run is "
            "in the ratios.\n",
            c->yardstick_in_one ? "only one run has a yardstick" : "no run has a yardstick");
    put_plain(f, c);
    if (c->models >= COMPARE_MODELS_MIN)
        fprintf(
            f,
            "All models together, B/A: requests/s %.3f, CPU per request %.3f, p99 %.3f. What "
            "moved all alike is no verdict of a point%s: it widens the intervals.\n",
            c->shift[COMPARE_RATE], c->shift[COMPARE_CPU], c->shift[COMPARE_TAIL],
            c->basis.yardstick ? ", but for requests/s" : "");
    for (int i = 0; i < 2; i++)
        if (c->levels[i].two)
            fprintf(f,
                    "The trials of %s lie on two levels, %.2f and %.2f times the mean of their "
                    "points: see docs/method.md.\n",
                    i == 0 ? "A" : "B", c->levels[i].low, c->levels[i].high);
    if (c->only_a > 0 || c->only_b > 0)
        fprintf(f, "Left out: %zu point%s that only A has, %zu that only B has.\n", c->only_a,
                text_s((double)c->only_a), c->only_b);
}

static void put_counts(FILE *f, const struct compare *c, enum format format)
{
    size_t shapes = 0, excused = 0;
    for (size_t i = 0; i < c->count; i++) {
        shapes += c->at[i].shape_changed;
        excused += c->at[i].excuse != NULL;
    }
    fputc('\n', f);
    for (int k = 0; k < COMPARE_FIGURES; k++) {
        fprintf(f, "%s%s:", format == FORMAT_MARKDOWN ? "* " : "", figure_words[k]);
        for (int v = 0; v < COMPARE_VERDICTS; v++)
            fprintf(f, "%s %zu %s", v > 0 ? "," : "",
                    compare_count(c, (enum compare_figure)k, (enum compare_verdict)v),
                    verdict_words[k][v]);
        fputc('\n', f);
    }
    fprintf(f, "%sshape of the latencies: %zu changed\n", format == FORMAT_MARKDOWN ? "* " : "",
            shapes);
    fprintf(
        f,
        "\nOf %zu point%s, %zu without verdict. 'Same' is within %.3g %%. Verdicts err with "
        "probability %.3g %%, %s; the intervals are those of each point alone.\n",
        c->count, text_s((double)c->count), excused, c->options.margin * 100,
        c->options.alpha * 100, correction_words[c->options.correction]);
}

void compare_text(FILE *f, const struct compare *c, enum format format)
{
    char *const names[] = {c->a->dir, c->b->dir};
    const char *const dates[] = {c->a->environment.date, c->b->environment.date};
    if (format == FORMAT_MARKDOWN)
        fputs("## Two runs\n\n", f);
    for (int i = 0; i < 2; i++)
        fprintf(f, "%s%c: %s (%s)\n", format == FORMAT_MARKDOWN ? "* " : "", 'A' + i, names[i],
                dates[i]);
    put_environments(f, c, format);
    put_basis(f, c);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        put_table(f, c, p, format);
    put_counts(f, c, format);
}

static void csv_figure(FILE *f, const struct compare_point *p, enum compare_figure k)
{
    const struct compare_cell *c = &p->at[k];
    const struct {
        double value;
        int digits;
    } figures[] = {{c->a, 4},           {c->b, 4},     {(double)c->n_a, 0},
                   {(double)c->n_b, 0}, {c->ratio, 5}, {c->low, 5},
                   {c->high, 5},        {c->p, 6},     {c->within_p, 6}};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        fputc(',', f);
        csv_put_number(f, figures[i].value, figures[i].digits);
    }
    fprintf(f, ",%s,",
            c->bound[0] == '\0'          ? ""
            : strcmp(c->bound, "≥") == 0 ? "lower"
                                         : "upper");
    csv_put_text(f, compare_verdict_text(p, k));
}

void compare_csv(FILE *f, const struct compare *c)
{
    static const char *const prefixes[COMPARE_FIGURES] = {"rate", "cpu", "p99"};
    fputs("scenario,protocol,model,connections", f);
    for (int k = 0; k < COMPARE_FIGURES; k++) {
        const char *x = prefixes[k];
        fprintf(f, ",%s_a,%s_b,%s_n_a,%s_n_b,%s_ratio,%s_low,%s_high,%s_p,%s_within_p", x, x, x,
                x, x, x, x, x, x);
        fprintf(f, ",%s_bound,%s_verdict", x, x);
    }
    fputs(",shape,shape_within,shape_changed,basis,axis,at\n", f);
    for (size_t i = 0; i < c->count; i++) {
        const struct compare_point *p = &c->at[i];
        csv_put_text(f, p->a->scenario);
        fprintf(f, ",%s,", protocol_names[p->a->protocol]);
        csv_put_text(f, p->a->model);
        fprintf(f, ",%u", p->a->connections);
        for (int k = 0; k < COMPARE_FIGURES; k++)
            csv_figure(f, p, (enum compare_figure)k);
        fputc(',', f);
        csv_put_number(f, p->shape, 4);
        fputc(',', f);
        csv_put_number(f, p->shape_within, 4);
        fprintf(f, ",%d,%s,%s,%u\n", p->shape_changed, p->yardstick ? "yardstick" : "raw",
                axis_info(p->a->axis)->name, p->a->on_axis);
    }
}
