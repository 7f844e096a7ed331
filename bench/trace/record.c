#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/process.h"
#include "bench/base/rest.h"
#include "bench/base/text.h"
#include "bench/trace/calls.h"
#include "bench/trace/trace.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"

/* Until a server has set itself up under strace: a pool's threads, a loop's descriptors. */
static const uint64_t start_limit = 2 * NS_PER_S;
static const uint64_t tracer_limit = 10 * NS_PER_S;

/* What happened before the story but a wait that goes on, and what happened after it. */
static bool in_story(const struct strace_call *c, const void *data)
{
    const struct played *p = data;
    return c->to >= 0 && c->from <= p->end;
}

static bool tell(struct trace *t, const char *path, char *reason, size_t reason_size)
{
    struct strace s;
    if (!strace_read(&s, path, t->played.acts.zero, reason, reason_size))
        return false;
    trace_find_tasks(t, &s);
    strace_keep(&s, in_story, &t->played);
    trace_make_calls(t, &s);
    strace_free(&s);
    return true;
}

bool trace_record(struct trace *out, const struct trace_setup *setup, const char *dir,
                  char *reason, size_t reason_size)
{
    char *path = text_format("%s/strace", dir);
    const char *wrap[STRACE_WORDS];
    struct server server;
    json_t *counters = NULL;
    struct server_spec spec = {.model = setup->model,
                               .options = setup->options,
                               .workers = setup->workers,
                               .wrap = wrap,
                               .protocol = PROTOCOL_HTTP,
                               .connections = 1,
                               .path = "/",
                               .cpus = setup->cpus};
    *out = (struct trace){.model = setup->model, .script = setup->script};
    strace_words(wrap, path, true);
    bool good = server_start(&server, &spec, reason, reason_size) == SERVER_OK;
    if (good) {
        char why[300];
        rest_wait(server.process.pid, clock_after(clock_ns(), start_limit));
        good = trace_play(setup->script, server.address, server.process.pid,
                          server.process.pidfd, &out->played, reason, reason_size);
        server_stop(&server, &counters, why, sizeof why);
    }
    /* strace has written all when it has ended. */
    process_end_all(tracer_limit);
    server_destroy(&server);
    json_decref(counters);
    good = good && tell(out, path, reason, reason_size);
    unlink(path);
    free(path);
    return good;
}

void trace_free(struct trace *t)
{
    for (size_t i = 0; i < t->call_count; i++) {
        free(t->calls[i].name);
        free(t->calls[i].about);
        free(t->calls[i].result);
        free(t->calls[i].text);
    }
    free(t->calls);
    free(t->tasks);
    trace_played_free(&t->played);
    *t = (struct trace){0};
}
