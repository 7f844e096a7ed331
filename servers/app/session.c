#include "servers/app/session.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "servers/app/app.h"
#include "servers/app/buffer.h"
#include "servers/app/count.h"

/* How long a lingering close waits for the client to read the answer and to close. */
#define LINGER_TIME (2 * NS_PER_S)

const struct app *app_find(const char *name)
{
    if (strcmp(name, app_echo.name) == 0)
        return &app_echo;
    if (strcmp(name, app_http.name) == 0)
        return &app_http;
    return NULL;
}

struct session *session_open(const struct app *app, const struct app_options *options,
                             struct counters *counters, uint64_t now)
{
    struct session *s = calloc(1, app->session_size);
    if (!s)
        return NULL;
    s->app = app;
    s->options = options;
    s->counters = counters;
    s->active_at = now;
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

static enum session_want decide(struct session *s, uint64_t now)
{
    enum session_want want = SESSION_READ;
    if (!s->lingering && !s->over)
        want = s->app->next(s, now);
    if (s->progress)
        s->active_at = now;
    s->progress = false;
    bool is_last = s->lingering ? s->eof : s->draining && s->dry && session_idle(s);
    return s->over || (want == SESSION_READ && is_last) ? SESSION_CLOSE : want;
}

enum session_want session_next(struct session *s, uint64_t now)
{
    enum session_want want = decide(s, now);
    s->want = (uint8_t)want;
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

void session_received(struct session *s, size_t n, uint64_t now)
{
    if (s->lingering)
        return; /* the space is as free as it was */
    if (session_idle(s))
        s->active_at = now;
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

void session_sent(struct session *s, size_t n, uint64_t now)
{
    count(&s->counters->bytes_out, n);
    s->app->sent(s, n);
    s->active_at = now;
}

struct buffer *session_take_output(struct session *s, uint64_t now)
{
    struct buffer *b = s->out;
    if (!b)
        return NULL;
    s->out = NULL;
    count(&s->counters->bytes_out, b->end - b->start);
    s->active_at = now;
    return b;
}

void session_unsent(struct session *s)
{
    s->want = SESSION_WRITE;
}

void session_alive(struct session *s, uint64_t now)
{
    s->active_at = now;
}

void session_shut(struct session *s, uint64_t now)
{
    s->lingering = true;
    s->wake_at = now + LINGER_TIME;
    if (s->in)
        s->in->start = s->in->end = 0;
}

void session_abort(struct session *s)
{
    s->over = true;
}

uint64_t session_deadline(const struct session *s)
{
    if (s->lingering || s->want == SESSION_WAIT)
        return s->wake_at;
    return clock_after(s->active_at, s->options->idle_timeout);
}

bool session_expired(struct session *s, uint64_t now)
{
    if (now < session_deadline(s))
        return false;
    s->active_at = now;
    s->over |= s->lingering;
    if (s->lingering || s->want == SESSION_WAIT)
        return true;
    count(&s->counters->timeouts, 1);
    if (s->want != SESSION_READ || !s->app->timed_out || !s->app->timed_out(s))
        s->over = true;
    return true;
}

bool session_idle(const struct session *s)
{
    return s->app->idle(s);
}

void session_drain(struct session *s)
{
    if (!s->draining)
        s->dry = false;
    s->draining = true;
}

void session_dry(struct session *s, bool dry)
{
    s->dry = dry;
}
