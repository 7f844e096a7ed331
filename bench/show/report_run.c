#include "bench/show/report_run.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/report_files.h"
#include "bench/show/ceiling_text.h"
#include "bench/show/explain_text.h"
#include "bench/show/finding.h"
#include "bench/show/html.h"
#include "bench/show/machine_card.h"
#include "bench/show/noise_text.h"
#include "bench/show/order_text.h"
#include "bench/show/plot.h"
#include "bench/show/prediction_text.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report_tables.h"
#include "bench/show/run_files.h"
#include "bench/show/table.h"
#include "bench/show/template.h"
#include "common/err.h"

const struct less_is_better report_costs[] = {
    {S_CPU_PER_REQUEST, UNIT_TIME, "a request costs the server", NAN, true},
    {S_SYSCALLS_PER_REQUEST, UNIT_CALLS, "a request takes", 0.01, true},
    {S_SWITCHES_PER_REQUEST, UNIT_SWITCHES, "a request takes", 0.01, true},
    {S_PSS_PER_CONNECTION, UNIT_KIB, "a connection takes", 0.1, true},
};
const size_t report_cost_count = sizeof report_costs / sizeof report_costs[0];

/* A section that is being written. */
struct section {
    const struct report_run *run;
    const struct results *r;
    size_t *room;
};

bool report_has(const struct results *r, enum protocol protocol)
{
    for (size_t i = 0; i < r->summary.count; i++)
        if (r->summary.at[i].protocol == protocol)
            return true;
    return false;
}

char *report_finding(const struct results *r, enum protocol protocol)
{
    char *change = finding_change(r, protocol);
    if (change)
        return change;
    struct ranking ranking;
    ranking_make(&ranking, r, protocol);
    char *rank = finding_rank(r, &ranking);
    ranking_free(&ranking);
    return rank;
}

char *report_conditions(const struct results *r)
{
    const struct environment *e = &r->environment;
    return text_format("%s · %.0f repetition%s, each %.2g s after %.2g s of warm-up, in random "
                       "order, a fresh server each",
                       e->date, e->scenario.repetitions, text_s(e->scenario.repetitions),
                       e->scenario.duration_s, e->scenario.warmup_s);
}

static void put_name(FILE *f, void *context)
{
    const struct section *s = context;
    html_text(f, s->run->place.name);
}

static void put_id(FILE *f, void *context)
{
    const struct section *s = context;
    html_id(f, s->run->place.name);
}

/* An id of a part of the section, after the name of the part. */
static void put_mark(FILE *f, void *context)
{
    const struct section *s = context;
    html_id(f, s->run->place.mark);
}

static void put_how(FILE *f, void *context)
{
    const struct section *s = context;
    char *text = report_conditions(s->r);
    html_text(f, text);
    free(text);
}

static void put_warning(FILE *f, void *context)
{
    const struct section *s = context;
    if (s->r->environment.placement.warning[0])
        html_format(f, "<p class=\"warning\">%s</p>\n", s->r->environment.placement.warning);
}

static void put_question(FILE *f, void *context)
{
    const struct section *s = context;
    if (s->r->environment.scenario.question[0])
        html_format(f, "<p><b>Question:</b> %s</p>\n", s->r->environment.scenario.question);
}

static void put_expected(FILE *f, void *context)
{
    const struct section *s = context;
    if (s->r->environment.scenario.expect[0])
        html_format(f, "<p><b>Expected:</b> %s</p>\n", s->r->environment.scenario.expect);
}

static void put_found(FILE *f, void *context)
{
    const struct section *s = context;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        if (!report_has(s->r, p))
            continue;
        char *text = report_finding(s->r, p);
        html_format(f, "<p><b>Found, %s:</b> %s.</p>\n", protocol_names[p], text);
        free(text);
    }
}

static void put_predictions(FILE *f, void *context)
{
    const struct section *s = context;
    if (s->r->predictions.count == 0)
        return;
    fputs("<h3 id=\"predictions", f);
    put_mark(f, context);
    fputs("\">Predictions</h3>\n<p class=\"note\">What the scenario expects, and what came. As "
          "predicted: the whole interval is where it should be. NOT: all of it is elsewhere, "
          "which is a finding. Ratios are paired by block.</p>\n",
          f);
    predictions_put(f, s->r, FORMAT_HTML);
}

static void put_disturbed(FILE *f, void *context)
{
    const struct section *s = context;
    const struct trial_rows *rows = &s->r->rows;
    unsigned n = summary_disturbed(rows);
    if (n > 0)
        fprintf(f,
                "<p class=\"warning\">%u of %zu trial%s were disturbed and are INVALID, "
                "their figures being too low; the table of trials that are marked "
                "says by what. Measure again on a quiet machine.</p>\n",
                n, rows->count, text_s((double)rows->count));
}

static void put_rankings(FILE *f, void *context)
{
    const struct section *s = context;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        if (report_has(s->r, p))
            table_ranking(f, s->r, p, FORMAT_HTML);
}

static void put_points(FILE *f, void *context)
{
    const struct section *s = context;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        if (report_has(s->r, p))
            report_points(f, &s->r->summary, p);
}

static void put_differences(FILE *f, void *context)
{
    const struct section *s = context;
    report_differences(f, s->r);
}

static void put_exceptions(FILE *f, void *context)
{
    const struct section *s = context;
    report_exceptions(f, s->r);
}

static void put_environment(FILE *f, void *context)
{
    const struct section *s = context;
    report_environment(f, s->r);
}

/* The files of the run that are there. */
static void put_files(FILE *f, void *context)
{
    static const char *const files[] = {"trials.csv",
                                        "summary.csv",
                                        "ratios.csv",
                                        "predictions.csv",
                                        "counts.csv",
                                        "yardstick.csv",
                                        "environment.json",
                                        "scenario.ini",
                                        "histograms/",
                                        "plots/",
                                        NULL};
    const struct section *s = context;
    run_files_links(f, &(struct run_files){s->r->dir, s->run->place.href}, files);
}

/* False where it was not drawn. */
static bool put_picture(FILE *f, const struct section *s, const struct plot_script *script,
                        enum protocol protocol)
{
    const char *of = protocol_names[protocol];
    char *name = text_format("%s_%s", script->name, of);
    char *id = text_format("%s-%s%s", script->name, of, s->run->place.mark);
    bool there = run_files_picture(f, &(struct run_files){s->r->dir, s->run->place.href},
                                   &(struct run_picture){name, id, script->caption}, s->room);
    free(id);
    free(name);
    return there;
}

static void put_pictures(FILE *f, void *context)
{
    const struct section *s = context;
    size_t found = 0;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        for (const struct plot_script *script = plot_scripts; script->name; script++)
            if (report_has(s->r, p))
                found += put_picture(f, s, script, p);
    if (found == 0)
        fputs(
            "<p class=\"warning\">No pictures: <code>iomodels plot</code> draws them (it needs "
            "gnuplot), <code>iomodels report</code> then puts them here.</p>\n",
            f);
}

/* Servers of others: ratios, and an order that is told of them. */
static void put_others(FILE *f, void *context)
{
    const struct section *s = context;
    const struct results *r = s->r;
    if (r->ratios.count > 0)
        fputs("<h3>Our models beside servers of others</h3>\n<p class=\"note\">Requests per "
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
        fputs("<h3>An order that is told of them</h3>\n", f);
    orders_html(f, r);
}

static void put_generator(FILE *f, void *context)
{
    const struct section *s = context;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        char *text = ceiling_text(s->r, p);
        if (text)
            html_format(f, "<p class=\"note\">%s, %s</p>\n", protocol_names[p], text);
        free(text);
    }
}

static void put_noise(FILE *f, void *context)
{
    const struct section *s = context;
    char *const texts[] = {plain_rates_text(s->r), noise_text(s->r)};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i])
            html_format(f, "<p class=\"note\">%s</p>\n", texts[i]);
        free(texts[i]);
    }
}

/* Least and most of what a request costs, in sentences. */
static void put_counters(FILE *f, void *context)
{
    const struct section *s = context;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        if (!report_has(s->r, p))
            continue;
        html_format(f, "<p><b>%s.</b>", protocol_names[p]);
        for (size_t i = 0; i < report_cost_count; i++) {
            char *text =
                finding_extremes(s->r, p, &report_costs[i], s->r->environment.scenario.rank);
            html_format(f, " %s.", text);
            free(text);
        }
        fputs("</p>\n", f);
    }
}

/* Where counts and unit costs are there. */
static void put_explained(FILE *f, void *context)
{
    const struct section *s = context;
    bool any = false;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        struct explanation e;
        char why[1024];
        explanation_make(&e, s->r, p, s->r->environment.scenario.rank,
                         s->r->environment.unit_costs, why, sizeof why);
        if (e.count > 0 && !any)
            fputs(
                "<h3>Where the CPU time goes</h3>\n<p class=\"note\">Server CPU per request in "
                "µs: what the counts of block 0 come to at this machine's unit costs, beside what "
                "was measured. Nothing is fitted; the rest is not explained.</p>\n",
                f);
        if (e.count > 0)
            explain_table(f, &e, FORMAT_HTML);
        any |= e.count > 0;
        explanation_free(&e);
    }
}

static void put_unit_costs(FILE *f, void *context)
{
    const struct section *s = context;
    const struct environment *e = &s->r->environment;
    if (!e->unit_costs)
        return;
    fputs("<h3 id=\"unit-costs", f);
    put_mark(f, context);
    fputs("\">What the small things cost here</h3>\n<p class=\"note\">Measured before the "
          "trials, on the CPUs of server and load generator: median of short batches, its "
          "interval (95 % from six batches on), and the fastest batch.</p>\n",
          f);
    machine_card(f, e->unit_costs, e->virtualised, FORMAT_HTML);
}

void report_run(FILE *f, const struct report_run *run, size_t *room)
{
    /* What stands for the names in braces of run.html. */
    static const struct template_part parts[] = {
        {"name", put_name},
        {"id", put_id},
        {"how", put_how},
        {"files", put_files},
        {"warning", put_warning},
        {"question", put_question},
        {"expected", put_expected},
        {"found", put_found},
        {"disturbed", put_disturbed},
        {"predictions", put_predictions},
        {"rankings", put_rankings},
        {"others", put_others},
        {"generator", put_generator},
        {"noise", put_noise},
        {"pictures", put_pictures},
        {"counters", put_counters},
        {"explained", put_explained},
        {"points", put_points},
        {"differences", put_differences},
        {"exceptions", put_exceptions},
        {"unit_costs", put_unit_costs},
        {"environment", put_environment},
        {NULL, NULL},
    };
    struct section s = {.run = run, .r = run->results, .room = room};
    template_put(f, run_html, parts, &s);
}
