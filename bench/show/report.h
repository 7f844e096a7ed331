/* report.html: a run on one page, which opens from disk and needs nothing else. */
#ifndef IOM_REPORT_H
#define IOM_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"

/* Write DIR/report.html from the results in DIR and the SVGs of plots/, whose lack is told on the
 * page. Returns false with one line in `error`. */
bool report_write(const struct results *r, char *error, size_t error_size);

#endif
