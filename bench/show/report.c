#include "bench/show/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/stats.h"
#include "bench/base/text.h"
#include "bench/show/ceiling_text.h"
#include "bench/show/html.h"
#include "bench/show/order_text.h"
#include "bench/show/plot.h"
#include "bench/show/ranking.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report_tables.h"
#include "bench/show/table.h"

static const char legend[] =
    "<dl>"
    "<dt>valid</dt><dd>The figures are the server's.</dd>"
    "<dt class=\"limited\">generator-limited</dt><dd>The load generator was saturated while "
    "the "
    "server was not (below 95 % of its CPU): the server can do at least this. Drawn hollow, "
    "not "
    "ranked.</dd>"
    "<dt class=\"invalid\">INVALID</dt><dd>Wrong answers, no answers, missing or lost "
    "connections, a disturbance (by other programs, a CPU quota or the hypervisor), or a trial "
    "that failed. Its figures are "
    "neither "
    "drawn nor ranked.</dd>"
    "<dt>starved</dt><dd>Connections that got no answer at all within the window. A model that "
    "leaves more than one in a hundred so (one that serves few at a time: more than half) is "
    "shown, but not ranked.</dd>"
    "<dt>other answer</dt><dd>A server of others that answers with another status or other "
    "bytes "
    "than ours: it does other work, so it is shown, but not ranked nor compared.</dd>"
    "<dt>n/a</dt><dd>This machine does not let that be measured.</dd></dl>\n"
    "<p class=\"note\">Closed loop: each connection sends its next request when the answer to "
    "the "
    "one before is complete. So latency here is service time at a given number of connections, "
    "not "
    "what users see at a given rate of arrivals. Figures are medians of the repetitions; in "
    "brackets minimum and maximum with fewer than six repetitions, else the 95 % confidence "
    "interval of the median";

/* How often the interval is right, for the repetitions that this run has. */
static void put_legend(FILE *f, const struct summary *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].at[S_RPS].n > n)
            n = s->at[i].at[S_RPS].n;
    fputs(legend, f);
    if (n > 1)
        fprintf(f, " (with %zu trials it holds the true median %.0f %% of the time)", n,
                stats_coverage(n) * 100);
    fprintf(f, ". %s</p>\n", ranking_note);
}

static bool has_protocol(const struct results *r, enum protocol protocol)
{
    for (size_t i = 0; i < r->summary.count; i++)
        if (r->summary.at[i].protocol == protocol)
            return true;
    return false;
}

static void put_paragraph(FILE *f, const char *label, const char *text)
{
    if (!text[0])
        return;
    fprintf(f, "<p><b>%s</b> ", label);
    html_text(f, text);
    fputs("</p>\n", f);
}

static void put_head(FILE *f, const struct environment *e)
{
    const char *name = e->scenario.name;
    const char *warning = e->placement.warning;

    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" "
          "content=\"width=device-width,initial-scale=1\">\n<title>iomodels: ",
          f);
    html_text(f, name);
    fprintf(f, "</title>\n<style>%s</style></head><body>\n<h1>iomodels: ", html_style);
    html_text(f, name);
    fputs("</h1>\n<p class=\"meta\">", f);
    html_text(f, e->date);
    fprintf(
        f,
        " · %.0f repetition%s, each %.2g s after %.2g s of warm-up, in random order, a fresh "
        "server each · closed loop, keep-alive",
        e->scenario.repetitions, text_s(e->scenario.repetitions), e->scenario.duration_s,
        e->scenario.warmup_s);
    fputs("</p>\n", f);
    if (warning[0]) {
        fputs("<p class=\"warning\">", f);
        html_text(f, warning);
        fputs("</p>\n", f);
    }
    put_paragraph(f, "Question:", e->scenario.question);
    put_paragraph(f, "Expected:", e->scenario.expect);
}

static void put_plots(FILE *f, const struct results *r)
{
    size_t found = 0;
    for (const struct plot_script *s = plot_scripts; s->name; s++) {
        for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
            if (!has_protocol(r, p))
                continue;
            char *svg = text_format("%s/plots/%s_%s.svg", r->dir, s->name, protocol_names[p]);
            char *prefix = text_format("%s-%s", s->name, protocol_names[p]);
            fprintf(f, "<figure id=\"figure-%s\">", prefix);
            if (html_svg(f, svg, prefix)) {
                found++;
                fputs("<figcaption>", f);
                html_text(f, s->caption);
                fputs("</figcaption>", f);
            }
            fputs("</figure>\n", f);
            free(svg);
            free(prefix);
        }
    }
    if (found == 0)
        fputs(
            "<p class=\"warning\">No pictures: <code>iomodels plot</code> draws them (it needs "
            "gnuplot), <code>iomodels report</code> then puts them here.</p>\n",
            f);
}

static void put_disturbed(FILE *f, const struct trial_rows *rows)
{
    unsigned n = summary_disturbed(rows);
    if (n > 0)
        fprintf(f,
                "<p class=\"warning\">%u of %zu trial%s were disturbed and are INVALID, their "
                "figures being too low; the table of trials that are marked says by what. "
                "Measure again on a quiet machine.</p>\n",
                n, rows->count, text_s((double)rows->count));
}

/* Servers of others: ratios, and an order that is told of them. */
static void put_others(FILE *f, const struct results *r)
{
    if (r->ratios.count > 0)
        fputs(
            "<h2>Our models beside servers of others</h2>\n<p class=\"note\">Requests per "
            "second of ours by theirs, one ratio for each block, so that what slowed the whole "
            "block down cancels out; median, and in brackets lowest to highest with fewer than "
            "six pairs, else the 95 % confidence interval. Faster is said only where the whole "
            "interval is on one side of 1.</p>\n",
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
        if (text) {
            fprintf(f, "<p class=\"note\">%s, ", protocol_names[p]);
            html_text(f, text);
            fputs("</p>\n", f);
        }
        free(text);
    }
}

static void put_page(FILE *f, const struct results *r)
{
    put_head(f, &r->environment);
    put_disturbed(f, &r->rows);
    fputs("<h2>Ranking</h2>\n", f);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        if (has_protocol(r, p))
            table_ranking(f, r, p, FORMAT_HTML);
    put_others(f, r);
    put_generator(f, r);
    fputs("<h2>How to read it</h2>\n", f);
    put_legend(f, &r->summary);
    fputs("<h2>Pictures</h2>\n", f);
    put_plots(f, r);
    fputs("<h2>All points</h2>\n", f);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        if (has_protocol(r, p))
            report_points(f, &r->summary, p);
    report_differences(f, &r->environment);
    fputs("<h2>Trials that failed or are marked</h2>\n", f);
    report_exceptions(f, &r->rows);
    fputs("<h2>Machine and build</h2>\n", f);
    report_environment(f, &r->environment);
    fputs("</body></html>\n", f);
}

bool report_write(const struct results *r, char *error, size_t error_size)
{
    char *path = text_format("%s/report.html", r->dir);
    FILE *f = fopen(path, "we");
    bool good = f != NULL;
    if (f) {
        put_page(f, r);
        good = fclose(f) == 0;
    }
    if (!good)
        snprintf(error, error_size, "cannot write %s: %s", path, strerror(errno));
    free(path);
    return good;
}
