#include "bench/trial/crash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/base/wait.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"

static const uint64_t start_limit = 70 * NS_PER_S;
static const uint64_t answer_limit = 10 * NS_PER_S;
static const uint64_t warmup_ns = 200 * NS_PER_MS;

struct state {
    const struct timeline_setup *setup;
    struct server server;
    struct timeline_load load;
    int fd; /* the connection of the client whose request kills */
    struct tree before, after;
    struct crash *out;
    char *reason;
    size_t reason_size;
};

/* Ask for `path` over the connection that is kept. */
static enum answer_result ask(struct state *s, const char *path)
{
    struct answer answer;
    enum answer_result result =
        answer_ask(s->fd, s->server.address, PROTOCOL_HTTP, path, 0, s->server.process.pidfd,
                   clock_after(clock_ns(), answer_limit), &answer, s->reason, s->reason_size);
    answer_free(&answer);
    return result;
}

static bool fail(struct state *s, const char *what)
{
    snprintf(s->reason, s->reason_size, "%s", wait_was_interrupted() ? "" : what);
    return false;
}

/* The client is there, and served, before the others come: who serves one at a time has a worker
 * for each. */
static bool connect_client(struct state *s)
{
    if (answer_connect(s->server.address, &s->fd, s->reason, s->reason_size) != ANSWER_OK ||
        ask(s, "/") != ANSWER_OK)
        return fail(s, "the server does not answer");
    return true;
}

static bool start_load(struct state *s, uint64_t *opened)
{
    const struct timeline_setup *setup = s->setup;
    struct process *server = &s->server.process;
    timeline_load_start(&s->load, &(struct timeline_load_spec){
                                      .program = setup->loadgen,
                                      .address = s->server.address,
                                      .path = "/",
                                      .dir = setup->dir,
                                      .name = "crash",
                                      .connections = setup->connections,
                                      .warmup_ns = warmup_ns,
                                      .duration_ns = setup->before_ns + setup->after_ns,
                                      .settle = true,
                                      .cpus = &setup->placement->generator});
    uint64_t deadline = clock_after(clock_ns(), start_limit);
    if (!timeline_load_wait(&s->load, "connected", server, deadline, s->reason, s->reason_size))
        return false;
    tree_find(&s->before, server->pid);
    if (!timeline_load_wait(&s->load, "start", server, deadline, s->reason, s->reason_size))
        return false;
    *opened = clock_ns();
    return true;
}

static bool sleep_until(struct state *s, uint64_t deadline)
{
    int fds[] = {s->server.process.pidfd, s->load.process.pidfd};
    int which = wait_readable(fds, 2, deadline);
    return which == WAIT_TIMEOUT ||
           fail(s, which == 0 ? "the server died before the crash" : "the load ended early");
}

static bool crash_it(struct state *s)
{
    switch (ask(s, "/crash")) {
    case ANSWER_NOT_YET:
        return true;
    case ANSWER_OK:
        return fail(s, "the server answered a request for /crash");
    default:
        return fail(s, "the server neither answered a request for /crash nor died");
    }
}

static bool has(const struct tree *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->pids[i] == pid)
            return true;
    return false;
}

static unsigned missing(const struct tree *from, const struct tree *in)
{
    unsigned n = 0;
    for (size_t i = 0; i < from->count; i++)
        n += !has(in, from->pids[i]);
    return n;
}

/* While the connections are still there: the processes that serve them are, too. A process closes
 * its sockets before it is gone, so one waits until one is. */
static bool see_who_died(struct state *s)
{
    struct crash *out = s->out;
    uint64_t deadline = clock_after(clock_ns(), answer_limit);
    out->processes = (unsigned)s->before.count;
    while (out->died == 0 && clock_ns() < deadline && !wait_was_interrupted()) {
        out->server_died =
            process_wait(&s->server.process, clock_after(clock_ns(), 10 * NS_PER_MS));
        tree_free(&s->after);
        if (!out->server_died)
            tree_find(&s->after, s->server.process.pid);
        out->died = missing(&s->before, &s->after);
    }
    out->replaced = missing(&s->after, &s->before);
    return out->died > 0 ||
           fail(s, "a request for /crash was not answered, and no process died");
}

/* From the crash to the last step in which something failed, or in which somebody was answered who
 * had waited since the crash. INFINITY where nobody was answered after the last failure. */
static double again_ms(const struct timeline *t, double sent_s)
{
    const double step_s = TIMELINE_STEP_MS / 1e3;
    double last = 0;
    bool answered = false;
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_bin *b = &t->at[i];
        if (b->at_s <= sent_s)
            continue;
        bool had_waited = b->answers > 0 && b->at_s - step_s - b->max_us / 1e6 <= step_s;
        if (b->failed > 0 || had_waited)
            last = b->at_s;
        answered = b->answers > 0 || (answered && b->failed == 0);
    }
    return !answered ? INFINITY : last > 0 ? last * 1e3 : 0;
}

static void judge(struct state *s, const json_t *results, double opened_s, double sent_s)
{
    struct crash *out = s->out;
    const struct timeline *t = &out->series;
    double end = (double)s->setup->after_ns / 1e9;
    /* Nobody starts it again. */
    out->again_ms = out->server_died ? INFINITY : again_ms(t, sent_s);
    out->failed = json_number(results, "outcomes", "refused") +
                  json_number(results, "outcomes", "reset") +
                  json_number(results, "outcomes", "eof") +
                  json_number(results, "outcomes", "timeout");
    /* Each connection that is cut is replaced once, where the server takes it. */
    out->cut = out->server_died ? s->setup->connections
                                : json_number(results, NULL, "connects") -
                                      json_number(results, "outcomes", "refused");
    out->silence_ms = timeline_silence_ms(t, 0, end);
    out->rate_before = timeline_rate(t, opened_s, sent_s);
    out->rate_after = timeline_rate(t, end / 2, end);
}

static bool go_through(struct state *s)
{
    uint64_t opened = 0;
    if (!connect_client(s) || !start_load(s, &opened) ||
        !sleep_until(s, clock_after(opened, s->setup->before_ns)))
        return false;
    uint64_t sent = clock_ns();
    if (!crash_it(s))
        return false;
    uint64_t crashed = clock_ns();
    double opened_s = -(double)(crashed - opened) / 1e9;
    double sent_s = -(double)(crashed - sent) / 1e9;
    if (!timeline_load_wait(&s->load, "end", NULL,
                            clock_after(crashed, s->setup->after_ns + start_limit), s->reason,
                            s->reason_size))
        return false;
    if (!see_who_died(s))
        return false;
    json_t *results =
        timeline_load_finish(&s->load, opened_s, &s->out->series, s->reason, s->reason_size);
    if (!results)
        return false;
    judge(s, results, opened_s, sent_s);
    json_decref(results);
    return true;
}

static bool run(void *state)
{
    struct state *s = state;
    bool good = go_through(s);
    if (s->fd >= 0)
        close(s->fd);
    timeline_load_destroy(&s->load);
    return good;
}

bool crash_measure(const struct timeline_setup *setup, struct crash *out, char *reason,
                   size_t reason_size)
{
    struct state s = {
        .setup = setup, .fd = -1, .out = out, .reason = reason, .reason_size = reason_size};
    char *options = text_format("--allow-crash %s", setup->options);
    struct server_spec spec = {.model = setup->model,
                               .options = options,
                               .protocol = PROTOCOL_HTTP,
                               .connections = setup->connections + 1,
                               .path = "/",
                               .cpus = &setup->placement->server};
    *out = (struct crash){0};
    bool good =
        timeline_beside(&s.server, &spec, run, &s, &out->server_died, reason, reason_size);
    if (!good)
        timeline_free(&out->series);
    tree_free(&s.before);
    tree_free(&s.after);
    free(options);
    return good;
}
