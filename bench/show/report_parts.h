/* The parts of a report that are no runs of models (struct report_part). */
#ifndef IOM_REPORT_PARTS_H
#define IOM_REPORT_PARTS_H

#include <stdio.h>

#include "bench/show/report.h"

/* What each found, as items of a list. */
void report_parts_findings(FILE *f, const struct report *report);

/* Their sections. `*room` is how many bytes of pictures they may have. */
void report_parts_sections(FILE *f, const struct report *report, size_t room);

/* In Markdown: what each found, as items of a list; their sections. */
void report_parts_findings_markdown(FILE *f, const struct report *report);
void report_parts_markdown(FILE *f, const struct report *report);

#endif
