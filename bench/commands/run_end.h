/* The end of a run, whole or interrupted. */
#ifndef IOM_RUN_END_H
#define IOM_RUN_END_H

#include "bench/plan/scenario.h"

/* Print the tables and what is to be said of failures; write summary.csv, ratios.csv, the plots (by
 * the gnuplot scripts in `scripts`), the report, and the load generator's ceiling into
 * environment.json, all from the rows in `dir`. Returns the exit status: 1 where a trial failed, a
 * point has no usable trial, or there are no rows. */
int run_end(const char *dir, const char *scripts, const struct scenario *scenario);

#endif
