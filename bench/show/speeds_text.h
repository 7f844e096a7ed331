/* What `iomodels run two-speeds` found: a table, and what it means, judged by its figures. */
#ifndef IOM_SPEEDS_TEXT_H
#define IOM_SPEEDS_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "bench/trial/speeds.h"

/* Tell of the `n` windows at `w`, of one model and one number of connections. `waking_ns` is the
 * cost of waking a thread on another CPU; NaN where it is not known. */
void speeds_tell(FILE *f, const struct speed_window *w, size_t n, double waking_ns);

#endif
