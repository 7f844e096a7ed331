#include "bench/plan/expectation_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/plan/variants.h"
#include "common/err.h"

struct fit {
    const struct scenario *s;
    const struct model_list *ours;
    const struct model_list *externals;
    char why[512]; /* what is wrong with the expectation */
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct fit *f, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(f->why, sizeof f->why, format, ap);
    va_end(ap);
    return false;
}

static bool listed(const char *list, const char *name)
{
    bool found = false;
    char *copy = xstrdup(list);
    char *rest = copy;
    char *item;
    while (!found && (item = strsep(&rest, ",")))
        found = strcmp(text_trim(item), name) == 0;
    free(copy);
    return found;
}

static bool is_swept(const struct fit *f, const char *name)
{
    const char *models = f->s->models;
    const char *externals = f->s->externals;
    bool ours =
        models_get(f->ours, name) || (models_known(name) && !variant_is_unknown(f->s, name));
    if (!models || listed(models, "all") ? ours : listed(models, name))
        return true;
    return externals && (listed(externals, name) ||
                         (listed(externals, "all") && models_get(f->externals, name)));
}

static bool has_point(const struct point_list *points, unsigned at)
{
    for (size_t i = 0; i < points->count; i++)
        if (points->at[i] == at)
            return true;
    return false;
}

static bool is_measured_at(struct fit *f, const char *model, const char *axis, unsigned at)
{
    const struct point_list *points = scenario_points(f->s, model);
    if (has_point(points, at))
        return true;
    char *all = xstrdup("");
    for (size_t i = 0; i < points->count; i++) {
        char *longer = text_format("%s%s%u", all, i > 0 ? ", " : "", points->at[i]);
        free(all);
        all = longer;
    }
    wrong(f, "%s is not measured at %s = %u, but at %s", model, axis, at, all);
    free(all);
    return false;
}

static bool names_fit(struct fit *f, const struct expectation *e,
                      const struct expectation_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->at[i];
        if (!is_swept(f, name))
            return wrong(f, "'%s' is none of the servers that the scenario measures", name);
        if (e->axis && !is_measured_at(f, name, e->axis, e->at))
            return false;
        if (e->form == EXPECT_RATIO_OF_POINTS &&
            !is_measured_at(f, name, e->axis, e->against_at))
            return false;
    }
    return true;
}

static bool meet(const struct scenario *s, const char *a, const char *b)
{
    const struct point_list *points = scenario_points(s, a);
    for (size_t i = 0; i < points->count; i++)
        if (has_point(scenario_points(s, b), points->at[i]))
            return true;
    return false;
}

/* Two models are compared, and at some value. */
static bool pairs_fit(struct fit *f, const struct expectation *e)
{
    for (size_t i = 0; i < e->models.count; i++) {
        for (size_t k = 0; k < e->against.count; k++) {
            const char *a = e->models.at[i];
            const char *b = e->against.at[k];
            if (strcmp(a, b) == 0)
                return wrong(f, "%s stands on both sides", a);
            if (!meet(f->s, a, b))
                return wrong(f, "%s and %s are measured nowhere at the same value", a, b);
        }
    }
    return true;
}

static bool fits(struct fit *f, const struct expectation *e,
                 bool (*is_column)(const char *name))
{
    const char *axis = axis_info(f->s->axis)->name;
    if (!is_column(e->metric))
        return wrong(f, "'%s' is no figure of summary.csv", e->metric);
    if (e->axis && strcmp(e->axis, axis) != 0)
        return wrong(f, "the scenario sweeps %s, not %s", axis, e->axis);
    if (e->form == EXPECT_RATIO_OF_POINTS && e->at == e->against_at)
        return wrong(f, "both values are %u", e->at);
    if (e->by_workers && (!f->s->protocols[PROTOCOL_HTTP] ||
                          strncmp(f->s->path, "/wait/", strlen("/wait/")) != 0))
        return wrong(f, "no request of the scenario waits: its path is not /wait/MS of http");
    return names_fit(f, e, &e->models) && names_fit(f, e, &e->against) && pairs_fit(f, e);
}

bool expectations_fit(const struct scenario *s, const char *file, const struct model_list *ours,
                      const struct model_list *externals, bool (*is_column)(const char *name),
                      char *error, size_t error_size)
{
    struct fit f = {.s = s, .ours = ours, .externals = externals};
    for (size_t i = 0; i < s->expectations.count; i++) {
        const struct expectation *e = &s->expectations.at[i];
        if (fits(&f, e, is_column))
            continue;
        snprintf(error, error_size, "%s:%d: expect = %s: %s", file, e->line, e->text, f.why);
        return false;
    }
    return true;
}
