/* The end of a run, whole or interrupted. */
#ifndef IOM_RUN_END_H
#define IOM_RUN_END_H

struct results;

/* Print the tables, and what stands below them. */
void run_end_tables(const struct results *r);

/* Print the tables and what is to be said of failures; write summary.csv, ratios.csv,
 * predictions.csv, the plots (by the gnuplot scripts in `scripts`) and the report, all from the
 * rows in `dir`. Returns the exit status: 1 where a trial failed, a point has no usable trial, or
 * there are no rows. A prediction that did not come true changes nothing in that. */
int run_end(const char *dir, const char *scripts);

#endif
