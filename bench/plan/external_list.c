#include "bench/plan/external_list.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/ini_keys.h"
#include "bench/base/name.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "bench/plan/external.h"
#include "bench/plan/models.h"
#include "common/err.h"

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

/* What a file says: `e` is the server, `m` what all servers have. */
struct description {
    struct model m;
    struct external e;
};

static bool set_signal(struct ini_reader *r, void *slot, const char *value)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"KILL", SIGKILL}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (strcmp(value, signals[i].name) == 0) {
            *(int *)slot = signals[i].number;
            return true;
        }
    }
    return ini_bad(r, "stop = '%s' is none of TERM, INT, QUIT and KILL", value);
}

bool external_needs(struct ini_reader *r, void *slot, const char *value)
{
    if (strncmp(value, "command ", 8) != 0 && strncmp(value, "python ", 7) != 0)
        return ini_bad(r, "needs = '%s' is neither 'command NAME...' nor 'python MODULE...'",
                       value);
    return ini_text(r, slot, value);
}

/* A further name for command and template. */
static bool set_name(struct ini_reader *r, void *slot, const char *value)
{
    struct external *e = slot;
    if (strspn(r->name, "abcdefghijklmnopqrstuvwxyz_") != strlen(r->name))
        return ini_bad(r, "'%s' in [set] is not made of a-z and '_'", r->name);
    if (e->set_count == EXTERNAL_SET_MAX)
        return ini_bad(r, "more than %d names in [set]", EXTERNAL_SET_MAX);
    e->set_names[e->set_count] = xstrdup(r->name);
    e->set_values[e->set_count++] = xstrdup(value);
    return true;
}

#define IN(member) .at = offsetof(struct description, member)

/* clang-format off */
static const struct ini_key keys[] = {
    {"external", "summary", ini_text, IN(m.summary), .goes_on = true},
    {"external", "counterpart_of", ini_text, IN(e.counterpart_of), .goes_on = true,
     .old = "peer_of"},
    {"external", "protocols", ini_protocols, IN(e.protocols)},
    {"external", "paths", ini_text, IN(e.paths), .goes_on = true},
    {"external", "needs", external_needs, IN(e.needs), .goes_on = true},
    {"external", "packages", ini_text, IN(e.packages), .goes_on = true},
    {"external", "command", ini_text, IN(e.command), .goes_on = true},
    {"external", "try", ini_text, IN(e.try), .goes_on = true},
    {"external", "config", ini_text, IN(e.config), .goes_on = true},
    {"external", "stop", set_signal, IN(e.stop_signal)},
    {"external", "max_connections", ini_number, IN(m.max_connections), .low = 1, .high = 1000000},
    {"external", "concurrency", ini_number, IN(m.concurrency), .low = 1, .high = 1000000},
    {"set", NULL, set_name, IN(e)},
};
/* clang-format on */

static const struct ini_format format = {.keys = keys,
                                         .count = sizeof keys / sizeof keys[0],
                                         .sections = "[external] and [set]",
                                         .old_section = "peer"};

/* What no single line is to blame for. */
static const char *lacking(const struct external *p)
{
    if (!p->command)
        return "[external] has no command";
    if (!strstr(p->command, "{port}") && !p->config)
        return "the command names no {port}, and there is no config that could";
    if (!p->protocols[PROTOCOL_HTTP] && !p->protocols[PROTOCOL_ECHO])
        return "[external] has no protocols";
    if (!p->needs)
        return "[external] does not say what it needs";
    return NULL;
}

/* Take it over into the list. */
static void add(struct model_list *list, struct description *d)
{
    struct model m = d->m;
    m.external = xmalloc(sizeof *m.external);
    *m.external = d->e;
    if (!m.summary)
        m.summary = xstrdup("");
    if (!m.external->counterpart_of)
        m.external->counterpart_of = xstrdup("");
    list->at = xrealloc(list->at, (list->count + 1) * sizeof *list->at);
    list->at[list->count++] = m;
}

static bool read_file(struct model_list *list, const char *dir, const char *entry, char *error,
                      size_t error_size)
{
    char *file = text_format("%s/%s", dir, entry);
    char *name = text_format("%.*s", (int)strlen(entry) - 4, entry);
    if (!name_is_good(name)) {
        snprintf(error, error_size, "the name of a file in %s is no name of a server: %s", dir,
                 name_rule);
        free(name);
        free(file);
        return false;
    }
    struct description d = {
        .m = {.name = name},
        .e = {.file = file, .here = xstrdup(dir), .stop_signal = SIGTERM},
    };
    char *text = text_read_file(file);
    if (!text)
        snprintf(error, error_size, "cannot read %s: %m", file);
    bool good = text && ini_read(&format, file, text, &d, error, error_size);
    const char *lack = good ? lacking(&d.e) : NULL;
    if (lack)
        snprintf(error, error_size, "%s: %s", file, lack);
    good = good && !lack;
    free(text);
    if (good) {
        add(list, &d);
    } else {
        free(d.m.name);
        free(d.m.summary);
        external_clear(&d.e);
    }
    return good;
}

static int is_description(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '.' && n > 4 && strcmp(d->d_name + n - 4, ".ini") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct model *)a)->name, ((const struct model *)b)->name);
}

bool externals_find(struct model_list *list, const char *dir, char *error, size_t error_size)
{
    struct dirent **names;
    char ignored[512];
    bool good = true;
    *list = (struct model_list){0};
    int n = scandir(dir, &names, is_description, alphasort);
    if (n < 0) {
        snprintf(error, error_size, "cannot read the directory of external servers %s: %m",
                 dir);
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (!read_file(list, dir, names[i]->d_name, good ? error : ignored,
                       good ? error_size : sizeof ignored))
            good = false;
        free(names[i]);
    }
    free(names);
    if (list->count > 0)
        qsort(list->at, list->count, sizeof *list->at, by_name);
    return good;
}

/* "server.py" of "python3 -u /srv/server.py {port}": what an interpreter runs, else the program. */
static char *name_of(const char *command)
{
    static const char *const interpreters[] = {"python", "python3", "node", "ruby", "perl",
                                               "php",    "java",    "sh",   "bash", "env"};
    char error[128];
    char **words = words_split(command, error, sizeof error);
    if (!words)
        return xstrdup("");
    const char *slash = strrchr(words[0], '/');
    const char *word = slash ? slash + 1 : words[0];
    for (size_t i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++) {
        size_t at = 1;
        while (words[at] && words[at][0] == '-')
            at++;
        if (strcmp(word, interpreters[i]) != 0 || !words[at] || strchr(words[at], '{'))
            continue;
        slash = strrchr(words[at], '/');
        word = slash ? slash + 1 : words[at];
        break;
    }
    char *name = xstrdup(word);
    for (char *c = name; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : strchr(name_letters, *c) ? *c : '-';
    words_free(words);
    return name;
}

bool externals_add_command(struct model_list *list, const char *command, const char *name,
                           enum protocol protocol, char *error, size_t error_size)
{
    char why[512];
    char **words = words_split(command, why, sizeof why);
    if (!words) {
        snprintf(error, error_size, "--external: %s", why);
        return false;
    }
    words_free(words);
    if (!strstr(command, "{port}")) {
        snprintf(error, error_size,
                 "--external '%s' names no {port}, the port that it must listen on", command);
        return false;
    }
    char *own = name ? xstrdup(name) : name_of(command);
    bool good = own[0] && strlen(own) < 48 && strspn(own, name_letters) == strlen(own);
    if (!good)
        snprintf(error, error_size,
                 "'%s' is no name for an external server: a-z, 0-9, '-', '_' and '.', at most "
                 "47; --external-name gives one",
                 own);
    else if (models_get(list, own) || models_known(own)) {
        good = false;
        snprintf(error, error_size,
                 "there is a server '%s' already; --external-name gives this one another name",
                 own);
    }
    if (good) {
        struct description d = {
            .m = {.name = xstrdup(own),
                  .summary = text_format("given on the command line: %s", command)},
            .e = {.counterpart_of = xstrdup("*"),
                  .command = xstrdup(command),
                  .stop_signal = SIGTERM},
        };
        d.e.protocols[protocol] = true;
        add(list, &d);
    }
    free(own);
    return good;
}
