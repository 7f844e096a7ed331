/* Whether a run came out as its scenario expects, in words. */
#ifndef IOM_PREDICTION_TEXT_H
#define IOM_PREDICTION_TEXT_H

#include <stdio.h>

#include "bench/record/results.h"
#include "bench/show/grid.h"

/* Each expectation with its verdict and its figures. On a terminal no more than a few cases of an
 * expectation are shown, those first that did not come out; as HTML and Markdown all of them.
 * HTML has no heading. Nothing where the scenario expects nothing. */
void predictions_put(FILE *f, const struct results *r, enum format format);

#endif
