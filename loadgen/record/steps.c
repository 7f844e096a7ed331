#include "loadgen/record/steps.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/err.h"

struct steps *steps_create(const struct options *o)
{
    const struct rate_profile *p = &o->profile;
    struct steps *s;
    uint64_t at = 0;

    if (p->count == 0)
        return NULL;
    s = xcalloc(1, sizeof *s + (p->count * STEPS_OF_A_RAMP + 1) * sizeof s->all[0]);
    for (uint32_t i = 0; i < p->count; i++) {
        const struct rate_segment *part = &p->segments[i];
        unsigned n = part->from_milli != part->to_milli && part->length_ns >= STEPS_OF_A_RAMP
                         ? STEPS_OF_A_RAMP
                         : 1;
        for (unsigned k = 0; k < n; k++)
            s->all[s->count++] = (struct step){.begin_ns = at + part->length_ns / n * k,
                                               .end_ns = at + part->length_ns / n * (k + 1)};
        at += part->length_ns;
        s->all[s->count - 1].end_ns = at;
    }
    if (o->duration_ns > at)
        s->all[s->count++] = (struct step){.begin_ns = at, .end_ns = o->duration_ns};
    return s;
}

void steps_free(struct steps *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->count; i++)
        free(s->all[i].response);
    free(s);
}

/* The step that the moment is in; NULL after the last. */
static struct step *find(struct steps *s, uint64_t at)
{
    uint32_t low = 0;
    uint32_t high = s->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (at >= s->all[middle].end_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->count ? &s->all[low] : NULL;
}

void steps_scheduled(struct steps *s, uint64_t due)
{
    struct step *step = find(s, due);
    if (step)
        step->scheduled++;
}

/* Most steps of most threads have their samples within a few pages: so each gets its own, when the
 * first one comes. */
static struct histogram *response_of(struct step *step)
{
    if (!step->response) {
        step->response = xcalloc(1, sizeof *step->response);
        histogram_clear(step->response);
    }
    return step->response;
}

void steps_ended(struct steps *s, uint64_t due, uint64_t now, enum count outcome,
                 uint64_t response)
{
    struct step *step = find(s, due);
    struct step *current = outcome == COUNT_OK ? find(s, now) : NULL;

    if (step) {
        step->outcomes[outcome]++;
        if (outcome == COUNT_OK || outcome == COUNT_TIMEOUT)
            histogram_record(response_of(step), response);
    }
    if (current)
        current->answered++;
}

void steps_merge(struct steps *into, const struct steps *from)
{
    for (uint32_t i = 0; i < into->count; i++) {
        struct step *step = &into->all[i];
        const struct step *other = &from->all[i];
        step->scheduled += other->scheduled;
        step->answered += other->answered;
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
            step->outcomes[k] += other->outcomes[k];
        if (other->response)
            histogram_merge(response_of(step), other->response);
    }
}

void steps_cut(struct steps *s, uint64_t window_ns)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct step *step = &s->all[i];
        if (step->end_ns > window_ns)
            step->end_ns = window_ns > step->begin_ns ? window_ns : step->begin_ns;
    }
    while (s->count > 1 && s->all[s->count - 1].begin_ns >= window_ns)
        free(s->all[--s->count].response);
}
