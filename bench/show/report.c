#include "bench/show/report.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/base/stats.h"
#include "bench/base/text.h"
#include "bench/plan/models.h"
#include "bench/record/environment_diff.h"
#include "bench/report_files.h"
#include "bench/show/finding.h"
#include "bench/show/html.h"
#include "bench/show/machine_card.h"
#include "bench/show/ranking.h"
#include "bench/show/report_data.h"
#include "bench/show/report_markdown.h"
#include "bench/show/report_models.h"
#include "bench/show/report_parts.h"
#include "bench/show/report_run.h"
#include "bench/show/template.h"
#include "common/err.h"

/* A page that is being written. */
struct page {
    const struct report *report;
    struct heat heats[PROTOCOL_COUNT];
};

/* Where section `i` of the page stands: first the runs, then the parts. NULL behind the last. */
static const struct report_place *place_of(const struct report *report, size_t i)
{
    if (i < report->count)
        return &report->runs[i].place;
    i -= report->count;
    return i < report->part_count ? &report->places[i] : NULL;
}

static void put_title(FILE *f, void *context)
{
    const struct page *p = context;
    const struct report_place *place;
    for (size_t i = 0; (place = place_of(p->report, i)); i++)
        html_format(f, i > 0 ? ", %s" : "%s", place->name);
}

static void put_style(FILE *f, void *context)
{
    (void)context;
    fputs(style_css, f);
}

static void put_script(FILE *f, void *context)
{
    (void)context;
    fputs(report_js, f);
}

static void put_about(FILE *f, void *context)
{
    const struct page *p = context;
    if (p->report->count == 0) {
        html_text(f, p->report->parts[0].about);
        return;
    }
    const struct environment *e = &p->report->runs[0].results->environment;
    char *machine = environment_fingerprint(e);
    fprintf(f, "%zu run%s, %zu server%s · ", p->report->count, text_s((double)p->report->count),
            p->report->model_count, text_s((double)p->report->model_count));
    html_format(f, "%s · %s", machine, e->date);
    free(machine);
}

static void put_contents(FILE *f, void *context)
{
    const struct page *p = context;
    const struct report_place *place;
    for (size_t i = 0; (place = place_of(p->report, i)); i++) {
        fputs("<a href=\"#scenario-", f);
        html_id(f, place->name);
        html_format(f, "\">%s</a> ", place->name);
    }
    if (p->report->count > 0)
        fputs("<a href=\"#models\">each model</a> <a href=\"#reading\">how to read it</a>", f);
}

static void put_heat(FILE *f, void *context)
{
    const struct page *p = context;
    size_t first = 0;
    for (enum protocol i = 0; i < PROTOCOL_COUNT; i++) {
        heat_put(f, &p->heats[i], first);
        first += p->heats[i].count;
    }
}

/* What the heat map leaves out. */
static void put_shown(FILE *f, void *context)
{
    const struct page *p = context;
    if (p->report->count > 1)
        fputs(
            " Of each scenario one point stands here: the one at which it compares its models.",
            f);
}

/* A finding with a link to its run, and frees it. */
static void put_finding(FILE *f, const struct report_run *run, enum protocol protocol,
                        char *finding)
{
    fputs("<li><a href=\"#scenario-", f);
    html_id(f, run->place.name);
    html_format(f, "\">%s, %s</a>: %s.</li>\n", run->place.name, protocol_names[protocol],
                finding);
    free(finding);
}

/* A run that is alone has room for more. */
static void put_more_findings(FILE *f, const struct report_run *run, enum protocol protocol)
{
    const struct results *r = run->results;
    char *change = finding_change(r, protocol);
    struct ranking ranking;
    ranking_make(&ranking, r, protocol);
    if (change)
        put_finding(f, run, protocol, finding_rank(r, &ranking));
    ranking_free(&ranking);
    free(change);
    for (size_t i = 0; i < report_cost_count; i++)
        put_finding(
            f, run, protocol,
            finding_extremes(r, protocol, &report_costs[i], r->environment.scenario.rank));
}

static void put_findings(FILE *f, void *context)
{
    const struct page *p = context;
    fputs("<ul>\n", f);
    for (size_t i = 0; i < p->report->count; i++) {
        const struct report_run *run = &p->report->runs[i];
        bool first = true;
        for (enum protocol k = 0; k < PROTOCOL_COUNT; k++) {
            if (!report_has(run->results, k))
                continue;
            put_finding(f, run, k, report_finding(run->results, k));
            if (p->report->count == 1 && first)
                put_more_findings(f, run, k);
            first = false;
        }
    }
    report_parts_findings(f, p->report);
    fputs("</ul>\n", f);
}

/* The runs that are of another machine than the first. */
static void put_other_machines(FILE *f, const struct report *report)
{
    char *first = environment_fingerprint(&report->runs[0].results->environment);
    for (size_t i = 1; i < report->count; i++) {
        char *other = environment_fingerprint(&report->runs[i].results->environment);
        if (strcmp(first, other) != 0)
            html_format(f, "<p class=\"warning\">WARNING: %s was measured elsewhere: %s.</p>\n",
                        report->runs[i].place.name, other);
        free(other);
    }
    free(first);
}

static void put_fact(FILE *f, const char *name, const json_t *value)
{
    if (json_is_string(value))
        html_format(f, "<dt>%s</dt><dd>%s</dd>\n", name, json_string_value(value));
}

static void put_machine(FILE *f, void *context)
{
    const struct page *p = context;
    if (p->report->count == 0) {
        p->report->parts[0].machine(f, p->report->parts[0].of);
        return;
    }
    const struct environment *e = &p->report->runs[0].results->environment;
    const json_t *machine = json_object_get(e->json, "machine");
    const json_t *placement = json_object_get(e->json, "placement");
    fputs("<dl>", f);
    put_fact(f, "CPU", json_object_get(machine, "cpu"));
    put_fact(f, "kernel", json_object_get(machine, "kernel_release"));
    put_fact(f, "distribution", json_object_get(machine, "distribution"));
    put_fact(f, "server on CPU", json_object_get(placement, "server_cpus"));
    put_fact(f, "load generator on CPU", json_object_get(placement, "generator_cpus"));
    html_format(f, "<dt>virtualised</dt><dd>%s</dd></dl>\n", e->virtualised ? "yes" : "no");
    if (e->placement.warning[0])
        html_format(f, "<p class=\"warning\">%s</p>\n", e->placement.warning);
    put_other_machines(f, p->report);
    if (!e->unit_costs)
        return;
    machine_warnings(f, e->unit_costs, e->virtualised, FORMAT_HTML);
    fputs("<p class=\"note\"><a href=\"#unit-costs", f);
    html_id(f, p->report->runs[0].place.mark);
    fputs("\">What the small things cost here</a></p>\n", f);
}

static void put_runs(FILE *f, void *context)
{
    const struct page *p = context;
    size_t left = REPORT_PICTURES_MAX;
    for (size_t i = 0; i < p->report->count; i++) {
        size_t share = left / (p->report->count + p->report->part_count - i);
        size_t room = share;
        report_run(f, &p->report->runs[i], &room);
        left -= share - room;
    }
    report_parts_sections(f, p->report, left);
}

static void put_models(FILE *f, void *context)
{
    const struct page *p = context;
    report_models(f, p->heats);
}

static void put_data(FILE *f, void *context)
{
    const struct page *p = context;
    report_data(f, p->heats);
}

/* How often the interval is right, for the repetitions that there are. */
static void put_coverage(FILE *f, void *context)
{
    const struct page *p = context;
    size_t n = 0;
    for (size_t i = 0; i < p->report->count; i++) {
        const struct summary *s = &p->report->runs[i].results->summary;
        for (size_t k = 0; k < s->count; k++)
            n = s->at[k].at[S_RPS].n > n ? s->at[k].at[S_RPS].n : n;
    }
    if (n > 1)
        fprintf(f, " (with %zu trials it holds the true median %.0f %% of the time)", n,
                stats_coverage(n) * 100);
}

static void put_note(FILE *f, void *context)
{
    (void)context;
    fputs(ranking_note, f);
}

static void put_page(FILE *f, const struct report *report)
{
    /* What stands for the names in braces of page.html, and of parts.html. */
    static const struct template_part parts[] = {
        {"title", put_title},       {"style", put_style},       {"about", put_about},
        {"contents", put_contents}, {"heat", put_heat},         {"shown", put_shown},
        {"findings", put_findings}, {"machine", put_machine},   {"runs", put_runs},
        {"models", put_models},     {"coverage", put_coverage}, {"note", put_note},
        {"data", put_data},         {"script", put_script},     {NULL, NULL},
    };
    struct page page = {.report = report};
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        heat_make(&page.heats[p], report, p);
    template_put(f, report->count > 0 ? page_html : parts_html, parts, &page);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        heat_free(&page.heats[p]);
}

/* The name of the scenario; the second section of it has a number. */
static char *name_of(const struct report *report, const char *scenario)
{
    unsigned n = 1;
    for (size_t i = 0; i < report->count; i++)
        n += strcmp(report->runs[i].results->environment.scenario.name, scenario) == 0;
    for (size_t i = 0; i < report->part_count; i++)
        n += strcmp(report->parts[i].scenario, scenario) == 0;
    return n > 1 ? text_format("%s-%u", scenario, n) : xstrdup(scenario);
}

/* From directory `from` to directory `to`, with a slash behind: "", "idle/", "../b/". */
static char *way(const char *from, const char *to)
{
    char a[PATH_MAX + 1], b[PATH_MAX + 1];
    size_t same = 0;
    if (!realpath(from, a) || !realpath(to, b))
        return xstrdup("");
    strcat(a, "/");
    strcat(b, "/");
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        same = a[i] == '/' ? i + 1 : same;
    char *all = xstrdup("");
    for (const char *at = a + same; *at; at++) {
        if (*at != '/')
            continue;
        char *longer = text_format("../%s", all);
        free(all);
        all = longer;
    }
    char *found = text_format("%s%s", all, b + same);
    free(all);
    return found;
}

static void add_model(struct report *report, const char *model)
{
    for (size_t i = 0; i < report->model_count; i++)
        if (strcmp(report->models[i], model) == 0)
            return;
    report->models =
        xrealloc(report->models, (report->model_count + 1) * sizeof *report->models);
    report->models[report->model_count++] = model;
}

static int by_textbook(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;
    int order = models_rank(x) - models_rank(y);
    return order ? order : strcmp(x, y);
}

static struct report_place make_place(const struct report *report, const char *scenario,
                                      const char *page, const char *dir, bool alone)
{
    struct report_place place = {.name = name_of(report, scenario), .href = way(page, dir)};
    place.mark = alone ? xstrdup("") : text_format("-%s", place.name);
    return place;
}

static void make(struct report *report, const struct report_of *of, const char *dir)
{
    bool alone = of->run_count + of->part_count == 1;
    report->runs = xcalloc(of->run_count + 1, sizeof *report->runs);
    for (; report->count < of->run_count; report->count++) {
        const struct results *r = &of->runs[report->count];
        struct report_run *run = &report->runs[report->count];
        run->results = r;
        run->place = make_place(report, r->environment.scenario.name, dir, r->dir, alone);
        for (size_t i = 0; i < r->summary.count; i++)
            add_model(report, r->summary.at[i].model);
    }
    if (report->model_count > 0)
        qsort(report->models, report->model_count, sizeof *report->models, by_textbook);
    report->parts = of->parts;
    report->places = xcalloc(of->part_count + 1, sizeof *report->places);
    for (; report->part_count < of->part_count; report->part_count++) {
        const struct report_part *part = &of->parts[report->part_count];
        report->places[report->part_count] =
            make_place(report, part->scenario, dir, part->dir, alone);
    }
}

static void free_place(struct report_place *place)
{
    free(place->name);
    free(place->href);
    free(place->mark);
}

static void unmake(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free_place(&report->runs[i].place);
    for (size_t i = 0; i < report->part_count; i++)
        free_place(&report->places[i]);
    free(report->places);
    free(report->runs);
    free(report->models);
}

static bool write_file(const struct report *report, const char *dir, const char *name,
                       void (*put)(FILE *f, const struct report *report), char *error,
                       size_t error_size)
{
    char *path = text_format("%s/%s", dir, name);
    FILE *f = fopen(path, "we");
    bool good = f != NULL;
    if (f) {
        put(f, report);
        good = text_close(f);
    }
    if (!good)
        snprintf(error, error_size, "cannot write %s: %s", path, strerror(errno));
    free(path);
    return good;
}

bool report_write(const struct report_of *of, const char *dir, char *error, size_t error_size)
{
    struct report report = {0};
    make(&report, of, dir);
    bool good = write_file(&report, dir, "report.html", put_page, error, error_size) &&
                write_file(&report, dir, "report.md", report_markdown, error, error_size);
    unmake(&report);
    return good;
}

void report_print_markdown(FILE *f, const struct report_of *of, const char *dir)
{
    struct report report = {0};
    make(&report, of, dir);
    report_markdown(f, &report);
    unmake(&report);
}
