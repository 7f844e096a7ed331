/* Whether a scenario measures what it says that it expects. */
#ifndef IOM_EXPECTATION_CHECK_H
#define IOM_EXPECTATION_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plan/models.h"
#include "bench/plan/scenario.h"

/* Each model that is named must be in the sweep, each value among those that the model is measured
 * at, each metric a column (`is_column`). `ours` are the models that are built here; one that this
 * suite has and that is not built is no fault of the scenario. `externals` are the servers of
 * others that there are. Returns false with "FILE:LINE: what is wrong" in `error`. */
bool expectations_fit(const struct scenario *s, const char *file, const struct model_list *ours,
                      const struct model_list *externals, bool (*is_column)(const char *name),
                      char *error, size_t error_size);

#endif
