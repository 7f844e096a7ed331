#include "bench/show/report_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "bench/show/table.h"
#include "common/err.h"

static bool is_external(const struct results *r, const char *name)
{
    return environment_server(&r->environment, name)->external;
}

/* Bytes of status line and fields of `model`'s answers, of any of ours where `model` is NULL. */
static double head_bytes(const struct results *r, const char *model)
{
    double bytes = NAN;
    for (size_t i = 0; i < r->rows.count && isnan(bytes); i++) {
        const struct trial_row *row = &r->rows.at[i];
        if (model ? strcmp(row->model, model) == 0 : !is_external(r, row->model))
            bytes = row->value[M_HEAD_BYTES];
    }
    return bytes;
}

void report_answers(FILE *f, const struct results *r)
{
    const char *last = "";
    double ours = head_bytes(r, NULL);
    if (isnan(ours))
        return;
    fprintf(f,
            "<p class=\"note\">HTTP answers: the same status and body as ours but where said "
            "otherwise; bytes of status line and fields: ours %.0f",
            ours);
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol != PROTOCOL_HTTP || strcmp(p->model, last) == 0 ||
            !is_external(r, p->model))
            continue;
        last = p->model;
        double head = head_bytes(r, p->model);
        if (isnan(head))
            continue;
        html_format(f, ", %s", p->model);
        fprintf(f, " %.0f", head);
        if (p->answer[0])
            html_format(f, " (%s)", p->answer);
    }
    fputs(".</p>\n", f);
}

void report_points(FILE *f, const struct summary *s, enum protocol protocol)
{
    fprintf(f, "<details><summary>Every point, %s</summary>\n", protocol_names[protocol]);
    table_points(f, s, protocol);
    fputs("</details>\n", f);
}

static bool is_exception(const struct trial_row *r)
{
    return !r->ok || r->verdict != VERDICT_VALID;
}

void report_exceptions(FILE *f, const struct results *results)
{
    const struct trial_rows *rows = &results->rows;
    char point[AXIS_TEXT_MAX];
    size_t count = 0;
    size_t failed = 0;
    for (size_t i = 0; i < rows->count; i++) {
        failed += !rows->at[i].ok && !rows->at[i].unsupported;
        count += is_exception(&rows->at[i]);
    }
    fprintf(f,
            "<p>%zu trial%s measured; %zu failed, %zu more are INVALID or limited by the load "
            "generator.</p>\n",
            rows->count, rows->count == 1 ? " was" : "s were", failed, count - failed);
    if (count == 0)
        return;
    fprintf(f, "<details%s><summary>Each of them with its reason</summary>\n",
            count <= 20 ? " open" : "");
    struct grid g = {.heads = {"trial", "point", "verdict", "reason"},
                     .columns = 4,
                     .left = 1u << 1 | 1u << 2 | 1u << 3,
                     .wrap = 1u << 3,
                     .marked = 2};
    for (size_t i = 0; i < rows->count; i++) {
        const struct trial_row *r = &rows->at[i];
        if (!is_exception(r))
            continue;
        grid_row(&g)->mark = table_mark(r->verdict);
        grid_cell(&g, "%u", r->trial);
        grid_cell(&g, "%s %s, %s", protocol_names[r->protocol], r->model,
                  axis_point_text(r->axis, r->at, point));
        grid_cell(&g, "%s",
                  r->ok            ? verdict_names[r->verdict]
                  : r->unsupported ? "unsupported"
                                   : "failed");
        grid_cell(&g, "%s", r->reason);
    }
    grid_put(f, &g, FORMAT_HTML);
    grid_free(&g);
    fputs("</details>\n", f);
}

void report_differences(FILE *f, const struct results *r)
{
    const struct environment *e = &r->environment;
    const char *left_out = json_string_value(json_object_get(e->json, "left_out"));
    if (left_out)
        html_format(f,
                    "<p class=\"note\">Left out, to keep to the time that was given: %s.</p>\n",
                    left_out);
    for (size_t i = 0; i < e->server_count; i++) {
        const struct run_server *m = &e->servers[i];
        if (m->differs[0])
            html_format(
                f,
                "<p class=\"note\">Measured at other points than the rest: <b>%s</b>, %s</p>\n",
                m->name, m->differs);
    }
    for (size_t i = 0; i < e->skipped_count; i++) {
        const struct run_skip *s = &e->skipped[i];
        char point[AXIS_TEXT_MAX];
        char *points = s->connections == 0
                           ? xstrdup("")
                           : text_format(", %s", axis_point_text(s->axis, s->at, point));
        html_format(f, "<p class=\"note\">Skipped: <b>%s</b> %s%s: %s.</p>\n", s->protocol,
                    s->model, points, s->reason);
        free(points);
    }
}

static void fact(FILE *f, const char *name, const json_t *value)
{
    fprintf(f, "<dt>%s</dt><dd>", name);
    if (json_is_string(value)) {
        html_text(f, json_string_value(value));
    } else {
        char *text = value && !json_is_null(value)
                         ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(4))
                         : NULL;
        html_text(f, text ? text : "unknown");
        free(text);
    }
    fputs("</dd>\n", f);
}

void report_environment(FILE *f, const struct results *r)
{
    const struct environment *e = &r->environment;
    static const struct {
        const char *label;
        const char *group;
        const char *name;
    } facts[] = {
        {"CPU", "machine", "cpu"},
        {"CPUs online", "machine", "cpus_online"},
        {"virtualised", "machine", "virtualised"},
        {"kernel", "machine", "kernel"},
        {"distribution", "machine", "distribution"},
        {"memory", "machine", "memory_total"},
        {"governor", "machine", "governor"},
        {"clock source", "machine", "clocksource"},
        {"load average before", "machine", "load_average_before"},
        {"server on CPU", "placement", "server_cpus"},
        {"load generator on CPU", "placement", "generator_cpus"},
        {"CPU time from", "sources", "cpu"},
        {"system calls from", "sources", "system_calls"},
        {"context switches from", "sources", "context_switches"},
        {"page faults from", "sources", "page_faults"},
        {"not available", "sources", "missing"},
        {"compiler", "build", "compiler"},
        {"flags", "build", "flags"},
        {"libraries", "build", "libraries"},
        {"commit", "build", "commit"},
    };
    fputs("<dl>\n", f);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const json_t *value =
            json_object_get(json_object_get(e->json, facts[i].group), facts[i].name);
        if (strcmp(facts[i].name, "missing") != 0 || !json_is_null(value))
            fact(f, facts[i].label, value);
    }
    fact(f, "seed", json_object_get(e->json, "seed"));
    fputs("</dl>\n<details><summary>All that was noted (environment.json)</summary><pre>", f);
    char *all = json_dumps(e->json, JSON_INDENT(2));
    html_text(f, all ? all : "");
    free(all);
    fputs("</pre></details>\n", f);
}
