#include "bench/record/environment.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/base/name.h"
#include "bench/base/text.h"
#include "common/err.h"

/* What everything that is made of a run relies on; NULL where that is there. */
static const char *lacking(const json_t *all)
{
    size_t i;
    json_t *m;
    if (!json_is_object(all))
        return "it is no JSON object";
    if (json_integer_value(json_object_get(all, "format")) != ENVIRONMENT_FORMAT)
        return "its format is another than 1";
    const json_t *s = json_object_get(all, "scenario");
    json_int_t rank = json_integer_value(json_object_get(s, "rank"));
    enum axis axis = AXIS_CONNECTIONS;
    if (!axis_parse(json_text(s, "axis", axis_info(axis)->name), &axis))
        return "its scenario is of an axis that there is none of";
    if (!json_is_string(json_object_get(s, "name")) || rank < axis_info(axis)->low ||
        rank > axis_info(axis)->high)
        return "it has no scenario with a name and a rank";
    if (!json_is_object(json_object_get(all, "placement")))
        return "it has no placement";
    if (!json_is_array(json_object_get(all, "models")))
        return "it has no models";
    json_array_foreach(json_object_get(all, "models"), i, m)
    {
        if (!name_is_good(json_text(m, "name", "")))
            return "a model in it has no name that is one";
    }
    return NULL;
}

static json_t *load(const char *dir, char *error, size_t error_size)
{
    char *path = text_format("%s/environment.json", dir);
    json_error_t where;
    FILE *f = fopen(path, "re");
    json_t *all = f ? json_loadf(f, JSON_REJECT_DUPLICATES, &where) : NULL;
    const char *lack = all ? lacking(all) : NULL;
    if (!f)
        snprintf(error, error_size, "cannot read %s: %s", path, strerror(errno));
    else if (!all)
        snprintf(error, error_size, "%s:%d: %s", path, where.line > 0 ? where.line : 1,
                 where.text);
    else if (lack)
        snprintf(error, error_size, "%s is not the environment of a run: %s", path, lack);
    if (f)
        fclose(f);
    free(path);
    if (!all || !lack)
        return all;
    json_decref(all);
    return NULL;
}

static bool has_text(const json_t *list, const char *text)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), text) == 0)
            return true;
    }
    return false;
}

/* Runs of before call a server of bench/external a "peer", and its counterparts "peer_of". */
static struct run_server server_of(const json_t *m)
{
    const char *kind = json_text(m, "kind", "model");
    const json_t *unsupported = json_object_get(m, "unsupported");
    struct run_server s = {
        .name = json_text(m, "name", "?"),
        .external = strcmp(kind, "model") != 0,
        .given = strcmp(kind, "external") == 0 && !json_text(m, "file", NULL),
        .counterpart_of = json_text(m, "counterpart_of", json_text(m, "peer_of", "")),
        .command = json_text(m, "command", ""),
        .differs = json_text(m, "differs", ""),
        .unsupported = unsupported && !json_is_null(unsupported),
    };
    const json_t *protocols = json_object_get(m, "protocols");
    const char *first = json_string_value(json_array_get(protocols, 0));
    if (first)
        protocol_parse(first, &s.protocol);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        s.speaks[p] = !s.external || has_text(protocols, protocol_names[p]);
    return s;
}

static struct run_skip skip_of(const json_t *s)
{
    double connections = json_number(s, NULL, "connections");
    double at = json_number(s, NULL, "at");
    struct run_skip skip = {
        .protocol = json_text(s, "protocol", ""),
        .model = json_text(s, "model", "?"),
        .connections = connections > 0 ? (unsigned)connections : 0,
        .reason = json_text(s, "reason", "?"),
    };
    skip.at = at >= 0 && at <= UINT_MAX ? (unsigned)at : skip.connections;
    return skip;
}

static void read_lists(struct environment *e)
{
    const json_t *servers = json_object_get(e->json, "models");
    const json_t *skipped = json_object_get(e->json, "skipped");
    e->servers = xcalloc(json_array_size(servers), sizeof *e->servers);
    e->skipped = xcalloc(json_array_size(skipped), sizeof *e->skipped);
    for (; e->server_count < json_array_size(servers); e->server_count++)
        e->servers[e->server_count] = server_of(json_array_get(servers, e->server_count));
    for (; e->skipped_count < json_array_size(skipped); e->skipped_count++)
        e->skipped[e->skipped_count] = skip_of(json_array_get(skipped, e->skipped_count));
    for (size_t i = 0; i < e->skipped_count; i++)
        e->skipped[i].axis = e->scenario.axis;
}

/* False with one line in `error` where they are there and wrong. */
static bool read_expectations(struct environment *e, const char *dir, char *error,
                              size_t error_size)
{
    char why[512];
    size_t i;
    json_t *one;
    const json_t *list = json_object_get(json_object_get(e->json, "scenario"), "expectations");
    json_array_foreach(list, i, one)
    {
        const char *text = json_is_string(one) ? json_string_value(one) : "";
        if (expectations_add(&e->scenario.expectations, text, 0, why, sizeof why))
            continue;
        snprintf(error, error_size, "%s/environment.json: %s", dir, why);
        return false;
    }
    return true;
}

/* The same. */
static bool read_unit_costs(struct environment *e, const char *dir, char *error,
                            size_t error_size)
{
    char why[256];
    struct unit_costs later;
    const json_t *json = json_object_get(e->json, "unit_costs");
    const json_t *after = json_object_get(e->json, "unit_costs_after");
    if (!json)
        return true;
    e->unit_costs = xcalloc(1, sizeof *e->unit_costs);
    bool good = unit_costs_from_json(e->unit_costs, json, why, sizeof why) &&
                (!after || unit_costs_from_json(&later, after, why, sizeof why));
    if (good && after)
        unit_costs_combine(e->unit_costs, &later);
    if (!good)
        snprintf(error, error_size, "%s/environment.json: %s", dir, why);
    return good;
}

bool environment_read(struct environment *e, const char *dir, char *error, size_t error_size)
{
    json_t *json = load(dir, error, error_size);
    const json_t *s = json_object_get(json, "scenario");
    const json_t *p = json_object_get(json, "placement");
    *e = (struct environment){
        .json = json,
        .date = json_text(json, "date", ""),
        .seed = json_text(json, "seed", ""),
        .counting = json_is_true(json_object_get(json, "counting")),
        .scenario = {.name = json_text(s, "name", ""),
                     .question = json_text(s, "question", ""),
                     .expect = json_text(s, "expect", ""),
                     .path = json_text(s, "path", "/"),
                     .order = json_text(s, "order", NULL),
                     .rank = (unsigned)json_integer_value(json_object_get(s, "rank")),
                     .repetitions = json_number(s, NULL, "repetitions"),
                     .duration_s = json_number(s, NULL, "duration_s"),
                     .warmup_s = json_number(s, NULL, "warmup_s")},
        .placement = {.server_cpus =
                          (int)json_integer_value(json_object_get(p, "server_cpu_count")),
                      .generator_cpus =
                          (int)json_integer_value(json_object_get(p, "generator_cpu_count")),
                      .shared = json_is_true(json_object_get(p, "shared_cpus")),
                      .warning = json_text(p, "warning", "")},
        .virtualised =
            json_is_true(json_object_get(json_object_get(json, "machine"), "virtualised")),
        .null_rps = json_number(json, "generator", "null_requests_per_second"),
    };
    if (!json)
        return false;
    axis_parse(json_text(s, "axis", ""), &e->scenario.axis);
    read_lists(e);
    if (read_expectations(e, dir, error, error_size) &&
        read_unit_costs(e, dir, error, error_size))
        return true;
    environment_free(e);
    return false;
}

void environment_free(struct environment *e)
{
    expectations_free(&e->scenario.expectations);
    free(e->unit_costs);
    free(e->servers);
    free(e->skipped);
    json_decref(e->json);
}

const struct run_server *environment_server(const struct environment *e, const char *name)
{
    for (size_t i = 0; i < e->server_count; i++)
        if (strcmp(e->servers[i].name, name) == 0)
            return &e->servers[i];
    return NULL;
}

const char *environment_no_namespaces(const struct environment *e)
{
    for (size_t i = 0; i < e->skipped_count; i++)
        if (e->skipped[i].axis == AXIS_TRANSPORT && e->skipped[i].connections > 0 &&
            e->skipped[i].at == TRANSPORT_NAMESPACES)
            return e->skipped[i].reason;
    return NULL;
}
