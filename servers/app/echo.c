/* The echo service (RFC 862, over a stream): whatever comes in goes out again, in order. When
 * the client has sent its last byte and has been given it back, the connection is closed, so a
 * client that shuts down its sending side reads everything and then the end.
 *
 * The input buffer is the output buffer: nothing is copied. */
#include "servers/app/app.h"

#include "servers/app/buffer.h"
#include "servers/app/burn.h"
#include "servers/app/count.h"

static enum session_want echo_next(struct session *s, uint64_t now)
{
    (void)now;
    if (s->in && s->in->start < s->in->end) {
        if (s->in->start == 0) /* nothing of it is sent yet */
            burn_request();
        return SESSION_WRITE;
    }
    return s->eof ? SESSION_CLOSE : SESSION_READ;
}

static const uint8_t *echo_output(const struct session *s, size_t *length)
{
    *length = s->in->end - s->in->start;
    return s->in->data + s->in->start;
}

static void echo_sent(struct session *s, size_t n)
{
    s->in->start += (uint32_t)n;
    if (s->in->start == s->in->end) {
        count(&s->counters->requests, 1);
        service_pass(s->options->service);
    }
}

static bool echo_idle(const struct session *s)
{
    return !s->in || s->in->start == s->in->end;
}

const struct app app_echo = {
    .name = "echo",
    .session_size = sizeof(struct session),
    .next = echo_next,
    .output = echo_output,
    .sent = echo_sent,
    .idle = echo_idle,
};
