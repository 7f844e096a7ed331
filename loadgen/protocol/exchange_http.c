/* HTTP/1.1 requests, of one URL or of several, all with the same method and body. */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "loadgen/protocol/exchange.h"

/* A thread's connections mostly get the same head. */
static _Thread_local struct http_response_memo memo;

/* Methods whose requests have a body say so where it is empty, too (RFC 9110, section 8.6). */
static bool expects_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static void http_prepare(struct workload *load, const struct options *o)
{
    char length[64] = "";

    load->head = strcmp(o->method, "HEAD") == 0;
    if (o->data || expects_body(o->method))
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", o->data_size);
    for (uint32_t i = 0; i < load->target_count; i++) {
        const struct asked_url *url = &o->urls[i];
        struct target *target = &load->targets[i];
        size_t room = strlen(o->method) + strlen(url->target) + strlen(url->host) +
                      strlen(o->headers) + strlen(length) + 64;
        target->request = xmalloc(room + o->data_size);
        target->size = (size_t)snprintf(
            target->request, room, "%s %s HTTP/1.1\r\n%s%s%s%s%s\r\n", o->method, url->target,
            o->has_host ? "" : "Host: ", o->has_host ? "" : url->host,
            o->has_host ? "" : "\r\n", o->headers, length);
        if (o->data_size > 0)
            memcpy(target->request + target->size, o->data, o->data_size);
        target->size += o->data_size;
    }
}

static void http_init(const struct workload *load, struct exchange *x, uint32_t id)
{
    http_response_init(&x->http.response);
    x->http.body = (struct body){0};
    x->http.random = random_stream(load->seed, id);
}

static void http_begin(const struct workload *load, struct exchange *x, struct request *q,
                       const char **data, size_t *size)
{
    q->choice = workload_pick(load, &x->http.random);
    *data = load->targets[q->choice].request;
    *size = load->targets[q->choice].size;
}

static void http_expect(const struct workload *load, struct exchange *x,
                        const struct request *q)
{
    x->http.target = (uint16_t)q->choice;
    http_response_remember(&x->http.response, &memo);
    http_response_begin(&x->http.response, load->head);
    body_begin(&x->http.body);
}

static enum exchange_result corrupt(struct exchange *x, const char *reason)
{
    x->reason = reason;
    return EXCHANGE_CORRUPT;
}

/* The answer is complete: is it the right one? */
static enum exchange_result judge(struct workload *load, struct exchange *x)
{
    const struct http_response *r = &x->http.response;

    x->reusable = r->keep_alive;
    if (r->status < 200 || r->status > 299)
        return EXCHANGE_NON_2XX;
    const char *wrong =
        body_check(&x->http.body, &load->targets[x->http.target].body, r->body_size);
    x->reason = wrong;
    return wrong ? EXCHANGE_WRONG : EXCHANGE_OK;
}

static enum exchange_result http_feed(struct workload *load, struct exchange *x,
                                      const char **data, const char *end)
{
    struct http_response *r = &x->http.response;
    struct http_response_span body;
    enum http_response_event event;

    while ((event = http_response_next(r, data, end, &body)) == HTTP_RESPONSE_BODY) {
        bool whole = r->has_length && body.size == r->content_length;
        if (load->targets[x->http.target].body.rule > BODY_LENGTH &&
            !body_add(&x->http.body, body.data, body.size, whole))
            return corrupt(x, "out of memory");
    }
    if (event == HTTP_RESPONSE_MORE)
        return EXCHANGE_MORE;
    if (event == HTTP_RESPONSE_ERROR)
        return corrupt(x, r->reason);
    return judge(load, x);
}

static enum exchange_result http_eof(struct workload *load, struct exchange *x)
{
    if (http_response_eof(&x->http.response) == HTTP_RESPONSE_DONE)
        return judge(load, x);
    x->reason = x->http.response.reason;
    return EXCHANGE_EOF;
}

static void http_free(struct exchange *x)
{
    http_response_free(&x->http.response);
    body_free(&x->http.body);
}

const struct protocol protocol_http = {
    .prepare = http_prepare,
    .init = http_init,
    .begin = http_begin,
    .expect = http_expect,
    .feed = http_feed,
    .eof = http_eof,
    .free = http_free,
};
