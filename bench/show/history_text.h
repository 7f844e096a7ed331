/* Models over commits, as text. */
#ifndef IOM_HISTORY_TEXT_H
#define IOM_HISTORY_TEXT_H

#include <stdio.h>

#include "bench/record/history.h"

/* A table for each model (or the one called `model`) and service: a line for each run, a column for
 * each number of connections. Each run is marked with its machine; where there are several, a
 * legend says that their figures are not one series. Returns how many tables there are. */
size_t history_text(FILE *f, const struct history *h, const char *model);

#endif
