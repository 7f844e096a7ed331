/* The tables of the report. */
#ifndef IOM_REPORT_TABLES_H
#define IOM_REPORT_TABLES_H

#include <stdio.h>

#include "bench/record/results.h"

/* What the servers of others answered, beside ours: same or not, and the size of the heads. */
void report_answers(FILE *f, const struct results *r);

/* Every point of one protocol. */
void report_points(FILE *f, const struct summary *s, enum protocol protocol);

/* Trials that failed, are INVALID or limited, with the reason. */
void report_exceptions(FILE *f, const struct results *r);

/* What a budget left out, points that were skipped, and models whose sweep differs. */
void report_differences(FILE *f, const struct results *r);

/* The environment: what matters at a glance, the rest to unfold. */
void report_environment(FILE *f, const struct results *r);

#endif
