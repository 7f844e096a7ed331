/* One window of a lesson: a server started for it, a load, and what both counted. */
#ifndef IOM_LESSON_WINDOW_H
#define IOM_LESSON_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "bench/duel/contestant.h"
#include "bench/lesson/value.h"
#include "bench/plan/placement.h"

struct lesson_window_spec {
    const struct lesson_side *side;
    const struct contestant *server;
    uint64_t window_ns;
    uint64_t seed; /* of what the load generator draws: the same for all sides of a round */
    const struct placement *placement;
    const char *loadgen;
    const char *dir; /* where results may lie for a moment */
};

enum lesson_result { LESSON_OK, LESSON_FAILS, LESSON_INTERRUPTED };

/* Measure. `doubt` becomes what the load generator doubts of its own figures, or "". On
 * LESSON_FAILS `reason` says why. Nothing of it runs any more afterwards. */
enum lesson_result lesson_window(const struct lesson_window_spec *spec,
                                 struct lesson_sample *out, char *doubt, size_t doubt_size,
                                 char *reason, size_t reason_size);

#endif
