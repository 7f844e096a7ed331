#include "bench/base/ini_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/old_name.h"
#include "bench/base/protocol.h"
#include "bench/base/text.h"
#include "common/err.h"
#include "common/parse.h"

bool ini_bad(struct ini_reader *r, const char *format, ...)
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
bool ini_text(struct ini_reader *r, void *slot, const char *value)
{
    (void)r;
    char **text = slot;
    char *joined = *text ? text_format("%s %s", *text, value) : xstrdup(value);
    free(*text);
    *text = joined;
    return true;
}

bool ini_number(struct ini_reader *r, void *slot, const char *value)
{
    uint64_t n;
    if (!parse_u64(value, r->key->low, r->key->high, &n))
        return ini_bad(r, "%s = '%s' is not a number from %llu to %llu", r->name, value,
                       (unsigned long long)r->key->low, (unsigned long long)r->key->high);
    *(unsigned *)slot = (unsigned)n;
    return true;
}

bool ini_size(struct ini_reader *r, void *slot, const char *value)
{
    return parse_size(value, r->key->low, r->key->high, slot) ||
           ini_bad(r, "%s = '%s' is not a size from %llu to %lluM", r->name, value,
                   (unsigned long long)r->key->low, (unsigned long long)r->key->high >> 20);
}

bool ini_time(struct ini_reader *r, void *slot, const char *value)
{
    return parse_duration(value, r->key->low, r->key->high, slot) ||
           ini_bad(r, "%s = '%s' is not a time such as 250ms or 2s", r->name, value);
}

bool ini_items(const char *value, bool (*each)(void *, const char *), void *arg)
{
    char *copy = xstrdup(value);
    char *rest = copy;
    char *item;
    bool good = *text_trim(copy) != '\0';
    while (good && (item = strsep(&rest, ",")))
        good = each(arg, text_trim(item));
    free(copy);
    return good;
}

static bool add_protocol(void *arg, const char *text)
{
    bool *protocols = arg;
    enum protocol p;
    bool good = protocol_parse(text, &p);
    if (good)
        protocols[p] = true;
    return good;
}

bool ini_protocols(struct ini_reader *r, void *slot, const char *value)
{
    memset(slot, 0, PROTOCOL_COUNT * sizeof(bool));
    return ini_items(value, add_protocol, slot) ||
           ini_bad(r, "%s = '%s' is not a list of http and echo", r->name, value);
}

/* Whether `name` was met in `section` before. */
static bool twice(struct ini_reader *r, const char *section, const char *name)
{
    char *key = text_format("\n[%s]%s\n", section, name);
    bool found = strstr(r->seen, key) != NULL;
    char *longer = text_format("%s%s", r->seen, key);
    free(key);
    free(r->seen);
    r->seen = longer;
    return found;
}

/* Tell of an old name, once, however often the file has it; `form` is how such a name stands there.
 * Returns the new name. */
static const char *renamed(struct ini_reader *r, const char *form, const char *old,
                           const char *now)
{
    char texts[2][64];
    snprintf(texts[0], sizeof texts[0], form, old);
    snprintf(texts[1], sizeof texts[1], form, now);
    if (!twice(r, "", texts[0]))
        old_name(r->file, texts[0], texts[1]);
    return now;
}

static bool in_section(const struct ini_key *k, const char *section)
{
    size_t n = strlen(k->section);
    return k->section[n - 1] == ':' ? strncmp(section, k->section, n) == 0 && section[n]
                                    : strcmp(section, k->section) == 0;
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct ini_reader *r = user;
    const struct ini_format *f = r->format;
    bool known = false;
    if (r->failed)
        return 0;
    if (f->old_section && strcmp(section, f->old_section) == 0)
        section = renamed(r, "[%s]", section, f->keys->section);
    for (const struct ini_key *k = f->keys; k < f->keys + f->count; k++) {
        if (!in_section(k, section))
            continue;
        known = true;
        if (k->old && strcmp(name, k->old) == 0)
            name = renamed(r, "%s", name, k->name);
        if (k->name && strcmp(name, k->name) != 0)
            continue;
        r->key = k;
        r->section = section;
        r->name = name;
        /* A second value, or a list that goes on so, would silently replace the first. */
        bool more = r->place.goes_on ? k->goes_on : k->repeats;
        if (!more && twice(r, section, name))
            return ini_bad(r, "'%s' has a value already%s", name,
                           k->goes_on ? "" : "; it stands in one line");
        char *into = strchr(k->section, ':') ? f->part(r) : r->into;
        return into && k->set(r, into + k->at, value);
    }
    return known ? ini_bad(r, "unknown key '%s' in [%s]", name, section)
                 : ini_bad(r, "key '%s' in unknown section [%s]; known are %s", name, section,
                           f->sections);
}

bool ini_read(const struct ini_format *format, const char *file, const char *text, void *into,
              char *error, size_t error_size)
{
    struct ini_reader r = {.format = format, .into = into, .file = file, .seen = xstrdup("")};
    int line = ini_text_parse(text, on_key, &r, &r.place);
    if (line != 0)
        snprintf(error, error_size, "%s:%d: %s", file, line,
                 r.place.refused ? r.message : "neither [section] nor key = value");
    free(r.seen);
    return line == 0;
}
