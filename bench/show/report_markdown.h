/* report.md: a report as Markdown. */
#ifndef IOM_REPORT_MARKDOWN_H
#define IOM_REPORT_MARKDOWN_H

#include <stdio.h>

#include "bench/show/report.h"

/* Findings, and of each run the pictures (as links), the ranking, ratios and predictions. */
void report_markdown(FILE *f, const struct report *report);

#endif
