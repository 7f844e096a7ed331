/* The figures of a report for its own script. */
#ifndef IOM_REPORT_DATA_H
#define IOM_REPORT_DATA_H

#include <stdio.h>

#include "bench/show/heat.h"

/* JSON that can stand in a <script>: {"families", "models", "columns", "points", "pairs"}. The
 * points of a column are compared by `rate` (record/rate.h):
 *
 *     families  [name, title, colour]
 *     models    [name, family, by number]
 *     columns   {run, service, at, axis, main}: as the heat maps have them, one service after the
 *               other
 *     points    [model, column, state, text, low, median, high, [rate in block 1, 2, ...]]
 *               state: 0 can be the best, 1 limited by the load generator, 2 no figure
 *     pairs     how many pairs a finding needs (record/ratios.h)  */
void report_data(FILE *f, const struct heat heats[PROTOCOL_COUNT]);

#endif
