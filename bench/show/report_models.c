#include "bench/show/report_models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/plan/family.h"
#include "bench/show/grid.h"
#include "bench/show/html.h"

/* What the server says of itself, as a run noted it; "" where none did. */
static const char *summary_of(const struct report *report, const char *model)
{
    for (size_t run = 0; run < report->count; run++) {
        const json_t *all =
            json_object_get(report->runs[run].results->environment.json, "models");
        size_t i;
        const json_t *one;
        json_array_foreach(
            all, i, one) if (strcmp(json_text(one, "name", ""), model) == 0 &&
                             json_text(one, "summary", "")[0]) return json_text(one, "summary",
                                                                                "");
    }
    return "";
}

static void add_point(struct grid *g, const struct report_run *run,
                      const struct overview_cell *c)
{
    char text[96], value[AXIS_TEXT_MAX];
    const struct summary_point *p = c->point;
    grid_row(g)->faint = isnan(c->relative);
    grid_cell(g, "%s", run->place.name);
    grid_cell(g, "%s", protocol_names[p->protocol]);
    grid_cell(g, "%s", axis_point_text(p->axis, p->on_axis, value));
    grid_cell(g, "%s", overview_cell_text(c, text));
    grid_cell(g, "%s", figure_spread(&p->at[S_RATE], text));
    grid_cell(g, "%s", figure_time(p->at[S_P50_US].median, text));
    grid_cell(g, "%s", figure_time(p->at[S_P99_US].median, text));
    grid_number(g, 2, p->at[S_CPU_PER_REQUEST].median);
    grid_number(g, 2, p->at[S_SYSCALLS_PER_REQUEST].median);
    grid_number(g, 3, p->at[S_SWITCHES_PER_REQUEST].median);
    grid_number(g, 1, p->at[S_PSS_PER_CONNECTION].median);
}

static void put_points(FILE *f, const struct heat *heats, const char *model)
{
    struct grid g = {.heads = {"scenario", "service", "point", "of the fastest",
                               "req/s [low–high]", "p50", "p99", "CPU µs/req", "syscalls/req",
                               "switches/req", "KiB/conn"},
                     .columns = 11,
                     .left = 1u << 0 | 1u << 1 | 1u << 2};
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        for (size_t column = 0; column < heats[p].count; column++) {
            const struct overview_cell *c = heat_cell(&heats[p], column, model);
            if (c && c->point)
                add_point(&g, &heats[p].report->runs[heats[p].columns[column].run], c);
        }
    }
    grid_put(f, &g, FORMAT_HTML);
    fputc('\n', f);
    grid_free(&g);
}

/* "1.00 recvfrom, 1.00 sendto, 0.02 epoll_wait": the most first, none that rounds to nothing. */
static char *calls_text(const struct counts_row *row)
{
    bool told[CALL_COUNT] = {false};
    char *all = text_format("%s", "");
    for (;;) {
        size_t most = CALL_COUNT;
        for (size_t i = 0; i < CALL_COUNT; i++)
            if (!told[i] && row->calls[i] >= 0.005 &&
                (most == CALL_COUNT || row->calls[i] > row->calls[most]))
                most = i;
        if (most == CALL_COUNT)
            return all;
        told[most] = true;
        char *longer = text_format("%s%s%.2f %s", all, all[0] ? ", " : "", row->calls[most],
                                   system_call_names[most]);
        free(all);
        all = longer;
    }
}

static void add_counts(struct grid *g, const struct report_run *run,
                       const struct counts_row *row)
{
    char value[AXIS_TEXT_MAX];
    char *calls = calls_text(row);
    grid_row(g);
    grid_cell(g, "%s", run->place.name);
    grid_cell(g, "%s", protocol_names[row->protocol]);
    grid_cell(g, "%s", axis_point_text(row->axis, row->at, value));
    grid_number(g, 2, row->value[COUNTS_SYSTEM_CALLS]);
    grid_cell(g, "%s", calls);
    grid_number(g, 2, row->value[COUNTS_EVENTS] / row->value[COUNTS_WAKEUPS]);
    grid_number(g, 2, row->value[COUNTS_EAGAIN]);
    free(calls);
}

/* The calls by name, where they were counted, at the points that stand for the runs. */
static void put_calls(FILE *f, const struct heat *heats, const char *model)
{
    struct grid g = {.heads = {"scenario", "service", "point", "system calls/req",
                               "by name, 0.01 and more", "events a wake-up", "EAGAIN/req"},
                     .columns = 7,
                     .left = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 4,
                     .wrap = 1u << 4};
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        for (size_t column = 0; column < heats[p].count; column++) {
            const struct heat_column *c = &heats[p].columns[column];
            const struct report_run *run = &heats[p].report->runs[c->run];
            const struct counts_row *row = counts_get(&run->results->counts, p, model, c->at);
            if (row && c->main)
                add_counts(&g, run, row);
        }
    }
    if (g.count > 0) {
        fputs("<p>What a request costs in system calls:</p>\n", f);
        grid_put(f, &g, FORMAT_HTML);
        fputc('\n', f);
    }
    grid_free(&g);
}

void report_models(FILE *f, const struct heat heats[PROTOCOL_COUNT])
{
    const struct report *report = heats[0].report;
    for (size_t i = 0; i < report->model_count; i++) {
        const char *model = report->models[i];
        const struct family *family = family_at(family_of(model));
        const char *summary = summary_of(report, model);
        fputs("<section class=\"model\" id=\"model-", f);
        html_id(f, model);
        html_format(f,
                    "\" aria-label=\"model %s\"><h3><i style=\"background:%s\"></i>%s</h3>\n"
                    "<noscript>\n<p>%s%s<span class=\"meta\">family: %s</span></p>\n",
                    model, family->colour, model, summary, summary[0] ? " · " : "",
                    family->title);
        put_points(f, heats, model);
        put_calls(f, heats, model);
        fputs("</noscript>\n</section>\n", f);
    }
}
