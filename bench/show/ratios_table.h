/* Our models beside servers of others, as a table. */
#ifndef IOM_RATIOS_TABLE_H
#define IOM_RATIOS_TABLE_H

#include <stdio.h>

#include "bench/record/ratios.h"
#include "bench/show/grid.h"

/* The table of `protocol` with its heading; nothing where there are no ratios. */
void ratios_table(FILE *f, const struct ratios *r, enum protocol protocol, enum format format);

#endif
