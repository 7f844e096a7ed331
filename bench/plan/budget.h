/* How long a run takes, and how to make it shorter. */
#ifndef IOM_BUDGET_H
#define IOM_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan/plan.h"
#include "bench/plan/scenario.h"
#include "common/clock.h"

/* Of that, the unit costs before and after the trials. */
#define BUDGET_UNIT_COSTS_NS (7 * NS_PER_S)

/* About how long the trials of `p` and what stands around them take, where nothing goes wrong
 * and the machine is quiet. `yardstick`: trials alternate with one. */
uint64_t budget_estimate_ns(const struct scenario *s, const struct plan *p, bool yardstick);

/* The trials of that alone. */
uint64_t budget_trials_ns(const struct scenario *s, const struct plan *p, bool yardstick);

/* Take something off a scenario: first repetitions down to three; then every second point
 * between the first and the last, but not the one at which models are ranked, nor those that an
 * expectation names; then repetitions down to one; then those that an expectation names. False
 * where nothing is left that could go. */
bool budget_reduce(struct scenario *s);

/* Make the text of the scenario say what budget_reduce() has left. */
void budget_rewrite(struct scenario *s);

/* What `now` leaves out of `before`: "2 of 5 repetitions; points 4, 256". The caller frees it. */
char *budget_left_out(const struct scenario *before, const struct scenario *now);

#endif
