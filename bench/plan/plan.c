#include "bench/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/plan/external.h"
#include "common/err.h"
#include "common/random.h"

/* Uniform in [0, n): values that would favour the small remainders are drawn again. */
static uint64_t random_below(uint64_t *state, uint64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t value;
    do
        value = random_next(state);
    while (value >= limit);
    return value % n;
}

static void shuffle(struct plan_trial *trials, size_t n, uint64_t *state)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)random_below(state, i);
        struct plan_trial t = trials[i - 1];
        trials[i - 1] = trials[j];
        trials[j] = t;
    }
}

/* More CPUs than one are the subject: a single point shows nothing. */
static bool lacks_cpus(const struct plan_trial *t, const struct plan_machine *machine)
{
    return t->axis == AXIS_CORES && (machine->server_cpus < 2 || t->at > machine->server_cpus);
}

/* Why the point cannot be measured, or "". */
static void skip_reason(const struct plan_trial *t, const struct plan_machine *machine,
                        char reason[256])
{
    const struct model *m = t->model;
    unsigned connections = axis_open_connections(t->axis, t->connections, t->at);
    reason[0] = '\0';
    if (m->max_connections && connections > m->max_connections)
        snprintf(reason, 256, "%s holds at most %u connection%s", m->name, m->max_connections,
                 text_s(m->max_connections));
    else if (t->axis == AXIS_WORKERS && !m->workers)
        snprintf(reason, 256, "%s has no workers", m->name);
    else if (lacks_cpus(t, machine))
        snprintf(
            reason, 256,
            "needs %u CPUs or more, %u for the server and one for the load generator; here "
            "the server can have %u",
            t->at < 2 ? 3 : t->at + 1, t->at < 2 ? 2 : t->at, machine->server_cpus);
    else if (t->axis == AXIS_TRANSPORT && t->at == TRANSPORT_NAMESPACES &&
             machine->no_namespaces)
        snprintf(reason, 256, "%s", machine->no_namespaces);
    else if (m->external &&
             (t->axis == AXIS_PAYLOAD || t->axis == AXIS_CPU || t->axis == AXIS_WORKERS ||
              t->axis == AXIS_CORES || t->axis == AXIS_TRANSPORT))
        snprintf(reason, 256, "a server of others is asked for one path, over TCP");
    else if (connections + (uint64_t)PLAN_SPARE_DESCRIPTORS > machine->descriptors)
        snprintf(
            reason, 256,
            "needs %u descriptors, this machine's limit is %llu (ulimit -n, RLIMIT_NOFILE)",
            connections + PLAN_SPARE_DESCRIPTORS, (unsigned long long)machine->descriptors);
}

static void add_skip(struct plan *p, const struct plan_trial *t, const char *reason)
{
    p->skipped = xrealloc(p->skipped, (p->skipped_count + 1) * sizeof *p->skipped);
    struct plan_skip *skip = &p->skipped[p->skipped_count++];
    *skip = (struct plan_skip){.protocol = t->protocol,
                               .model = t->model,
                               .connections = t->connections,
                               .axis = t->axis,
                               .at = t->at};
    snprintf(skip->reason, sizeof skip->reason, "%s", reason);
}

static void add_point(struct plan *p, const struct plan_trial *t,
                      const struct plan_machine *machine)
{
    char reason[256];
    skip_reason(t, machine, reason);
    if (reason[0]) {
        add_skip(p, t, reason);
        return;
    }
    p->trials = xrealloc(p->trials, (p->points + 1) * sizeof *p->trials);
    p->trials[p->points++] = *t;
}

static unsigned concurrency_of(const struct model *m, enum axis axis, unsigned at)
{
    return axis == AXIS_WORKERS && m->workers && m->concurrency > 0 ? at : m->concurrency;
}

/* A load is a part of the peak, which is measured first. */
static void peaks_first(struct plan_trial *trials, size_t n)
{
    size_t peaks = 0;
    for (size_t i = 0; i < n; i++) {
        struct plan_trial t = trials[i];
        if (t.at != 0)
            continue;
        memmove(&trials[peaks + 1], &trials[peaks], (i - peaks) * sizeof *trials);
        trials[peaks++] = t;
    }
}

void plan_make(struct plan *p, const struct scenario *s, const struct model_list *models,
               uint64_t seed, const struct plan_machine *machine, bool counting)
{
    *p = (struct plan){0};
    for (size_t m = 0; m < models->count; m++)
        if (models->at[m].unsupported)
            add_skip(p, &(struct plan_trial){.model = &models->at[m], .axis = s->axis},
                     models->at[m].unsupported);
    for (int protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        for (size_t m = 0; s->protocols[protocol] && m < models->count; m++) {
            const struct model *model = &models->at[m];
            const struct point_list *points = scenario_points(s, model->name);
            if (model->unsupported ||
                (model->external && !model->external->protocols[protocol]))
                continue;
            for (size_t i = 0; i < points->count; i++) {
                unsigned at = points->at[i];
                struct plan_trial t = {.protocol = (enum protocol)protocol,
                                       .model = model,
                                       .connections = scenario_connections(s, model->name, at),
                                       .axis = s->axis,
                                       .at = at,
                                       .concurrency = concurrency_of(model, s->axis, at)};
                add_point(p, &t, machine);
            }
        }
    }

    unsigned blocks = s->repetitions + counting;
    p->count = p->points * blocks;
    p->trials = xrealloc(p->trials, p->count * sizeof *p->trials);
    for (size_t i = p->points; i < p->count; i++)
        p->trials[i] = p->trials[i % p->points];
    for (size_t i = 0; i < p->count; i++)
        p->trials[i].block = (unsigned)(i / p->points) + !counting;
    uint64_t state = seed;
    for (unsigned b = 0; b < blocks; b++) {
        shuffle(p->trials + b * p->points, p->points, &state);
        if (s->axis == AXIS_LOAD)
            peaks_first(p->trials + b * p->points, p->points);
    }
    for (size_t i = 0; i < p->count; i++)
        p->trials[i].id = (unsigned)i + 1;
    for (size_t i = 0; counting && i < p->points; i++)
        p->trials[i].counting = true;
}

const char *plan_why_skipped(const struct plan *p)
{
    return p->skipped_count > 0 ? p->skipped[0].reason : NULL;
}

void plan_free(struct plan *p)
{
    free(p->trials);
    free(p->skipped);
    *p = (struct plan){0};
}

bool plan_holds_all(const struct plan_trial *t)
{
    return t->concurrency == 0 ||
           t->concurrency >= axis_open_connections(t->axis, t->connections, t->at);
}
