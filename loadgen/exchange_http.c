/* HTTP/1.1 GET, the same request every time. */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "loadgen/exchange.h"

static void http_prepare(struct workload *load, const struct options *o)
{
    size_t room = strlen(o->url.target) + strlen(o->url.host) + strlen(o->headers) + 64;
    load->request = xmalloc(room);
    load->size =
        (size_t)snprintf(load->request, room, "GET %s HTTP/1.1\r\n%s%s%s%s\r\n", o->url.target,
                         o->has_host ? "" : "Host: ", o->has_host ? "" : o->url.host,
                         o->has_host ? "" : "\r\n", o->headers);
}

static void http_init(struct exchange *x, uint32_t id)
{
    (void)id;
    http_response_init(&x->http);
}

static void http_begin(const struct workload *load, struct exchange *x, struct request *q,
                       const char **data, size_t *size)
{
    (void)x;
    (void)q;
    *data = load->request;
    *size = load->size;
}

static void http_expect(const struct workload *load, struct exchange *x,
                        const struct request *q)
{
    (void)load;
    (void)q;
    http_response_begin(&x->http, false);
}

static enum exchange_result corrupt(struct exchange *x, const char *reason)
{
    x->reason = reason;
    return EXCHANGE_CORRUPT;
}

/* The answer is complete: is it the right one? The threads agree on the body size of the run's
 * first good answer through one compare-and-exchange each; from then on it is only read. */
static enum exchange_result judge(struct workload *load, struct exchange *x)
{
    x->reusable = x->http.keep_alive;
    if (x->http.status < 200 || x->http.status > 299)
        return EXCHANGE_NON_2XX;

    uint64_t length = atomic_load_explicit(&load->length, memory_order_relaxed);
    if (length == x->http.body_size)
        return EXCHANGE_OK;
    if (length == WORKLOAD_UNKNOWN &&
        (atomic_compare_exchange_strong(&load->length, &length, x->http.body_size) ||
         length == x->http.body_size))
        return EXCHANGE_OK;
    return corrupt(x, "body of another length than the first answer's");
}

static enum exchange_result http_feed(struct workload *load, struct exchange *x,
                                      const char **data, const char *end)
{
    struct http_response_span body;
    enum http_response_event event;

    do
        event = http_response_next(&x->http, data, end, &body);
    while (event == HTTP_RESPONSE_BODY);

    if (event == HTTP_RESPONSE_MORE)
        return EXCHANGE_MORE;
    if (event == HTTP_RESPONSE_ERROR)
        return corrupt(x, x->http.reason);
    return judge(load, x);
}

static enum exchange_result http_eof(struct workload *load, struct exchange *x)
{
    if (http_response_eof(&x->http) == HTTP_RESPONSE_DONE)
        return judge(load, x);
    x->reason = x->http.reason;
    return EXCHANGE_EOF;
}

static void http_free(struct exchange *x)
{
    http_response_free(&x->http);
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
