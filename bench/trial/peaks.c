#include "bench/trial/peaks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

static struct peak *find(const struct peaks *p, enum protocol protocol, const char *model)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i].protocol == protocol && strcmp(p->at[i].model, model) == 0)
            return &p->at[i];
    return NULL;
}

void peaks_note(struct peaks *p, const struct trial_row *row)
{
    if (row->axis != AXIS_LOAD || row->at != 0 || !(row->value[M_RPS] > 0))
        return;
    /* One that was disturbed, or only counted, takes the place of none that was not. */
    int worth = row->counting ? 0 : row->verdict == VERDICT_INVALID ? 1 : 2;
    struct peak *peak = find(p, row->protocol, row->model);
    if (peak && worth < peak->worth)
        return;
    if (!peak) {
        p->at = xrealloc(p->at, (p->count + 1) * sizeof *p->at);
        peak = &p->at[p->count++];
        peak->protocol = row->protocol;
        snprintf(peak->model, sizeof peak->model, "%s", row->model);
    }
    peak->rps = row->value[M_RPS];
    peak->worth = worth;
}

double peaks_get(const struct peaks *p, enum protocol protocol, const char *model)
{
    const struct peak *peak = find(p, protocol, model);
    return peak ? peak->rps : NAN;
}

void peaks_free(struct peaks *p)
{
    free(p->at);
    *p = (struct peaks){0};
}
