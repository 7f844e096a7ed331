#include "bench/show/ceiling_text.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/err.h"

/* The trial in which a request cost the generator least, or NULL. */
static const struct trial_row *cheapest(const struct trial_rows *rows, enum protocol protocol)
{
    const struct trial_row *best = NULL;
    for (size_t i = 0; i < rows->count; i++) {
        const struct trial_row *row = &rows->at[i];
        double cpu = row->value[M_GENERATOR_CPU_PER_REQUEST];
        if (row->ok && !row->counting && row->verdict != VERDICT_INVALID && cpu > 0 &&
            row->protocol == protocol &&
            (!best || cpu < best->value[M_GENERATOR_CPU_PER_REQUEST]))
            best = row;
    }
    return best;
}

char *ceiling_text(const struct results *r, enum protocol protocol)
{
    char thousands[32];
    char point[AXIS_TEXT_MAX];
    double null = r->environment.null_rps;
    const struct trial_row *best = cheapest(&r->rows, protocol);
    if (!best)
        return NULL;
    enum axis axis = r->environment.scenario.axis;
    bool comparable = axis == AXIS_CONNECTIONS || axis == AXIS_IDLE;
    char *own = isnan(null) || !comparable
                    ? xstrdup("")
                    : text_format("; by itself, against answers from memory, it makes %s/s",
                                  figure_thousands(null, thousands));
    double cpu = best->value[M_GENERATOR_CPU_PER_REQUEST];
    char *text = text_format("load generator%s%s: %.2f µs of CPU a request at best (%s, "
                             "%s), so %s requests/s for one CPU of its own%s",
                             best->engine[0] ? ", " : "", best->engine, cpu, best->model,
                             axis_point_text(best->axis, best->at, point),
                             figure_thousands(1e6 / cpu, thousands), own);
    free(own);
    return text;
}
