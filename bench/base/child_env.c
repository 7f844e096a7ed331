#include "bench/base/child_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "common/err.h"

/* Where programs, libraries and temporary files are, and what a sanitizer is to do. */
static const char *const passed[] = {
    "PATH",         "HOME",          "TMPDIR",       "LD_LIBRARY_PATH",
    "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"};
/* Of this project itself. */
static const char prefix[] = "IOMODELS_";

struct list {
    char **at; /* "NAME=VALUE", ends with NULL */
    size_t count;
};

static struct list added;
static struct list given;
static struct list given_homeless;

static size_t name_size(const char *variable)
{
    return strcspn(variable, "=");
}

static bool same_name(const char *a, const char *b)
{
    return name_size(a) == name_size(b) && strncmp(a, b, name_size(a)) == 0;
}

/* Takes over `variable`, in place of an earlier one of that name. */
static void set(struct list *list, char *variable)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same_name(list->at[i], variable)) {
            free(list->at[i]);
            list->at[i] = variable;
            return;
        }
    }
    list->at = xrealloc(list->at, (list->count + 2) * sizeof *list->at);
    list->at[list->count++] = variable;
    list->at[list->count] = NULL;
}

static bool is_passed(const char *variable)
{
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
        if (same_name(variable, passed[i]))
            return true;
    return strncmp(variable, prefix, sizeof prefix - 1) == 0;
}

bool child_env_add(const char *text, char *error, size_t error_size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    size_t n = name_size(text);
    if (n == 0 || strspn(text, letters) != n || (text[0] >= '0' && text[0] <= '9')) {
        snprintf(error, error_size, "'%s' is neither NAME=VALUE nor NAME", text);
        return false;
    }
    const char *value = text[n] == '=' ? NULL : getenv(text);
    if (text[n] == '=')
        set(&added, xstrdup(text));
    else if (value)
        set(&added, text_format("%s=%s", text, value));
    return true;
}

void child_env_add_recorded(const json_t *recorded)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)json_object_get(recorded, "added"), name, value)
    {
        if (json_is_string(value))
            set(&added, text_format("%s=%s", name, json_string_value(value)));
    }
}

static void make(struct list *list, bool homeless)
{
    for (char **at = environ; *at; at++)
        if (is_passed(*at))
            set(list, xstrdup(*at));
    set(list, xstrdup("LC_ALL=C"));
    for (size_t i = 0; i < added.count; i++)
        set(list, xstrdup(added.at[i]));
    if (homeless) {
        set(list, xstrdup("HOME=/nonexistent"));
        set(list, xstrdup("LC_ALL=C"));
    }
}

char **child_env(bool homeless)
{
    struct list *list = homeless ? &given_homeless : &given;
    if (!list->at)
        make(list, homeless);
    return list->at;
}

static json_t *as_object(const struct list *list)
{
    json_t *object = json_object();
    for (size_t i = 0; i < list->count; i++) {
        size_t n = name_size(list->at[i]);
        char *name = text_format("%.*s", (int)n, list->at[i]);
        /* A value that is no text is not told, but that it is there. */
        json_t *value = json_string(list->at[i] + n + 1);
        if (json_object_set_new(object, name, value ? value : json_string("not UTF-8")) != 0)
            warn("environment.json does not tell of a variable whose name is not UTF-8");
        free(name);
    }
    return object;
}

json_t *child_env_describe(void)
{
    child_env(false);
    json_t *withheld = json_array();
    for (char **at = environ; *at; at++) {
        size_t i = 0;
        while (i < given.count && !same_name(given.at[i], *at))
            i++;
        json_t *name = i == given.count ? json_stringn(*at, name_size(*at)) : NULL;
        if (name)
            json_array_append_new(withheld, name);
    }
    return json_pack("{s:o,s:o,s:o}", "given", as_object(&given), "added", as_object(&added),
                     "withheld", withheld);
}
