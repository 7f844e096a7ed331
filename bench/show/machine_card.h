/* The unit costs of a machine, as people read them. */
#ifndef IOM_MACHINE_CARD_H
#define IOM_MACHINE_CARD_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/machine/unit_costs.h"
#include "bench/show/grid.h"

/* The table of all costs beside what others have published of bare metal, why a cost has no figure,
 * warnings, and the sources. */
void machine_card(FILE *f, const struct unit_costs *u, bool virtualised, enum format format);

/* What to mind, a line each, nothing where there is nothing: a cost ten times the usual, a clock
 * that is a system call, and a machine that did not hold still while it was measured. */
void machine_warnings(FILE *f, const struct unit_costs *u, bool virtualised,
                      enum format format);

/* Two machines side by side, with the ratio of the second to the first. */
void machine_compare(FILE *f, const struct unit_costs *a, const struct unit_costs *b,
                     enum format format);

#endif
