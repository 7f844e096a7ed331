#include "bench/lesson/window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/base/placeholders.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/base/wait.h"
#include "bench/trial/load_process.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"

static const uint64_t warmup_ns = 100 * NS_PER_MS;
static const uint64_t timeout_ns = 2 * NS_PER_S;
static const uint64_t settle_ns = 60 * NS_PER_S;
/* Beyond what a step of the load takes by itself. */
static const uint64_t patience_ns = 60 * NS_PER_S;
/* How long what is left of a server may take to go after its first process has ended. */
static const uint64_t leftover_grace = 200 * NS_PER_MS;

struct state {
    const struct lesson_window_spec *spec;
    struct server server;
    struct load load;
    struct tree tree; /* of the server, at the last look */
    double memory_kib;
    double cpu_ns, active_ns; /* of the server, in the window; and how long that was */
    json_t *results, *counters;
    char *reason;
    size_t reason_size;
};

/* The words of the side's load, and a URL for each path but the first. `made` gets the latter. NULL
 * with the reason where a text is not made of words. */
static char **words_of(struct state *s, char *made[LESSON_PATHS + 1])
{
    const struct lesson_side *side = s->spec->side;
    char **load =
        words_split(side->load.text ? side->load.text : "-c1", s->reason, s->reason_size);
    char **paths =
        words_split(side->paths.text ? side->paths.text : "/", s->reason, s->reason_size);
    size_t n = 0;
    for (size_t i = 0; load && paths && paths[0] && paths[i] && n < LESSON_PATHS; i++)
        made[n++] = i == 0 ? text_format("%s", paths[0])
                           : text_format("http://%s%s", s->server.address, paths[i]);
    if (!paths) {
        words_free(load);
        load = NULL;
    }
    words_free(paths);
    return load;
}

static enum lesson_result start_load(struct state *s)
{
    char *urls[LESSON_PATHS + 1] = {0};
    char **load = words_of(s, urls);
    const char *words[1 + LESSON_WORDS + LESSON_PATHS + 1];
    char seed[32];
    size_t n = 0;
    if (!load)
        return LESSON_FAILS;
    /* Up to INT64_MAX is what --seed takes. */
    snprintf(seed, sizeof seed, "--seed=%llu", (unsigned long long)(s->spec->seed >> 1));
    words[n++] = seed;
    for (size_t i = 0; load[i] && i < LESSON_WORDS; i++)
        words[n++] = load[i];
    for (size_t i = 1; urls[i]; i++)
        words[n++] = urls[i];
    words[n] = NULL;
    load_start(&s->load, &(struct load_spec){
                             .program = s->spec->loadgen,
                             .address = s->server.address,
                             .protocol = PROTOCOL_HTTP,
                             .load = {.path = urls[0], .payload = 64},
                             .words = words,
                             .timeout_ns = timeout_ns,
                             .duration_ns = s->spec->window_ns,
                             .settle_ns = settle_ns,
                             .warmup_ns = warmup_ns,
                             .connections = 1,
                             .threads = 1,
                             .may_lose = true,
                             .cpus = &s->spec->placement->generator,
                             .dir = s->spec->dir,
                         });
    for (size_t i = 0; urls[i]; i++)
        free(urls[i]);
    words_free(load);
    return LESSON_OK;
}

static void look(struct state *s)
{
    tree_free(&s->tree);
    tree_find(&s->tree, s->server.process.pid);
}

static enum lesson_result await(struct state *s, const char *event, uint64_t ns)
{
    enum load_result r =
        load_wait(&s->load, event, &s->server.process,
                  clock_after(clock_ns(), ns + patience_ns), s->reason, s->reason_size);
    return r == LOAD_OK ? LESSON_OK : r == LOAD_FAILED ? LESSON_FAILS : LESSON_INTERRUPTED;
}

/* From the load's first connection to the end of its window. */
static enum lesson_result run_load(struct state *s)
{
    look(s);
    double memory = tree_memory(&s->tree).pss_kib;
    enum lesson_result r = start_load(s);
    if (r == LESSON_OK)
        r = await(s, "connected", settle_ns);
    if (r == LESSON_OK)
        look(s);
    if (r == LESSON_OK)
        r = await(s, "start", warmup_ns);
    if (r != LESSON_OK)
        return r;
    double cpu = (double)tree_cpu_ns(&s->tree);
    uint64_t began = clock_ns();
    r = await(s, "end", s->spec->window_ns);
    if (r != LESSON_OK)
        return r;
    s->cpu_ns = (double)tree_cpu_ns(&s->tree) - cpu;
    s->active_ns = (double)(clock_ns() - began);
    look(s);
    s->memory_kib = tree_memory(&s->tree).pss_kib - memory;
    s->results = load_finish(&s->load, clock_after(clock_ns(), timeout_ns + patience_ns),
                             s->reason, s->reason_size);
    return s->results ? LESSON_OK : LESSON_FAILS;
}

static double failures(const json_t *results)
{
    static const char *const kinds[] = {"timeout", "reset",   "refused",
                                        "eof",     "corrupt", "non_2xx"};
    double sum = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        sum += json_number(results, "outcomes", kinds[i]);
    return sum;
}

static void fill(const struct state *s, double *v)
{
    static const struct {
        enum lesson_metric metric;
        const char *name;
    } latencies[] = {{LESSON_MEAN, "mean"},
                     {LESSON_P50, "p50"},
                     {LESSON_P90, "p90"},
                     {LESSON_P99, "p99"},
                     {LESSON_MAX, "max"}},
      counts[] = {{LESSON_EAGAIN, "eagain"},
                  {LESSON_WAKEUPS, "wakeups"},
                  {LESSON_SWITCHES, "voluntary_switches"},
                  {LESSON_FAULTS, "minor_faults"}};
    double requests = json_number(s->counters, NULL, "requests");
    for (size_t i = 0; i < sizeof latencies / sizeof latencies[0]; i++)
        v[latencies[i].metric] = json_number(s->results, "latency", latencies[i].name) / 1e6;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        v[counts[i].metric] = json_number(s->counters, NULL, counts[i].name) / requests;
    v[LESSON_RATE] = json_number(s->results, NULL, "requests") * 1e9 /
                     json_number(s->results, NULL, "window_ns");
    v[LESSON_CPU] = (json_number(s->counters, NULL, "user_us") +
                     json_number(s->counters, NULL, "system_us")) /
                    requests;
    v[LESSON_EVENTS] =
        json_number(s->counters, NULL, "events") / json_number(s->counters, NULL, "wakeups");
    v[LESSON_BUSY] = s->cpu_ns / s->active_ns;
    v[LESSON_GENERATOR] = json_number(s->results, "generator", "cpu_fraction");
    v[LESSON_TASKS] = s->tree.threads;
    v[LESSON_MEMORY] = s->memory_kib;
    v[LESSON_FAILED] = failures(s->results);
}

static enum lesson_result start_server(struct state *s)
{
    struct server_spec spec = {.model = &s->spec->server->model,
                               .options = s->spec->server->options,
                               .protocol = PROTOCOL_HTTP,
                               .cpus = &s->spec->placement->server};
    enum server_result r = server_start(&s->server, &spec, s->reason, s->reason_size);
    return r == SERVER_OK            ? LESSON_OK
           : r == SERVER_INTERRUPTED ? LESSON_INTERRUPTED
                                     : LESSON_FAILS;
}

static enum lesson_result run(struct state *s)
{
    enum lesson_result r = start_server(s);
    if (r != LESSON_OK)
        return r;
    r = run_load(s);
    if (r == LESSON_OK && !server_stop(&s->server, &s->counters, s->reason, s->reason_size))
        r = LESSON_FAILS;
    return r;
}

enum lesson_result lesson_window(const struct lesson_window_spec *spec,
                                 struct lesson_sample *out, char *doubt, size_t doubt_size,
                                 char *reason, size_t reason_size)
{
    struct state s = {.spec = spec, .reason = reason, .reason_size = reason_size};
    char why[400];
    enum lesson_result r = run(&s);
    snprintf(doubt, doubt_size, "%s", "");
    if (r == LESSON_OK) {
        fill(&s, out->value);
        snprintf(doubt, doubt_size, "%s", json_text(s.results, "verdict_reason", ""));
    } else if (r == LESSON_FAILS) {
        snprintf(why, sizeof why, "%s", reason);
        snprintf(reason, reason_size, "%s (%s): %s", spec->side->name, spec->server->text, why);
    }
    if (s.load.process.pid > 0)
        load_destroy(&s.load);
    server_destroy(&s.server);
    process_end_all(r == LESSON_OK ? leftover_grace : 0);
    tree_free(&s.tree);
    json_decref(s.results);
    json_decref(s.counters);
    return wait_was_interrupted() ? LESSON_INTERRUPTED : r;
}
