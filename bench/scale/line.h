/* Memory as a line over the number of connections, and whether the line holds where it was not
 * fitted. */
#ifndef IOM_SCALE_LINE_H
#define IOM_SCALE_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct line_point {
    double x, y;
    bool held_out; /* the line does not know it */
};

struct line {
    double base, each; /* y = base + each * x */
    double worst;      /* the greatest error at a point that was held out, a share of its y */
};

/* So far off may a point be that was held out. */
#define LINE_ERROR 0.05

/* Fit by least squares of the relative errors: memory is known to a share of itself. From the
 * second point on every other is held out, so of an even number the last one: there the line is
 * asked for more than it has seen. At least 4 points, in ascending order. Where one y is not known
 * (NaN), or is not above 0, there is no line: its numbers are NaN, its error is infinite. */
struct line line_fit(struct line_point *points, size_t count);

double line_at(const struct line *l, double x);

#endif
