/* Variants of a model in a scenario: [model:NAME+WHAT] is the model NAME with the options of that
 * section, a server beside NAME. */
#ifndef IOM_VARIANTS_H
#define IOM_VARIANTS_H

#include <stdbool.h>

#include "bench/plan/models.h"
#include "bench/plan/scenario.h"

/* Add to `list`, each behind its model, the variants that `s` has. One whose model is not in the
 * list is left out. */
void variants_add(struct model_list *list, const struct scenario *s);

/* Whether `name` is that of a variant which `s` does not have. */
bool variant_is_unknown(const struct scenario *s, const char *name);

#endif
