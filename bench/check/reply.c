#include "bench/check/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/http_response.h"

/* One answer that is read. */
struct reply {
    struct http_response response;
    struct bytes body;
    enum http_response_event event;
    enum client_result waited; /* not CLIENT_OK: the wait for more ended so */
};

/* Read until the answer is whole, or is none. Free with reply_free(). */
static void reply_read(struct scene *s, struct client *c, bool head, struct reply *r)
{
    *r = (struct reply){.waited = CLIENT_OK};
    http_response_init(&r->response);
    http_response_begin(&r->response, head);
    for (;;) {
        struct http_response_span span;
        const char *at = c->in, *end = c->in + c->in_size;
        while (c->in_size > 0 && (r->event = http_response_next(&r->response, &at, end,
                                                                &span)) == HTTP_RESPONSE_BODY)
            bytes_add(&r->body, span.data, span.size);
        if (c->in_size > 0)
            client_take(c, (size_t)(at - c->in));
        if (r->event == HTTP_RESPONSE_DONE || r->event == HTTP_RESPONSE_ERROR)
            return;
        if (c->ended || c->was_reset) {
            r->event = http_response_eof(&r->response);
            return;
        }
        r->waited = client_fill(&s->clients, c, clients_deadline(&s->clients));
        if (r->waited != CLIENT_OK)
            return;
    }
}

static void reply_free(struct reply *r)
{
    http_response_free(&r->response);
    bytes_free(&r->body);
}

static bool status_fits(const struct case_answer *a, unsigned status)
{
    for (unsigned i = 0; i < a->statuses; i++)
        if (status >= a->from[i] && status <= a->to[i])
            return true;
    return false;
}

/* The words of the step that say what was expected. */
static const char *wanted(const struct step *step)
{
    return step->text + strcspn(step->text, " ") + 1 + strlen(step->who);
}

static enum move_result judge(struct scene *s, const struct client *c, const struct step *step,
                              const struct reply *r)
{
    const struct case_answer *a = &step->answer;
    const struct http_response *h = &r->response;
    if (!status_fits(a, h->status))
        return scene_fail(s, "%s: status %u, expected%s", c->name, h->status, wanted(step));
    if (r->body.size < a->least)
        return scene_fail(s, "%s: a body of %zu bytes, expected%s", c->name, r->body.size,
                          wanted(step));
    if (a->has_body && (r->body.size != step->data.size ||
                        memcmp(r->body.data, step->data.data, r->body.size) != 0)) {
        char *quoted = bytes_quote(r->body.data, r->body.size, 60);
        scene_fail(s, "%s: a body of %zu bytes: %s; expected%s", c->name, r->body.size, quoted,
                   wanted(step));
        free(quoted);
        return MOVE_FAILED;
    }
    if (a->keeps && !h->keep_alive)
        return scene_fail(s, "%s: the answer ends the connection, which nobody asked for",
                          c->name);
    if (a->closes && h->keep_alive)
        return scene_fail(s, "%s: the answer does not say 'Connection: close'", c->name);
    return MOVE_OK;
}

enum move_result reply_expect(struct scene *s, struct client *c, const struct step *step)
{
    struct reply r;
    enum move_result result;
    reply_read(s, c, step->answer.head, &r);
    if (r.waited != CLIENT_OK)
        result = scene_wait_failed(s, r.waited, c->name, "a whole answer");
    else if (c->was_reset && r.event != HTTP_RESPONSE_DONE)
        result = scene_fail(s, "%s: the connection was reset, expected an answer:%s", c->name,
                            wanted(step));
    else if (r.event != HTTP_RESPONSE_DONE)
        result = scene_fail(s, "%s: no answer of HTTP (%s), expected%s", c->name,
                            r.response.reason ? r.response.reason : "it is cut", wanted(step));
    else
        result = judge(s, c, step, &r);
    if (r.event == HTTP_RESPONSE_DONE)
        s->status = r.response.status;
    reply_free(&r);
    return result;
}

/* Read over whatever comes until the end. */
static enum move_result read_to_end(struct scene *s, struct client *c)
{
    uint64_t deadline = clients_deadline(&s->clients);
    while (!c->ended && !c->was_reset) {
        client_take(c, c->in_size);
        enum client_result result = client_fill(&s->clients, c, deadline);
        if (result != CLIENT_OK)
            return scene_wait_failed(s, result, c->name,
                                     "the end of a connection that cannot be trusted");
    }
    return MOVE_OK;
}

enum move_result reply_refusal(struct scene *s, struct client *c)
{
    struct reply r;
    reply_read(s, c, false, &r);
    enum move_result result = MOVE_OK;
    if (r.waited != CLIENT_OK)
        result = scene_wait_failed(s, r.waited, c->name, "a refusal (400) or an end");
    else if (r.event == HTTP_RESPONSE_DONE && r.response.status < 400)
        result = scene_fail(s, "%s: status %u to what is no request; expected 400, or an end",
                            c->name, r.response.status);
    else
        result = read_to_end(s, c);
    reply_free(&r);
    return result;
}
