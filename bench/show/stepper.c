#include "bench/show/stepper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/plan/family.h"
#include "bench/show/template.h"
#include "bench/stepper_page.h"
#include "bench/trace/rows.h"

static double ms_of(int64_t ns)
{
    return (double)ns / 1e6;
}

/* The step of the story during which something happened. */
static size_t step_at(const struct trace *t, int64_t at)
{
    size_t step = 0;
    while (step + 1 < t->script->count && t->played.began[step + 1] <= at)
        step++;
    return step;
}

static json_t *letter(const struct trace *t, int client)
{
    return client >= 0 ? json_stringn(&t->script->names[client], 1) : json_null();
}

static json_t *row_json(const struct trace *t, const struct row *r)
{
    enum act_kind kind = r->act ? r->act->kind : ACT_KINDS;
    json_t *lane = r->act ? letter(t, r->client) : json_string(t->tasks[r->task].name);
    json_t *row =
        json_pack("{si sf so so ss}", "step", (int)step_at(t, r->at), "ms", ms_of(r->at),
                  "lane", lane, "client", letter(t, r->client), "label", r->label);
    if (kind == ACT_SEND && !r->act->first)
        json_object_set_new(row, "asks", json_true());
    if (kind == ACT_ANSWER)
        json_object_set_new(row, "answer", json_true());
    if (kind == ACT_CONNECT)
        json_object_set_new(row, "connects", json_true());
    if (r->call && r->data == DATA_OUT)
        json_object_set_new(row, "sends", json_true());
    return json_checked(row, "a row of the stepper");
}

/* Ends in ms; what goes on when the story is over ends after it. */
static double end_of(const struct trace *t, int64_t to)
{
    return to > t->played.end ? ms_of(t->played.end) + 1 : ms_of(to);
}

static json_t *tasks_json(const struct trace *t)
{
    json_t *tasks = json_array();
    for (size_t i = 0; i < t->task_count; i++)
        if (t->tasks[i].shown)
            json_array_append_new(tasks, json_pack("{ss sf sf}", "name", t->tasks[i].name,
                                                   "from", ms_of(t->tasks[i].from), "to",
                                                   end_of(t, t->tasks[i].to)));
    return tasks;
}

static json_t *waits_json(const struct trace *t)
{
    json_t *waits = json_array();
    for (size_t i = 0; i < t->call_count; i++) {
        const struct trace_call *c = &t->calls[i];
        if (c->waits && t->tasks[c->task].shown)
            json_array_append_new(waits,
                                  json_pack("{ss ss so sf sf}", "task", t->tasks[c->task].name,
                                            "call", c->name, "client", letter(t, c->client),
                                            "from", ms_of(c->from), "to", end_of(t, c->to)));
    }
    return waits;
}

/* The steps that ended because the server was at rest. */
static json_t *rests_json(const struct trace *t)
{
    json_t *rests = json_array();
    for (size_t i = 0; i < t->played.acts.count; i++) {
        const struct act *a = &t->played.acts.at[i];
        if (a->kind == ACT_REST)
            json_array_append_new(rests, json_integer((json_int_t)step_at(t, a->at)));
    }
    return rests;
}

json_t *stepper_model(const struct trace *t, unsigned workers)
{
    struct rows r;
    json_t *rows = json_array();
    json_t *began = json_array();
    rows_make(&r, t);
    for (size_t i = 0; i < r.count; i++)
        if (r.at[i].times > 0)
            json_array_append_new(rows, row_json(t, &r.at[i]));
    rows_free(&r);
    for (size_t i = 0; i < t->script->count; i++)
        json_array_append_new(began, json_real(ms_of(t->played.began[i])));
    const char *name = t->model->name;
    return json_checked(json_pack("{ss ss ss si so so so so so sf}", "name", name, "summary",
                                  t->model->summary, "family", family_at(family_of(name))->name,
                                  "workers", (int)workers, "rows", rows, "began", began,
                                  "tasks", tasks_json(t), "waits", waits_json(t), "rests",
                                  rests_json(t), "end", ms_of(t->played.end)),
                        "a model of the stepper");
}

/* As JSON that can stand in a page: nothing in it ends the script or begins a comment. */
static void put_json(FILE *f, json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(9));
    for (const char *at = text ? text : ""; *at; at++) {
        if (*at == '<')
            fputs("\\u003c", f);
        else
            putc(*at, f);
    }
    free(text);
}

static json_t *step_json(const struct script *script, const struct step *step)
{
    json_t *client = step->client >= 0 ? json_stringn(&script->names[step->client], 1) : NULL;
    json_t *json = json_pack(
        "{ss ss so sb sb sb sf}", "said", step->said, "verb", script_word(step->verb), "client",
        client ? client : json_null(), "slow", step->slow, "orRest", step->or_rest, "whole",
        step->verb == VERB_GET || step->ends_head, "amount", (double)step->amount);
    return json_checked(json, "a step");
}

static json_t *story_json(const struct script *script, json_t *models)
{
    json_t *clients = json_array();
    json_t *story = json_array();
    for (int i = 0; i < script->clients; i++)
        json_array_append_new(clients, json_stringn(&script->names[i], 1));
    for (size_t i = 0; i < script->count; i++)
        json_array_append_new(story, step_json(script, &script->steps[i]));
    return json_checked(
        json_pack("{so so so}", "story", story, "clients", clients, "models", models),
        "the stepper");
}

static void put_style(FILE *f, void *context)
{
    (void)context;
    fputs(stepper_css, f);
}

static void put_data(FILE *f, void *context)
{
    put_json(f, context);
}

static void put_scripts(FILE *f, void *context)
{
    (void)context;
    static const char *const scripts[] = {stepper_ideal_js, stepper_js, stepper_ask_js,
                                          stepper_what_if_js};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        fprintf(f, "<script>\n%s</script>\n", scripts[i]);
}

bool stepper_write(const char *path, const struct script *script, json_t *models, char *error,
                   size_t error_size)
{
    static const struct template_part parts[] = {
        {"style", put_style}, {"data", put_data}, {"scripts", put_scripts}, {NULL, NULL}};
    json_t *data = story_json(script, models);
    FILE *f = fopen(path, "we");
    if (f)
        template_put(f, stepper_html, parts, data);
    json_decref(data);
    bool good = f && text_close(f);
    if (!good)
        snprintf(error, error_size, "cannot write %s: %s", path, strerror(errno));
    return good;
}
