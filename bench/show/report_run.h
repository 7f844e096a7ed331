/* The section of a run in a report: question, findings, predictions, ranking, pictures, counters,
 * points, trials, machine and files. */
#ifndef IOM_REPORT_RUN_H
#define IOM_REPORT_RUN_H

#include <stdio.h>

#include "bench/show/finding.h"
#include "bench/show/report.h"

/* Write it. `*room` is how many bytes of pictures it may have; what it takes is subtracted. */
void report_run(FILE *f, const struct report_run *run, size_t *room);

/* What the run found in one service, in a sentence without a full stop: how the rate changes along
 * the sweep, or else who is fastest. The caller frees it. */
char *report_finding(const struct results *r, enum protocol protocol);

/* What a request and a connection cost, for finding_extremes(). */
extern const struct less_is_better report_costs[];
extern const size_t report_cost_count;

/* Whether anything was measured in that service. */
bool report_has(const struct results *r, enum protocol protocol);

/* The line of text with the conditions of the run. The caller frees it. */
char *report_conditions(const struct results *r);

#endif
