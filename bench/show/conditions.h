/* Under which conditions the figures of a run hold. */
#ifndef IOM_CONDITIONS_H
#define IOM_CONDITIONS_H

#include "bench/record/results.h"

/* One line: service, load, machine, CPUs, windows (and what bars mean, where there are `bars`),
 * date. The caller frees it. */
char *conditions_text(const struct results *r, enum protocol protocol, bool bars);

#endif
