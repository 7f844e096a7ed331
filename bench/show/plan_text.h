/* What a run is going to do, for people. */
#ifndef IOM_PLAN_TEXT_H
#define IOM_PLAN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "bench/plan/plan.h"
#include "bench/record/environment_write.h"

/* Tell on standard error what will be measured, where, and what is wrong with that; `done`
 * trials of the run in `dir` are there already. */
void plan_tell(const struct run_facts *facts, const char *dir, size_t done);

/* Tell on standard error how long `what` takes, about. */
void plan_tell_time(const char *what, uint64_t ns);

/* The trials in their order, on standard output. */
void plan_list(const struct plan *plan);

#endif
