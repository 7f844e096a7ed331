#include "bench/machine/unit_costs.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/json_get.h"

enum { VERSION = 1 };

#define NAME(id, name, what) [UNIT_##id] = name,
const char *const unit_cost_names[UNIT_COST_COUNT] = {UNIT_COSTS(NAME)};
#undef NAME
#define TEXT(id, name, what) [UNIT_##id] = what,
const char *const unit_cost_texts[UNIT_COST_COUNT] = {UNIT_COSTS(TEXT)};
#undef TEXT

static json_t *figure_to_json(const struct unit_cost_figure *f)
{
    if (isnan(f->ns))
        return json_pack("{s:n,s:s}", "ns", "why", f->why);
    json_t *one = json_pack("{s:f,s:f,s:f,s:I}", "ns", f->ns, "low", f->low, "high", f->high,
                            "batches", (json_int_t)f->batches);
    if (!isnan(f->fastest))
        json_object_set_new(one, "fastest", json_real(f->fastest));
    return one;
}

static void combine(struct unit_cost_figure *f, const struct unit_cost_figure *later)
{
    if (isnan(later->ns))
        return;
    if (isnan(f->ns)) {
        *f = *later;
        return;
    }
    f->ns = sqrt(f->ns * later->ns);
    f->low = fmin(f->low, later->low);
    f->high = fmax(f->high, later->high);
    f->fastest = fmin(f->fastest, later->fastest);
    f->batches += later->batches;
}

void unit_costs_combine(struct unit_costs *u, const struct unit_costs *later)
{
    u->seconds += later->seconds;
    for (int i = 0; i < UNIT_COST_COUNT; i++)
        combine(&u->at[i], &later->at[i]);
}

json_t *unit_costs_to_json(const struct unit_costs *u)
{
    json_t *costs = json_object();
    for (int i = 0; i < UNIT_COST_COUNT; i++)
        json_object_set_new(costs, unit_cost_names[i],
                            json_checked(figure_to_json(&u->at[i]), unit_cost_names[i]));
    return json_checked(json_pack("{s:i,s:f,s:i,s:i,s:b,s:o}", "version", VERSION, "seconds",
                                  u->seconds, "server_cpu", u->server_cpu, "generator_cpu",
                                  u->generator_cpu, "clock_is_system_call",
                                  u->clock_is_system_call, "costs", costs),
                        "the unit costs");
}

/* A time: NaN where it is none. */
static double time_at(const json_t *one, const char *name)
{
    double value = json_number(one, NULL, name);
    return value >= 0 && isfinite(value) ? value : NAN;
}

/* What is wrong with a cost; NULL where all is well. */
static const char *figure_from_json(struct unit_cost_figure *f, const json_t *one)
{
    *f = (struct unit_cost_figure){NAN, NAN, NAN, NAN, 0, "not in this file"};
    if (!one)
        return NULL;
    if (!json_is_object(one))
        return "is no object";
    if (json_is_null(json_object_get(one, "ns"))) {
        const char *why = json_text(one, "why", NULL);
        snprintf(f->why, sizeof f->why, "%s", why ? why : "");
        return why && why[0] ? NULL : ".ns is null, and .why does not say why";
    }
    f->why[0] = '\0';
    f->ns = time_at(one, "ns");
    f->low = time_at(one, "low");
    f->high = time_at(one, "high");
    f->fastest = time_at(one, "fastest");
    double batches = time_at(one, "batches");
    if (isnan(f->ns))
        return ".ns is neither null nor a time";
    if (!(f->low <= f->ns && f->ns <= f->high))
        return ".low, .ns and .high do not rise";
    if (!(batches >= 1 && batches <= 1e9))
        return ".batches is no number of batches";
    f->batches = (size_t)batches;
    return NULL;
}

static bool wrong(char *error, size_t error_size, const char *what)
{
    snprintf(error, error_size, "unit_costs%s", what);
    return false;
}

/* The number of a CPU; false where it is none. */
static bool cpu_at(const json_t *json, const char *name, int *out)
{
    const json_t *value = json_object_get(json, name);
    json_int_t cpu = json_integer_value(value);
    *out = (int)cpu;
    return json_is_integer(value) && cpu >= 0 && cpu <= INT_MAX;
}

bool unit_costs_from_json(struct unit_costs *u, const json_t *json, char *error,
                          size_t error_size)
{
    const json_t *costs = json_object_get(json, "costs");
    const json_t *is_call = json_object_get(json, "clock_is_system_call");
    *u = (struct unit_costs){.seconds = time_at(json, "seconds"),
                             .clock_is_system_call = json_is_true(is_call)};
    if (!json_is_object(json))
        return wrong(error, error_size, " is no object");
    if (json_integer_value(json_object_get(json, "version")) != VERSION)
        return wrong(error, error_size, ".version is another than 1");
    if (isnan(u->seconds))
        return wrong(error, error_size, ".seconds is no time");
    if (!cpu_at(json, "server_cpu", &u->server_cpu))
        return wrong(error, error_size, ".server_cpu is no CPU");
    if (!cpu_at(json, "generator_cpu", &u->generator_cpu))
        return wrong(error, error_size, ".generator_cpu is no CPU");
    if (!json_is_boolean(is_call))
        return wrong(error, error_size, ".clock_is_system_call is neither true nor false");
    if (!json_is_object(costs))
        return wrong(error, error_size, ".costs is no object");
    for (int i = 0; i < UNIT_COST_COUNT; i++) {
        const char *what =
            figure_from_json(&u->at[i], json_object_get(costs, unit_cost_names[i]));
        if (what) {
            snprintf(error, error_size, "unit_costs.costs.%s%s%s", unit_cost_names[i],
                     what[0] == '.' ? "" : " ", what);
            return false;
        }
    }
    return true;
}
