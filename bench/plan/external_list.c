#include "bench/plan/external_list.h"

#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/ini_text.h"
#include "bench/base/name.h"
#include "bench/base/old_name.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "bench/plan/models.h"
#include "common/err.h"
#include "common/parse.h"

struct reader {
    struct model *m;
    bool told; /* of an old name */
    bool failed;
    char message[400]; /* what was wrong on the first bad line */
};

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

__attribute__((format(printf, 2, 3))) static bool bad(struct reader *r, const char *format, ...)
{
    if (r->failed)
        return false;
    r->failed = true;
    va_list ap;
    va_start(ap, format);
    vsnprintf(r->message, sizeof r->message, format, ap);
    va_end(ap);
    return false;
}

/* inih hands each line that goes on over as one more value of the same name. */
static bool set_text(char **slot, const char *value)
{
    char *joined = *slot ? text_format("%s %s", *slot, value) : xstrdup(value);
    free(*slot);
    *slot = joined;
    return true;
}

static bool set_protocols(struct reader *r, const char *value)
{
    char *copy = xstrdup(value);
    char *rest = copy;
    char *item;
    bool good = true;
    while (good && (item = strsep(&rest, ","))) {
        enum protocol p;
        good = protocol_parse(text_trim(item), &p);
        if (good)
            r->m->external->protocols[p] = true;
    }
    free(copy);
    return good || bad(r, "protocols = '%s' is not a list of http and echo", value);
}

static bool set_signal(struct reader *r, const char *value)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"KILL", SIGKILL}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (strcmp(value, signals[i].name) == 0) {
            r->m->external->stop_signal = signals[i].number;
            return true;
        }
    }
    return bad(r, "stop = '%s' is none of TERM, INT, QUIT and KILL", value);
}

static bool set_number(struct reader *r, const char *name, const char *value, unsigned *slot)
{
    uint64_t n;
    if (!parse_u64(value, 1, 1000000, &n))
        return bad(r, "%s = '%s' is not a number from 1 to 1000000", name, value);
    *slot = (unsigned)n;
    return true;
}

static bool set_needs(struct reader *r, const char *value)
{
    if (strncmp(value, "command ", 8) != 0 && strncmp(value, "python ", 7) != 0)
        return bad(r, "needs = '%s' is neither 'command NAME...' nor 'python MODULE...'",
                   value);
    return set_text(&r->m->external->needs, value);
}

/* Once a file, whatever it has of them. */
static void note_old(struct reader *r, const char *old, const char *now)
{
    if (!r->told)
        old_name(r->m->external->file, old, now);
    r->told = true;
}

static bool external_key(struct reader *r, const char *name, const char *value)
{
    struct external *p = r->m->external;
    if (strcmp(name, "summary") == 0)
        return set_text(&r->m->summary, value);
    if (strcmp(name, "peer_of") == 0) {
        note_old(r, "peer_of", "counterpart_of");
        name = "counterpart_of";
    }
    if (strcmp(name, "counterpart_of") == 0)
        return set_text(&p->counterpart_of, value);
    if (strcmp(name, "protocols") == 0)
        return set_protocols(r, value);
    if (strcmp(name, "paths") == 0)
        return set_text(&p->paths, value);
    if (strcmp(name, "needs") == 0)
        return set_needs(r, value);
    if (strcmp(name, "packages") == 0)
        return set_text(&p->packages, value);
    if (strcmp(name, "command") == 0)
        return set_text(&p->command, value);
    if (strcmp(name, "try") == 0)
        return set_text(&p->try, value);
    if (strcmp(name, "config") == 0)
        return set_text(&p->config, value);
    if (strcmp(name, "stop") == 0)
        return set_signal(r, value);
    if (strcmp(name, "max_connections") == 0)
        return set_number(r, name, value, &r->m->max_connections);
    if (strcmp(name, "concurrency") == 0)
        return set_number(r, name, value, &r->m->concurrency);
    return bad(r, "unknown key '%s' in [external]", name);
}

static bool set_key(struct reader *r, const char *name, const char *value)
{
    struct external *p = r->m->external;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz_") != strlen(name))
        return bad(r, "'%s' in [set] is not made of a-z and '_'", name);
    if (p->set_count == EXTERNAL_SET_MAX)
        return bad(r, "more than %d names in [set]", EXTERNAL_SET_MAX);
    p->set_names[p->set_count] = xstrdup(name);
    p->set_values[p->set_count++] = xstrdup(value);
    return true;
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    if (r->failed)
        return 0;
    if (strcmp(section, "peer") == 0) {
        note_old(r, "[peer]", "[external]");
        section = "external";
    }
    if (strcmp(section, "external") == 0)
        return external_key(r, name, value);
    if (strcmp(section, "set") == 0)
        return set_key(r, name, value);
    return bad(r, "key '%s' in unknown section [%s]; known are [external] and [set]", name,
               section);
}

/* What no single line is to blame for. */
static const char *lacking(const struct model *m)
{
    const struct external *p = m->external;
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

static struct model new_external(const char *name)
{
    struct model m = {.name = xstrdup(name), .external = xcalloc(1, sizeof *m.external)};
    m.external->stop_signal = SIGTERM;
    return m;
}

static void put(struct model_list *list, struct model m)
{
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
    struct model m = new_external(name);
    m.external->file = file;
    m.external->here = xstrdup(dir);
    free(name);

    struct reader r = {.m = &m};
    char *text = text_read_file(file);
    int line = text ? ini_text_parse(text, on_key, &r) : 0;
    const char *lack = text && line == 0 ? lacking(&m) : NULL;
    bool good = text && line == 0 && !lack;
    if (!text)
        snprintf(error, error_size, "cannot read %s: %m", file);
    else if (line != 0)
        snprintf(error, error_size, "%s:%d: %s", file, line,
                 r.failed ? r.message : "neither [section] nor key = value");
    else if (lack)
        snprintf(error, error_size, "%s: %s", file, lack);
    free(text);
    if (good) {
        put(list, m);
    } else {
        free(m.name);
        free(m.summary);
        external_free(m.external);
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
    char **words = words_split(command, error, error_size);
    if (!words)
        return false;
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
                 "there is a server '%s' already; --external-name gives "
                 "this one another name",
                 own);
    }
    if (good) {
        struct model m = new_external(own);
        m.summary = text_format("given on the command line: %s", command);
        m.external->counterpart_of = xstrdup("*");
        m.external->protocols[protocol] = true;
        m.external->command = xstrdup(command);
        put(list, m);
    }
    free(own);
    return good;
}
