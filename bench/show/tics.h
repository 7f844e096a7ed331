/* The scale of a picture's axis: where it ends, and what stands beside it. */
#ifndef IOM_TICS_H
#define IOM_TICS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plan/axis.h"

/* requests/s, microseconds, KiB; the last two stand on no axis */
enum unit { UNIT_RATE, UNIT_TIME, UNIT_KIB, UNIT_CALLS, UNIT_SWITCHES };

struct tics {
    double low;
    double high;
    bool log;
    char text[1024]; /* as gnuplot's `set xtics (...)` takes them: "0" 0, "50 k" 50000 */
    char bare[1024]; /* the same without labels: for the lines of a grid alone */
};

/* From 0 to a little above `most`, some four steps of 1, 2 or 5. */
void tics_linear(struct tics *t, double most, enum unit unit);

/* A logarithmic axis with the decades labelled, two at least. It ends at 1, 2 or 5 times a power
 * of ten, next to `least` and `most`. Where fewer than two decades would lie on it, it ends at
 * decades. Both must be above 0. */
void tics_log(struct tics *t, double least, double most, enum unit unit);

/* The places of `n` values of a sweep, in the order of axis_sort(), into `x`: logarithms to base 2,
 * or 0, 1, 2, ... where one of the values is 0 or the values are no amounts. Of two labels that
 * would touch the larger is there. */
void tics_sweep(struct tics *t, enum axis axis, const unsigned *at, size_t n, double *x);

/* A value as it stands on the axis: "1,024". Returns `out`. */
char *tics_value_text(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX]);

/* Where a value lies between the ends of the axis: 0 to 1; and the value at such a place. */
double tics_part(const struct tics *t, double value);
double tics_value(const struct tics *t, double part);

/* A figure as a sentence has it: "278,203 requests/s", "1.25 ms", "4.2 KiB". */
char *unit_figure(enum unit unit, double value, char out[48]);

#endif
