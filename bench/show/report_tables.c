#include "bench/show/report_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "bench/show/table.h"

static void cell(FILE *f, const char *text, const char *class)
{
    fprintf(f, class[0] ? "<td class=\"%s\">" : "<td>", class);
    html_text(f, text);
    fputs("</td>", f);
}

static const char *verdict_class(enum verdict v)
{
    return v == VERDICT_INVALID ? "left invalid" : v == VERDICT_VALID ? "left" : "left limited";
}

static void heads(FILE *f, const char *first)
{
    fprintf(f, "<div class=\"scroll\"><table><tr><th>%s</th>", first);
    for (int c = 0; c < TABLE_COLUMNS; c++) {
        fputs(c == 0 || c == TABLE_COLUMNS - 1 ? "<th class=\"left\">" : "<th>", f);
        html_text(f, table_heads[c]);
        fputs("</th>", f);
    }
    fputs("</tr>\n", f);
}

static void point_row(FILE *f, const struct summary_point *p, const char *first, bool ranked)
{
    char cells[TABLE_COLUMNS][TABLE_CELL_MAX];
    table_cells(p, cells);
    fprintf(f, "<tr%s>", ranked ? "" : " class=\"out\"");
    cell(f, first, "");
    for (int c = 0; c < TABLE_COLUMNS; c++)
        cell(f, cells[c],
             c == 0                   ? "left"
             : c == TABLE_COLUMNS - 1 ? verdict_class(p->verdict)
                                      : "");
    fputs("</tr>\n", f);
}

void report_ranking(FILE *f, const struct results *results, enum protocol protocol)
{
    struct ranking r;
    unsigned connections = results->environment.scenario.rank;
    ranking_make(&r, &results->summary, protocol, connections);
    fprintf(f, "<h3>%s, %u connection%s</h3>\n", protocol_names[protocol], connections,
            text_s(connections));
    if (r.count == 0)
        fputs("<p class=\"note\">No model was measured at this point.</p>\n", f);
    else
        heads(f, "#");
    for (size_t i = 0; i < r.count; i++) {
        char rank[32];
        point_row(f, r.at[i], ranking_text(&r, i, "–", rank), i < r.ranked);
    }
    if (r.count > 0)
        fputs("</table></div>\n", f);
    for (size_t i = r.ranked; i < r.count; i++) {
        char buffer[512];
        fputs("<p class=\"note\">Not ranked: <b>", f);
        html_text(f, r.at[i]->model);
        fputs("</b>, ", f);
        html_text(f, ranking_excuse(r.at[i], buffer));
        fputs(".</p>\n", f);
    }
    ranking_free(&r);
}

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
        fputs(", ", f);
        html_text(f, p->model);
        fprintf(f, " %.0f", head);
        if (p->answer[0]) {
            fputs(" (", f);
            html_text(f, p->answer);
            fputs(")", f);
        }
    }
    fputs(".</p>\n", f);
}

void report_points(FILE *f, const struct summary *s, enum protocol protocol)
{
    fprintf(f, "<details><summary>Every point, %s</summary>\n", protocol_names[protocol]);
    heads(f, "connections");
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        char connections[32];
        char buffer[512];
        if (p->protocol != protocol)
            continue;
        snprintf(connections, sizeof connections, "%u", p->connections);
        point_row(f, p, connections, ranking_excuse(p, buffer) == NULL);
    }
    fputs("</table></div></details>\n", f);
}

void report_exceptions(FILE *f, const struct trial_rows *rows)
{
    size_t count = 0;
    size_t failed = 0;
    for (size_t i = 0; i < rows->count; i++) {
        failed += !rows->at[i].ok && !rows->at[i].unsupported;
        count += !rows->at[i].ok || rows->at[i].verdict != VERDICT_VALID;
    }
    fprintf(f,
            "<p>%zu trial%s measured; %zu failed, %zu more are INVALID or limited by the "
            "load generator.</p>\n",
            rows->count, rows->count == 1 ? " was" : "s were", failed, count - failed);
    if (count == 0)
        return;
    fprintf(f, "<details%s><summary>Each of them with its reason</summary>\n",
            count <= 20 ? " open" : "");
    fputs("<div class=\"scroll\"><table><tr><th>trial</th><th class=\"left\">point</th><th "
          "class=\"left\">verdict</th><th class=\"left\">reason</th></tr>\n",
          f);
    for (size_t i = 0; i < rows->count; i++) {
        const struct trial_row *r = &rows->at[i];
        if (r->ok && r->verdict == VERDICT_VALID)
            continue;
        fprintf(f, "<tr><td>%u</td><td class=\"left\">%s ", r->trial,
                protocol_names[r->protocol]);
        html_text(f, r->model);
        fprintf(f, ", %u connection%s</td>", r->connections, text_s(r->connections));
        cell(f,
             r->ok            ? verdict_names[r->verdict]
             : r->unsupported ? "unsupported"
                              : "failed",
             verdict_class(r->verdict));
        cell(f, r->reason, "wrap");
        fputs("</tr>\n", f);
    }
    fputs("</table></div></details>\n", f);
}

void report_differences(FILE *f, const struct environment *e)
{
    for (size_t i = 0; i < e->server_count; i++) {
        const struct run_server *m = &e->servers[i];
        if (!m->differs[0])
            continue;
        fputs("<p class=\"note\">Measured at other points than the rest: <b>", f);
        html_text(f, m->name);
        fputs("</b>, ", f);
        html_text(f, m->differs);
        fputs("</p>\n", f);
    }
    for (size_t i = 0; i < e->skipped_count; i++) {
        const struct run_skip *s = &e->skipped[i];
        fputs("<p class=\"note\">Skipped: <b>", f);
        html_text(f, s->protocol);
        fputs("</b> ", f);
        html_text(f, s->model);
        if (s->connections > 0)
            fprintf(f, ", %u connection%s", s->connections, text_s(s->connections));
        fputs(": ", f);
        html_text(f, s->reason);
        fputs(".</p>\n", f);
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

void report_environment(FILE *f, const struct environment *e)
{
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
