#include "bench/trial/slow_clients.h"

#include <stdio.h>

#include "bench/base/wait.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"

static const uint64_t start_limit = 70 * NS_PER_S;
static const uint64_t warmup_ns = 200 * NS_PER_MS;

struct state {
    const struct timeline_setup *setup;
    struct server server;
    struct timeline_load honest, slow;
    struct slow_clients *out;
    char *reason;
    size_t reason_size;
};

static bool await(struct state *s, const char *event, uint64_t ns)
{
    return timeline_load_wait(&s->honest, event, &s->server.process,
                              clock_after(clock_ns(), ns + start_limit), s->reason,
                              s->reason_size);
}

static void start_honest(struct state *s)
{
    const struct timeline_setup *setup = s->setup;
    timeline_load_start(&s->honest, &(struct timeline_load_spec){
                                        .program = setup->loadgen,
                                        .address = s->server.address,
                                        .path = "/",
                                        .dir = setup->dir,
                                        .name = "honest",
                                        .connections = setup->connections,
                                        .per_connection = SLOW_CLIENTS_PER_CONNECTION,
                                        .warmup_ns = warmup_ns,
                                        .duration_ns = setup->before_ns + setup->after_ns,
                                        .settle = true,
                                        .cpus = &setup->placement->generator});
}

/* The one client that a load generator must measure asks once a second; nobody looks at it. */
static void start_slow(struct state *s)
{
    const struct timeline_setup *setup = s->setup;
    timeline_load_start(
        &s->slow, &(struct timeline_load_spec){.program = setup->loadgen,
                                               .address = s->server.address,
                                               .path = "/bytes/65536",
                                               .dir = setup->dir,
                                               .name = "slow",
                                               .connections = 1,
                                               .slow_readers = setup->slow,
                                               .rate = 1,
                                               /* They stay until they are ended. */
                                               .duration_ns = setup->after_ns + start_limit,
                                               .cpus = &setup->placement->generator});
}

static bool sleep_until(struct state *s, uint64_t deadline)
{
    int fds[] = {s->server.process.pidfd, s->honest.process.pidfd};
    int which = wait_readable(fds, 2, deadline);
    if (which != WAIT_TIMEOUT)
        snprintf(s->reason, s->reason_size, "%s",
                 which == WAIT_INTERRUPTED ? ""
                 : which == 0              ? "the server died before the slow clients came"
                                           : "the load ended early");
    return which == WAIT_TIMEOUT;
}

static bool go_through(struct state *s)
{
    struct slow_clients *out = s->out;
    start_honest(s);
    if (!await(s, "start", 0))
        return false;
    uint64_t opened = clock_ns();
    if (!sleep_until(s, clock_after(opened, s->setup->before_ns)))
        return false;
    double opened_s = -(double)(clock_ns() - opened) / 1e9;
    start_slow(s);
    if (!await(s, "end", s->setup->after_ns))
        return false;
    json_t *results =
        timeline_load_finish(&s->honest, opened_s, &out->series, s->reason, s->reason_size);
    if (!results)
        return false;
    json_decref(results);
    double end = (double)s->setup->after_ns / 1e9;
    out->rate_before = timeline_rate(&out->series, opened_s, 0);
    out->rate_after = timeline_rate(&out->series, end / 2, end);
    out->answered_before = timeline_answered(&out->series, opened_s, 0);
    out->answered_after = timeline_answered(&out->series, end / 2, end);
    out->silence_ms = timeline_silence_ms(&out->series, 0, end);
    return true;
}

static bool run(void *state)
{
    struct state *s = state;
    bool good = go_through(s);
    timeline_load_destroy(&s->honest);
    timeline_load_destroy(&s->slow);
    return good;
}

bool slow_clients_measure(const struct timeline_setup *setup, struct slow_clients *out,
                          char *reason, size_t reason_size)
{
    struct state s = {.setup = setup, .out = out, .reason = reason, .reason_size = reason_size};
    struct server_spec spec = {.model = setup->model,
                               .options = setup->options[0] ? setup->options : NULL,
                               .protocol = PROTOCOL_HTTP,
                               .connections = setup->connections + setup->slow,
                               .path = "/",
                               .cpus = &setup->placement->server};
    *out = (struct slow_clients){0};
    bool good = timeline_beside(&s.server, &spec, run, &s, NULL, reason, reason_size);
    if (!good)
        timeline_free(&out->series);
    return good;
}
