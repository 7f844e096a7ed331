/* iomodels list: the models, the servers of others and the scenarios there are. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/json_get.h"
#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "bench/commands/experiments.h"
#include "bench/crawl/client.h"
#include "bench/plan/external.h"
#include "bench/plan/external_list.h"
#include "bench/plan/models.h"
#include "bench/plan/scenario.h"
#include "bench/record/run_dir.h"
#include "bench/trial/external_look_up.h"
#include "common/err.h"

/* What --names prints the names of. */
enum kind { KIND_MODELS, KIND_EXTERNALS, KIND_SCENARIOS, KIND_RUNS, KIND_NONE };
static const char *const kinds[] = {[KIND_MODELS] = "models",
                                    [KIND_EXTERNALS] = "externals",
                                    [KIND_SCENARIOS] = "scenarios",
                                    [KIND_RUNS] = "runs",
                                    [KIND_NONE] = NULL};

struct list_options {
    struct paths paths; /* first: paths_rows */
    bool json;
    enum kind names;
};

static const struct option_row rows[] = {
    {OPTION_FLAG, 0, "json", NULL, "as JSON, with more of each",
     OPTION_FIELD(struct list_options, json)},
    {OPTION_WORD, 0, "names", "models|externals|scenarios|runs",
     "only the names of these, one on each line; of runs the directories",
     OPTION_FIELD(struct list_options, names), .words = kinds},
    {0},
};

_Static_assert(offsetof(struct list_options, paths) == 0, "paths_rows");

static int is_scenario(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && strcmp(d->d_name + n - 4, ".ini") == 0;
}

static json_t *points(const struct point_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_integer(list->at[i]));
    return array;
}

/* The scenarios, each with its question; a file that is wrong is told on standard error. */
static json_t *scenarios(const char *dir)
{
    json_t *list = json_array();
    struct dirent **names;
    int n = scandir(dir, &names, is_scenario, alphasort);
    for (int i = 0; i < n; i++) {
        struct scenario s;
        char error[512];
        char *file = text_format("%s/%s", dir, names[i]->d_name);
        if (scenario_read(file, &s, error, sizeof error))
            json_array_append_new(
                list,
                json_checked(
                    json_pack("{s:s,s:s,s:s,s:o,s:o,s:i,s:f}", "name", s.name, "question",
                              s.question ? s.question : "", "axis", axis_info(s.axis)->name,
                              "at", points(scenario_points(&s, "")), "connections",
                              points(&s.connections), "repetitions", (int)s.repetitions,
                              "trial_s", (double)(s.duration_ns + s.warmup_ns) / 1e9),
                    file));
        else
            warn("%s", error);
        scenario_free(&s);
        free(file);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return list;
}

static json_t *models(const struct model_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct model *m = &list->at[i];
        json_array_append_new(
            array,
            json_checked(json_pack("{s:s,s:s,s:i,s:i,s:o}", "name", m->name, "summary",
                                   m->summary, "max_connections", (int)m->max_connections,
                                   "concurrency", (int)m->concurrency, "unsupported",
                                   json_text_or_null(m->unsupported)),
                         "a model"));
    }
    return array;
}

static char *protocols_of(const struct external *p)
{
    const bool *speaks = p->protocols;
    return text_format("%s%s%s", speaks[PROTOCOL_HTTP] ? protocol_names[PROTOCOL_HTTP] : "",
                       speaks[PROTOCOL_HTTP] && speaks[PROTOCOL_ECHO] ? ", " : "",
                       speaks[PROTOCOL_ECHO] ? protocol_names[PROTOCOL_ECHO] : "");
}

/* `counterpart_of` is what that key is called. */
static json_t *externals(const struct model_list *list, const char *counterpart_of)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct model *m = &list->at[i];
        char *protocols = protocols_of(m->external);
        json_array_append_new(
            array,
            json_checked(json_pack("{s:s,s:s,s:s,s:s,s:o,s:b,s:o,s:o,s:i,s:i}", "name", m->name,
                                   "summary", m->summary, counterpart_of,
                                   m->external->counterpart_of, "protocols", protocols, "paths",
                                   json_text_or_null(m->external->paths), "available",
                                   !m->unsupported, "unavailable",
                                   json_text_or_null(m->unsupported), "packages",
                                   json_text_or_null(m->external->packages), "max_connections",
                                   (int)m->max_connections, "concurrency", (int)m->concurrency),
                         m->name));
        free(protocols);
    }
    return array;
}

static json_t *clients(const struct crawl_clients *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct model *m = &list->at[i].model;
        json_array_append_new(
            array, json_checked(
                       json_pack("{s:s,s:s,s:s,s:i,s:o,s:o}", "name", m->name, "kind",
                                 crawl_kind_names[list->at[i].kind], "summary", m->summary,
                                 "at_once", (int)list->at[i].at_once[CRAWL_TUNED],
                                 "unavailable", json_text_or_null(m->unsupported), "packages",
                                 json_text_or_null(m->external ? m->external->packages : NULL)),
                       m->name));
    }
    return array;
}

static void print_clients(const struct crawl_clients *list, bool queues)
{
    puts(queues ? "workers that a queue feeds (iomodels crawl queues)"
                : "clients (iomodels crawl --clients), ours and those of others");
    for (size_t i = 0; i < list->count; i++) {
        const struct crawl_client *c = &list->at[i];
        if ((c->kind == CRAWL_QUEUE) != queues)
            continue;
        printf("  %-18s %s", c->model.name, c->model.summary);
        if (c->at_once[CRAWL_TUNED] > 0)
            printf(" [at most %u at once]", c->at_once[CRAWL_TUNED]);
        putchar('\n');
        if (c->model.external || c->model.unsupported)
            printf("  %-18s %s\n", "",
                   c->model.unsupported ? c->model.unsupported : "installed");
    }
}

static void print_limits(const struct model *m)
{
    if (m->max_connections)
        printf(" [at most %u connection%s]", m->max_connections, text_s(m->max_connections));
    if (m->concurrency)
        printf(" [serves %u at a time]", m->concurrency);
    putchar('\n');
}

static void print_models(const struct model_list *list)
{
    printf("models\n");
    for (size_t i = 0; i < list->count; i++) {
        const struct model *m = &list->at[i];
        printf("  %-12s %s", m->name, m->summary);
        print_limits(m);
        if (m->unsupported)
            printf("  %-12s unsupported here: %s\n", "", m->unsupported);
    }
}

static void print_externals(const struct model_list *list)
{
    printf("servers of others (--externals), each with those of ours that wait as it does\n");
    for (size_t i = 0; i < list->count; i++) {
        const struct model *m = &list->at[i];
        char *protocols = protocols_of(m->external);
        printf("  %-22s %s", m->name, m->summary);
        print_limits(m);
        printf("  %-22s %s; counterpart of %s; %s\n", "", protocols,
               m->external->counterpart_of, m->unsupported ? m->unsupported : "installed");
        free(protocols);
    }
}

static void print_scenarios(const json_t *list)
{
    printf("scenarios\n");
    size_t i;
    json_t *s;
    json_array_foreach(list, i, s)
    {
        printf("  %-12s %s\n", json_string_value(json_object_get(s, "name")),
               json_string_value(json_object_get(s, "question")));
    }
}

static json_t *experiment_list(void)
{
    json_t *list = json_array();
    for (const struct experiment *e = experiments; e->name; e++)
        json_array_append_new(list,
                              json_pack("{s:s,s:s}", "name", e->name, "question", e->question));
    return list;
}

static void print_experiments(void)
{
    printf("experiments with options of their own (iomodels run NAME --help)\n");
    for (const struct experiment *e = experiments; e->name; e++)
        printf("  %-12s %s\n", e->name, e->question);
}

static void print_names_of(const struct model_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        puts(list->at[i].name);
}

/* What `iomodels run` takes. */
static void print_names_of_scenarios(const char *dir)
{
    struct dirent **names;
    int n = scandir(dir, &names, is_scenario, alphasort);
    for (int i = 0; i < n; i++) {
        printf("%.*s\n", (int)strlen(names[i]->d_name) - 4, names[i]->d_name);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    for (const struct experiment *e = experiments; e->name; e++)
        puts(e->name);
    puts("all");
    puts("first-look");
}

/* The directory of runs as the user would type it. */
static const char *short_path(const char *path)
{
    char *here = getcwd(NULL, 0);
    size_t n = here ? strlen(here) : 0;
    bool below = n > 1 && strncmp(path, here, n) == 0 && path[n] == '/';
    free(here);
    return below ? path + n + 1 : path;
}

static void print_names(const struct list_options *o)
{
    struct model_list list = {0};
    char error[1024];
    if (o->names == KIND_RUNS)
        run_dir_print_all(short_path(o->paths.results));
    if (o->names == KIND_SCENARIOS)
        print_names_of_scenarios(o->paths.scenarios);
    if (o->names == KIND_MODELS)
        models_find(&list, o->paths.servers);
    if (o->names == KIND_EXTERNALS &&
        !externals_find(&list, o->paths.external, error, sizeof error))
        warn("%s", error);
    print_names_of(&list);
    models_free(&list);
}

static void find_clients(struct crawl_clients *list, const struct paths *p)
{
    char error[1024];
    crawl_find_ours(list, p->clients);
    if (!crawl_find_externals(list, CRAWL_EXTERNAL, p->external_clients, error, sizeof error))
        warn("%s", error);
    if (!crawl_find_externals(list, CRAWL_QUEUE, p->queues, error, sizeof error))
        warn("%s", error);
    crawl_look_up(list);
}

int command_list(int argc, char **argv)
{
    struct list_options o = {.names = KIND_NONE};
    const struct command_line line = {
        .usage = "iomodels list [OPTIONS]\n",
        .about =
            "List the models and their limits, the scenarios of this source tree, the external "
            "servers (servers of others) and the clients: whether each is installed, and what to "
            "install if not.",
        .tables = {rows, paths_rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (at < argc)
        die_usage("list takes no argument such as '%s'", argv[at]);
    if (o.json && o.names != KIND_NONE)
        die_usage("--names and --json are two ways to print");
    paths_find(&o.paths);
    if (o.names != KIND_NONE) {
        print_names(&o);
        return 0;
    }

    struct model_list list;
    struct model_list others;
    char error[1024];
    models_find(&list, o.paths.servers);
    if (!externals_find(&others, o.paths.external, error, sizeof error))
        warn("%s", error);
    for (size_t i = 0; i < others.count; i++)
        external_look_up(&others.at[i]);
    struct crawl_clients crawlers = {0};
    find_clients(&crawlers, &o.paths);
    /* "peers" is the old name, which goes with the next release. */
    json_t *all =
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "models", models(&list), "externals",
                  externals(&others, "counterpart_of"), "peers", externals(&others, "peer_of"),
                  "scenarios", scenarios(o.paths.scenarios), "experiments", experiment_list(),
                  "clients", clients(&crawlers));
    if (o.json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        print_models(&list);
        print_externals(&others);
        print_clients(&crawlers, false);
        print_clients(&crawlers, true);
        print_scenarios(json_object_get(all, "scenarios"));
        print_experiments();
    }
    json_decref(all);
    models_free(&list);
    models_free(&others);
    crawl_clients_free(&crawlers);
    return 0;
}
