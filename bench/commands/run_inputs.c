#include "bench/commands/run_inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bench/base/child_env.h"
#include "bench/base/text.h"
#include "bench/plan/expectation_check.h"
#include "bench/plan/external_list.h"
#include "bench/plan/variants.h"
#include "bench/record/summary.h"
#include "bench/trial/external_look_up.h"
#include "common/err.h"
#include "common/parse.h"

/* Names of the servers to measure, by commas; NULL: as the scenario says. */
struct names {
    char *models;
    char *externals;
};

/* A wrong scenario or command line: one line, which names its place itself. */
_Noreturn static void wrong(const char *line)
{
    fprintf(stderr, "iomodels: %s\n", line);
    exit(EXIT_USAGE);
}

static void add_name(char **list, const char *name)
{
    bool first = strcmp(*list, "none") == 0;
    char *longer = first ? xstrdup(name) : text_format("%s,%s", *list, name);
    free(*list);
    *list = longer;
}

/* What the run in directory `dir`, read into `old`, was made of. */
static void read_old(struct run_inputs *in, const char *dir, struct environment *old,
                     struct names *names, struct model_list *given)
{
    char error[1024];
    if (!environment_read(old, dir, error, sizeof error))
        wrong(error);
    if (!parse_u64(old->seed, 0, UINT64_MAX, &in->seed))
        wrong("environment.json holds no seed");
    in->counting = old->counting;
    child_env_add_recorded(json_object_get(old->json, "environment"));
    *names = (struct names){xstrdup("none"), xstrdup("none")};
    for (size_t i = 0; i < old->server_count; i++) {
        const struct run_server *s = &old->servers[i];
        if (!s->given)
            add_name(s->external ? &names->externals : &names->models, s->name);
        else if (!externals_add_command(given, s->command, s->name, s->protocol, error,
                                        sizeof error))
            wrong(error);
    }
    in->file = text_format("%s/scenario.ini", dir);
}

static void read_new(struct run_inputs *in, const struct run_options *o, struct names *names,
                     struct model_list *given)
{
    char error[1024];
    *names = (struct names){o->models ? xstrdup(o->models) : NULL,
                            o->externals ? xstrdup(o->externals) : NULL};
    for (size_t i = 0; i < o->given_count; i++)
        if (!externals_add_command(given, o->given[i].command, o->given[i].name,
                                   o->given[i].protocol, error, sizeof error))
            wrong(error);
    in->file = paths_scenario(&o->paths, o->scenario);
    in->seed = o->seed;
    if (!o->seeded && getrandom(&in->seed, sizeof in->seed, 0) != sizeof in->seed)
        die_errno("cannot draw a seed");
}

/* A section of a server that nobody knows is a slip; one that was not built here is not. */
static void warn_of_unknown(const struct run_inputs *in, const struct model_list *externals)
{
    for (size_t i = 0; i < in->scenario.override_count; i++) {
        const char *name = in->scenario.overrides[i].model;
        if (!models_known(name) && !models_get(&in->models, name) &&
            !models_get(externals, name))
            warn("%s: [model:%s]: no such model; the section is of no effect", in->file, name);
    }
}

/* One of ours that answers any client: the first that serves all of them at one time. */
static void choose_ours(struct run_inputs *in)
{
    for (size_t i = 0; i < in->models.count; i++) {
        const struct model *m = &in->models.at[i];
        if (models_known(m->name) && !m->unsupported && m->concurrency == 0) {
            in->ours = (struct model){.name = xstrdup(m->name), .path = xstrdup(m->path)};
            return;
        }
    }
}

/* The server that trials are held against. The usual one may not be built here. */
static void choose_yardstick(struct run_inputs *in)
{
    const char *name = in->scenario.yardstick ? in->scenario.yardstick : "epoll-lt";
    const struct model *m = models_get(&in->models, name);
    bool fits = m && !m->unsupported && m->concurrency == 0;
    const char *none = scenario_no_yardstick(&in->scenario);
    if (none && in->scenario.yardstick && strcmp(name, "none") != 0)
        wrong(text_format("%s: yardstick = '%s': %s", in->file, name, none));
    if (none)
        return;
    if (strcmp(name, "none") == 0 || (!fits && !in->scenario.yardstick))
        return;
    if (!fits)
        wrong(text_format("%s: yardstick = '%s' is not a server of ours that runs here and "
                          "serves all connections at one time",
                          in->file, name));
    in->yardstick = (struct model){.name = xstrdup(m->name), .path = xstrdup(m->path)};
}

/* How many a model serves can depend on the options that the scenario gives it. */
static void describe_with_options(struct run_inputs *in)
{
    char error[600];
    for (size_t i = 0; i < in->models.count; i++) {
        struct model *m = &in->models.at[i];
        const struct model_override *o = scenario_override(&in->scenario, m->name);
        if (!o || !o->options || m->external || m->unsupported)
            continue;
        if (!models_describe_with(m, o->options, error, sizeof error))
            wrong(text_format("%s: [model:%s]: %s", in->file, m->name, error));
    }
}

/* Without the models of this suite that were not built here, for want of a library: a scenario that
 * names them is not wrong. The caller frees it. */
static char *built_ones(const struct run_inputs *in, const char *names)
{
    char *copy = xstrdup(names);
    char *rest = copy;
    char *item;
    char *kept = xstrdup("none");
    while ((item = strsep(&rest, ","))) {
        item = text_trim(item);
        if (models_known(item) && !models_get(&in->models, item) &&
            !variant_is_unknown(&in->scenario, item))
            fprintf(stderr, "skipped: %s: not built here\n", item);
        else
            add_name(&kept, item);
    }
    free(copy);
    return kept;
}

static bool is_column(const char *name)
{
    return summary_metric_named(name) != SUMMARY_COUNT;
}

/* `place` is where the names stand. */
static void keep_named(struct model_list *list, const char *names, const char *what,
                       const char *place)
{
    char error[1024];
    if (!models_select(list, names, what, error, sizeof error))
        wrong(text_format("%s: %s", place, error));
}

void run_inputs_read(struct run_inputs *in, const struct run_options *o,
                     struct environment *old, bool can_count)
{
    char error[1024];
    struct names names;
    struct model_list externals;
    struct model_list given = {0};
    *in = (struct run_inputs){.counting = can_count};
    if (o->resume)
        read_old(in, o->resume, old, &names, &given);
    else
        read_new(in, o, &names, &given);
    if (!scenario_read(in->file, &in->scenario, error, sizeof error))
        wrong(error);

    /* Counters see this machine alone. */
    in->counting &= in->scenario.launch.server_host == NULL;
    if (launch_given(&in->scenario.launch) && (o->externals || o->given_count > 0))
        wrong(text_format("%s: [load]: servers of others listen on this machine alone",
                          in->file));
    models_find(&in->models, o->paths.servers);
    if (in->models.count == 0)
        die("no server in %s answers to --describe", o->paths.servers);
    if (!externals_find(&externals, o->paths.external, error, sizeof error))
        wrong(error);
    variants_add(&in->models, &in->scenario);
    warn_of_unknown(in, &externals);
    if (!expectations_fit(&in->scenario, in->file, &in->models, &externals, is_column, error,
                          sizeof error))
        wrong(error);
    choose_ours(in);
    choose_yardstick(in);
    if (!names.models && in->scenario.models)
        names.models = built_ones(in, in->scenario.models);
    const char *wanted = names.externals ? names.externals : in->scenario.externals;
    keep_named(&in->models, names.models, "model", o->models ? "--models" : in->file);
    keep_named(&externals, wanted ? wanted : "none", "external server",
               o->externals ? "--externals" : in->file);
    describe_with_options(in);
    models_append(&in->models, &externals);
    for (size_t i = 0; i < given.count; i++) {
        if (!models_get(&in->models, given.at[i].name))
            continue;
        snprintf(error, sizeof error,
                 "there is a server '%s' already; --external-name gives this one another name",
                 given.at[i].name);
        wrong(error);
    }
    models_append(&in->models, &given);
    for (size_t i = 0; i < in->models.count; i++)
        external_look_up(&in->models.at[i]);
    free(names.models);
    free(names.externals);
}

bool run_inputs_same(const struct run_inputs *in, const struct environment *old, char *error,
                     size_t error_size)
{
    for (size_t i = 0; i < old->server_count; i++) {
        const struct run_server *then = &old->servers[i];
        const struct model *now = models_get(&in->models, then->name);
        if (!now || then->unsupported == (now->unsupported != NULL))
            continue;
        snprintf(error, error_size, "%s could %s, now it can%s", then->name,
                 then->unsupported ? "not run" : "run", then->unsupported ? "" : "not");
        return false;
    }
    return true;
}

void run_inputs_free(struct run_inputs *in)
{
    models_free(&in->models);
    scenario_free(&in->scenario);
    free(in->ours.name);
    free(in->ours.path);
    free(in->yardstick.name);
    free(in->yardstick.path);
    free(in->file);
}
