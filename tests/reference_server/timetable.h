/* When a request is to be answered, and how: known for each, before its answer is made. */
#ifndef IOM_REFERENCE_TIMETABLE_H
#define IOM_REFERENCE_TIMETABLE_H

#include <stdint.h>

#include "faults.h"

/* The moment that the answer to request `number`, which was read at `now`, is due. To be called
 * once for each request, in their order. */
uint64_t timetable_due(uint64_t number, uint64_t now);

/* How request `number` is treated. */
enum fault timetable_fault(uint64_t number);

#endif
