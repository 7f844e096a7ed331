#include "bench/record/environment_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/child_env.h"
#include "bench/base/json_get.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/build_commit.h"
#include "bench/build_config.h"
#include "bench/plan/external.h"
#include "bench/record/machine.h"
#include "common/clock.h"
#include "common/err.h"

static void put(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, json_checked(value, name));
}

/* The first line that `program --version` prints. */
static json_t *version_of(const char *program)
{
    struct process p;
    const char *argv[] = {program, "--version", NULL};
    process_start(&p, &(struct process_spec){.argv = argv, .input = -1, .extra = -1});
    bool good = process_wait(&p, clock_after(clock_ns(), 2 * NS_PER_S)) && p.status == 0;
    char *text = process_output(&p);
    text[strcspn(text, "\n")] = '\0';
    json_t *json = good ? json_text_or_null(text) : json_null();
    free(text);
    process_destroy(&p);
    return json;
}

static json_t *build(const struct run_facts *facts)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:{s:o,s:o,s:o,s:o,s:o,s:o}}", "version",
                     IOM_VERSION, "commit", IOM_BUILD_COMMIT, "compiler", IOM_COMPILER,
                     "build_type", IOM_BUILD_TYPE, "flags", IOM_BUILD_FLAGS, "load_generator",
                     version_of(facts->loadgen), "libraries", "libuv",
                     json_text_or_null(IOM_VERSION_LIBUV), "libev",
                     json_text_or_null(IOM_VERSION_LIBEV), "liburing",
                     json_text_or_null(IOM_VERSION_LIBURING), "jansson",
                     json_text_or_null(IOM_VERSION_JANSSON), "inih",
                     json_text_or_null(IOM_VERSION_INIH), "gnuplot", version_of("gnuplot"));
}

static json_t *placement(const struct run_facts *facts)
{
    char server[256];
    char generator[256];
    const struct placement *p = facts->placement;
    char shared[128];
    char warning[256] = "";
    if (p->shared)
        snprintf(warning, sizeof warning, "%s; no figure is the server's alone",
                 placement_shared_text(p, shared, sizeof shared));
    else if (p->siblings_shared)
        snprintf(warning, sizeof warning,
                 "server and load generator run on hardware threads of one core and slow each "
                 "other down");
    placement_format(&p->server, server, sizeof server);
    placement_format(&p->generator, generator, sizeof generator);
    return json_pack("{s:s,s:i,s:s,s:i,s:b,s:s,s:o}", "server_cpus", server, "server_cpu_count",
                     p->server_count, "generator_cpus", generator, "generator_cpu_count",
                     p->generator_count, "shared_cpus", p->shared, "driver_scheduling",
                     facts->realtime ? "SCHED_FIFO" : "SCHED_OTHER", "warning",
                     json_text_or_null(warning));
}

static json_t *sources(const struct run_facts *facts)
{
    const bool *have = facts->counters;
    const char *cpu = have[PERF_TASK_CLOCK] ? "perf task-clock, whole tree"
                                            : "clock_getcpuclockid of the tree's processes";
    const char *switches = have[PERF_SWITCHES] ? "perf context-switches, whole tree"
                                               : "the server's own rusage, warm-up included";
    const char *syscalls =
        have[PERF_SYSCALLS] ? "perf raw_syscalls:sys_enter, whole tree" : NULL;
    const char *wakings =
        have[PERF_WAKINGS] ? "perf sched:sched_waking of the load generator, whole tree" : NULL;
    const char *faults = have[PERF_FAULTS] ? "perf minor-faults, whole tree"
                                           : "/proc/PID/stat of the tree's processes";
    return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "cpu", cpu, "context_switches", switches,
                     "page_faults", faults, "system_calls", json_text_or_null(syscalls),
                     "wakings", json_text_or_null(wakings), "other_programs",
                     json_text_or_null(facts->others_seen ? "/proc/stat" : NULL), "missing",
                     json_text_or_null(facts->counters_reason));
}

/* What a server of others is, enough to go on with the run and to draw it. */
static void describe_external(json_t *one, const struct external *p)
{
    json_t *protocols = json_array();
    for (int i = 0; i < PROTOCOL_COUNT; i++)
        if (p->protocols[i])
            json_array_append_new(protocols, json_string(protocol_names[i]));
    put(one, "protocols", protocols);
    put(one, "counterpart_of", json_string(p->counterpart_of));
    put(one, "command", json_string(p->command));
    put(one, "file", json_text_or_null(p->file));
    put(one, "packages", json_text_or_null(p->packages));
}

static json_t *models(const struct run_facts *facts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < facts->models->count; i++) {
        const struct model *m = &facts->models->at[i];
        const struct model_override *o = scenario_override(facts->scenario, m->name);
        json_t *one = json_pack("{s:s,s:s,s:s,s:i,s:i,s:b,s:o,s:o,s:o}", "name", m->name,
                                "kind", m->external ? "external" : "model", "summary",
                                m->summary, "max_connections", (int)m->max_connections,
                                "concurrency", (int)m->concurrency, "workers", m->workers,
                                "unsupported", json_text_or_null(m->unsupported), "options",
                                json_text_or_null(o ? o->options : NULL), "differs",
                                json_text_or_null(o ? o->reason : NULL));
        if (m->external && one)
            describe_external(one, m->external);
        json_array_append_new(list, json_checked(one, "a model"));
    }
    return list;
}

static json_t *skipped(const struct run_facts *facts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < facts->plan->skipped_count; i++) {
        const struct plan_skip *s = &facts->plan->skipped[i];
        const char *protocol = s->connections > 0 ? protocol_names[s->protocol] : NULL;
        json_t *one =
            json_pack("{s:o,s:s,s:i,s:I,s:s}", "protocol", json_text_or_null(protocol), "model",
                      s->model->name, "connections", (int)s->connections, "at",
                      (json_int_t)s->at, "reason", s->reason);
        json_array_append_new(list, json_checked(one, "a skipped point"));
    }
    return list;
}

/* As they stand in the scenario. */
static json_t *expectations(const struct expectations *all)
{
    json_t *list = json_array();
    for (size_t i = 0; i < all->count; i++) {
        const struct expectation *e = &all->at[i];
        json_array_append_new(
            list, json_checked(
                      json_sprintf("%s%s%s", e->text, e->sentence[0] ? ": " : "", e->sentence),
                      "an expectation"));
    }
    return list;
}

static json_t *scenario(const struct scenario *s)
{
    return json_pack(
        "{s:s,s:o,s:o,s:o,s:o,s:s,s:I,s:i,s:f,s:f,s:f,s:s,s:i,s:s}", "name", s->name,
        "question", json_text_or_null(s->question), "expect", json_text_or_null(s->expect),
        "expectations", expectations(&s->expectations), "order", json_text_or_null(s->order),
        "axis", axis_info(s->axis)->name, "rank", (json_int_t)s->rank, "repetitions",
        (int)s->repetitions, "duration_s", (double)s->duration_ns / 1e9, "warmup_s",
        (double)s->warmup_ns / 1e9, "timeout_s", (double)s->timeout_ns / 1e9, "path", s->path,
        "payload", (int)s->payload, "text", s->text);
}

/* False, with errno set, where that failed; what was there is then as it was. */
static bool save(const char *path, const json_t *all)
{
    /* In one step: a run that is killed meanwhile can still go on. */
    char *made = text_format("%s.new", path);
    bool good = json_dump_file(all, made, JSON_INDENT(2)) == 0 && rename(made, path) == 0;
    int error = errno;
    if (!good)
        unlink(made);
    free(made);
    errno = error;
    return good;
}

void environment_write(const char *dir, const struct run_facts *facts)
{
    char date[64];
    char seed[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)facts->seed);

    /* The seed as text: a JSON number does not hold 64 bits everywhere. */
    json_t *all = json_pack("{s:i,s:s,s:s,s:b,s:i,s:i}", "format", ENVIRONMENT_FORMAT, "date",
                            date, "seed", seed, "counting", facts->counting, "trials",
                            (int)facts->plan->count, "points", (int)facts->plan->points);
    json_checked(all, "the run");
    put(all, "scenario", scenario(facts->scenario));
    put(all, "models", models(facts));
    put(all, "skipped", skipped(facts));
    put(all, "placement", placement(facts));
    put(all, "sources", sources(facts));
    put(all, "machine", machine_describe());
    put(all, "sysctls", machine_sysctls());
    put(all, "limits", machine_limits());
    put(all, "environment", child_env_describe());
    put(all, "build", build(facts));

    put(all, "left_out", json_text_or_null(facts->left_out));
    put(all, "yardstick", json_text_or_null(facts->yardstick));
    put(all, "generator", json_incref(facts->generator));
    if (facts->unit_costs)
        put(all, "unit_costs", unit_costs_to_json(facts->unit_costs));
    char *path = text_format("%s/environment.json", dir);
    if (!save(path, all))
        die_errno("cannot write %s", path);
    free(path);
    json_decref(all);
}

bool environment_add_unit_costs(const char *dir, const struct unit_costs *after)
{
    json_error_t error;
    char *path = text_format("%s/environment.json", dir);
    json_t *all = json_load_file(path, 0, &error);
    bool good = all != NULL;
    if (good) {
        put(all, "unit_costs_after", unit_costs_to_json(after));
        good = save(path, all);
    }
    if (!good)
        warn("cannot add the unit costs to %s: %s", path, all ? strerror(errno) : error.text);
    json_decref(all);
    free(path);
    return good;
}

static bool same(const struct environment *old, const char *group, const char *name,
                 const char *now, char *error, size_t error_size)
{
    const char *then = json_text(json_object_get(old->json, group), name, "unknown");
    bool good = strcmp(then, now) == 0;
    if (!good)
        snprintf(error, error_size, "%s was %s, now it is %s", name, then, now);
    return good;
}

bool environment_same(const struct environment *old, const struct placement *p, char *error,
                      size_t error_size)
{
    char server[256];
    char generator[256];
    struct utsname u;
    placement_format(&p->server, server, sizeof server);
    placement_format(&p->generator, generator, sizeof generator);
    if (uname(&u) != 0)
        die_errno("cannot ask for the kernel's release");
    return same(old, "placement", "server_cpus", server, error, error_size) &&
           same(old, "placement", "generator_cpus", generator, error, error_size) &&
           same(old, "build", "commit", IOM_BUILD_COMMIT, error, error_size) &&
           same(old, "machine", "kernel_release", u.release, error, error_size);
}
