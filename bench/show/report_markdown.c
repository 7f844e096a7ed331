#include "bench/show/report_markdown.h"

#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/show/plot.h"
#include "bench/show/prediction_text.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report_parts.h"
#include "bench/show/report_run.h"
#include "bench/show/run_files.h"
#include "bench/show/table.h"

static void put_run(FILE *f, const struct report_run *run)
{
    const struct results *r = run->results;
    char *conditions = report_conditions(r);
    fputs("\n## ", f);
    markdown_prose(f, run->place.name);
    fputs("\n\n", f);
    markdown_prose(f, conditions);
    free(conditions);
    fputs("\n\n", f);
    markdown_prose(f, r->environment.scenario.question);
    fputs("\n\n", f);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        for (const struct plot_script *s = plot_scripts; s->name; s++) {
            char *name = text_format("%s_%s", s->name, protocol_names[p]);
            if (report_has(r, p))
                run_files_markdown(f, &(struct run_files){r->dir, run->place.href}, name);
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
            markdown_prose(f, report->runs[i].place.name);
            fprintf(f, ", %s: ", protocol_names[p]);
            markdown_prose(f, text);
            fputs(".\n", f);
            free(text);
        }
    }
    report_parts_findings_markdown(f, report);
    for (size_t i = 0; i < report->count; i++)
        put_run(f, &report->runs[i]);
    report_parts_markdown(f, report);
}
