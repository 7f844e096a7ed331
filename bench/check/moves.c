/* What each verb of a case does. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/check/crowd.h"
#include "bench/check/freeze.h"
#include "bench/check/reply.h"
#include "bench/check/scene.h"
#include "common/clock.h"
#include "common/err.h"

enum { SHOWN = 60 };

/* The client that a step names; NULL with the reason. */
static struct client *client_of(struct scene *s, const struct step *step)
{
    struct client *c = clients_find(&s->clients, step->who);
    if (c && c->fd >= 0)
        return c;
    scene_fail(s, "line %u of the case: '%s' is about a client that is not open", step->line,
               step->text);
    return NULL;
}

/* A send that the server refused to take; what it answers is for the steps that follow. */
static enum move_result after_send(struct scene *s, const struct client *c,
                                   enum client_result result)
{
    if (result == CLIENT_BROKEN) {
        clients_note(&s->clients, "%s: the server takes no more", c->name);
        return MOVE_OK;
    }
    return scene_wait_failed(s, result, c->name, "room for more to send");
}

static enum move_result open_clients(struct scene *s, const struct step *step)
{
    for (unsigned i = 1; i <= step->number; i++) {
        char *name =
            step->number == 1 ? xstrdup(step->who) : text_format("%s.%u", step->who, i);
        struct client *c = clients_add(&s->clients, name);
        enum client_result result = client_connect(&s->clients, c, step->narrow);
        if (result != CLIENT_OK)
            return scene_wait_failed(s, result, name, "a connection");
    }
    return MOVE_OK;
}

static enum move_result send_whole(struct scene *s, struct client *c, const struct step *step)
{
    return after_send(s, c, client_send(&s->clients, c, &step->data));
}

static enum move_result send_pieces(struct scene *s, struct client *c, const struct step *step)
{
    return after_send(s, c, client_send_pieces(&s->clients, c, &step->data));
}

static enum move_result push(struct scene *s, struct client *c, const struct step *step)
{
    enum move_result result = after_send(s, c, client_push(&s->clients, c, &step->data));
    if (result == MOVE_OK && step->partly && c->pushed_size == step->data.size)
        return scene_fail(s,
                          "%s: the server took all %zu bytes of a client that reads nothing: "
                          "they are in its memory",
                          c->name, step->data.size);
    return result;
}

/* Where what came differs from what was to come, over the first `size` bytes. */
static enum move_result compare(struct scene *s, const struct client *c, const char *wanted,
                                size_t size)
{
    size_t at = 0;
    while (at < size && c->in[at] == wanted[at])
        at++;
    if (at == size)
        return MOVE_OK;
    char *came = bytes_quote(c->in + at, size - at, SHOWN);
    char *due = bytes_quote(wanted + at, size - at, SHOWN);
    scene_fail(s, "%s: after %zu good bytes came %s where %s was to come", c->name, at, came,
               due);
    free(came);
    free(due);
    return MOVE_FAILED;
}

/* The next bytes must be these; they stay where they are. */
static enum move_result await_bytes(struct scene *s, struct client *c, const char *wanted,
                                    size_t size)
{
    char what[120];
    char *quoted = bytes_quote(wanted, size, SHOWN);
    snprintf(what, sizeof what, "%zu bytes%s%s", size, size > SHOWN ? "" : " ",
             size > SHOWN ? "" : quoted);
    free(quoted);
    while (c->in_size < size && !c->ended && !c->was_reset) {
        enum client_result result = client_fill(&s->clients, c, clients_deadline(&s->clients));
        if (result == CLIENT_OK)
            continue;
        if (c->in_size > 0 && compare(s, c, wanted, c->in_size) != MOVE_OK)
            return MOVE_FAILED;
        return scene_wait_failed(s, result, c->name, what);
    }
    size_t there = c->in_size < size ? c->in_size : size;
    if (compare(s, c, wanted, there) != MOVE_OK)
        return MOVE_FAILED;
    if (there < size)
        return scene_fail(s, "%s: the connection was %s after %zu good bytes, expected %s",
                          c->name, c->was_reset ? "reset" : "closed", there, what);
    return MOVE_OK;
}

static enum move_result expect_bytes(struct scene *s, struct client *c, const char *wanted,
                                     size_t size)
{
    enum move_result result = await_bytes(s, c, wanted, size);
    if (result == MOVE_OK)
        client_take(c, size);
    return result;
}

static enum move_result begins(struct scene *s, struct client *c, const struct step *step)
{
    return await_bytes(s, c, step->data.data, step->data.size);
}

static enum move_result expect(struct scene *s, struct client *c, const struct step *step)
{
    return step->pushed && c->pushed ? expect_bytes(s, c, c->pushed->data, c->pushed_size)
                                     : expect_bytes(s, c, step->data.data, step->data.size);
}

static enum move_result swap(struct scene *s, struct client *c, const struct step *step)
{
    enum client_result result = client_swap(&s->clients, c, &step->data);
    if (result != CLIENT_OK && result != CLIENT_BROKEN)
        return scene_wait_failed(s, result, c->name, "as many bytes as were sent");
    return expect_bytes(s, c, step->data.data, step->data.size);
}

static enum move_result refuses(struct scene *s, struct client *c, const struct step *step)
{
    (void)step;
    return reply_refusal(s, c);
}

static enum move_result quiet(struct scene *s, struct client *c, const struct step *step)
{
    enum client_result result =
        c->in_size > 0 ? CLIENT_OK
                       : client_fill(&s->clients, c, clock_after(clock_ns(), step->ns));
    if (result == CLIENT_LATE)
        return MOVE_OK;
    if (result != CLIENT_OK)
        return scene_wait_failed(s, result, c->name, "silence");
    return scene_fail(s, "%s: %s came where nothing was to come", c->name,
                      c->in_size > 0 ? "bytes"
                      : c->was_reset ? "a reset"
                                     : "the end");
}

static enum move_result pause_all(struct scene *s, const struct step *step)
{
    enum client_result result =
        clients_wait(&s->clients, NULL, 0, clock_after(clock_ns(), step->ns));
    return result == CLIENT_LATE ? MOVE_OK : scene_wait_failed(s, result, "pause", "silence");
}

static enum move_result fin(struct scene *s, struct client *c, const struct step *step)
{
    (void)step;
    client_fin(&s->clients, c);
    return MOVE_OK;
}

/* The server must close its side, with nothing before that. */
static enum move_result end(struct scene *s, struct client *c, const struct step *step)
{
    (void)step;
    if (c->in_size == 0 && !c->ended) {
        enum client_result result = client_fill(&s->clients, c, clients_deadline(&s->clients));
        if (result != CLIENT_OK)
            return scene_wait_failed(s, result, c->name, "the end of the connection");
    }
    if (c->in_size > 0) {
        char *came = bytes_quote(c->in, c->in_size, SHOWN);
        scene_fail(s, "%s: %zu bytes %s came where the connection was to end", c->name,
                   c->in_size, came);
        free(came);
        return MOVE_FAILED;
    }
    return c->was_reset ? scene_fail(s, "%s: the connection was reset, not closed", c->name)
                        : MOVE_OK;
}

/* The connection must end, whatever comes before. */
static enum move_result gone(struct scene *s, struct client *c, const struct step *step)
{
    (void)step;
    uint64_t deadline = clock_after(clients_deadline(&s->clients), s->idle_ns);
    while (!c->ended && !c->was_reset) {
        client_take(c, c->in_size);
        enum client_result result = client_fill(&s->clients, c, deadline);
        if (result != CLIENT_OK)
            return scene_wait_failed(s, result, c->name, "an end of the connection");
    }
    return MOVE_OK;
}

/* The same, and not before the server's idle timeout. The client began to count before the server
 * could. Only a server that had to wait for a CPU between its look at the clock and its read counts
 * from a time before that. */
static enum move_result timeout(struct scene *s, struct client *c, const struct step *step)
{
    enum move_result result = gone(s, c, step);
    double took = (double)(clock_ns() - c->touched) / 1e9;
    double promised = (double)s->idle_ns / 1e9;
    s->early = result == MOVE_OK && took < promised && took >= promised / 2;
    if (result == MOVE_OK && took < promised)
        return scene_fail(s, "%s: cut after %.2f s of silence, the server promises %.2f s",
                          c->name, took, promised);
    return result;
}

static enum move_result close_client(struct scene *s, struct client *c, const struct step *step)
{
    if (s->clients.live > 0 && &s->clients.at[s->clients.live - 1] == c)
        s->clients.live = 0;
    client_close(&s->clients, c, step->verb == VERB_RESET);
    return MOVE_OK;
}

static enum move_result flood(struct scene *s, struct client *c, const struct step *step)
{
    s->clients.live = (size_t)(c - s->clients.at) + 1;
    s->clients.flood = &step->data;
    clients_note(&s->clients, "%s > from now on as much as the server takes", c->name);
    return MOVE_OK;
}

/* What clients do until the thaw comes to the server all at once. */
static enum move_result freeze(struct scene *s)
{
    if (!freeze_begin(s->site.process.pid, clients_deadline(&s->clients)))
        return scene_fail(s, "the server does not stop (SIGSTOP)");
    clients_note(&s->clients, "the server is stopped");
    return MOVE_OK;
}

static enum move_result thaw(struct scene *s)
{
    freeze_end(s->site.process.pid);
    clients_note(&s->clients, "the server goes on");
    return MOVE_OK;
}

static enum move_result terminate(struct scene *s)
{
    s->terminated = true;
    s->clients.pidfd = -1;
    clients_note(&s->clients, "SIGTERM to the server");
    kill(s->site.process.pid, SIGTERM);
    return MOVE_OK;
}

/* New connections must not be served any more. */
static enum move_result refused(struct scene *s)
{
    uint64_t deadline = clients_deadline(&s->clients);
    for (;;) {
        struct client *c = clients_add(&s->clients, xstrdup("new"));
        enum client_result result = client_connect(&s->clients, c, false);
        if (result == CLIENT_BROKEN) {
            clients_note(&s->clients, "new connections are refused");
            return MOVE_OK;
        }
        if (result == CLIENT_OK)
            client_close(&s->clients, c, false);
        if (result == CLIENT_INTERRUPTED)
            return MOVE_INTERRUPTED;
        if (clock_ns() >= deadline)
            return scene_fail(s, "the server goes on accepting connections after SIGTERM");
        clients_wait(&s->clients, NULL, 0, clock_after(clock_ns(), 20 * NS_PER_MS));
    }
}

static enum move_result exits(struct scene *s, const struct step *step)
{
    char how[300], wanted[64];
    uint64_t deadline = clients_deadline(&s->clients);
    while (!process_wait(&s->site.process, clock_ns())) {
        if (clock_ns() >= deadline)
            return scene_fail(s, "the server has not ended %.0f s after SIGTERM",
                              (double)s->clients.patience / 1e9);
        if (clients_wait(&s->clients, NULL, 0, clock_after(clock_ns(), 10 * NS_PER_MS)) ==
            CLIENT_INTERRUPTED)
            return MOVE_INTERRUPTED;
    }
    process_end_reason(&s->site.process, how, sizeof how);
    snprintf(wanted, sizeof wanted, "exit status %u", step->number);
    clients_note(&s->clients, "the server ends: %s", how);
    if (s->site.process.status == (int)(step->number << 8))
        return MOVE_OK;
    return scene_fail(s, "the server ended by %s, expected %s", how, wanted);
}

typedef enum move_result client_move(struct scene *, struct client *, const struct step *);

static client_move *const client_moves[] = {
    [VERB_SEND] = send_whole,
    [VERB_PIECES] = send_pieces,
    [VERB_PUSH] = push,
    [VERB_EXPECT] = expect,
    [VERB_BEGINS] = begins,
    [VERB_SWAP] = swap,
    [VERB_ANSWER] = reply_expect,
    [VERB_REFUSES] = refuses,
    [VERB_QUIET] = quiet,
    [VERB_FIN] = fin,
    [VERB_END] = end,
    [VERB_GONE] = gone,
    [VERB_TIMEOUT] = timeout,
    [VERB_CLOSE] = close_client,
    [VERB_RESET] = close_client,
    [VERB_FLOOD] = flood,
};

enum move_result move_make(struct scene *s, const struct step *step)
{
    switch (step->verb) {
    case VERB_OPEN:
        return open_clients(s, step);
    case VERB_CROWD:
        return crowd_come(s, step);
    case VERB_RELIEVE:
        return crowd_leave(s);
    case VERB_CALM:
        return crowd_calm(s);
    case VERB_FREEZE:
        return freeze(s);
    case VERB_THAW:
        return thaw(s);
    case VERB_TERMINATE:
        return terminate(s);
    case VERB_REFUSED:
        return refused(s);
    case VERB_EXITS:
        return exits(s, step);
    case VERB_PAUSE:
        return pause_all(s, step);
    case VERB_REPEAT:
    case VERB_DONE:
        return MOVE_OK;
    default:
        break;
    }
    struct client *c = client_of(s, step);
    return c ? client_moves[step->verb](s, c, step) : MOVE_FAILED;
}
