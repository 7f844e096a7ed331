/* iomodels scale: how many connections this machine can hold, and what each takes. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/ini_keys.h"
#include "bench/base/json_get.h"
#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/plan/placement.h"
#include "bench/record/machine.h"
#include "bench/scale/hold.h"
#include "bench/scale/limits.h"
#include "bench/scale/scale_report.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

enum { POINTS_MAX = 32, PILOT_MAX = 5000, PILOT_PART = 5, PILOT_TRIES = 3 };
enum { CONNECTIONS_MAX = 100 * 1000 * 1000 };

struct scale_options {
    struct paths paths; /* first: paths_rows */
    unsigned points[POINTS_MAX];
    size_t count;
    const char *model, *options, *json;
    enum protocol protocol;
    unsigned honest, answers, descriptors, at_once;
    uint64_t rate, reserve;
    unsigned extrapolate; /* 0: hold, and have answers */
};

static bool read_count(const char *text, unsigned *out)
{
    uint64_t milli;
    bool good = parse_rate_milli(text, 1000, UINT64_C(1000) * CONNECTIONS_MAX, &milli) &&
                milli % 1000 == 0;
    *out = good ? (unsigned)(milli / 1000) : 0;
    return good;
}

static bool add_point(void *target, const char *text)
{
    struct scale_options *o = target;
    unsigned n;

    if (o->count == POINTS_MAX || !read_count(text, &n) ||
        (o->count > 0 && o->points[o->count - 1] >= n))
        return false;
    o->points[o->count++] = n;
    return true;
}

static bool set_points(void *target, const char *value)
{
    ((struct scale_options *)target)->count = 0;
    return ini_items(value, add_point, target);
}

static bool set_extrapolate(void *target, const char *value)
{
    return read_count(value, &((struct scale_options *)target)->extrapolate);
}

static const char *const protocols[] = {
    [PROTOCOL_HTTP] = "http", [PROTOCOL_ECHO] = "echo", NULL};

#define FIELD(member) OPTION_FIELD(struct scale_options, member)

static const struct option_row rows[] = {
    {OPTION_CALL, 'c', "connections", "N,...",
     "how many connections, in ascending order; k and M are a thousand and a million (10k)",
     .call = set_points, .expects = "a list of ascending numbers such as 10k,100k,1M"},
    {OPTION_TEXT, 'm', "model", "MODEL", "the servers' model (epoll-multi)", FIELD(model)},
    {OPTION_TEXT, 0, "options", "WORDS", "more options for each server", FIELD(options)},
    {OPTION_WORD, 0, "protocol", "http|echo",
     "the service; the bytes of an echo are another for each connection and request (echo)",
     FIELD(protocol), .words = protocols},
    {OPTION_NUMBER, 0, "answers", "N",
     "how many answers each connection must have while all are open (2)", FIELD(answers),
     .low = 1, .high = 1000},
    {OPTION_NUMBER, 'R', "rate", "N",
     "requests a second for those answers, of all connections together (20000)", FIELD(rate),
     .low = 1, .high = 10 * 1000 * 1000},
    {OPTION_NUMBER, 0, "honest", "N",
     "clients beside, which ask 1,000 times a second together; 0: none (64)", FIELD(honest),
     .high = 1000},
    {OPTION_CALL, 0, "extrapolate", "N",
     "for models that cannot hold many: measure the memory of a few thousand connections "
     "(500,1k,2k,3k,4k,8k), put a line through some of them, check the line with the others, "
     "and say what N would take. No answers, no honest clients",
     .call = set_extrapolate, .expects = "a number such as 100k or 1M"},
    {OPTION_NUMBER, 0, "descriptors", "N",
     "descriptors that a process may have: more connections take more processes (the hard "
     "limit, ulimit -Hn)",
     FIELD(descriptors), .low = 1, .high = 1 << 30},
    {OPTION_NUMBER, 0, "at-once", "N",
     "load generators that connect at one time (one a CPU, at least 2)", FIELD(at_once),
     .low = 1, .high = 1000},
    {OPTION_SIZE, 0, "reserve", "SIZE",
     "memory that must stay free: the run does not begin where the connections would take it, "
     "and gives up when less is left (4G)",
     FIELD(reserve), .high = UINT64_C(1) << 50},
    {OPTION_TEXT, 0, "json", "FILE", "write everything as JSON; - is standard output",
     FIELD(json)},
    {0},
};

_Static_assert(offsetof(struct scale_options, paths) == 0, "paths_rows");

struct run {
    const struct scale_options *o;
    struct scale_setup setup;
    struct model_list models;
    char *dir;
    FILE *out;  /* for people */
    FILE *json; /* or NULL */
    json_t *points;
    char reason[1024];
};

static void parse(struct scale_options *o, int argc, char **argv)
{
    const struct command_line line = {
        .usage = "iomodels scale [OPTIONS]\n",
        .about =
            "Hold many connections at one time, have each answered, and say what a connection "
            "takes of the memory. Servers and load generators are as many as the limit of "
            "descriptors makes necessary, in pairs; each generator has loopback addresses of "
            "its own.",
        .notes = "docs/scale.md has figures, and says what grows with the connections. SIZE: "
                 "bytes, or with k, M or G. Exit status: 0 where all were held and answered, 1 "
                 "where not, 2 for a wrong command line, 130 interrupted.",
        .tables = {rows, paths_rows},
        .target = o,
    };
    int at = command_line_read(&line, argc, argv);
    if (at < argc)
        die_usage("unexpected argument '%s'", argv[at]);
    if (o->extrapolate && o->count == 0)
        set_points(o, "500,1k,2k,3k,4k,8k");
    if (o->extrapolate && o->count < 4)
        die_usage("--extrapolate: a line that is checked needs 4 numbers of connections");
    if (o->count == 0)
        set_points(o, "10k");
    paths_find(&o->paths);
}

static void find_model(struct run *r)
{
    char error[512];
    const char *name = r->o->model;

    models_find(&r->models, r->o->paths.servers);
    if (strchr(name, ',') || !models_select(&r->models, name, "model", error, sizeof error) ||
        r->models.count != 1)
        die_usage("--model: no model '%s'; 'iomodels list' shows those there are", name);
    struct model *m = &r->models.at[0];
    if (r->o->options && !models_describe_with(m, r->o->options, error, sizeof error))
        die_usage("--options: %s", error);
    if (m->unsupported)
        die("%s: %s", name, m->unsupported);
    if (m->concurrency > 0)
        die("%s serves %u connections at one time: the others would wait in the kernel", name,
            m->concurrency);
    r->setup.model = m;
}

/* Of a process: a model may have less than the system allows. */
static unsigned descriptors(const struct run *r)
{
    uint64_t most = own_descriptors_raise();
    unsigned of_model = r->setup.model->max_connections;

    if (r->o->descriptors > most)
        die_usage("--descriptors %u: the hard limit is %llu (ulimit -Hn)", r->o->descriptors,
                  (unsigned long long)most);
    if (r->o->descriptors > 0)
        most = r->o->descriptors;
    if (of_model > 0 && of_model < most)
        most = of_model;
    return most > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)most;
}

static void set_up(struct run *r)
{
    char error[512];
    const struct scale_options *o = r->o;
    unsigned cpus = placement_available();

    find_model(r);
    r->setup.options = o->options;
    r->setup.loadgen = o->paths.loadgen;
    r->setup.protocol = o->protocol;
    r->setup.descriptors = descriptors(r);
    r->setup.at_once = o->at_once ? o->at_once : cpus > 2 ? cpus : 2;
    r->setup.rate = o->rate;
    r->setup.reserve = (double)o->reserve / 1024;
    r->points = json_array();
    bool standard = o->json && strcmp(o->json, "-") == 0;
    r->out = standard ? stderr : stdout;
    /* That it cannot be written is told before the run, not after it. */
    r->json = standard ? stdout : o->json ? fopen(o->json, "we") : NULL;
    if (o->json && !r->json)
        die_errno("cannot write %s", o->json);
    r->dir = paths_temporary("scale", error, sizeof error);
    if (!r->dir)
        die("%s", error);
    r->setup.dir = r->dir;
}

static bool shape_of(struct run *r, unsigned connections, struct scale_shape *shape)
{
    return scale_shape_find(shape, connections, r->setup.descriptors, r->o->honest, r->reason,
                            sizeof r->reason);
}

/* Hold so many, without answers: KiB that they took, and what a server has before. */
static bool try_few(struct run *r, unsigned connections, double *taken, struct scale_pilot *p)
{
    struct scale_shape shape;
    struct scale_point point;
    struct scale_setup setup = r->setup;

    setup.answers = setup.honest = 0;
    if (!shape_of(r, connections, &shape))
        return false;
    bool good = scale_hold(&setup, &shape, &point, r->reason, sizeof r->reason);
    *taken = good ? scale_taken(&point) : 0;
    if (good) {
        p->server = point.before.servers / shape.pairs;
        p->tasks_pair = point.before.tasks / shape.pairs;
        p->tasks_each = fmax(0, scale_each(&point).tasks);
    }
    scale_point_free(&point);
    return good;
}

/* Two small numbers tell what a connection takes, and what a pair takes without any. Where one
 * pilot holds all that are asked for, there is no other. */
static bool find_cost(struct run *r, unsigned most, struct scale_cost *cost)
{
    unsigned room = r->setup.descriptors / 2;
    unsigned many = most < PILOT_MAX ? most : PILOT_MAX;
    bool found = false, known = true;

    many = many < room ? many : room;
    struct scale_pilot p = {.few = many < most ? many / PILOT_PART : 0, .many = many};
    for (int i = 0; i < PILOT_TRIES && known && !found; i++) {
        if ((p.few > 0 && !try_few(r, p.few, &p.first, &p)) ||
            !try_few(r, p.many, &p.second, &p))
            return false;
        known = isfinite(p.first + p.second + p.server);
        found = scale_cost_find(&p, cost, r->reason, sizeof r->reason);
    }
    return found;
}

/* Before any point is measured, the limits and the memory must suffice for all. */
static bool all_fit(struct run *r)
{
    struct scale_shape shape;
    struct scale_limits limits;
    struct scale_cost cost;

    scale_limits_read(&limits, (double)own_descriptors_raise());
    for (size_t i = 0; i < r->o->count; i++)
        if (!shape_of(r, r->o->points[i], &shape) ||
            !scale_limits_suffice(&limits, &shape, NULL, r->reason, sizeof r->reason))
            return false;
    if (!find_cost(r, r->o->points[r->o->count - 1], &cost))
        return false;
    for (size_t i = 0; i < r->o->count; i++)
        if (!shape_of(r, r->o->points[i], &shape) ||
            !scale_limits_suffice(&limits, &shape, &cost, r->reason, sizeof r->reason) ||
            !scale_fits(&cost, &shape, scale_available(), r->setup.reserve, r->reason,
                        sizeof r->reason))
            return false;
    return true;
}

static bool hold_point(struct run *r, unsigned connections, struct line_point *at,
                       double *tasks_each)
{
    struct scale_shape shape;
    struct scale_point point;
    struct scale_setup setup = r->setup;

    if (!r->o->extrapolate) {
        setup.answers = r->o->answers;
        setup.honest = r->o->honest;
    }
    if (!shape_of(r, connections, &shape))
        return false;
    bool good = scale_hold(&setup, &shape, &point, r->reason, sizeof r->reason);
    if (good) {
        *at = (struct line_point){.x = connections, .y = scale_taken(&point)};
        *tasks_each = scale_each(&point).tasks;
        scale_print(r->out, &setup, &point);
        fflush(r->out);
        json_array_append_new(r->points, scale_json(&point));
    }
    scale_point_free(&point);
    return good;
}

static json_t *everything(const struct run *r, json_t *line)
{
    char date[64];
    time_t now = time(NULL);
    struct tm utc;

    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    return json_checked(
        json_pack("{s:s,s:s,s:o,s:o,s:s,s:s?,s:s,s:i,s:i,s:i,s:i,s:I,s:I,s:O,s:o}", "version",
                  IOM_VERSION, "date", date, "machine", machine_describe(), "sysctls",
                  machine_sysctls(), "model", r->setup.model->name, "options", r->o->options,
                  "protocol", protocol_names[r->o->protocol], "descriptors",
                  (int)r->setup.descriptors, "answers", (int)r->o->answers, "honest",
                  (int)r->o->honest, "at_once", (int)r->setup.at_once, "rate",
                  (json_int_t)r->o->rate, "reserve", (json_int_t)r->o->reserve, "points",
                  r->points, "line", line),
        "the run");
}

static bool write_json(const struct run *r, json_t *line)
{
    json_t *all = everything(r, line);
    bool good =
        !r->json || (json_dumpf(all, r->json, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0 &&
                     putc('\n', r->json) != EOF);

    if (r->json && !text_close(r->json))
        good = false;
    if (!good)
        warn("cannot write %s: %m", r->o->json);
    json_decref(all);
    return good;
}

/* False where the line does not hold. */
static bool extrapolate(struct run *r, struct line_point *points, double tasks_each,
                        json_t **json)
{
    struct line line = line_fit(points, r->o->count);
    double at = r->o->extrapolate;

    scale_print_line(r->out, &r->setup, points, r->o->count, &line, tasks_each, at);
    *json = scale_line_json(points, r->o->count, &line, tasks_each, at);
    return line.worst <= LINE_ERROR;
}

static bool measure(struct run *r)
{
    struct line_point points[POINTS_MAX];
    double tasks_each = 0;
    json_t *line = json_null();
    size_t held = 0;
    bool good = all_fit(r);

    while (good && held < r->o->count &&
           (good = hold_point(r, r->o->points[held], &points[held], &tasks_each)))
        held++;
    bool holds = !good || !r->o->extrapolate || extrapolate(r, points, tasks_each, &line);
    bool written = write_json(r, line);
    return good && holds && written;
}

int command_scale(int argc, char **argv)
{
    struct scale_options o = {.model = "epoll-multi",
                              .protocol = PROTOCOL_ECHO,
                              .honest = 64,
                              .answers = 2,
                              .rate = 20000,
                              .reserve = UINT64_C(4) << 30};
    struct run r = {.o = &o};

    parse(&o, argc, argv);
    wait_hold_signals();
    process_adopt_orphans();
    signal(SIGPIPE, SIG_IGN);
    set_up(&r);
    bool good = measure(&r);
    process_end_all(0);
    if (rmdir(r.dir) != 0)
        warn("cannot remove %s: %m", r.dir);
    wait_release_signals();
    bool interrupted = wait_was_interrupted();
    if (!good && !interrupted && r.reason[0])
        warn("%s: %s", r.setup.model->name, r.reason);
    json_decref(r.points);
    models_free(&r.models);
    free(r.dir);
    return interrupted ? 130 : good ? 0 : 1;
}
