/* An explanation as people and programs read it. */
#ifndef IOM_EXPLAIN_TEXT_H
#define IOM_EXPLAIN_TEXT_H

#include <stdio.h>

#include "bench/show/explanation.h"
#include "bench/show/grid.h"

/* The table of an explanation that has points: the parts, predicted, measured, the rest; then how
 * many are close. */
void explain_table(FILE *f, const struct explanation *e, enum format format);

/* The products behind the prediction of one server. */
void explain_terms(FILE *f, const struct explained *e);

/* The same figures in nanoseconds, a row a server: comma-separated values for other programs,
 * with a header if `header`. */
void explain_csv(FILE *f, const struct explanation *e, bool header);

#endif
