#include "bench/trial/profile.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/trial/calls.h"
#include "bench/trial/server_process.h"
#include "bench/trial/window_load.h"
#include "common/clock.h"

/* How long connecting, and the answers after the window, may take. */
static const uint64_t limit_ns = 70 * NS_PER_S;
/* Accepting and first answers are no part of a request. */
static const uint64_t warmup_ns = 100 * NS_PER_MS;

struct reading {
    struct call_counts calls;
    struct perf_values perf;
};

static struct reading read_all(const struct server *s)
{
    struct reading r;
    calls_read(&s->calls, &r.calls);
    perf_read(&s->perf, &r.perf);
    return r;
}

static void fill(struct profile_counts *out, const struct reading *a, const struct reading *b,
                 const struct window *told)
{
    out->requests = told->active_requests;
    out->by_name = !isnan(b->calls.calls[CALL_RECVFROM]);
    for (int i = 0; i < CALL_COUNT; i++)
        out->calls[i] = (b->calls.calls[i] - a->calls.calls[i]) / out->requests;
    for (int i = 0; i < PERF_COUNTERS; i++)
        out->counters[i] = (b->perf.count[i] - a->perf.count[i]) / out->requests;
}

static bool window(struct window_load *l, struct server *server, uint64_t window_ns,
                   struct window *told, char *reason, size_t reason_size)
{
    return window_load_measure(l, window_ns, clock_after(clock_ns(), window_ns + limit_ns),
                               &server->process, told, reason, reason_size) == LOAD_OK;
}

static bool measure(const struct profile_setup *setup, struct window_load *l,
                    struct server *server, struct profile_counts *out, char *reason,
                    size_t reason_size)
{
    struct window told;
    if (window_load_connected(l, &server->process, clock_after(clock_ns(), limit_ns), reason,
                              reason_size) != LOAD_OK ||
        !window(l, server, warmup_ns, &told, reason, reason_size))
        return false;
    struct reading before = read_all(server);
    if (!window(l, server, setup->window_ns, &told, reason, reason_size))
        return false;
    struct reading after = read_all(server);
    fill(out, &before, &after, &told);
    if (told.active_requests <= 0)
        snprintf(reason, reason_size, "no request was answered");
    else if (told.failed > 0 && !setup->may_lose)
        snprintf(reason, reason_size, "%.0f requests failed", told.failed);
    else
        return true;
    return false;
}

static bool load(const struct profile_setup *setup, struct server *server,
                 struct profile_counts *out, char *reason, size_t reason_size)
{
    struct window_load l;
    unsigned most = (unsigned)setup->placement->generator_count;
    struct window_load_spec spec = {
        .program = setup->loadgen,
        .address = server->address,
        .protocol = setup->protocol,
        .load = {.path = setup->path, .payload = setup->payload},
        .connections = setup->connections,
        .threads = most < setup->connections ? most : setup->connections,
        .timeout_ns = 2 * NS_PER_S,
        .settle_ns = setup->may_lose ? 0 : 60 * NS_PER_S,
        .may_lose = setup->may_lose,
        .cpus = &setup->placement->generator,
    };
    window_load_start(&l, &spec);
    bool good = measure(setup, &l, server, out, reason, reason_size);
    window_load_destroy(&l);
    return good;
}

static void fill_own(struct profile_counts *out, const json_t *counters)
{
    double requests = json_number(counters, NULL, "requests");
    out->wakeups = json_number(counters, NULL, "wakeups") / requests;
    out->events = json_number(counters, NULL, "events") / requests;
    out->eagain = json_number(counters, NULL, "eagain") / requests;
}

bool profile_count(const struct profile_setup *setup, struct profile_counts *out, char *reason,
                   size_t reason_size)
{
    struct server server;
    struct calls held = {0};
    json_t *counters = NULL;
    struct server_spec spec = {.model = setup->model,
                               .options = setup->options,
                               .protocol = setup->protocol,
                               .connections = setup->connections,
                               .path = setup->path,
                               .payload = setup->payload,
                               .cpus = &setup->placement->server,
                               .count_syscalls = true};
    *out = (struct profile_counts){0};
    calls_hold(&held);
    bool good = server_start(&server, &spec, reason, reason_size) == SERVER_OK;
    if (good) {
        char why[300];
        good = load(setup, &server, out, reason, reason_size);
        bool stopped = server_stop(&server, &counters, why, sizeof why);
        if (good && !stopped)
            snprintf(reason, reason_size, "%s", why);
        good = good && stopped;
        fill_own(out, counters);
    }
    json_decref(counters);
    server_destroy(&server);
    calls_close(&held);
    return good;
}
