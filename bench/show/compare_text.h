/* Two runs beside each other, as text and as a table for programs. */
#ifndef IOM_COMPARE_TEXT_H
#define IOM_COMPARE_TEXT_H

#include <stdio.h>

#include "bench/record/compare.h"
#include "bench/show/grid.h"

/* What differs in the environments, what rates are measured in, a table for each service, and how
 * many points have which verdict: for the terminal or as Markdown. */
void compare_text(FILE *f, const struct compare *c, enum format format);

/* One row for each point: results/README.md tells the columns. */
void compare_csv(FILE *f, const struct compare *c);

/* "slower": the verdict in words; of a point without verdicts why that is. */
const char *compare_verdict_text(const struct compare_point *p, enum compare_figure f);

#endif
