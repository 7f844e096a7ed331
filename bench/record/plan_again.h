/* The plan of a run that was made, made once more from what the run left. */
#ifndef IOM_PLAN_AGAIN_H
#define IOM_PLAN_AGAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plan/models.h"
#include "bench/plan/plan.h"
#include "bench/plan/scenario.h"
#include "bench/record/environment.h"

struct plan_again {
    struct scenario scenario; /* DIR/scenario.ini */
    struct model_list models; /* as environment.json tells of them */
    struct plan plan;         /* of its seed and its limit of descriptors */
};

/* Returns false with one line in `error` where scenario.ini cannot be read or environment.json
 * lacks what a plan needs. Free it in both cases. */
bool plan_again(struct plan_again *p, const char *dir, const struct environment *e, char *error,
                size_t error_size);
void plan_again_free(struct plan_again *p);

/* The trial of that number, or NULL. */
const struct plan_trial *plan_again_trial(const struct plan_again *p, unsigned id);

#endif
