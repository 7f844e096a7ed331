#include "bench/plan/scenario.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/ini_text.h"
#include "bench/base/old_name.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/http_chars.h"
#include "common/parse.h"

struct reader {
    struct scenario *s;
    const char *file;
    char *seen; /* "\n[SECTION]KEY\n...": the keys that have their value */
    bool failed;
    char message[512]; /* what was wrong on the first bad line */
};

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

/* inih hands each continuation line of a value over as one more value of the same name. */
static bool set_text(char **slot, const char *value)
{
    char *joined = *slot ? text_format("%s %s", *slot, value) : xstrdup(value);
    free(*slot);
    *slot = joined;
    return true;
}

/* Call `each` for every item of a comma-separated list; false where one is refused or the list
 * is empty. */
static bool for_items(const char *value, bool (*each)(void *, const char *), void *arg)
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

static bool add_point(void *arg, const char *text)
{
    struct point_list *list = arg;
    uint64_t n;
    if (!parse_size(text, 1, 1000000, &n) || list->count == SCENARIO_POINTS_MAX)
        return false;
    if (list->count > 0 && list->at[list->count - 1] >= n)
        return false;
    list->at[list->count++] = (unsigned)n;
    return true;
}

static bool set_points(struct reader *r, const char *value, struct point_list *list)
{
    list->count = 0;
    return for_items(value, add_point, list) ||
           bad(r,
               "connections = '%s' is not a list of ascending numbers from 1 to 1000000, at "
               "most "
               "%d of them",
               value, SCENARIO_POINTS_MAX);
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

static bool set_protocols(struct reader *r, const char *value)
{
    memset(r->s->protocols, 0, sizeof r->s->protocols);
    return for_items(value, add_protocol, r->s->protocols) ||
           bad(r, "protocols = '%s' is not a list of http and echo", value);
}

static bool set_count(struct reader *r, const char *name, const char *value, uint64_t high,
                      unsigned *slot)
{
    uint64_t n;
    if (!parse_u64(value, 1, high, &n))
        return bad(r, "%s = '%s' is not a number from 1 to %llu", name, value,
                   (unsigned long long)high);
    *slot = (unsigned)n;
    return true;
}

static bool set_time(struct reader *r, const char *name, const char *value, uint64_t low,
                     uint64_t *slot)
{
    return parse_duration(value, low, 3600 * NS_PER_S, slot) ||
           bad(r, "%s = '%s' is not a time such as 250ms or 2s", name, value);
}

/* At least two names, '>' between them. */
static bool set_order(struct reader *r, const char *value)
{
    size_t names = 0;
    size_t empty = 0;
    char *copy = xstrdup(value);
    char *rest = copy;
    char *item;
    while ((item = strsep(&rest, ">"))) {
        names++;
        item = text_trim(item);
        empty += !*item || strpbrk(item, " \t,");
    }
    free(copy);
    if (names < 2 || empty > 0)
        return bad(r, "order = '%s' is not a list such as 'a > b > c'", value);
    return set_text(&r->s->order, value);
}

static bool set_options(struct reader *r, const char *value, struct model_override *o)
{
    char error[256];
    char **words = words_split(value, error, sizeof error);
    words_free(words);
    return words ? set_text(&o->options, value) : bad(r, "options: %s", error);
}

static bool sweep_key(struct reader *r, const char *name, const char *value)
{
    struct scenario *s = r->s;
    if (strcmp(name, "models") == 0)
        return set_text(&s->models, value);
    if (strcmp(name, "externals") == 0)
        return set_text(&s->externals, value);
    if (strcmp(name, "order") == 0)
        return set_order(r, value);
    if (strcmp(name, "protocols") == 0)
        return set_protocols(r, value);
    if (strcmp(name, "connections") == 0)
        return set_points(r, value, &s->connections);
    if (strcmp(name, "repetitions") == 0)
        return set_count(r, name, value, 1000, &s->repetitions);
    if (strcmp(name, "duration") == 0)
        return set_time(r, name, value, NS_PER_MS, &s->duration_ns);
    if (strcmp(name, "settle") == 0)
        return set_time(r, name, value, 0, &s->settle_ns);
    if (strcmp(name, "warmup") == 0)
        return set_time(r, name, value, 0, &s->warmup_ns);
    if (strcmp(name, "timeout") == 0)
        return set_time(r, name, value, NS_PER_MS, &s->timeout_ns);
    if (strcmp(name, "rank") == 0)
        return set_count(r, name, value, 1000000, &s->rank);
    if (strcmp(name, "server_cpus") == 0)
        return set_count(r, name, value, 1024, &s->server_cpus);
    if (strcmp(name, "path") == 0) {
        /* The load generator takes the same and no other, so both ask for the same. */
        if (value[0] != '/' || value[http_target_length(value)] != '\0')
            return bad(r,
                       "path = '%s' does not begin with '/' or holds what a path cannot have: "
                       "percent-encode it (RFC 3986)",
                       value);
        free(s->path);
        s->path = xstrdup(value);
        return true;
    }
    if (strcmp(name, "payload") == 0)
        return parse_size(value, 1, UINT64_C(16) << 20, &s->payload) ||
               bad(r, "payload = '%s' is not a size from 1 to 16M", value);
    if (strcmp(name, "generator_threads") == 0) {
        s->generator_threads = 0;
        return strcmp(value, "auto") == 0 ||
               set_count(r, name, value, 64, &s->generator_threads);
    }
    return bad(r, "unknown key '%s' in [sweep]", name);
}

static bool scenario_key(struct reader *r, const char *name, const char *value)
{
    if (strcmp(name, "name") == 0) {
        if (*value == '\0' ||
            strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(value))
            return bad(r, "name = '%s' is not made of a-z, 0-9, '-' and '_'", value);
        free(r->s->name);
        r->s->name = xstrdup(value);
        return true;
    }
    if (strcmp(name, "question") == 0)
        return set_text(&r->s->question, value);
    if (strcmp(name, "expect") == 0)
        return set_text(&r->s->expect, value);
    return bad(r, "unknown key '%s' in [scenario]", name);
}

static bool model_key(struct reader *r, const char *model, const char *name, const char *value)
{
    struct scenario *s = r->s;
    struct model_override *o = NULL;
    for (size_t i = 0; i < s->override_count; i++)
        if (strcmp(s->overrides[i].model, model) == 0)
            o = &s->overrides[i];
    if (!o) {
        if (s->override_count == SCENARIO_OVERRIDES_MAX)
            return bad(r, "more than %d [model:...] sections", SCENARIO_OVERRIDES_MAX);
        o = &s->overrides[s->override_count++];
        *o = (struct model_override){.model = xstrdup(model)};
    }
    if (strcmp(name, "connections") == 0)
        return set_points(r, value, &o->connections);
    if (strcmp(name, "reason") == 0)
        return set_text(&o->reason, value);
    if (strcmp(name, "options") == 0)
        return set_options(r, value, o);
    return bad(r, "unknown key '%s' in [model:%s]", name, model);
}

/* A text may go on in a line that begins with a space; of anything else a second value, or a list
 * that goes on so, would silently replace the first. */
static bool twice(struct reader *r, const char *section, const char *name)
{
    if (strcmp(name, "question") == 0 || strcmp(name, "expect") == 0 ||
        strcmp(name, "reason") == 0)
        return false;
    char *key = text_format("\n[%s]%s\n", section, name);
    bool found = strstr(r->seen, key) != NULL;
    char *longer = text_format("%s%s", r->seen, key);
    free(key);
    free(r->seen);
    r->seen = longer;
    return found;
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    if (r->failed)
        return 0;
    if (strcmp(section, "sweep") == 0 && strcmp(name, "peers") == 0) {
        old_name(r->file, "peers", "externals");
        name = "externals";
    }
    if (twice(r, section, name))
        return bad(r, "'%s' has a value already; it stands in one line", name);
    if (strcmp(section, "scenario") == 0)
        return scenario_key(r, name, value);
    if (strcmp(section, "sweep") == 0)
        return sweep_key(r, name, value);
    if (strncmp(section, "model:", 6) == 0 && section[6] != '\0')
        return model_key(r, section + 6, name, value);
    return bad(r,
               "key '%s' in unknown section [%s]; known are [scenario], [sweep], [model:NAME]",
               name, section);
}

/* What no single line is to blame for. */
static const char *missing(struct scenario *s)
{
    if (!s->name)
        return "[scenario] has no name";
    if (s->connections.count == 0)
        return "[sweep] has no connections";
    if (s->rank == 0) {
        /* The middle of the sweep, or 64 where it has that. */
        s->rank = s->connections.at[s->connections.count / 2];
        for (size_t i = 0; i < s->connections.count; i++)
            if (s->connections.at[i] == 64)
                s->rank = 64;
    }
    for (size_t i = 0; i < s->connections.count; i++)
        if (s->connections.at[i] == s->rank)
            return NULL;
    return "rank is none of the connections in [sweep]";
}

/* The number of the first line that is not UTF-8, or 0. */
static int not_utf8(const char *text)
{
    int line = 1;
    for (const char *end = text; *end; line++) {
        const char *from = end;
        end = strchrnul(from, '\n');
        json_t *json = json_stringn(from, (size_t)(end - from));
        if (!json)
            return line;
        json_decref(json);
        end += *end == '\n';
    }
    return 0;
}

bool scenario_read(const char *file, struct scenario *out, char *error, size_t error_size)
{
    *out = (struct scenario){
        .protocols = {true, true},
        .repetitions = 3,
        .duration_ns = NS_PER_S,
        .settle_ns = 2 * NS_PER_S,
        .warmup_ns = 100 * NS_PER_MS,
        .timeout_ns = 2 * NS_PER_S,
        .path = xstrdup("/"),
        .payload = 64,
        .server_cpus = 1,
    };
    out->text = text_read_file(file);
    if (!out->text) {
        snprintf(error, error_size, "cannot read scenario %s: %m", file);
        return false;
    }
    int line = not_utf8(out->text);
    if (line != 0) {
        snprintf(error, error_size, "%s:%d: not UTF-8", file, line);
        return false;
    }
    struct reader r = {.s = out, .file = file, .seen = xstrdup("")};
    line = ini_text_parse(out->text, on_key, &r);
    free(r.seen);
    if (line != 0) {
        snprintf(error, error_size, "%s:%d: %s", file, line,
                 r.failed ? r.message : "neither [section] nor key = value");
        return false;
    }
    const char *lack = missing(out);
    if (lack)
        snprintf(error, error_size, "%s: %s", file, lack);
    return !lack;
}

void scenario_free(struct scenario *s)
{
    for (size_t i = 0; i < s->override_count; i++) {
        free(s->overrides[i].model);
        free(s->overrides[i].reason);
        free(s->overrides[i].options);
    }
    free(s->name);
    free(s->question);
    free(s->expect);
    free(s->models);
    free(s->externals);
    free(s->order);
    free(s->path);
    free(s->text);
    *s = (struct scenario){0};
}

const struct model_override *scenario_override(const struct scenario *s, const char *model)
{
    for (size_t i = 0; i < s->override_count; i++)
        if (strcmp(s->overrides[i].model, model) == 0)
            return &s->overrides[i];
    return NULL;
}

const struct point_list *scenario_points(const struct scenario *s, const char *model)
{
    const struct model_override *o = scenario_override(s, model);
    return o && o->connections.count > 0 ? &o->connections : &s->connections;
}
