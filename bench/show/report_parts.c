#include "bench/show/report_parts.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "bench/show/run_files.h"
#include "common/err.h"

static void put_finding_html(FILE *f, const char *name, const char *line)
{
    fputs("<li><a href=\"#scenario-", f);
    html_id(f, name);
    html_format(f, "\">%s</a>: %s</li>\n", name, line);
}

static void put_finding_markdown(FILE *f, const char *name, const char *line)
{
    fputs("- ", f);
    markdown_prose(f, name);
    fputs(": ", f);
    markdown_prose(f, line);
    fputc('\n', f);
}

static void put_findings(FILE *f, const struct report *report,
                         void (*put)(FILE *f, const char *name, const char *line))
{
    for (size_t i = 0; i < report->part_count; i++) {
        char *lines = xstrdup(report->parts[i].finding);
        char *rest = lines, *line;
        while ((line = strsep(&rest, "\n")))
            put(f, report->places[i].name, line);
        free(lines);
    }
}

void report_parts_findings(FILE *f, const struct report *report)
{
    put_findings(f, report, put_finding_html);
}

void report_parts_findings_markdown(FILE *f, const struct report *report)
{
    put_findings(f, report, put_finding_markdown);
}

void report_parts_sections(FILE *f, const struct report *report, size_t room)
{
    for (size_t i = 0; i < report->part_count; i++) {
        const struct report_part *part = &report->parts[i];
        const struct report_place *place = &report->places[i];
        size_t share = room / (report->part_count - i);
        size_t left = share;
        fputs("<section class=\"run\" id=\"scenario-", f);
        html_id(f, place->name);
        html_format(f, "\" aria-label=\"scenario %s\">\n<h2>%s</h2>\n<noscript>\n", place->name,
                    place->name);
        part->html(f, part->of, place, &left);
        fputs("</noscript>\n</section>\n", f);
        room -= share - left;
    }
}

void report_parts_markdown(FILE *f, const struct report *report)
{
    for (size_t i = 0; i < report->part_count; i++) {
        const struct report_part *part = &report->parts[i];
        fputs("\n## ", f);
        markdown_prose(f, report->places[i].name);
        fputs("\n\n", f);
        markdown_prose(f, part->about);
        fputs("\n\n", f);
        part->markdown(f, part->of, &report->places[i]);
    }
}
