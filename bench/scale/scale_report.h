/* What was held, told as text and as JSON. */
#ifndef IOM_SCALE_REPORT_H
#define IOM_SCALE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "bench/scale/hold.h"
#include "bench/scale/line.h"

/* What a point's connections took, of one of them. KiB; NaN where nothing tells. */
struct scale_each {
    double servers, generators;       /* user memory of the two programs */
    double slab, stacks, page_tables; /* the kernel's, of both ends */
    double sum;                       /* of these */
    double used;  /* more than before, by all programs: a check of the sum */
    double tasks; /* threads of the server, a number */
};
struct scale_each scale_each(const struct scale_point *p);

void scale_print(FILE *f, const struct scale_setup *setup, const struct scale_point *p);

/* The caller owns it. */
json_t *scale_json(const struct scale_point *p);

/* The points, the line through some of them, and what `at` connections would take: neither is told
 * (null) where the line does not hold. */
void scale_print_line(FILE *f, const struct scale_setup *setup, const struct line_point *points,
                      size_t count, const struct line *line, double tasks_each, double at);
json_t *scale_line_json(const struct line_point *points, size_t count, const struct line *line,
                        double tasks_each, double at);

#endif
