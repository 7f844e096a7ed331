#include "bench/show/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/stats.h"
#include "bench/base/text.h"
#include "bench/report_files.h"
#include "bench/show/ceiling_text.h"
#include "bench/show/explain_text.h"
#include "bench/show/html.h"
#include "bench/show/machine_card.h"
#include "bench/show/noise_text.h"
#include "bench/show/order_text.h"
#include "bench/show/plot.h"
#include "bench/show/prediction_text.h"
#include "bench/show/ranking.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report_tables.h"
#include "bench/show/table.h"
#include "common/err.h"

/* How often the interval is right, for the repetitions that this run has. */
static void put_coverage(FILE *f, const struct results *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->summary.count; i++)
        if (r->summary.at[i].at[S_RPS].n > n)
            n = r->summary.at[i].at[S_RPS].n;
    if (n > 1)
        fprintf(f, " (with %zu trials it holds the true median %.0f %% of the time)", n,
                stats_coverage(n) * 100);
}

static bool has_protocol(const struct results *r, enum protocol protocol)
{
    for (size_t i = 0; i < r->summary.count; i++)
        if (r->summary.at[i].protocol == protocol)
            return true;
    return false;
}

static void put_name(FILE *f, const struct results *r)
{
    html_text(f, r->environment.scenario.name);
}

static void put_style(FILE *f, const struct results *r)
{
    (void)r;
    fputs(style_css, f);
}

static void put_date(FILE *f, const struct results *r)
{
    html_text(f, r->environment.date);
}

static void put_how(FILE *f, const struct results *r)
{
    const struct environment *e = &r->environment;
    fprintf(f, "%.0f repetition%s, each %.2g s after %.2g s of warm-up",
            e->scenario.repetitions, text_s(e->scenario.repetitions), e->scenario.duration_s,
            e->scenario.warmup_s);
}

static void put_warning(FILE *f, const struct results *r)
{
    if (r->environment.placement.warning[0])
        html_format(f, "<p class=\"warning\">%s</p>\n", r->environment.placement.warning);
}

static void put_question(FILE *f, const struct results *r)
{
    if (r->environment.scenario.question[0])
        html_format(f, "<p><b>Question:</b> %s</p>\n", r->environment.scenario.question);
}

static void put_expected(FILE *f, const struct results *r)
{
    if (r->environment.scenario.expect[0])
        html_format(f, "<p><b>Expected:</b> %s</p>\n", r->environment.scenario.expect);
}

static void put_predictions(FILE *f, const struct results *r)
{
    predictions_put(f, r, FORMAT_HTML);
}

static void put_note(FILE *f, const struct results *r)
{
    (void)r;
    fputs(ranking_note, f);
}

static void put_rankings(FILE *f, const struct results *r)
{
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        if (has_protocol(r, p))
            table_ranking(f, r, p, FORMAT_HTML);
}

static void put_points(FILE *f, const struct results *r)
{
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        if (has_protocol(r, p))
            report_points(f, &r->summary, p);
}

/* The picture with the text that stands for it, which lies beside it (caption.h). */
static void put_figure(FILE *f, const char *svg, const char *text_path, const char *id,
                       const char *caption)
{
    char *text = text_read_file(text_path);
    fprintf(f, "<figure id=\"figure-%s\">", id);
    html_format(f, "<div role=\"img\" aria-label=\"%s\">", text ? text_trim(text) : caption);
    html_svg(f, svg, id);
    html_format(f, "</div><figcaption>%s</figcaption></figure>\n", caption);
    free(text);
}

/* False where it was not drawn. */
static bool put_picture(FILE *f, const struct results *r, const struct plot_script *s,
                        enum protocol protocol)
{
    const char *of = protocol_names[protocol];
    char *svg = text_format("%s/plots/%s_%s.svg", r->dir, s->name, of);
    char *text = text_format("%s/plots/%s_%s.txt", r->dir, s->name, of);
    char *id = text_format("%s-%s", s->name, of);
    bool there = access(svg, R_OK) == 0;
    if (there)
        put_figure(f, svg, text, id, s->caption);
    free(id);
    free(text);
    free(svg);
    return there;
}

static void put_pictures(FILE *f, const struct results *r)
{
    size_t found = 0;
    for (const struct plot_script *s = plot_scripts; s->name; s++)
        for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
            if (has_protocol(r, p))
                found += put_picture(f, r, s, p);
    if (found == 0)
        fputs(
            "<p class=\"warning\">No pictures: <code>iomodels plot</code> draws them (it needs "
            "gnuplot), <code>iomodels report</code> then puts them here.</p>\n",
            f);
}

static void put_disturbed(FILE *f, const struct results *r)
{
    const struct trial_rows *rows = &r->rows;
    unsigned n = summary_disturbed(rows);
    if (n > 0)
        fprintf(f,
                "<p class=\"warning\">%u of %zu trial%s were disturbed and are INVALID, "
                "their figures being too low; the table of trials that are marked "
                "says by what. Measure again on a quiet machine.</p>\n",
                n, rows->count, text_s((double)rows->count));
}

/* Servers of others: ratios, and an order that is told of them. */
static void put_others(FILE *f, const struct results *r)
{
    if (r->ratios.count > 0)
        fputs("<h2>Our models beside servers of others</h2>\n<p class=\"note\">Requests per "
              "second of ours by theirs, one ratio for each block, "
              "so that what slowed the whole block down cancels out; median, and in brackets "
              "lowest to highest with fewer than six pairs, else the 95 % confidence interval. "
              "Faster is said only where the whole interval is on one side of 1.</p>\n",
              f);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        ratios_table(f, &r->ratios, p, FORMAT_HTML);
    if (r->ratios.count > 0)
        report_answers(f, r);
    if (r->environment.scenario.order)
        fputs("<h2>An order that is told of them</h2>\n", f);
    orders_html(f, r);
}

static void put_generator(FILE *f, const struct results *r)
{
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        char *text = ceiling_text(r, p);
        if (text)
            html_format(f, "<p class=\"note\">%s, %s</p>\n", protocol_names[p], text);
        free(text);
    }
}

static void put_noise(FILE *f, const struct results *r)
{
    char *const texts[] = {plain_rates_text(r), noise_text(r)};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i])
            html_format(f, "<p class=\"note\">%s</p>\n", texts[i]);
        free(texts[i]);
    }
}

/* Where counts and unit costs are there. */
static void put_explained(FILE *f, const struct results *r)
{
    bool any = false;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        struct explanation e;
        char why[1024];
        explanation_make(&e, r, p, r->environment.scenario.rank, r->environment.unit_costs, why,
                         sizeof why);
        if (e.count > 0 && !any)
            fputs(
                "<h2>Where the CPU time goes</h2>\n<p class=\"note\">Server CPU per request in "
                "µs: what the counts of block 0 come to at this machine's unit costs, beside what "
                "was measured. Nothing is fitted; the rest is not explained.</p>\n",
                f);
        if (e.count > 0)
            explain_table(f, &e, FORMAT_HTML);
        any |= e.count > 0;
        explanation_free(&e);
    }
}

static void put_unit_costs(FILE *f, const struct results *r)
{
    const struct environment *e = &r->environment;
    if (!e->unit_costs)
        return;
    fputs(
        "<h2 id=\"unit-costs\">What the small things cost here</h2>\n<p class=\"note\">Measured "
        "before the trials, on the CPUs of server and load generator: median of short batches, "
        "its interval (95 % from six batches on), and the fastest batch.</p>\n",
        f);
    machine_card(f, e->unit_costs, e->virtualised, FORMAT_HTML);
}

/* What stands for the names in braces of page.html. */
static const struct part {
    const char *name;
    void (*put)(FILE *f, const struct results *r);
} parts[] = {
    {"name", put_name},
    {"style", put_style},
    {"date", put_date},
    {"how", put_how},
    {"warning", put_warning},
    {"question", put_question},
    {"expected", put_expected},
    {"predictions", put_predictions},
    {"disturbed", put_disturbed},
    {"rankings", put_rankings},
    {"others", put_others},
    {"generator", put_generator},
    {"noise", put_noise},
    {"coverage", put_coverage},
    {"note", put_note},
    {"pictures", put_pictures},
    {"points", put_points},
    {"differences", report_differences},
    {"exceptions", report_exceptions},
    {"explained", put_explained},
    {"unit_costs", put_unit_costs},
    {"environment", report_environment},
};

static void put_page(FILE *f, const struct results *r)
{
    for (const char *at = page_html; *at;) {
        size_t n = strcspn(at, "{");
        fwrite(at, 1, n, f);
        at += n;
        if (!*at)
            break;
        size_t i = 0;
        n = strcspn(++at, "}");
        while (i < sizeof parts / sizeof parts[0] &&
               (strncmp(parts[i].name, at, n) != 0 || parts[i].name[n]))
            i++;
        if (i == sizeof parts / sizeof parts[0])
            die("page.html: nothing stands for {%.*s}", (int)n, at);
        parts[i].put(f, r);
        at += n + 1;
    }
}

bool report_write(const struct results *r, char *error, size_t error_size)
{
    char *path = text_format("%s/report.html", r->dir);
    FILE *f = fopen(path, "we");
    bool good = f != NULL;
    if (f) {
        put_page(f, r);
        good = text_close(f);
    }
    if (!good)
        snprintf(error, error_size, "cannot write %s: %s", path, strerror(errno));
    free(path);
    return good;
}
