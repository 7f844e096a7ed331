/* A run of crawl as a section of a report. */
#ifndef IOM_CRAWL_SECTION_H
#define IOM_CRAWL_SECTION_H

#include "bench/crawl/results.h"
#include "bench/show/report.h"

/* It refers to `r`, which stays. Free it with crawl_section_free(). */
struct report_part crawl_section(const struct crawl_results *r);
void crawl_section_free(struct report_part *part);

#endif
