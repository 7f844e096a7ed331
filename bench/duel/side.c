#include "bench/duel/side.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

/* Virtual machines stand still for seconds now and then: that is no server that fails. */
static const uint64_t timeout_ns = 10 * NS_PER_S;
static const uint64_t settle_ns = 10 * NS_PER_S;
static const uint64_t patience_ns = 60 * NS_PER_S;

/* "A (epoll-lt): " before the reason. */
static enum side_result named(const struct side *s, enum side_result result, char *reason,
                              size_t reason_size)
{
    char why[400];
    snprintf(why, sizeof why, "%s", reason);
    if (result == SIDE_FAILED)
        snprintf(reason, reason_size, "%c (%s): %s",
                 s->contestant == &s->spec->contestants[0] ? 'A' : 'B', s->contestant->text,
                 why);
    return result;
}

static enum side_result of_load(enum load_result result)
{
    return result == LOAD_OK ? SIDE_OK : result == LOAD_FAILED ? SIDE_FAILED : SIDE_INTERRUPTED;
}

enum side_result side_start(struct side *s, const struct duel_spec *spec, int which,
                            char *reason, size_t reason_size)
{
    *s = (struct side){.spec = spec, .contestant = &spec->contestants[which]};
    struct server_spec server = {.model = &s->contestant->model,
                                 .options = s->contestant->options,
                                 .protocol = spec->protocol,
                                 .connections = spec->connections,
                                 .path = spec->path,
                                 .payload = spec->payload,
                                 .answer = spec->answer,
                                 .cpus = &spec->placement->server};
    enum server_result result = server_start(&s->server, &server, reason, reason_size);
    if (result == SERVER_INTERRUPTED)
        return SIDE_INTERRUPTED;
    if (result != SERVER_OK)
        return named(s, SIDE_FAILED, reason, reason_size);
    window_load_start(&s->load, &(struct window_load_spec){
                                    .program = spec->loadgen,
                                    .address = s->server.address,
                                    .protocol = spec->protocol,
                                    .load = {.path = spec->path, .payload = spec->payload},
                                    .connections = spec->connections,
                                    .threads = spec->threads,
                                    .timeout_ns = timeout_ns,
                                    .settle_ns = settle_ns,
                                    .cpus = &spec->placement->generator,
                                });
    return SIDE_OK;
}

enum side_result side_connected(struct side *s, char *reason, size_t reason_size)
{
    enum load_result result =
        window_load_connected(&s->load, &s->server.process,
                              clock_after(clock_ns(), patience_ns), reason, reason_size);
    tree_free(&s->tree);
    tree_find(&s->tree, s->server.process.pid);
    return named(s, of_load(result), reason, reason_size);
}

double side_cpu_ns(const struct side *s)
{
    struct perf_values values;
    if (!s->spec->perf_clock)
        return (double)tree_cpu_ns(&s->tree);
    perf_read(&s->server.perf, &values);
    return values.count[PERF_TASK_CLOCK];
}

void side_pause(struct side *s)
{
    if (!s->paused)
        tree_signal(&s->tree, SIGSTOP);
    s->paused = true;
}

void side_go_on(struct side *s)
{
    if (s->paused)
        tree_signal(&s->tree, SIGCONT);
    s->paused = false;
}

enum side_result side_measure(struct side *s, uint64_t duration_ns, struct window *out,
                              double *cpu_ns, char *reason, size_t reason_size)
{
    double before = side_cpu_ns(s);
    enum load_result result = window_load_measure(
        &s->load, duration_ns, clock_after(clock_ns(), duration_ns + patience_ns),
        &s->server.process, out, reason, reason_size);
    if (result != LOAD_OK)
        return named(s, of_load(result), reason, reason_size);
    *cpu_ns = side_cpu_ns(s) - before;
    if (out->failed == 0)
        return SIDE_OK;
    snprintf(reason, reason_size, "%.0f request%s failed in a window", out->failed,
             out->failed == 1 ? "" : "s");
    return named(s, SIDE_FAILED, reason, reason_size);
}

bool side_finish(struct side *s, char *reason, size_t reason_size)
{
    json_t *counters = NULL;
    side_go_on(s);
    bool good =
        window_load_finish(&s->load, clock_after(clock_ns(), patience_ns), reason, reason_size);
    if (good)
        good = server_stop(&s->server, &counters, reason, reason_size);
    json_decref(counters);
    named(s, good ? SIDE_OK : SIDE_FAILED, reason, reason_size);
    return good;
}

void side_end(struct side *s)
{
    side_go_on(s);
    window_load_destroy(&s->load);
    if (s->spec)
        server_destroy(&s->server);
    tree_free(&s->tree);
    *s = (struct side){0};
}
