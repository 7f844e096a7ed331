#include "bench/record/plan_again.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/plan/external.h"
#include "common/err.h"
#include "common/parse.h"

static unsigned whole(const json_t *m, const char *name)
{
    return (unsigned)json_integer_value(json_object_get(m, name));
}

static struct external *external_of(const json_t *m)
{
    struct external *e = xcalloc(1, sizeof *e);
    const json_t *protocols = json_object_get(m, "protocols");
    size_t i;
    json_t *name;
    json_array_foreach(protocols, i, name)
    {
        enum protocol p;
        if (json_is_string(name) && protocol_parse(json_string_value(name), &p))
            e->protocols[p] = true;
    }
    return e;
}

static void read_models(struct model_list *list, const struct environment *e)
{
    const json_t *all = json_object_get(e->json, "models");
    list->at = xcalloc(json_array_size(all) + 1, sizeof *list->at);
    for (; list->count < json_array_size(all); list->count++) {
        const json_t *m = json_array_get(all, list->count);
        const char *unsupported = json_text(m, "unsupported", NULL);
        list->at[list->count] = (struct model){
            .name = xstrdup(json_text(m, "name", "?")),
            .max_connections = whole(m, "max_connections"),
            .concurrency = whole(m, "concurrency"),
            .workers = json_is_true(json_object_get(m, "workers")),
            .unsupported = unsupported ? xstrdup(unsupported) : NULL,
            .external = e->servers[list->count].external ? external_of(m) : NULL,
        };
    }
}

/* What the run raised its limit to; "unlimited" is a text. */
static uint64_t descriptors_of(const struct environment *e)
{
    const json_t *limits = json_object_get(e->json, "limits");
    const json_t *soft = json_object_get(json_object_get(limits, "nofile"), "soft");
    return json_is_integer(soft) ? (uint64_t)json_integer_value(soft) : UINT64_MAX;
}

static unsigned server_cpus_of(const struct environment *e)
{
    return whole(json_object_get(e->json, "placement"), "server_cpu_count");
}

bool plan_again(struct plan_again *p, const char *dir, const struct environment *e, char *error,
                size_t error_size)
{
    uint64_t seed;
    *p = (struct plan_again){0};
    char *path = text_format("%s/scenario.ini", dir);
    bool good = scenario_read(path, &p->scenario, error, error_size);
    free(path);
    if (good && !parse_u64(e->seed, 0, UINT64_MAX, &seed)) {
        snprintf(error, error_size, "%s/environment.json: the seed is '%.40s', no number", dir,
                 e->seed);
        good = false;
    }
    if (!good)
        return false;
    read_models(&p->models, e);
    struct plan_machine then = {descriptors_of(e), server_cpus_of(e),
                                environment_no_namespaces(e)};
    plan_make(&p->plan, &p->scenario, &p->models, seed, &then, e->counting);
    return true;
}

void plan_again_free(struct plan_again *p)
{
    plan_free(&p->plan);
    models_free(&p->models);
    scenario_free(&p->scenario);
}

const struct plan_trial *plan_again_trial(const struct plan_again *p, unsigned id)
{
    return id >= 1 && id <= p->plan.count ? &p->plan.trials[id - 1] : NULL;
}
