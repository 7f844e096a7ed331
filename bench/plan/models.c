#include "bench/plan/models.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/name.h"
#include "bench/base/placeholders.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/models_list.h"
#include "bench/plan/external.h"
#include "common/clock.h"
#include "common/err.h"

/* The models of scripts/plots/models.csv that come before `name`; all where it is none of them. */
static int count_before(const char *name, bool *found)
{
    size_t n = strcspn(name, "+");
    int count = 0;
    *found = false;
    for (const char *line = models_csv; *line && !*found; line = strchr(line, '\n') + 1) {
        bool model = strncmp(line + strcspn(line, ","), ",model,", 7) == 0;
        *found = model && strncmp(line, name, n) == 0 && line[n] == ',';
        count += model && !*found;
    }
    return count;
}

int models_rank(const char *name)
{
    bool found;
    return count_before(name, &found);
}

bool models_known(const char *name)
{
    bool found;
    count_before(name, &found);
    return found;
}

static int by_rank(const void *a, const void *b)
{
    const struct model *x = a;
    const struct model *y = b;
    int order = models_rank(x->name) - models_rank(y->name);
    return order ? order : strcmp(x->name, y->name);
}

/* What `argv` prints, as a JSON object; NULL where it does not answer well within a minute.
 * `end` tells then how it ended. */
static json_t *ask(const char *const *argv, char *end, size_t end_size)
{
    struct process p;
    process_start(&p, &(struct process_spec){.argv = argv, .input = -1, .extra = -1});
    bool ended = process_wait(&p, clock_after(clock_ns(), 60 * NS_PER_S));
    char *text = process_output(&p);
    json_t *json = ended && p.status == 0 ? json_loads(text, 0, NULL) : NULL;
    if (!ended)
        snprintf(end, end_size, "no answer to --describe within 60 s");
    else
        process_end_reason(&p, end, end_size);
    free(text);
    process_destroy(&p);
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

static char *copy_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? xstrdup(text) : NULL;
}

static void set_description(struct model *m, const json_t *json)
{
    free(m->summary);
    free(m->unsupported);
    char *summary = copy_of(json, "summary");
    m->summary = summary ? summary : xstrdup("");
    m->unsupported = copy_of(json, "unsupported");
    m->max_connections = (unsigned)json_integer_value(json_object_get(json, "max_connections"));
    m->concurrency = (unsigned)json_integer_value(json_object_get(json, "concurrency"));
    m->workers = (unsigned)json_integer_value(json_object_get(json, "workers"));
}

static bool describe(struct model *m)
{
    char end[300];
    const char *argv[] = {m->path, "--describe", NULL};
    json_t *json = ask(argv, end, sizeof end);
    if (json)
        set_description(m, json);
    json_decref(json);
    return json != NULL;
}

bool models_describe_with(struct model *m, const char *options, char *error, size_t error_size)
{
    char end[300];
    char **words = options ? words_split(options, error, error_size) : NULL;
    if (options && !words)
        return false;
    size_t n = 0;
    while (words && words[n])
        n++;
    const char **argv = xcalloc(n + 3, sizeof *argv);
    argv[0] = m->path;
    for (size_t i = 0; i < n; i++)
        argv[i + 1] = words[i];
    argv[n + 1] = "--describe";
    json_t *json = ask(argv, end, sizeof end);
    if (json)
        set_description(m, json);
    else if (options)
        snprintf(error, error_size, "%s does not take the options '%s': %s", m->name, options,
                 end);
    else
        snprintf(error, error_size, "%s is no server of this suite: %s", m->name, end);
    json_decref(json);
    free(argv);
    words_free(words);
    return json != NULL;
}

static bool is_program(const char *path, const char *name)
{
    struct stat st;
    /* A build directory also holds libraries, objects and scripts: names with a dot. */
    return !strchr(name, '.') && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, X_OK) == 0;
}

void models_find(struct model_list *list, const char *servers)
{
    *list = (struct model_list){0};
    DIR *dir = opendir(servers);
    if (!dir)
        die_errno("cannot read the directory of servers %s", servers);

    struct dirent *d;
    while ((d = readdir(dir))) {
        struct model m = {.path = text_format("%s/%s", servers, d->d_name)};
        bool program = is_program(m.path, d->d_name);
        bool named = name_is_good(d->d_name);
        if (program && !named)
            warn("a program in %s is left out for its name: %s", servers, name_rule);
        if (program && named && describe(&m)) {
            m.name = xstrdup(d->d_name);
            list->at = xrealloc(list->at, (list->count + 1) * sizeof *list->at);
            list->at[list->count++] = m;
        } else {
            free(m.path);
        }
    }
    closedir(dir);
    if (list->count > 0)
        qsort(list->at, list->count, sizeof *list->at, by_rank);
}

static void free_model(struct model *m)
{
    free(m->name);
    free(m->path);
    free(m->summary);
    free(m->unsupported);
    if (m->external)
        external_clear(m->external);
    free(m->external);
}

void models_free(struct model_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_model(&list->at[i]);
    free(list->at);
    *list = (struct model_list){0};
}

const struct model *models_get(const struct model_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i].name, name) == 0)
            return &list->at[i];
    return NULL;
}

void models_append(struct model_list *list, struct model_list *from)
{
    list->at = xrealloc(list->at, (list->count + from->count) * sizeof *list->at);
    for (size_t i = 0; i < from->count; i++)
        list->at[list->count++] = from->at[i];
    free(from->at);
    *from = (struct model_list){0};
}

bool models_select(struct model_list *list, const char *names, const char *what, char *error,
                   size_t error_size)
{
    if (!names || strcmp(names, "all") == 0)
        return true;
    bool *wanted = xcalloc(list->count, sizeof *wanted);
    char *copy = xstrdup(strcmp(names, "none") == 0 ? "" : names);
    char *rest = *text_trim(copy) ? copy : NULL;
    char *item;
    bool good = rest || strcmp(names, "none") == 0;
    if (!good)
        snprintf(error, error_size, "an empty list of names; 'none' is none");

    while (good && (item = strsep(&rest, ","))) {
        item = text_trim(item);
        const struct model *m = models_get(list, item);
        good = m != NULL;
        if (m)
            wanted[m - list->at] = true;
        else
            snprintf(error, error_size, "no %s '%s'; 'iomodels list' shows those there are",
                     what, item);
    }
    size_t kept = 0;
    for (size_t i = 0; good && i < list->count; i++) {
        if (wanted[i])
            list->at[kept++] = list->at[i];
        else
            free_model(&list->at[i]);
    }
    if (good)
        list->count = kept;
    free(copy);
    free(wanted);
    return good;
}
