#include "bench/plan/scenario.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/ini_keys.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/http_chars.h"
#include "common/parse.h"

/* A list under way, of points on `axis`. */
struct adding {
    struct point_list *list;
    const struct axis_info *axis;
};

static bool add_point(void *arg, const char *text)
{
    struct adding *a = arg;
    struct point_list *list = a->list;
    uint64_t n;
    if (!parse_size(text, a->axis->low, a->axis->high, &n) ||
        list->count == SCENARIO_POINTS_MAX)
        return false;
    if (list->count > 0 && list->at[list->count - 1] >= n)
        return false;
    list->at[list->count++] = (unsigned)n;
    return true;
}

static bool set_list(struct ini_reader *r, struct point_list *list, enum axis axis,
                     const char *value)
{
    struct adding a = {list, axis_info(axis)};
    list->count = 0;
    return ini_items(value, add_point, &a) ||
           ini_bad(r,
                   "%s = '%s' is not a list of ascending numbers from %u to %u, "
                   "at most %d of them",
                   r->name, value, a.axis->low, a.axis->high, SCENARIO_POINTS_MAX);
}

static bool set_connections(struct ini_reader *r, void *slot, const char *value)
{
    return set_list(r, slot, AXIS_CONNECTIONS, value);
}

/* Which values there are depends on the axis. */
static bool set_at(struct ini_reader *r, void *slot, const char *value)
{
    const struct scenario *s = r->into;
    if (s->axis == AXIS_CONNECTIONS)
        return ini_bad(r,
                       "at = '%s' stands below the axis that it is of, and none of "
                       "connections, which have a key of their own",
                       value);
    return set_list(r, slot, s->axis, value);
}

static bool set_axis(struct ini_reader *r, void *slot, const char *value)
{
    char known[256] = "";
    if (axis_parse(value, slot))
        return true;
    for (enum axis i = 0; i < AXIS_COUNT; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                 axis_info(i)->name);
    }
    return ini_bad(r, "axis = '%s' is none of %s", value, known);
}

static bool set_name(struct ini_reader *r, void *slot, const char *value)
{
    if (!*value || strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(value))
        return ini_bad(r, "name = '%s' is not made of a-z, 0-9, '-' and '_'", value);
    return ini_text(r, slot, value);
}

/* The load generator takes the same and no other, so both ask for the same. */
static bool set_path(struct ini_reader *r, void *slot, const char *value)
{
    char **path = slot;
    if (value[0] != '/' || value[http_target_length(value)] != '\0')
        return ini_bad(r,
                       "path = '%s' does not begin with '/' or holds what a path cannot have: "
                       "percent-encode it (RFC 3986)",
                       value);
    free(*path);
    *path = xstrdup(value);
    return true;
}

static bool set_threads(struct ini_reader *r, void *slot, const char *value)
{
    *(unsigned *)slot = 0;
    return strcmp(value, "auto") == 0 || ini_number(r, slot, value);
}

static bool set_rank(struct ini_reader *r, void *slot, const char *value)
{
    ((struct scenario *)r->into)->rank_given = true;
    return ini_number(r, slot, value);
}

/* At least two names, '>' between them. */
static bool set_order(struct ini_reader *r, void *slot, const char *value)
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
        return ini_bad(r, "order = '%s' is not a list such as 'a > b > c'", value);
    return ini_text(r, slot, value);
}

static bool set_options(struct ini_reader *r, void *slot, const char *value)
{
    char error[256];
    char **words = words_split(value, error, sizeof error);
    words_free(words);
    return words ? ini_text(r, slot, value) : ini_bad(r, "options: %s", error);
}

enum { HOSTS_MAX = 1000 };

/* "a, b" as "a,b". */
static bool set_hosts(struct ini_reader *r, void *slot, const char *value)
{
    char *tight = xcalloc(strlen(value) + 1, 1);
    size_t n = 0;
    for (const char *at = value; *at; at++)
        if (*at != ' ' && *at != '\t')
            tight[n++] = *at;
    bool good = launch_hosts_valid(tight, HOSTS_MAX)
                    ? ini_text(r, slot, tight)
                    : ini_bad(r, "hosts = '%s' is not a list of hosts such as a, b, c", value);
    free(tight);
    return good;
}

static bool set_host(struct ini_reader *r, void *slot, const char *value)
{
    return launch_hosts_valid(value, 1)
               ? ini_text(r, slot, value)
               : ini_bad(r, "%s = '%s' is not the name of a host", r->name, value);
}

static bool set_launcher(struct ini_reader *r, void *slot, const char *value)
{
    char error[256];
    char **words = words_split(value, error, sizeof error);
    words_free(words);
    return words ? ini_text(r, slot, value) : ini_bad(r, "launcher: %s", error);
}

/* The values of `expect` as they stand, until all lines are there. */
struct said {
    char *text;
    int line;
};

struct filled {
    struct scenario s; /* first: IN() */
    struct said *said;
    size_t said_count;
};

_Static_assert(offsetof(struct filled, s) == 0, "IN()");

static bool set_expect(struct ini_reader *r, void *slot, const char *value)
{
    struct filled *f = r->into;
    (void)slot;
    if (!r->place.goes_on || f->said_count == 0) {
        f->said = xrealloc(f->said, (f->said_count + 1) * sizeof *f->said);
        f->said[f->said_count++] = (struct said){.line = r->place.line};
    }
    return ini_text(r, &f->said[f->said_count - 1].text, value);
}

/* What is said of the model in whose section the reading is; NULL where there is no room. */
static void *override_of(struct ini_reader *r)
{
    struct scenario *s = r->into;
    const char *model = strchr(r->section, ':') + 1;
    for (size_t i = 0; i < s->override_count; i++)
        if (strcmp(s->overrides[i].model, model) == 0)
            return &s->overrides[i];
    if (s->override_count == SCENARIO_OVERRIDES_MAX) {
        ini_bad(r, "more than %d [model:...] sections", SCENARIO_OVERRIDES_MAX);
        return NULL;
    }
    s->overrides[s->override_count] = (struct model_override){.model = xstrdup(model)};
    return &s->overrides[s->override_count++];
}

#define IN(member)           .at = offsetof(struct scenario, member)
#define FOR_MODEL(member)    .at = offsetof(struct model_override, member)
#define HOUR                 (3600 * NS_PER_S)
#define FROM_TO(least, most) .low = (least), .high = (most)

/* clang-format off */
static const struct ini_key keys[] = {
    {"scenario", "name", set_name, IN(name)},
    {"scenario", "question", ini_text, IN(question), .goes_on = true},
    {"scenario", "expect", set_expect, IN(expect), .goes_on = true, .repeats = true},
    {"sweep", "models", ini_text, IN(models)},
    {"sweep", "externals", ini_text, IN(externals), .old = "peers"},
    {"sweep", "order", set_order, IN(order)},
    {"sweep", "protocols", ini_protocols, IN(protocols)},
    {"sweep", "connections", set_connections, IN(connections)},
    {"sweep", "axis", set_axis, IN(axis)},
    {"sweep", "at", set_at, IN(at)},
    {"sweep", "repetitions", ini_number, IN(repetitions), FROM_TO(1, SCENARIO_REPETITIONS_MAX)},
    {"sweep", "duration", ini_time, IN(duration_ns), FROM_TO(NS_PER_MS, HOUR)},
    {"sweep", "settle", ini_time, IN(settle_ns), FROM_TO(0, HOUR)},
    {"sweep", "warmup", ini_time, IN(warmup_ns), FROM_TO(0, HOUR)},
    {"sweep", "timeout", ini_time, IN(timeout_ns), FROM_TO(NS_PER_MS, HOUR)},
    {"sweep", "path", set_path, IN(path)},
    {"sweep", "payload", ini_size, IN(payload), FROM_TO(1, 16 << 20)},
    {"sweep", "windows", ini_number, IN(windows), FROM_TO(1, 32)},
    {"sweep", "yardstick", ini_text, IN(yardstick)},
    {"sweep", "rank", set_rank, IN(rank), FROM_TO(0, UINT32_MAX)},
    {"sweep", "server_cpus", ini_number, IN(server_cpus), FROM_TO(1, 1024)},
    {"sweep", "generator_threads", set_threads, IN(generator_threads), FROM_TO(1, 64)},
    {"load", "hosts", set_hosts, IN(launch.hosts)},
    {"load", "launcher", set_launcher, IN(launch.launcher)},
    {"server", "host", set_host, IN(launch.server_host)},
    {"server", "address", set_host, IN(launch.server_address)},
    {"model:", "connections", set_connections, FOR_MODEL(connections)},
    {"model:", "at", set_at, FOR_MODEL(at)},
    {"model:", "reason", ini_text, FOR_MODEL(reason), .goes_on = true},
    {"model:", "options", set_options, FOR_MODEL(options)},
};
/* clang-format on */

static const struct ini_format format = {
    .keys = keys,
    .count = sizeof keys / sizeof keys[0],
    .sections = "[scenario], [sweep], [load], [server], [model:NAME]",
    .part = override_of};

static bool has_point(const struct point_list *points, unsigned at)
{
    for (size_t i = 0; i < points->count; i++)
        if (points->at[i] == at)
            return true;
    return false;
}

/* 64 connections where the sweep has them, else the middle of the sweep. */
static unsigned usual_rank(const struct scenario *s)
{
    const struct point_list *points = scenario_points(s, "");
    return s->axis == AXIS_CONNECTIONS && has_point(points, 64) ? 64
                                                                : points->at[points->count / 2];
}

/* One number where another axis is swept. */
static bool connections_fit(const struct scenario *s)
{
    bool good = s->axis == AXIS_CONNECTIONS || s->connections.count == 1;
    for (size_t i = 0; i < s->override_count; i++)
        good &= s->axis == AXIS_CONNECTIONS || s->overrides[i].connections.count <= 1;
    return good;
}

static bool loads_have_peaks(const struct scenario *s)
{
    bool good = has_point(&s->at, 0);
    for (size_t i = 0; i < s->override_count; i++)
        good &= s->overrides[i].at.count == 0 || has_point(&s->overrides[i].at, 0);
    return good;
}

/* What no single line is to blame for. */
static const char *missing(struct scenario *s)
{
    if (!s->name)
        return "[scenario] has no name";
    if (s->connections.count == 0)
        return "[sweep] has no connections";
    if (!connections_fit(s))
        return "connections is one number where another axis is swept";
    if (s->axis != AXIS_CONNECTIONS && s->at.count == 0)
        return "[sweep] has an axis, and not at which points (at = ...)";
    if (s->axis == AXIS_LOAD && !loads_have_peaks(s))
        return "the loads in [sweep] do not begin with 0, the peak, of which they are parts";
    if (s->axis == AXIS_CPU && s->protocols[PROTOCOL_ECHO])
        return "an echo takes no CPU that could be asked for: protocols = http";
    if (launch_fault(&s->launch))
        return launch_fault(&s->launch);
    if (launch_given(&s->launch) && s->axis == AXIS_TRANSPORT)
        return "axis transport is of one machine, and [load] of several";
    if (launch_given(&s->launch) && s->externals && strcmp(s->externals, "none") != 0)
        return "externals listen on this machine alone, and [load] is of several";
    if (!s->rank_given)
        s->rank = usual_rank(s);
    if (has_point(scenario_points(s, ""), s->rank))
        return NULL;
    return s->axis == AXIS_CONNECTIONS ? "rank is none of the connections in [sweep]"
                                       : "rank is none of the points in [sweep]";
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

/* Prose stands once; all else is read as a form. */
static bool read_expect(struct scenario *s, const char *file, struct said *said, char *error,
                        size_t error_size)
{
    char why[512];
    if (expectation_is_form(said->text)) {
        if (expectations_add(&s->expectations, said->text, said->line, why, sizeof why))
            return true;
        snprintf(error, error_size, "%s:%d: %s", file, said->line, why);
        return false;
    }
    if (s->expect) {
        snprintf(error, error_size,
                 "%s:%d: a second 'expect' of prose; what a run is to judge begins with "
                 "ratio(, value(, within( or saturates(",
                 file, said->line);
        return false;
    }
    s->expect = said->text;
    said->text = NULL;
    return true;
}

static bool read_keys(const char *file, struct scenario *out, char *error, size_t error_size)
{
    struct filled f = {.s = *out};
    bool good = ini_read(&format, file, f.s.text, &f, error, error_size);
    for (size_t i = 0; i < f.said_count; i++) {
        good = good && read_expect(&f.s, file, &f.said[i], error, error_size);
        free(f.said[i].text);
    }
    free(f.said);
    *out = f.s;
    return good;
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
        .windows = 8,
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
    if (!read_keys(file, out, error, error_size))
        return false;
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
    expectations_free(&s->expectations);
    free(s->models);
    free(s->externals);
    free(s->order);
    free(s->path);
    free(s->yardstick);
    launch_free(&s->launch);
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
    if (s->axis == AXIS_CONNECTIONS)
        return o && o->connections.count > 0 ? &o->connections : &s->connections;
    return o && o->at.count > 0 ? &o->at : &s->at;
}

unsigned scenario_connections(const struct scenario *s, const char *model, unsigned at)
{
    const struct model_override *o = scenario_override(s, model);
    if (s->axis == AXIS_CONNECTIONS)
        return at;
    return o && o->connections.count > 0 ? o->connections.at[0] : s->connections.at[0];
}

unsigned scenario_server_cpus(const struct scenario *s, unsigned available)
{
    unsigned cpus = s->server_cpus;
    bool grows = s->axis == AXIS_WORKERS || s->axis == AXIS_CORES;
    unsigned most = grows ? s->at.at[s->at.count - 1] : 0;
    while (cpus < most && cpus + 1 < available)
        cpus++;
    return cpus;
}

bool scenario_needs_namespaces(const struct scenario *s)
{
    return s->axis == AXIS_TRANSPORT && s->at.at[s->at.count - 1] == TRANSPORT_NAMESPACES;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

const char *scenario_no_yardstick(const struct scenario *s)
{
    if (launch_given(&s->launch))
        return "a yardstick is of one machine, and [load] of several";
    if (s->axis == AXIS_RATE || s->axis == AXIS_LOAD)
        return "a yardstick tells nothing of a load that is offered by a schedule";
    if (s->axis == AXIS_CPU || begins(s->path, "/cpu/") || begins(s->path, "/wait/"))
        return "a window of a yardstick holds few requests that take so long";
    return NULL;
}
