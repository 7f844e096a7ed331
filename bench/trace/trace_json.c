/* The Trace Event Format: "X" is a slice with its duration, "s" and "f" are the ends of an arrow
 * from slice to slice, "M" names processes and threads; times are in µs. */
#include <jansson.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/trace/files.h"
#include "common/err.h"

enum { CLIENTS_PID = 1, SERVER_PID = 2 };

struct writer {
    const struct trace *t;
    json_t *events;
    int arrows;
};

/* An arrow binds to a slice that encloses its time, so a client's act has to last. */
static const double act_us = 1;

static void add(struct writer *w, json_t *event)
{
    json_array_append_new(w->events, json_checked(event, "an event of the trace"));
}

static void name(struct writer *w, const char *what, int pid, int tid, const char *text)
{
    add(w, json_pack("{ss ss si si s{ss}}", "name", what, "ph", "M", "pid", pid, "tid", tid,
                     "args", "name", text));
}

static void arrow(struct writer *w, const char *phase, int id, int pid, int tid, double us)
{
    json_t *event = json_pack("{ss ss ss si sf si si}", "name", "data", "cat", "data", "ph",
                              phase, "id", id, "ts", us, "pid", pid, "tid", tid);
    if (phase[0] == 'f')
        json_object_set_new(event, "bp", json_string("e"));
    add(w, event);
}

static double us_of(int64_t ns)
{
    return (double)ns / 1e3;
}

static int64_t end_of(const struct trace *t, const struct trace_call *c)
{
    return c->to > t->played.end ? t->played.end : c->to;
}

static void add_act(struct writer *w, const struct act *a)
{
    if (a->client < 0)
        return;
    json_t *args = json_pack("{sI si}", "bytes", (json_int_t)a->bytes, "line", a->line);
    if (a->text)
        json_object_set_new(args, "text", json_string(a->text));
    add(w, json_pack("{ss ss ss sf sf si si so}", "name", act_names[a->kind], "cat", "client",
                     "ph", "X", "ts", us_of(a->at), "dur", act_us, "pid", CLIENTS_PID, "tid",
                     a->client + 1, "args", args));
}

static void add_call(struct writer *w, const struct trace_call *c)
{
    const struct trace *t = w->t;
    if (!t->tasks[c->task].shown)
        return;
    json_t *args = json_pack("{so so sb}", "call", json_text_or_null(c->text), "result",
                             json_text_or_null(c->result), "waited", (int)c->waits);
    if (c->client >= 0)
        json_object_set_new(args, "client", json_stringn(&t->script->names[c->client], 1));
    add(w, json_pack("{ss ss ss sf sf si si so}", "name", c->name, "cat",
                     c->waits ? "wait" : "work", "ph", "X", "ts", us_of(c->from), "dur",
                     us_of(end_of(t, c) - c->from), "pid", SERVER_PID, "tid",
                     t->tasks[c->task].pid, "args", args));
}

/* From what a client sent to the call that took it. */
static void add_request(struct writer *w, const struct act *a)
{
    for (size_t i = 0; i < w->t->call_count; i++) {
        const struct trace_call *c = &w->t->calls[i];
        if (c->client != a->client || c->data != DATA_IN || c->to < a->at)
            continue;
        int id = ++w->arrows;
        arrow(w, "s", id, CLIENTS_PID, a->client + 1, us_of(a->at));
        arrow(w, "f", id, SERVER_PID, w->t->tasks[c->task].pid, us_of(end_of(w->t, c)));
        return;
    }
}

/* From a call that sent to what the client got next. */
static void add_answer(struct writer *w, const struct trace_call *c)
{
    for (size_t i = 0; i < w->t->played.acts.count; i++) {
        const struct act *a = &w->t->played.acts.at[i];
        if (c->client != a->client || a->kind != ACT_RECEIVE || a->at < c->from)
            continue;
        int id = ++w->arrows;
        arrow(w, "s", id, SERVER_PID, w->t->tasks[c->task].pid, us_of(c->from));
        arrow(w, "f", id, CLIENTS_PID, a->client + 1, us_of(a->at));
        return;
    }
}

static void add_names(struct writer *w)
{
    const struct trace *t = w->t;
    name(w, "process_name", CLIENTS_PID, 0, "clients");
    name(w, "process_name", SERVER_PID, 0, t->model->name);
    for (int i = 0; i < t->script->clients; i++) {
        char letter[2] = {t->script->names[i], '\0'};
        name(w, "thread_name", CLIENTS_PID, i + 1, letter);
    }
    for (size_t i = 0; i < t->task_count; i++)
        if (t->tasks[i].shown)
            name(w, "thread_name", SERVER_PID, t->tasks[i].pid, t->tasks[i].name);
}

void trace_json_write(const char *path, const struct trace *t)
{
    struct writer w = {.t = t, .events = json_array()};
    add_names(&w);
    for (size_t i = 0; i < t->played.acts.count; i++) {
        add_act(&w, &t->played.acts.at[i]);
        if (t->played.acts.at[i].kind == ACT_SEND)
            add_request(&w, &t->played.acts.at[i]);
    }
    for (size_t i = 0; i < t->call_count; i++) {
        add_call(&w, &t->calls[i]);
        if (t->calls[i].data == DATA_OUT)
            add_answer(&w, &t->calls[i]);
    }
    json_t *all = json_pack("{ss so}", "displayTimeUnit", "ms", "traceEvents", w.events);
    if (json_dump_file(json_checked(all, "the trace"), path,
                       JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0)
        die_errno("cannot write %s", path);
    json_decref(all);
}
