/* report.html: a run on one page, which opens from disk and needs nothing else. */
#ifndef IOM_REPORT_H
#define IOM_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Write DIR/report.html from trials.csv, environment.json and the SVGs of plots/, whose lack
 * is told on the page. Returns false with one line in `error`. */
bool report_make(const char *dir, char *error, size_t error_size);

#endif
