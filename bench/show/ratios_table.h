/* Our models beside servers of others, as a table. */
#ifndef IOM_RATIOS_TABLE_H
#define IOM_RATIOS_TABLE_H

#include <stdio.h>

#include "bench/record/ratios.h"

/* The table of `protocol`, on the terminal and in the report; nothing where there are none. */
void ratios_print(FILE *f, const struct ratios *r, enum protocol protocol);
void ratios_html(FILE *f, const struct ratios *r, enum protocol protocol);

#endif
