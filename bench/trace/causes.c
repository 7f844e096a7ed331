#include "bench/trace/causes.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

/* No act is known that the call answers to. */
#define NO_CAUSE INT64_MIN

/* The connection of each client that the server has accepted last. */
struct taken {
    unsigned connection; /* from 1; 0: none */
    uint64_t bytes;
};

/* When the client's act came by which its connection `number` (from 1) had sent `bytes`; for
 * `the_end` when it closed its sending side. */
static int64_t moment(const struct trace *t, int client, unsigned number, uint64_t bytes,
                      bool the_end)
{
    uint64_t sent = 0;
    unsigned at = 0;
    for (size_t i = 0; i < t->played.acts.count; i++) {
        const struct act *a = &t->played.acts.at[i];
        if (a->client != client)
            continue;
        at += a->kind == ACT_CONNECT;
        if (at != number)
            continue;
        bool ends = a->kind == ACT_HALF_CLOSE || a->kind == ACT_CLOSE || a->kind == ACT_RESET;
        sent += a->kind == ACT_SEND ? a->bytes : 0;
        if (the_end ? ends : sent >= bytes)
            return a->at;
    }
    return NO_CAUSE;
}

static bool takes(const struct trace_call *c)
{
    return strncmp(c->name, "recv", 4) == 0 || strncmp(c->name, "read", 4) == 0;
}

static int64_t cause_of(const struct trace *t, const struct trace_call *c,
                        struct taken taken[SCRIPT_CLIENTS])
{
    if (c->client < 0)
        return NO_CAUSE;
    struct taken *from = &taken[c->client];
    if (strncmp(c->name, "accept", 6) == 0) {
        *from = (struct taken){.connection = from->connection + 1};
        return moment(t, c->client, from->connection, 0, false);
    }
    if (c->data == DATA_IN) {
        from->bytes += c->bytes;
        return moment(t, c->client, from->connection, from->bytes, false);
    }
    bool ended =
        takes(c) && (strcmp(c->result, "0") == 0 || strcmp(c->result, "ECONNRESET") == 0);
    return ended ? moment(t, c->client, from->connection, 0, true) : NO_CAUSE;
}

/* The wait of the same task before call `i` ended for the same cause, where `i` does not wait by
 * itself and nothing else was done before the cause. */
static void move_wait(struct trace *t, size_t i, int64_t cause)
{
    int64_t next = t->calls[i].from;
    for (size_t k = i; k-- > 0 && !t->calls[i].sleeps;) {
        struct trace_call *w = &t->calls[k];
        if (w->task != t->calls[i].task)
            continue;
        if (!w->sleeps) {
            next = w->from;
            continue;
        }
        if (w->from < cause && w->to < cause && next >= cause)
            w->to = cause;
        return;
    }
}

static int by_return(const void *a, const void *b)
{
    const struct trace_call *x = a;
    const struct trace_call *y = b;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

void trace_sort_calls(struct trace *t)
{
    qsort(t->calls, t->call_count, sizeof *t->calls, by_return);
}

void trace_respect_causes(struct trace *t)
{
    struct taken taken[SCRIPT_CLIENTS] = {0};
    for (size_t i = 0; i < t->call_count; i++) {
        struct trace_call *c = &t->calls[i];
        int64_t cause = cause_of(t, c, taken);
        if (cause == NO_CAUSE)
            continue;
        if (c->to < cause)
            c->to = cause;
        move_wait(t, i, cause);
    }
    trace_sort_calls(t);
}
