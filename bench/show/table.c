#include "bench/show/table.h"

#include <stdlib.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/show/finding.h"
#include "bench/show/html.h"
#include "bench/show/ranking.h"

const char *table_mark(enum verdict v)
{
    static const char *const marks[VERDICT_COUNT] = {
        [VERDICT_GENERATOR_LIMITED] = "limited", [VERDICT_INVALID] = "invalid"};
    return marks[v];
}

static struct grid new_grid(const char *first)
{
    return (struct grid){
        .heads = {first, "model", "n", "req/s [low–high]", "p50", "p99", "CPU µs/req",
                  "syscalls/req", "switches/req", "faults/req", "KiB/conn", "starved",
                  "verdict"},
        .columns = 13,
        .left = 1u << 1 | 1u << 12,
        .marked = 12,
        .first_width = 3,
    };
}

/* Add a row for `p`, of which the first cell is there. */
static void add_point(struct grid *g, struct grid_row *row, const struct summary_point *p,
                      bool ranked)
{
    char text[96];
    row->faint = !ranked;
    row->mark = table_mark(p->verdict);
    grid_cell(g, "%s", p->model);
    if (p->used == p->trials)
        grid_cell(g, "%u", p->used);
    else
        grid_cell(g, "%u/%u", p->used, p->trials);
    grid_cell(g, "%s", figure_spread(&p->at[S_RATE], text));
    grid_cell(g, "%s", figure_time(p->at[S_P50_US].median, text));
    grid_cell(g, "%s", figure_time(p->at[S_P99_US].median, text));
    grid_number(g, 2, p->at[S_CPU_PER_REQUEST].median);
    grid_number(g, 2, p->at[S_SYSCALLS_PER_REQUEST].median);
    grid_number(g, 3, p->at[S_SWITCHES_PER_REQUEST].median);
    grid_number(g, 3, p->at[S_FAULTS_PER_REQUEST].median);
    grid_number(g, 1, p->at[S_PSS_PER_CONNECTION].median);
    grid_number(g, 0, p->at[S_STARVED].median);
    grid_cell(g, "%s%s",
              p->trials > 0 && p->unsupported == p->trials ? "unsupported"
                                                           : verdict_names[p->verdict],
              p->answer[0] ? ", other answer" : "");
}

/* What the ranking shows, in one sentence. */
static void put_finding(FILE *f, const struct results *results, const struct ranking *r,
                        enum format format)
{
    char *finding = finding_rank(results, r);
    if (format == FORMAT_HTML)
        html_format(f, "<p>%s.</p>\n", finding);
    else
        fprintf(f, "%s.\n%s", finding, format == FORMAT_MARKDOWN ? "\n" : "");
    free(finding);
}

static void put_ranks(FILE *f, const struct ranking *r, enum format format)
{
    struct grid g = new_grid("#");
    for (size_t i = 0; i < r->count; i++) {
        char rank[32];
        struct grid_row *row = grid_row(&g);
        grid_cell(&g, "%s", ranking_text(r, i, format == FORMAT_TERMINAL ? "-" : "–", rank));
        add_point(&g, row, r->at[i], i < r->ranked);
    }
    grid_put(f, &g, format);
    grid_free(&g);
}

/* Why the rest has no rank. */
static void put_excuses(FILE *f, const struct ranking *r, enum format format)
{
    char buffer[512];
    for (size_t i = r->ranked; i < r->count; i++) {
        const char *model = r->at[i]->model;
        const char *excuse = ranking_excuse(r->at[i], buffer);
        if (format == FORMAT_HTML) {
            html_format(f, "<p class=\"note\">Not ranked: <b>%s</b>, %s.</p>\n", model, excuse);
        } else {
            const char *before = format == FORMAT_TERMINAL ? "     "
                                 : i == r->ranked          ? "\n- "
                                                           : "- ";
            fprintf(f, "%snot ranked: %s: %s\n", before, model, excuse);
        }
    }
}

size_t table_ranking(FILE *f, const struct results *results, enum protocol protocol,
                     enum format format)
{
    static const char *const titles[] = {
        [FORMAT_TERMINAL] = "\n%s, %s%s\n",
        [FORMAT_HTML] = "<h4>%s, %s</h4>\n",
        [FORMAT_MARKDOWN] = "\n### %s, %s%s\n\n",
    };
    struct ranking r;
    char point[AXIS_TEXT_MAX];
    enum axis axis = results->environment.scenario.axis;
    unsigned at = results->environment.scenario.rank;
    ranking_make(&r, results, protocol);
    if (r.count > 0 || format == FORMAT_HTML)
        fprintf(f, titles[format], protocol_names[protocol], axis_point_text(axis, at, point),
                axis_is_open_loop(axis, at) ? ", open loop" : ", closed loop");
    if (r.count > 0) {
        put_finding(f, results, &r, format);
        put_ranks(f, &r, format);
    } else if (format == FORMAT_HTML) {
        fputs("<p class=\"note\">No model was measured at this point.</p>", f);
    }
    if (format == FORMAT_HTML)
        fputc('\n', f);
    put_excuses(f, &r, format);
    size_t ranked = r.ranked;
    ranking_free(&r);
    return ranked;
}

void table_print(FILE *f, const struct results *r, enum format format)
{
    bool any = false;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        any |= table_ranking(f, r, p, format) > 1;
    if (any)
        fprintf(f, "\n%s\n", ranking_note);
}

void table_points(FILE *f, const struct summary *s, enum protocol protocol)
{
    char value[AXIS_TEXT_MAX];
    struct grid g = new_grid(axis_info(s->count > 0 ? s->at[0].axis : AXIS_CONNECTIONS)->name);
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        char buffer[512];
        if (p->protocol != protocol)
            continue;
        struct grid_row *row = grid_row(&g);
        grid_cell(&g, "%s", axis_value_text(p->axis, p->on_axis, value));
        add_point(&g, row, p, ranking_excuse(p, buffer) == NULL);
    }
    grid_put(f, &g, FORMAT_HTML);
    grid_free(&g);
}
