#include "bench/trial/hog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"
#include "common/err.h"

static const uint64_t start_limit = 70 * NS_PER_S;
/* The hog is at work when the window with it opens. */
static const uint64_t warmup_ns = 300 * NS_PER_MS;

struct state {
    const struct timeline_setup *setup;
    struct server server;
    struct timeline_load others, hog;
    struct hog *out;
    char *reason;
    size_t reason_size;
};

static bool await(struct state *s, struct timeline_load *l, const char *event, uint64_t ns)
{
    return timeline_load_wait(l, event, &s->server.process,
                              clock_after(clock_ns(), ns + start_limit), s->reason,
                              s->reason_size);
}

static void start_others(struct state *s, uint64_t duration_ns)
{
    timeline_load_start(&s->others,
                        &(struct timeline_load_spec){.program = s->setup->loadgen,
                                                     .address = s->server.address,
                                                     .path = "/",
                                                     .dir = s->setup->dir,
                                                     .name = "others",
                                                     .connections = s->setup->connections,
                                                     .warmup_ns = warmup_ns,
                                                     .duration_ns = duration_ns,
                                                     .settle = true,
                                                     .cpus = &s->setup->placement->generator});
}

static void start_hog(struct state *s)
{
    char *path = text_format("/cpu/%llu", (unsigned long long)s->setup->cpu_us);
    timeline_load_start(&s->hog,
                        &(struct timeline_load_spec){
                            .program = s->setup->loadgen,
                            .address = s->server.address,
                            .path = path,
                            .dir = s->setup->dir,
                            .name = "hog",
                            .connections = 1,
                            /* Longer than the others: it is not to leave before them. */
                            .duration_ns = warmup_ns + s->setup->after_ns + NS_PER_S,
                            .cpus = &s->setup->placement->generator});
    free(path);
}

static void fill_side(struct hog_side *side, const json_t *results, const struct timeline *t,
                      double from_s, double to_s)
{
    side->rate =
        json_number(results, NULL, "requests") * 1e9 / json_number(results, NULL, "window_ns");
    side->p50_us = json_number(results, "latency", "p50") / 1e3;
    side->p99_us = json_number(results, "latency", "p99") / 1e3;
    side->max_us = json_number(results, "latency", "max") / 1e3;
    side->answered = timeline_answered(t, from_s, to_s);
    side->silence_ms = timeline_silence_ms(t, from_s, to_s);
}

/* The load of the others to its end, its series from `zero_s` on. */
static bool finish_others(struct state *s, double zero_s, double length_s,
                          struct timeline *series, struct hog_side *side)
{
    if (!await(s, &s->others, "end", (uint64_t)(length_s * 1e9)))
        return false;
    json_t *results =
        timeline_load_finish(&s->others, zero_s, series, s->reason, s->reason_size);
    timeline_load_destroy(&s->others);
    if (!results)
        return false;
    fill_side(side, results, series, zero_s, zero_s + length_s);
    json_decref(results);
    return true;
}

static bool without_hog(struct state *s)
{
    double length_s = (double)s->setup->before_ns / 1e9;
    start_others(s, s->setup->before_ns);
    return finish_others(s, -length_s, length_s, &s->out->series, &s->out->without);
}

static bool finish_hog(struct state *s)
{
    struct timeline unused = {0};
    uint64_t duration_ns = warmup_ns + s->setup->after_ns + NS_PER_S;
    json_t *results = await(s, &s->hog, "end", duration_ns)
                          ? timeline_load_finish(&s->hog, 0, &unused, s->reason, s->reason_size)
                          : NULL;
    /* Whole windows, also where there was no answer in one. */
    s->out->hog_rate =
        json_number(results, NULL, "requests") * 1e9 / json_number(results, NULL, "window_ns");
    timeline_free(&unused);
    json_decref(results);
    return results != NULL;
}

static void append(struct timeline *to, struct timeline *more)
{
    to->at = xrealloc(to->at, (to->count + more->count + 1) * sizeof *to->at);
    memcpy(to->at + to->count, more->at, more->count * sizeof *to->at);
    to->count += more->count;
    timeline_free(more);
}

/* The others are connected, and have had an answer each, before the hog comes. */
static bool with_hog(struct state *s)
{
    struct timeline series = {0};
    start_others(s, s->setup->after_ns);
    if (!await(s, &s->others, "connected", 0))
        return false;
    start_hog(s);
    if (!await(s, &s->others, "start", warmup_ns) ||
        !finish_others(s, 0, (double)s->setup->after_ns / 1e9, &series, &s->out->with))
        return false;
    append(&s->out->series, &series);
    return finish_hog(s);
}

static bool run(void *state)
{
    struct state *s = state;
    bool good = without_hog(s) && with_hog(s);
    timeline_load_destroy(&s->others);
    timeline_load_destroy(&s->hog);
    return good;
}

bool hog_measure(const struct timeline_setup *setup, struct hog *out, char *reason,
                 size_t reason_size)
{
    struct state s = {.setup = setup, .out = out, .reason = reason, .reason_size = reason_size};
    struct server_spec spec = {.model = setup->model,
                               .options = setup->options[0] ? setup->options : NULL,
                               .protocol = PROTOCOL_HTTP,
                               .connections = setup->connections + 1,
                               .path = "/",
                               .cpus = &setup->placement->server};
    *out = (struct hog){0};
    bool good = timeline_beside(&s.server, &spec, run, &s, NULL, reason, reason_size);
    if (!good)
        timeline_free(&out->series);
    return good;
}
