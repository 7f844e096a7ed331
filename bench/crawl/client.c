#include "bench/crawl/client.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/ini_keys.h"
#include "bench/base/name.h"
#include "bench/base/placeholders.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/plan/external.h"
#include "bench/plan/external_list.h"
#include "bench/trial/external_look_up.h"
#include "bench/trial/external_site.h"
#include "common/clock.h"
#include "common/err.h"

const char *const crawl_way_names[CRAWL_WAYS] = {
    [CRAWL_FIRST] = "first", [CRAWL_TUNED] = "tuned"};

const char *const crawl_kind_names[CRAWL_KINDS] = {
    [CRAWL_OURS] = "ours", [CRAWL_EXTERNAL] = "external", [CRAWL_QUEUE] = "queue"};

static const uint64_t describe_limit = 60 * NS_PER_S;

/* Ours, in the order of the textbook; others come after them. */
static const char *const order[] = {
    "serial", "thread", "thread-pool", "process",  "process-pool", "nonblocking",  "select",
    "poll",   "epoll",  "coroutine",   "io-uring", "libuv",        "libcurl-multi"};
enum { ORDERED = sizeof order / sizeof order[0] };

static size_t rank(const char *name)
{
    size_t i = 0;
    while (i < ORDERED && strcmp(order[i], name) != 0)
        i++;
    return i;
}

static int by_rank(const void *a, const void *b)
{
    const struct crawl_client *x = a, *y = b;
    size_t p = rank(x->model.name), q = rank(y->model.name);
    return p != q ? (p > q) - (p < q) : strcmp(x->model.name, y->model.name);
}

static struct crawl_client *add(struct crawl_clients *list, const char *name)
{
    list->at = xrealloc(list->at, (list->count + 1) * sizeof *list->at);
    struct crawl_client *c = &list->at[list->count++];
    *c = (struct crawl_client){.model.name = xstrdup(name)};
    return c;
}

static json_t *describe(const char *path)
{
    const char *argv[] = {path, "--describe", NULL};
    struct process p;
    process_start(&p, &(struct process_spec){.argv = argv, .input = -1, .extra = -1});
    bool ended = process_wait(&p, clock_after(clock_ns(), describe_limit));
    char *text = process_output(&p);
    json_t *json = ended && p.status == 0 ? json_loads(text, 0, NULL) : NULL;
    free(text);
    process_destroy(&p);
    return json;
}

static void add_ours(struct crawl_clients *list, const char *dir, const char *name)
{
    struct stat st;
    char *path = text_format("%s/%s", dir, name);
    bool program = !strchr(name, '.') && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
                   access(path, X_OK) == 0 && name_is_good(name);
    json_t *told = program ? describe(path) : NULL;
    const char *is = json_string_value(json_object_get(told, "client"));
    if (is) {
        const char *summary = json_string_value(json_object_get(told, "summary"));
        const char *why = json_string_value(json_object_get(told, "unsupported"));
        struct crawl_client *c = add(list, name);
        c->model.path = xstrdup(path);
        c->model.summary = xstrdup(summary ? summary : "");
        c->model.unsupported = why ? xstrdup(why) : NULL;
        c->at_once[CRAWL_TUNED] =
            (unsigned)json_integer_value(json_object_get(told, "max_concurrency"));
    }
    json_decref(told);
    free(path);
}

void crawl_find_ours(struct crawl_clients *list, const char *dir)
{
    struct dirent *entry;
    DIR *d = opendir(dir);
    list->ours = dir;
    while (d && (entry = readdir(d)))
        add_ours(list, dir, entry->d_name);
    if (d)
        closedir(d);
    if (list->count > 0)
        qsort(list->at, list->count, sizeof *list->at, by_rank);
}

/* What a file says. */
struct description {
    struct external e;
    char *summary, *first;
    unsigned at_once;
};

#define IN(member) .at = offsetof(struct description, member)

static const struct ini_key keys[] = {
    {"client", "summary", ini_text, IN(summary), .goes_on = true},
    {"client", "needs", external_needs, IN(e.needs), .goes_on = true},
    {"client", "packages", ini_text, IN(e.packages), .goes_on = true},
    {"client", "first", ini_text, IN(first), .goes_on = true},
    {"client", "tuned", ini_text, IN(e.command), .goes_on = true},
    {"client", "at_once", ini_number, IN(at_once), .low = 1, .high = 10000},
};

static const struct ini_key queue_keys[] = {
    {"queue", "summary", ini_text, IN(summary), .goes_on = true},
    {"queue", "needs", external_needs, IN(e.needs), .goes_on = true},
    {"queue", "packages", ini_text, IN(e.packages), .goes_on = true},
    {"queue", "command", ini_text, IN(e.command), .goes_on = true},
};

static const struct ini_format formats[CRAWL_KINDS] = {
    [CRAWL_EXTERNAL] = {.keys = keys,
                        .count = sizeof keys / sizeof keys[0],
                        .sections = "[client]"},
    [CRAWL_QUEUE] = {.keys = queue_keys,
                     .count = sizeof queue_keys / sizeof queue_keys[0],
                     .sections = "[queue]"},
};

static bool complete(const struct description *d, enum crawl_kind kind, const char *file,
                     char *error, size_t size)
{
    bool queue = kind == CRAWL_QUEUE;
    const char *lack = !d->summary           ? "summary"
                       : !d->e.needs         ? "needs"
                       : !d->first && !queue ? "first"
                       : d->e.command        ? NULL
                       : queue               ? "command"
                                             : "tuned";
    if (lack)
        snprintf(error, size, "%s: %s lacks '%s'", file, formats[kind].sections, lack);
    return !lack;
}

static bool read_file(struct crawl_clients *list, enum crawl_kind kind, const char *dir,
                      const char *entry, char *error, size_t size)
{
    struct description d = {.e.here = xstrdup(dir)};
    char *name = text_format("%.*s", (int)strlen(entry) - 4, entry);
    char *file = text_format("%s/%s", dir, entry);
    char *text = text_read_file(file);
    if (!text)
        snprintf(error, size, "cannot read %s: %m", file);
    bool good = text && ini_read(&formats[kind], file, text, &d, error, size) &&
                complete(&d, kind, file, error, size);
    if (good && !name_is_good(name)) {
        snprintf(error, size, "%s: %s", file, name_rule);
        good = false;
    }
    if (good) {
        struct crawl_client *c = add(list, name);
        c->kind = kind;
        c->model.path = xstrdup(list->ours ? list->ours : "");
        c->model.summary = d.summary;
        c->model.external = xmalloc(sizeof d.e);
        *c->model.external = d.e;
        c->first = d.first;
        c->at_once[CRAWL_TUNED] = d.at_once;
    } else {
        free(d.summary);
        free(d.first);
        external_clear(&d.e);
    }
    free(text);
    free(file);
    free(name);
    return good;
}

static int is_description(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '.' && n > 4 && strcmp(d->d_name + n - 4, ".ini") == 0;
}

bool crawl_find_externals(struct crawl_clients *list, enum crawl_kind kind, const char *dir,
                          char *error, size_t size)
{
    struct dirent **names;
    char ignored[512];
    bool good = true;
    int n = scandir(dir, &names, is_description, alphasort);
    if (n < 0) {
        snprintf(error, size, "cannot read the directory of clients %s: %m", dir);
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (!read_file(list, kind, dir, names[i]->d_name, good ? error : ignored,
                       good ? size : sizeof ignored))
            good = false;
        free(names[i]);
    }
    free(names);
    return good;
}

void crawl_look_up(struct crawl_clients *list)
{
    for (size_t i = 0; i < list->count; i++)
        external_look_up(&list->at[i].model);
}

static void free_client(struct crawl_client *c)
{
    free(c->model.name);
    free(c->model.path);
    free(c->model.summary);
    free(c->model.unsupported);
    if (c->model.external)
        external_clear(c->model.external);
    free(c->model.external);
    free(c->first);
}

void crawl_clients_free(struct crawl_clients *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_client(&list->at[i]);
    free(list->at);
    *list = (struct crawl_clients){0};
}

/* Marks those that `word` names; returns how many. */
static size_t mark(const struct crawl_clients *list, const char *word, bool *wanted)
{
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct crawl_client *c = &list->at[i];
        bool queue = c->kind == CRAWL_QUEUE;
        const char *kind = queue ? "queues" : crawl_kind_names[c->kind];
        if (strcmp(word, c->model.name) != 0 && strcmp(word, kind) != 0 &&
            (queue || strcmp(word, "all") != 0))
            continue;
        wanted[i] = true;
        n++;
    }
    return n;
}

bool crawl_select(struct crawl_clients *list, const char *names, char *error, size_t size)
{
    bool good = true, *wanted = xcalloc(list->count + 1, sizeof *wanted);
    char *copy = xstrdup(names ? names : "all"), *rest = copy, *item;
    while (good && (item = strsep(&rest, ","))) {
        item = text_trim(item);
        good = mark(list, item, wanted) > 0;
        if (!good)
            snprintf(error, size, "no client '%s'; 'iomodels list' shows those there are",
                     item);
    }
    size_t kept = 0;
    for (size_t i = 0; good && i < list->count; i++) {
        if (wanted[i])
            list->at[kept++] = list->at[i];
        else
            free_client(&list->at[i]);
    }
    list->count = good ? kept : list->count;
    free(copy);
    free(wanted);
    return good;
}

char **crawl_command(const struct crawl_client *c, enum crawl_way way, char *error, size_t size)
{
    const struct external *e = c->model.external;
    if (!e) {
        char **words = xcalloc(2, sizeof *words);
        words[0] = xstrdup(c->model.path);
        return words;
    }
    const struct placeholder list[] = {{"python", external_python()},
                                       {"here", e->here},
                                       {"clients", c->model.path},
                                       {"program", e->program ? e->program : ""}};
    char *text = placeholders_expand(way == CRAWL_FIRST ? c->first : e->command, list,
                                     sizeof list / sizeof list[0], true, error, size);
    char **words = text ? words_split(text, error, size) : NULL;
    free(text);
    return words;
}

char *crawl_label(const char *name, enum crawl_way way, char out[64])
{
    snprintf(out, 64, "%s%s", name, way == CRAWL_FIRST ? " (first)" : "");
    return out;
}
