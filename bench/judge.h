/* May a measurement be believed? */
#ifndef IOM_JUDGE_H
#define IOM_JUDGE_H

#include <stdbool.h>

#include "bench/models.h"
#include "bench/placement.h"
#include "bench/trials_csv.h"

/* Set row->verdict and row->reason from what was measured. `generator_verdict` and
 * `generator_reason` are what the load generator said of itself.
 *
 * INVALID: no request was answered; an answer was wrong; or a model that can hold all
 * connections at once (its concurrency is not below them) did not get them all, or lost more
 * than one request in a thousand to resets, refusals and early ends. generator-limited: the
 * generator was saturated while the server still had CPU to spare (below 95 % of what it was
 * given), or both share a CPU. The figures are a lower bound of the server's. */
void judge(struct trial_row *row, const struct model *model, const struct placement *placement,
           const char *generator_verdict, const char *generator_reason);

#endif
