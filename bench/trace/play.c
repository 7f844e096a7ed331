#include "bench/trace/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/rest.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/trial/strace.h"
#include "common/clock.h"
#include "common/err.h"

/* For one step. strace makes a server slower, so this finds what hangs, not what is slow. */
static const uint64_t step_limit = 60 * NS_PER_S;
/* A busy loop never rests: then the story goes on. */
static const uint64_t rest_limit = 100 * NS_PER_MS;

struct stage {
    const struct script *script;
    struct played *out;
    struct addr server;
    pid_t pid;
    int pidfd;
    struct client clients[SCRIPT_CLIENTS];
    char *reason;
    size_t reason_size;
};

static bool failed(struct stage *s, const struct step *step, const char *why)
{
    char client[4] = "";
    char *rest = xstrdup(why);
    if (step->client >= 0)
        snprintf(client, sizeof client, "%c: ", s->script->names[step->client]);
    snprintf(s->reason, s->reason_size, "%s:%d: %s%s", s->script->path, step->line, client,
             rest);
    free(rest);
    return false;
}

/* Take what has come for the clients that read at once, and for `eager`, up to `most` bytes. Waits
 * for it until `deadline`. Returns what wait_readable() does, and -3 where a client failed. */
enum { STAGE_FAILED = -3 };
static int take(struct stage *s, const struct client *eager, uint64_t most, uint64_t *taken,
                uint64_t deadline)
{
    int fds[SCRIPT_CLIENTS + 1];
    uint64_t n;
    for (int i = 0; i < SCRIPT_CLIENTS; i++) {
        const struct client *c = &s->clients[i];
        bool reads = c->fd >= 0 && !c->ended && (!c->slow || c == eager);
        fds[i] = reads ? c->fd : -1;
    }
    fds[SCRIPT_CLIENTS] = s->pidfd;
    int which = wait_readable(fds, SCRIPT_CLIENTS + 1, deadline);
    if (which < 0)
        return which;
    if (which == SCRIPT_CLIENTS) {
        snprintf(s->reason, s->reason_size, "the server ended");
        return STAGE_FAILED;
    }
    struct client *c = &s->clients[which];
    uint64_t limit = c == eager ? most : UINT64_MAX;
    if (!trace_client_take(c, limit, &n, &s->out->acts, s->reason, s->reason_size))
        return STAGE_FAILED;
    if (c == eager)
        *taken += n;
    return which;
}

static bool has_all(const struct step *step, const struct client *c, uint64_t taken)
{
    return step->verb == VERB_READ       ? taken >= step->amount || c->ended
           : step->verb == VERB_ANSWERED ? c->answers >= c->asked
           : step->verb == VERB_ENDED    ? c->ended
                                         : false;
}

static bool hangs(struct stage *s, const struct step *step)
{
    static const char *const what[VERB_COUNT] = {
        [VERB_READ] = "so many bytes did not come within 60 s",
        [VERB_ANSWERED] = "no answer came within 60 s",
        [VERB_ENDED] = "the server did not close within 60 s",
    };
    return failed(s, step, what[step->verb]);
}

/* Until a client has what the step waits for; or, where the step says so, until the server rests.
 */
static bool await(struct stage *s, const struct step *step)
{
    struct client *c = &s->clients[step->client];
    uint64_t deadline = clock_after(clock_ns(), step_limit);
    uint64_t taken = 0;
    int asleep = 0;
    while (!has_all(step, c, taken)) {
        uint64_t now = clock_ns();
        uint64_t look = clock_after(now, REST_PAUSE_MS * NS_PER_MS);
        uint64_t most = step->verb == VERB_READ ? step->amount - taken : UINT64_MAX;
        if (step->verb == VERB_ANSWERED && c->ended)
            return failed(s, step, "the server closed the connection without an answer");
        if (now >= deadline)
            return hangs(s, step);
        int which = take(s, c, most, &taken, step->or_rest ? look : deadline);
        if (which == WAIT_INTERRUPTED)
            return failed(s, step, "interrupted");
        if (which == STAGE_FAILED)
            return failed(s, step, s->reason);
        if (which != WAIT_TIMEOUT || !step->or_rest) {
            asleep = 0;
            continue;
        }
        asleep = rest_now(s->pid) ? asleep + 1 : 0;
        if (asleep == REST_LOOKS) {
            acts_add(&s->out->acts, c->index, ACT_IN_VAIN, 0);
            return true;
        }
    }
    return true;
}

/* Until the server rests, or that long where it never does; clients that read at once do so. */
static bool rest(struct stage *s, const struct step *step, uint64_t longest, bool until_rest)
{
    uint64_t deadline = clock_after(clock_ns(), longest);
    uint64_t none = 0;
    int asleep = 0;
    while (clock_ns() < deadline && asleep < REST_LOOKS) {
        uint64_t look = clock_after(clock_ns(), REST_PAUSE_MS * NS_PER_MS);
        int which = take(s, NULL, 0, &none, look < deadline ? look : deadline);
        if (which == WAIT_INTERRUPTED)
            return failed(s, step, "interrupted");
        if (which == STAGE_FAILED)
            return failed(s, step, s->reason);
        asleep = until_rest && which == WAIT_TIMEOUT && rest_now(s->pid) ? asleep + 1 : 0;
    }
    if (asleep == REST_LOOKS)
        acts_add(&s->out->acts, -1, ACT_REST, 0);
    return true;
}

static bool connect_client(struct stage *s, const struct step *step, struct client *c)
{
    struct played *p = s->out;
    if (!trace_client_connect(c, &s->server, step->slow, &p->acts, s->reason, s->reason_size))
        return false;
    p->connections =
        xrealloc(p->connections, (p->connection_count + 1) * sizeof *p->connections);
    p->connections[p->connection_count++] =
        (struct connection){.client = c->index, .port = c->port};
    return true;
}

static bool send_text(struct stage *s, const struct step *step, struct client *c)
{
    struct acts *acts = &s->out->acts;
    if (step->verb == VERB_SEND)
        return trace_client_send(c, step->text, step->size, step->ends_head, acts, s->reason,
                                 s->reason_size);
    char *request = text_format("GET %s HTTP/1.1\r\nHost: %c\r\n\r\n", step->text,
                                s->script->names[step->client]);
    bool good =
        trace_client_send(c, request, strlen(request), true, acts, s->reason, s->reason_size);
    free(request);
    return good;
}

static bool make_step(struct stage *s, const struct step *step)
{
    struct client *c = step->client >= 0 ? &s->clients[step->client] : NULL;
    struct acts *acts = &s->out->acts;
    acts->line = step->line;
    switch (step->verb) {
    case VERB_CONNECT:
        return connect_client(s, step, c) || failed(s, step, s->reason);
    case VERB_GET:
    case VERB_SEND:
        return send_text(s, step, c) || failed(s, step, s->reason);
    case VERB_HALF_CLOSE:
        return client_half_close(c, acts, s->reason, s->reason_size) ||
               failed(s, step, s->reason);
    case VERB_READ:
    case VERB_ANSWERED:
    case VERB_ENDED:
        return await(s, step);
    case VERB_CLOSE:
    case VERB_RESET:
        trace_client_close(c, step->verb == VERB_RESET, acts);
        return true;
    case VERB_REST:
        return rest(s, step, rest_limit, true);
    case VERB_PAUSE:
        return rest(s, step, step->amount, false);
    case VERB_COUNT:
        break;
    }
    return false;
}

bool trace_play(const struct script *script, const char *address, pid_t server, int pidfd,
                struct played *out, char *reason, size_t reason_size)
{
    struct stage s = {.script = script,
                      .out = out,
                      .pid = server,
                      .pidfd = pidfd,
                      .reason = reason,
                      .reason_size = reason_size};
    *out = (struct played){.acts = {.zero = strace_clock()}};
    bool good = addr_parse(address, &s.server, reason, reason_size);
    for (int i = 0; i < SCRIPT_CLIENTS; i++)
        s.clients[i] = (struct client){.index = i, .fd = -1};
    out->began = xcalloc(script->count, sizeof *out->began);
    for (size_t i = 0; i < script->count && good; i++) {
        out->began[i] = strace_clock() - out->acts.zero;
        good = make_step(&s, &script->steps[i]);
    }
    out->end = strace_clock() - out->acts.zero;
    /* What is open at the end of the story is no part of it. */
    size_t told = out->acts.count;
    for (int i = 0; i < SCRIPT_CLIENTS; i++)
        trace_client_close(&s.clients[i], false, &out->acts);
    out->acts.count = told;
    return good;
}

void trace_played_free(struct played *p)
{
    acts_free(&p->acts);
    free(p->connections);
    free(p->began);
    *p = (struct played){0};
}
