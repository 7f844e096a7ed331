#include "models.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/process.h"
#include "bench/text.h"
#include "common/clock.h"
#include "common/err.h"

/* Also the order of scripts/plots/style.gp, which gives each name its colour and mark. */
static const char *const known[] = {
    "iterative",    "fork",      "prefork",  "thread",   "thread-pool", "nonblocking",
    "sigio",        "select",    "poll",     "epoll-lt", "epoll-et",    "epoll-multi",
    "reactor-pool", "coroutine", "io-uring", "libuv",    "libev",       "libevent",
};

int models_rank(const char *name)
{
    int i = 0;
    while (i < (int)(sizeof known / sizeof known[0]) && strcmp(known[i], name) != 0)
        i++;
    return i;
}

bool models_known(const char *name)
{
    return models_rank(name) < (int)(sizeof known / sizeof known[0]);
}

static int by_rank(const void *a, const void *b)
{
    const struct model *x = a;
    const struct model *y = b;
    int order = models_rank(x->name) - models_rank(y->name);
    return order ? order : strcmp(x->name, y->name);
}

static bool describe(struct model *m)
{
    struct process p;
    const char *argv[] = {m->path, "--describe", NULL};
    process_start(&p, &(struct process_spec){.argv = argv, .input = -1, .extra = -1});
    bool ended = process_wait(&p, clock_after(clock_ns(), 10 * NS_PER_S));
    char *text = process_output(&p);
    bool good = ended && p.status == 0;
    process_destroy(&p);

    json_t *json = good ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (!json_is_object(json)) {
        json_decref(json);
        return false;
    }
    const char *summary = json_string_value(json_object_get(json, "summary"));
    m->summary = xstrdup(summary ? summary : "");
    m->max_connections = (unsigned)json_integer_value(json_object_get(json, "max_connections"));
    m->concurrency = (unsigned)json_integer_value(json_object_get(json, "concurrency"));
    json_decref(json);
    return true;
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
        if (is_program(m.path, d->d_name) && describe(&m)) {
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

bool models_select(struct model_list *list, const char *names, char *error, size_t error_size)
{
    if (!names)
        return true;
    bool *wanted = xcalloc(list->count, sizeof *wanted);
    char *copy = xstrdup(names);
    char *rest = copy;
    char *item;
    bool good = true;

    while (good && (item = strsep(&rest, ","))) {
        item = text_trim(item);
        const struct model *m = models_get(list, item);
        good = m != NULL;
        if (m)
            wanted[m - list->at] = true;
        else
            snprintf(error, error_size, "no model '%s'; 'iomodels list' shows those there are",
                     item);
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
