/* What the reports tell of a rate that changes. */
#ifndef IOM_REPORT_STEPS_H
#define IOM_REPORT_STEPS_H

#include <jansson.h>
#include <stdio.h>

#include "loadgen/report/result.h"

/* A table with a line for each step; nothing where the rate is constant. */
void report_print_steps(FILE *out, const struct options *o, const struct result *result);

/* "rate_profile": the segments as they were asked for; null where the rate is constant. */
json_t *report_rate_profile(const struct options *o);

/* "steps": null where the rate is constant. */
json_t *report_steps(const struct options *o, const struct result *result);

#endif
