/* The HTTP/1.1 service (RFC 9110, RFC 9112): one session is one connection's run of requests.
 *
 * Answers of pipelined requests are collected in one buffer and go out together. A body that
 * does not fit there is sent from where it lies (a file, the pattern of /bytes, an upload): the
 * "tail". */
#include "servers/app/app.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http_chunked.h"
#include "common/http_request.h"
#include "servers/app/buffer.h"
#include "servers/app/burn.h"
#include "servers/app/count.h"
#include "servers/app/crash.h"
#include "servers/app/http_answer.h"
#include "servers/app/http_resource.h"

/* A body of up to COPY_MAX bytes is copied behind its head, and goes out with the head. Of a longer
 * body only the beginning goes with the head; the rest is the tail, and is not copied. */
#define COPY_MAX   16384u
#define COPY_BEGIN 1024u

enum state {
    HEAD,    /* reading a request's head */
    BODY,    /* reading its body */
    ANSWER,  /* the request is complete: answer it */
    WAITING, /* the same, at wake_at */
    TAIL,    /* it is answered; go on when the tail is sent */
    END,     /* the last answer is written; close when it is sent */
};

/* The body of a POST /echo, taken out again as it is sent. */
struct upload {
    struct chain body;
    char type[ANSWER_TYPE_MAX];
};

struct http_session {
    struct session base;
    struct http_request request;
    struct http_chunked chunked;
    struct resource resource;
    struct upload *upload;
    uint64_t body_length; /* bytes of the request's body so far */
    const uint8_t *tail;  /* NULL where the pattern is sent, or the upload if there is one */
    uint64_t tail_offset, tail_end;
    uint8_t state;
    bool linger;
};

static struct http_session *http(struct session *s)
{
    return (struct http_session *)s;
}

static bool has_output(const struct http_session *h)
{
    return h->base.out || h->tail_offset < h->tail_end;
}

static void http_open(struct session *s)
{
    http_request_init(&http(s)->request);
}

static void drop_upload(struct http_session *h)
{
    if (!h->upload)
        return;
    chain_clear(&h->upload->body);
    free(h->upload);
    h->upload = NULL;
}

static void http_close(struct session *s)
{
    if (http(s)->state == WAITING)
        service_end(s->options->service, s->counters);
    drop_upload(http(s));
}

/* The buffer that answers are written to. NULL, and the session over, when memory is out. */
static struct buffer *output_buffer(struct http_session *h)
{
    if (!h->base.out && !(h->base.out = buffer_take()))
        h->base.over = true;
    return h->base.out;
}

static bool has_room(const struct http_session *h)
{
    const struct buffer *b = h->base.out;
    return !b || BUFFER_SIZE - b->end >= ANSWER_HEAD_MAX + COPY_MAX;
}

/* Write an answer: its head and as much of its body as is copied, which is returned. `data` NULL is
 * the pattern. */
static uint32_t write_answer(struct http_session *h, struct answer *a, const uint8_t *data)
{
    struct buffer *b = output_buffer(h);
    const struct http_request *r = &h->request;

    if (!b)
        return 0;
    if (h->state == END)
        a->connection = ANSWER_CLOSE;
    else if (r->http_1_0)
        a->connection = ANSWER_KEEP_ALIVE;
    b->end += (uint32_t)answer_head(b->data + b->end, a);
    count(&h->base.counters->requests, 1);
    burn_request();
    service_pass(h->base.options->service);

    h->tail_offset = h->tail_end = 0;
    if (r->method == HTTP_HEAD)
        return 0;
    uint32_t copied = a->length <= COPY_MAX ? (uint32_t)a->length : COPY_BEGIN;
    memcpy(b->data + b->end, data ? data : resource_pattern(), copied);
    b->end += copied;
    h->tail = data;
    h->tail_offset = copied;
    h->tail_end = a->length;
    return copied;
}

/* An error's body names it. Unless the connection goes on, it is the last answer. */
static void write_error(struct http_session *h, int status, const char *allow)
{
    const char *reason = answer_reason(status);
    uint8_t text[64];
    size_t n = strlen(reason);
    memcpy(text, reason, n);
    text[n] = '\n';
    struct answer a = {
        .status = status, .type = "text/plain; charset=utf-8", .allow = allow, .length = n + 1};
    write_answer(h, &a, text);
}

/* Answer with an error and close: the rest of the input is not trusted or not wanted. */
static void refuse(struct http_session *h, int status)
{
    h->state = END;
    h->linger = true;
    write_error(h, status, h->resource.allow);
}

/* What is sent of the upload is dropped. */
static void answer_upload(struct http_session *h, struct answer *a)
{
    struct upload *u = h->upload;
    const uint8_t *data = NULL;
    size_t n;
    a->type = u && u->type[0] ? u->type : "application/octet-stream";
    if (u && u->body.length > 0) {
        a->length = u->body.length;
        data = chain_front(&u->body, &n);
        _Static_assert(COPY_MAX <= BUFFER_SIZE, "what is copied lies together");
    }
    uint32_t copied = write_answer(h, a, data);
    if (data)
        chain_drop(&u->body, copied);
}

static void burn_in_service(const struct http_session *h)
{
    service_begin(h->base.options->service, h->base.counters);
    burn((int64_t)h->resource.argument * (int64_t)NS_PER_US);
    service_end(h->base.options->service, h->base.counters);
}

/* Answer the request that is complete. */
static void answer(struct http_session *h)
{
    const struct resource *res = &h->resource;
    struct answer a = {.status = res->status, .allow = res->allow};
    const uint8_t *data = NULL;

    h->state = h->request.keep_alive && !h->base.draining ? TAIL : END;
    /* The client may have sent more requests before it can read that this answer is the last: the
     * close lingers then (rule 3 of session.h). */
    h->linger = h->request.keep_alive;

    switch (res->kind) {
    case RESOURCE_ERROR:
        write_error(h, res->status, res->allow);
        return;
    case RESOURCE_CRASH:
        crash();
    case RESOURCE_CPU:
        burn_in_service(h);
        /* fall through */
    case RESOURCE_TEXT:
    case RESOURCE_WAIT:
        a.type = "text/plain; charset=utf-8";
        a.length = strlen(resource_text);
        data = (const uint8_t *)resource_text;
        break;
    case RESOURCE_BYTES:
        a.type = "application/octet-stream";
        a.length = res->argument;
        break;
    case RESOURCE_FILE:
        a.type = res->file->type;
        a.length = res->file->length;
        data = res->file->data;
        break;
    case RESOURCE_ECHO:
        answer_upload(h, &a);
        return;
    case RESOURCE_NONE:
        break;
    }
    write_answer(h, &a, data);
}

/* The next request begins where this one ends. */
static void next_request(struct http_session *h)
{
    drop_upload(h);
    h->body_length = 0;
    h->resource = (struct resource){0};
    http_request_init(&h->request);
}

static bool upload_append(struct http_session *h, const uint8_t *data, size_t n)
{
    if (!h->upload && !(h->upload = calloc(1, sizeof *h->upload)))
        return false;
    return chain_append(&h->upload->body, data, n);
}

/* A piece of the body has come: keep it or drop it. False if it ended the conversation. A driver
 * that asks the session over and over brings no bytes, and so makes no progress. */
static bool body_piece(struct http_session *h, const uint8_t *data, size_t n)
{
    if (n > 0)
        h->base.progress = true;
    h->body_length += n;
    if (h->body_length > h->base.options->max_body) {
        refuse(h, 413);
        return false;
    }
    if (h->resource.kind == RESOURCE_ECHO && !upload_append(h, data, n)) {
        h->base.over = true;
        return false;
    }
    return true;
}

static void read_length_body(struct http_session *h, struct buffer *in)
{
    uint64_t left = h->request.content_length - h->body_length;
    uint32_t have = in->end - in->start;
    uint32_t n = have < left ? have : (uint32_t)left;
    const uint8_t *data = in->data + in->start;
    in->start += n;
    if (body_piece(h, data, n) && n == left)
        h->state = ANSWER;
}

static void read_chunked_body(struct http_session *h, struct buffer *in)
{
    for (;;) {
        const uint8_t *data;
        size_t used, n;
        enum http_chunk got = http_chunked_read(&h->chunked, in->data + in->start,
                                                in->end - in->start, &used, &data, &n);
        in->start += (uint32_t)used;
        switch (got) {
        case HTTP_CHUNK_DATA:
            if (!body_piece(h, data, n))
                return;
            break;
        case HTTP_CHUNK_MORE:
            /* A chunk that is too large is refused when it is announced, before it has come. */
            if (http_chunked_announced(&h->chunked) >
                h->base.options->max_body - h->body_length)
                refuse(h, 413);
            return;
        case HTTP_CHUNK_END:
            h->state = ANSWER;
            return;
        case HTTP_CHUNK_ERROR:
            refuse(h, 400);
            return;
        }
    }
}

/* The head is complete: what is asked for, and what of its body? */
static void begin_request(struct http_session *h, struct buffer *in)
{
    struct http_request *r = &h->request;
    const uint8_t *head = in->data + in->start;
    h->resource = resource_find(r, head, h->base.options);

    in->start += r->head_length;
    h->base.progress = true;
    if (r->framing == HTTP_NO_BODY) {
        h->state = ANSWER;
        return;
    }
    if (r->framing == HTTP_LENGTH && r->content_length > h->base.options->max_body) {
        refuse(h, 413);
        return;
    }
    if (r->framing == HTTP_CHUNKED)
        http_chunked_init(&h->chunked);
    if (r->expect_100 && in->start == in->end) {
        /* The client holds the body back. Ask for it only where it is wanted; else the answer
         * stands already (RFC 9110, section 10.1.1). */
        if (h->resource.kind == RESOURCE_ERROR) {
            refuse(h, h->resource.status);
            return;
        }
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        struct buffer *out = output_buffer(h);
        if (!out)
            return;
        memcpy(out->data + out->end, go_on, strlen(go_on));
        out->end += (uint32_t)strlen(go_on);
    }
    h->state = BODY;
    if (h->resource.kind == RESOURCE_ECHO && r->content_type.length < ANSWER_TYPE_MAX) {
        if (!upload_append(h, head, 0)) {
            h->base.over = true;
            return;
        }
        memcpy(h->upload->type, head + r->content_type.offset, r->content_type.length);
    }
}

/* Returns false when more input is needed. */
static bool read_head(struct http_session *h)
{
    struct buffer *in = h->base.in;
    /* Empty lines before a request are nothing (RFC 9112, section 2.2), and must not make the
     * session look as if it were in the middle of one. */
    while (in && h->request.line == 0 && h->request.seen == 0 && in->end - in->start >= 2 &&
           memcmp(in->data + in->start, "\r\n", 2) == 0)
        in->start += 2;
    if (!in || in->start == in->end)
        return false;
    switch (http_request_read(&h->request, in->data + in->start, in->end - in->start)) {
    case HTTP_MORE:
        return false;
    case HTTP_ERROR:
        refuse(h, h->request.status);
        return true;
    case HTTP_DONE:
        begin_request(h, in);
        return true;
    }
    return false;
}

/* Input is needed. What is already answered goes out first; at the end of input there is
 * nothing to hope for. */
static enum session_want need_input(const struct http_session *h)
{
    if (has_output(h))
        return SESSION_WRITE;
    return h->base.eof ? SESSION_CLOSE : SESSION_READ;
}

static enum session_want finish(const struct http_session *h)
{
    if (has_output(h))
        return SESSION_WRITE;
    bool unread = h->base.in && h->base.in->start < h->base.in->end;
    return !h->base.eof && (h->linger || unread) ? SESSION_SHUT : SESSION_CLOSE;
}

/* The request is complete. Its answer may take time, so answers before it go out first. */
static enum session_want begin_answer(struct http_session *h)
{
    const struct resource *res = &h->resource;
    if (res->kind == RESOURCE_CPU && has_output(h))
        return SESSION_WRITE;
    if (res->kind == RESOURCE_WAIT) {
        if (has_output(h))
            return SESSION_WRITE;
        /* From this moment, not from `now`: an event loop may have read its clock long ago. */
        h->base.wake_at = clock_ns() + res->argument * NS_PER_MS;
        h->state = WAITING;
        service_begin(h->base.options->service, h->base.counters);
        return SESSION_WAIT;
    }
    answer(h);
    return SESSION_READ;
}

static void read_body(struct http_session *h)
{
    struct buffer *in = h->base.in;
    if (in && h->request.framing == HTTP_LENGTH)
        read_length_body(h, in);
    else if (in)
        read_chunked_body(h, in);
}

static enum session_want http_next(struct session *s, uint64_t now)
{
    struct http_session *h = http(s);

    for (;;) {
        if (s->over)
            return SESSION_CLOSE;
        if (h->state == END)
            return finish(h);
        if (h->tail_offset < h->tail_end || !has_room(h))
            return SESSION_WRITE;

        switch ((enum state)h->state) {
        case HEAD:
            if (!read_head(h))
                return need_input(h);
            break;
        case BODY:
            read_body(h);
            if (h->state == BODY)
                return need_input(h);
            break;
        case ANSWER: {
            enum session_want want = begin_answer(h);
            if (h->state == ANSWER || h->state == WAITING)
                return want;
            break;
        }
        case WAITING:
            if (now < s->wake_at)
                return SESSION_WAIT;
            service_end(s->options->service, s->counters);
            if (h->request.method == HTTP_GET)
                service_answered(s->options->service, h->resource.target);
            answer(h);
            break;
        case TAIL:
            next_request(h);
            h->state = HEAD;
            break;
        case END:
            break;
        }
    }
}

static const uint8_t *http_output(const struct session *s, size_t *length)
{
    const struct http_session *h = (const struct http_session *)s;
    if (s->out) {
        *length = s->out->end - s->out->start;
        return s->out->data + s->out->start;
    }
    uint64_t left = h->tail_end - h->tail_offset;
    if (h->upload)
        return chain_front(&h->upload->body, length);
    if (h->tail) {
        *length = (size_t)left;
        return h->tail + h->tail_offset;
    }
    size_t at = h->tail_offset % RESOURCE_PATTERN_SIZE, row = RESOURCE_PATTERN_SIZE - at;
    *length = left < row ? (size_t)left : row;
    return resource_pattern() + at;
}

static void http_sent(struct session *s, size_t n)
{
    struct http_session *h = http(s);
    if (!s->out) {
        h->tail_offset += n;
        if (h->upload)
            chain_drop(&h->upload->body, n);
        return;
    }
    s->out->start += (uint32_t)n;
    if (s->out->start == s->out->end) {
        buffer_give(s->out);
        s->out = NULL;
    }
}

static bool http_idle(const struct session *s)
{
    const struct http_session *h = (const struct http_session *)s;
    return h->state == HEAD && !s->out && (!s->in || s->in->start == s->in->end);
}

/* A part of a request and then nothing: 408 (RFC 9110, section 15.5.9). Between requests a
 * silent close is the rule. */
static bool http_timed_out(struct session *s)
{
    struct http_session *h = http(s);
    if ((h->state != HEAD && h->state != BODY) || http_idle(s))
        return false;
    refuse(h, 408);
    return true;
}

const struct app app_http = {
    .name = "http",
    .session_size = sizeof(struct http_session),
    .open = http_open,
    .close = http_close,
    .next = http_next,
    .output = http_output,
    .sent = http_sent,
    .idle = http_idle,
    .timed_out = http_timed_out,
};
