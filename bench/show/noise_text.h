/* The noise of a run in one sentence or two. */
#ifndef IOM_NOISE_TEXT_H
#define IOM_NOISE_TEXT_H

#include "bench/record/results.h"

/* What the yardstick says of itself (noise_floor.h). NULL where the run has no yardstick. The
 * caller frees it. */
char *noise_text(const struct results *r);

/* Which rates of a run that has a yardstick are plain requests/s, for want of it. NULL where none
 * are. The caller frees it. */
char *plain_rates_text(const struct results *r);

#endif
