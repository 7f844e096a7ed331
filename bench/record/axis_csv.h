/* The columns `axis` and `at` of the files of a run. */
#ifndef IOM_AXIS_CSV_H
#define IOM_AXIS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/csv.h"
#include "bench/plan/axis.h"

/* The point that a row is of. A file of before has no such columns: its axis is connections, and
 * `connections` is the value on it. False where the row has no point of an axis that there is. */
bool axis_read(const struct csv *c, size_t row, unsigned connections, enum axis *axis,
               unsigned *at);

#endif
