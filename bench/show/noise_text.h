/* The noise of a run in one sentence or two. */
#ifndef IOM_NOISE_TEXT_H
#define IOM_NOISE_TEXT_H

#include "bench/record/results.h"

/* What the yardstick says of itself (noise_floor.h). NULL where the run has no yardstick. The
 * caller frees it. */
char *noise_text(const struct results *r);

#endif
