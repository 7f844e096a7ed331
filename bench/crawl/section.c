#include "bench/crawl/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/crawl/queues.h"
#include "bench/show/html.h"
#include "bench/show/run_files.h"
#include "common/err.h"

static const struct run_picture pictures[] = {
    {.name = "crawl_efficiency",
     .caption = "The best time by the time, against the requests at once, a panel a family of "
                "clients. 1 is as long as the server waits."},
    {.name = "crawl_cpu",
     .caption = "CPU time of the client per request, against the requests at once."},
    {.name = "crawl_time",
     .caption = "The time of each client by the best time. Filled: tuned. Hollow: as its users "
                "first write it."},
    {.name = "crawl_cost",
     .caption =
         "CPU time of each client per request. Filled: tuned. Hollow: as its users first "
         "write it."},
    {.name = "queue_throughput",
     .caption =
         "Workers that a queue feeds: jobs a second that get a URL, and that do nothing."},
};
enum { PICTURES = sizeof pictures / sizeof pictures[0] };

static size_t count_clients(const struct crawl_rows *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        size_t k = 0;
        while (k < i && strcmp(rows->at[k].client, rows->at[i].client) != 0)
            k++;
        n += k == i;
    }
    return n;
}

/* When the first job that was not skipped began; "" where all were. */
static const char *begun(const struct crawl_rows *rows)
{
    size_t i = 0;
    while (i + 1 < rows->count && !rows->at[i].started[0])
        i++;
    return rows->at[i].started;
}

static char *conditions(const struct crawl_results *r)
{
    const struct crawl_scenario *s = &r->scenario;
    return text_format("%s · %u repetition%s in random order, a fresh server each · the server "
                       "waits %u ms before an answer · %u rounds of requests",
                       begun(&r->rows), s->repetitions, text_s(s->repetitions), s->wait_ms,
                       s->rounds);
}

static char *about(const struct crawl_results *r)
{
    size_t clients = count_clients(&r->rows);
    const json_t *machine = json_object_get(r->machine, "machine");
    return text_format("%zu client%s, %zu job%s · %s · %s", clients, text_s((double)clients),
                       r->rows.count, text_s((double)r->rows.count),
                       json_text(machine, "cpu", "a machine that is not known"),
                       begun(&r->rows));
}

static void put_fact(FILE *f, const char *name, const json_t *object, const char *key)
{
    const char *value = json_text(object, key, "");
    if (value[0])
        html_format(f, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void put_machine(FILE *f, const void *of)
{
    const struct crawl_results *r = of;
    const json_t *machine = json_object_get(r->machine, "machine");
    const json_t *placement = json_object_get(r->machine, "placement");
    fputs("<dl>", f);
    put_fact(f, "CPU", machine, "cpu");
    put_fact(f, "kernel", machine, "kernel_release");
    put_fact(f, "distribution", machine, "distribution");
    put_fact(f, "server on CPU", placement, "server_cpus");
    put_fact(f, "client on CPU", placement, "client_cpus");
    put_fact(f, "seed of the order", r->machine, "seed");
    fputs("</dl>\n", f);
    if (json_is_true(json_object_get(placement, "shared_cpus")))
        fputs("<p class=\"warning\">Server and client shared the CPUs: no figure is the "
              "client's alone.</p>\n",
              f);
}

static void add_pair(struct grid *g, const struct crawl_point *first,
                     const struct crawl_point *tuned)
{
    char text[32];
    const struct crawl_point *const ways[] = {first, tuned};
    grid_row(g);
    grid_cell(g, "%s", tuned->first->client);
    grid_number(g, 0, tuned->first->concurrency);
    for (int i = 0; i < 2; i++)
        grid_cell(g, "%s", figure_time(ways[i]->at[CF_WALL_S].median * 1e6, text));
    for (int i = 0; i < 2; i++)
        grid_number(g, 3, ways[i]->at[CF_EFFICIENCY].median);
    for (int i = 0; i < 2; i++)
        grid_cell(g, "%s", figure_time(ways[i]->at[CF_CPU_US].median, text));
    for (int i = 0; i < 2; i++)
        grid_number(g, 0, ways[i]->at[CF_CONNECTIONS].median);
    for (int i = 0; i < 2; i++)
        grid_number(g, 0, ways[i]->at[CF_MOST].median);
}

/* Each client as first written beside itself tuned, where both were measured. */
static void put_pairs(FILE *f, const struct crawl_points *points, enum format format)
{
    struct grid g = {.heads = {"client", "asked for", "time, first", "tuned",
                               "efficiency, first", "tuned", "CPU/req, first", "tuned",
                               "connections, first", "tuned", "at once, first", "tuned"},
                     .columns = 12,
                     .left = 1u << 0};
    for (size_t i = 0; i < points->count; i++) {
        const struct crawl_point *tuned = &points->at[i];
        const struct crawl_point *first = crawl_twin(points, tuned->first, CRAWL_FIRST);
        if (tuned->first->way == CRAWL_TUNED && first && tuned->valid > 0 && first->valid > 0)
            add_pair(&g, first, tuned);
    }
    if (g.count > 0) {
        fputs(format == FORMAT_HTML ? "<h3>As first written, and tuned</h3>\n"
                                    : "\n### As first written, and tuned\n\n",
              f);
        grid_put(f, &g, format);
    }
    grid_free(&g);
}

static void add_marked(struct grid *g, const struct crawl_row *row)
{
    char label[64];
    struct grid_row *line = grid_row(g);
    line->mark = row->status == CRAWL_OK ? "invalid" : NULL;
    grid_number(g, 0, row->trial);
    grid_cell(g, "%s", crawl_label(row->client, row->way, label));
    grid_number(g, 0, row->concurrency);
    grid_cell(g, "%s",
              row->status == CRAWL_OK ? verdict_names[row->verdict]
                                      : crawl_status_names[row->status]);
    grid_cell(g, "%s", row->reason);
}

static void put_marked(FILE *f, const struct crawl_rows *rows)
{
    struct grid g = {.heads = {"job", "client", "at once", "verdict", "reason"},
                     .columns = 5,
                     .left = 1u << 1 | 1u << 3 | 1u << 4,
                     .wrap = 1u << 4,
                     .marked = 3};
    for (size_t i = 0; i < rows->count; i++)
        if (rows->at[i].status != CRAWL_OK || rows->at[i].verdict != VERDICT_VALID)
            add_marked(&g, &rows->at[i]);
    if (g.count > 0)
        grid_put(f, &g, FORMAT_HTML);
    else
        fputs("<p>None.</p>\n", f);
    grid_free(&g);
}

static void put_pictures(FILE *f, const struct crawl_results *r,
                         const struct report_place *place, size_t *room)
{
    size_t found = 0;
    for (size_t i = 0; i < PICTURES; i++) {
        struct run_picture picture = pictures[i];
        char *id = text_format("%s%s", picture.name, place->mark);
        picture.id = id;
        found += run_files_picture(f, &(struct run_files){r->dir, place->href}, &picture, room);
        free(id);
    }
    if (found == 0)
        fputs(
            "<p class=\"warning\">No pictures: <code>iomodels plot</code> draws them (it needs "
            "gnuplot), <code>iomodels report</code> then puts them here.</p>\n",
            f);
}

static void put_reading(FILE *f)
{
    fputs(
        "<h3>How to read it</h3>\n<dl>\n"
        "<dt>efficiency</dt><dd>The best time by the time: as long as the server waits, by what "
        "the client took. Above 1 is a client as first written that makes more at once than it "
        "was asked for.</dd>\n"
        "<dt>CPU/req</dt><dd>CPU time of the client's whole process tree by its requests, its "
        "start left out. Above the knee it decides the time.</dd>\n"
        "<dt>at once</dt><dd>The most requests at once that the server saw.</dd>\n"
        "<dt>first, tuned</dt><dd>As its users first write it, and tuned to so many requests at "
        "once.</dd>\n"
        "<dt class=\"invalid\">INVALID</dt><dd>The server did not see the job that was asked "
        "for, or the server was the limit, or the machine was disturbed. Neither drawn nor "
        "ranked.</dd>\n</dl>\n",
        f);
}

static void put_finding(FILE *f, const char *finding)
{
    char *lines = xstrdup(finding);
    char *rest = lines, *line;
    while ((line = strsep(&rest, "\n")))
        html_format(f, "<p><b>Found:</b> %s</p>\n", line);
    free(lines);
}

static void put_html(FILE *f, const void *of, const struct report_place *place, size_t *room)
{
    static const char *const files[] = {"crawl.csv",    "summary.txt", "machine.json",
                                        "scenario.ini", "plots/",      NULL};
    const struct crawl_results *r = of;
    const struct crawl_scenario *s = &r->scenario;
    char *how = conditions(r);
    html_format(f, "<p class=\"meta\">%s</p>\n", how);
    free(how);
    if (s->question)
        html_format(f, "<p><b>Question:</b> %s</p>\n", s->question);
    if (s->expect)
        html_format(f, "<p><b>Expected:</b> %s</p>\n", s->expect);
    put_finding(f, r->finding);
    run_files_links(f, &(struct run_files){r->dir, place->href}, files);
    fputs("<h3>Pictures</h3>\n", f);
    put_pictures(f, r, place, room);
    put_pairs(f, &r->points, FORMAT_HTML);
    fputs("<h3>All clients</h3>\n", f);
    crawl_table(f, &r->points, FORMAT_HTML);
    queues_table(f, &r->points, FORMAT_HTML);
    fputs("<h3>Jobs that failed or are marked</h3>\n", f);
    put_marked(f, &r->rows);
    put_reading(f);
    fputs("<h3>Machine</h3>\n", f);
    put_machine(f, of);
}

static void put_markdown(FILE *f, const void *of, const struct report_place *place)
{
    const struct crawl_results *r = of;
    if (r->scenario.question) {
        markdown_prose(f, r->scenario.question);
        fputs("\n\n", f);
    }
    for (size_t i = 0; i < PICTURES; i++)
        run_files_markdown(f, &(struct run_files){r->dir, place->href}, pictures[i].name);
    put_pairs(f, &r->points, FORMAT_MARKDOWN);
    crawl_table(f, &r->points, FORMAT_MARKDOWN);
    queues_table(f, &r->points, FORMAT_MARKDOWN);
}

struct report_part crawl_section(const struct crawl_results *r)
{
    return (struct report_part){.scenario = r->scenario.name,
                                .dir = r->dir,
                                .about = about(r),
                                .finding = r->finding,
                                .of = r,
                                .machine = put_machine,
                                .html = put_html,
                                .markdown = put_markdown};
}

void crawl_section_free(struct report_part *part)
{
    free(part->about);
    part->about = NULL;
}
