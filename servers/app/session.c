#include "servers/app/app.h"

#include <stdlib.h>
#include <string.h>

#include "servers/app/buffer.h"
#include "servers/counters.h"

const struct app *app_find(const char *name)
{
    if (strcmp(name, app_echo.name) == 0)
        return &app_echo;
    if (strcmp(name, app_http.name) == 0)
        return &app_http;
    return NULL;
}

struct session *session_open(const struct app *app, const struct app_options *options,
                             struct counters *counters)
{
    struct session *s = calloc(1, app->session_size);
    if (!s)
        return NULL;
    s->app = app;
    s->options = options;
    s->counters = counters;
    if (app->open)
        app->open(s);
    return s;
}

void session_close(struct session *s)
{
    if (s->app->close)
        s->app->close(s);
    buffer_give(s->in);
    buffer_give(s->out);
    free(s);
}

enum session_want session_next(struct session *s, uint64_t now)
{
    if (s->failed)
        return SESSION_CLOSE;
    enum session_want want = s->app->next(s, now);
    if (s->failed)
        return SESSION_CLOSE;
    if (s->in && s->in->start == s->in->end) {
        buffer_give(s->in);
        s->in = NULL;
    }
    return want;
}

void *session_space(struct session *s, size_t *room)
{
    struct buffer *b = s->in;
    if (!b && !(b = s->in = buffer_take()))
        return NULL;
    if (b->end == BUFFER_SIZE) {
        /* A part of a request lies at the end. It is shorter than the buffer, or the session
         * would not have asked for more. */
        memmove(b->data, b->data + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    *room = BUFFER_SIZE - b->end;
    return b->data + b->end;
}

void session_received(struct session *s, size_t n)
{
    s->in->end += (uint32_t)n;
    count(&s->counters->bytes_in, n);
}

void session_eof(struct session *s)
{
    s->eof = true;
}

const uint8_t *session_output(const struct session *s, size_t *length)
{
    return s->app->output(s, length);
}

void session_sent(struct session *s, size_t n)
{
    count(&s->counters->bytes_out, n);
    s->app->sent(s, n);
}

bool session_idle(const struct session *s)
{
    return s->app->idle(s);
}

bool session_timed_out(struct session *s)
{
    return s->app->timed_out && s->app->timed_out(s);
}

void session_drain(struct session *s)
{
    s->draining = true;
}
