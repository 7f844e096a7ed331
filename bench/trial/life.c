#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/process.h"
#include "bench/base/rest.h"
#include "bench/base/text.h"
#include "bench/trial/profile.h"
#include "bench/trial/server_process.h"
#include "bench/trial/strace.h"
#include "common/clock.h"

/* Requests that come first, so that nothing is done for the first time, by none of some workers. */
enum { EARLIER = 16 };

static const uint64_t answer_limit = 10 * NS_PER_S;
/* A model that never sleeps is at rest never. */
static const uint64_t rest_limit = NS_PER_S;
static const uint64_t tracer_limit = 5 * NS_PER_S;

static void wait_for_rest(pid_t root)
{
    rest_wait(root, clock_after(clock_ns(), rest_limit));
}

static bool ask(const struct profile_setup *setup, const struct server *s, int fd, char *reason,
                size_t reason_size)
{
    struct answer answer;
    snprintf(reason, reason_size, "the server closed the connection");
    enum answer_result result = answer_ask(
        fd, s->address, setup->protocol, setup->path, setup->payload, s->process.pidfd,
        clock_after(clock_ns(), answer_limit), &answer, reason, reason_size);
    answer_free(&answer);
    return result == ANSWER_OK;
}

/* `*sent` and `*rest` become when the last request was sent, and when all was done. */
static bool converse(const struct profile_setup *setup, const struct server *s, int64_t *sent,
                     int64_t *rest, char *reason, size_t reason_size)
{
    int fd;
    snprintf(reason, reason_size, "the server does not accept a connection");
    bool good = answer_connect(s->address, &fd, reason, reason_size) == ANSWER_OK;
    for (int i = 0; i < EARLIER && good; i++)
        good = ask(setup, s, fd, reason, reason_size);
    if (good) {
        wait_for_rest(s->process.pid);
        *sent = strace_clock();
        good = ask(setup, s, fd, reason, reason_size);
        wait_for_rest(s->process.pid);
        *rest = strace_clock();
    }
    if (fd >= 0)
        close(fd);
    return good;
}

/* A wait that was there before counts when it returned. */
static int64_t when(const struct strace_call *c)
{
    return c->from < 0 ? c->to : c->from;
}

static int in_order(const void *a, const void *b)
{
    int64_t x = when(a);
    int64_t y = when(b);
    return (x > y) - (x < y);
}

/* What was done between the request and the rest. Who waited all that time did nothing. */
static bool of_request(const struct strace_call *c, const void *data)
{
    const struct life *l = data;
    return c->to >= 0 && c->from <= l->end && !(c->from < 0 && c->to > l->end) &&
           strncmp(c->text, "+++ ", 4) != 0;
}

static bool read_trace(const char *path, int64_t sent, int64_t rest, struct life *out,
                       char *reason, size_t reason_size)
{
    if (!strace_read(&out->trace, path, sent, reason, reason_size))
        return false;
    out->end = rest - sent;
    strace_keep(&out->trace, of_request, out);
    if (out->trace.count > 0)
        qsort(out->trace.calls, out->trace.count, sizeof *out->trace.calls, in_order);
    else
        snprintf(reason, reason_size, "strace saw no call");
    return out->trace.count > 0;
}

bool life_trace(const struct profile_setup *setup, const char *dir, struct life *out,
                char *reason, size_t reason_size)
{
    char *path = text_format("%s/trace", dir);
    const char *wrap[STRACE_WORDS];
    struct server server;
    json_t *counters = NULL;
    int64_t sent = 0;
    int64_t rest = 0;
    struct server_spec spec = {.model = setup->model,
                               .options = setup->options,
                               .wrap = wrap,
                               .protocol = setup->protocol,
                               .connections = 1,
                               .path = setup->path,
                               .payload = setup->payload,
                               .cpus = &setup->placement->server};
    *out = (struct life){0};
    strace_words(wrap, path, false);
    bool good = server_start(&server, &spec, reason, reason_size) == SERVER_OK;
    if (good) {
        char why[300];
        good = converse(setup, &server, &sent, &rest, reason, reason_size);
        server_stop(&server, &counters, why, sizeof why);
    }
    /* strace has written all when it has ended. */
    process_end_all(tracer_limit);
    server_destroy(&server);
    json_decref(counters);
    good = good && read_trace(path, sent, rest, out, reason, reason_size);
    unlink(path);
    free(path);
    return good;
}

void life_free(struct life *l)
{
    strace_free(&l->trace);
    *l = (struct life){0};
}
