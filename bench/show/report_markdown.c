#include "bench/show/report_markdown.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "bench/show/plot.h"
#include "bench/show/prediction_text.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report_run.h"
#include "bench/show/table.h"

/* A line of prose: what Markdown or HTML would take for a mark is written as it is. */
static void put_prose(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_<[", *text))
            fputc('\\', f);
        fputc(*text == '\n' ? ' ' : *text, f);
    }
}

static void put_picture(FILE *f, const struct report_run *run, const char *name)
{
    char *png = text_format("%s/plots/%s.png", run->results->dir, name);
    char *text = text_format("%s/plots/%s.txt", run->results->dir, name);
    char *alternative = text_first_line(text);
    if (access(png, R_OK) == 0) {
        fputs("![", f);
        put_prose(f, alternative ? alternative : name);
        fputs("](", f);
        html_path(f, run->href);
        fprintf(f, "plots/%s.png)\n\n", name);
    }
    free(alternative);
    free(text);
    free(png);
}

static void put_run(FILE *f, const struct report_run *run)
{
    const struct results *r = run->results;
    char *conditions = report_conditions(r);
    fputs("\n## ", f);
    put_prose(f, run->name);
    fputs("\n\n", f);
    put_prose(f, conditions);
    free(conditions);
    fputs("\n\n", f);
    put_prose(f, r->environment.scenario.question);
    fputs("\n\n", f);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        for (const struct plot_script *s = plot_scripts; s->name; s++) {
            char *name = text_format("%s_%s", s->name, protocol_names[p]);
            if (report_has(r, p))
                put_picture(f, run, name);
            free(name);
        }
    }
    table_print(f, r, FORMAT_MARKDOWN);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        ratios_table(f, &r->ratios, p, FORMAT_MARKDOWN);
    predictions_put(f, r, FORMAT_MARKDOWN);
}

void report_markdown(FILE *f, const struct report *report)
{
    fputs("# What was found\n\n", f);
    for (size_t i = 0; i < report->count; i++) {
        for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
            if (!report_has(report->runs[i].results, p))
                continue;
            char *text = report_finding(report->runs[i].results, p);
            fputs("- ", f);
            put_prose(f, report->runs[i].name);
            fprintf(f, ", %s: ", protocol_names[p]);
            put_prose(f, text);
            fputs(".\n", f);
            free(text);
        }
    }
    for (size_t i = 0; i < report->count; i++)
        put_run(f, &report->runs[i]);
}
