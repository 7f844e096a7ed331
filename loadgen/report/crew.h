/* Who takes part in a run: this generator alone, or several that load together. */
#ifndef IOM_CREW_H
#define IOM_CREW_H

#include <stdbool.h>

#include "loadgen/load/gate.h"
#include "loadgen/report/result.h"

struct crew {
    struct gate *gate; /* of each run, or NULL */
    /* Makes the result of this generator, and what `run` says besides, that of all generators. All
     * get the same. NULL where there is one. */
    void (*unite)(struct crew *crew, struct run *run, struct result *result);
    bool silent; /* another of them tells what there is to tell */
};

/* One run, its result reported. Returns the exit status. */
int crew_run(const struct options *o, struct crew *crew);

/* The result of a finished run, of all who took part in it. */
static inline void crew_collect(struct crew *crew, struct run *run, struct result *result)
{
    result_collect(result, run);
    if (crew->unite)
        crew->unite(crew, run, result);
}

#endif
