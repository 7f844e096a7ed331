/* What this program and the kernel allow of processes, known before the first one is started. */
#ifndef IOM_SCALE_LIMITS_H
#define IOM_SCALE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/scale/shape.h"

struct scale_limits {
    double descriptors; /* that this program may have */
    double tasks;       /* threads and processes that may still be started; may be infinite */
    const char *of;     /* what limits the tasks; of static storage */
};

/* `descriptors`: as own_descriptors_raise() gives them. */
void scale_limits_read(struct scale_limits *out, double descriptors);

/* `cost`: what pilots took; NULL where there were none yet, then each server counts as one task.
 * False with one line in `reason`. */
bool scale_limits_suffice(const struct scale_limits *l, const struct scale_shape *s,
                          const struct scale_cost *cost, char *reason, size_t reason_size);

#endif
