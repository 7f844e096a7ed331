/* Engine with no sockets and no server (--null): what is sent is answered at once, from memory.
 * The loop, the requests, the checks and the counts are those of the other engines. So this is the
 * generator's own ceiling.
 *
 * HTTP is answered by a short fixed 200, to a HEAD without its body. Echo is answered by what was
 * sent. Requests are counted as they are handed over whole: one a send, or one a piece of a
 * pipeline. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/cli/options.h"
#include "loadgen/engine/client_conn.h"
#include "loadgen/engine/engine.h"

static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Length: 14\r\n"
                             "\r\n"
                             "Hello, world!\n";
#define ANSWER_BODY ((size_t)14)

/* Connections that have been sent something, in order; a ring with a place for each. */
struct null_state {
    struct client_conn **due;
    uint32_t first, count;
    bool echo;
    size_t answer; /* bytes of `answer` that an answer has */
    char *answers; /* with a pipeline: as many answers as may be due at once */
};

static void null_create(struct io *io)
{
    struct null_state *s = xcalloc(1, sizeof *s);

    s->due = xcalloc(io->conn_count, sizeof(struct client_conn *));
    s->echo = io->options->url.protocol == URL_ECHO;
    s->answer = sizeof answer - 1 - (io->load->head ? ANSWER_BODY : 0);
    s->answers = xmalloc(io->options->pipeline * s->answer);
    for (uint32_t i = 0; i < io->options->pipeline; i++)
        memcpy(s->answers + i * s->answer, answer, s->answer);
    io->state = s;
}

static int null_connect(struct io *io, struct client_conn *c)
{
    (void)io;
    c->fd = 0; /* no descriptor: only that it is open */
    return 0;
}

static void null_send(struct io *io, struct client_conn *c)
{
    struct null_state *s = io->state;

    io->total.n[COUNT_BYTES_OUT] += c->out_left;
    c->out_left = 0;
    uint32_t place = s->first + s->count++;
    s->due[place < io->conn_count ? place : place - io->conn_count] = c;
}

static void null_close(struct io *io, struct client_conn *c)
{
    (void)io;
    c->fd = -1;
}

/* Sleep until `deadline` or until the main thread wakes us. */
static void rest(struct io *io, uint64_t deadline)
{
    struct pollfd fd = {.fd = io->wake_fd, .events = POLLIN};
    struct timespec left = ns_timespec(deadline > io->now ? deadline - io->now : 0);
    uint64_t count;

    if (ppoll(&fd, 1, deadline == CLOCK_NEVER ? NULL : &left, NULL) < 0 && errno != EINTR)
        die_errno("cannot wait");
    if (fd.revents && read(io->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        die_errno("cannot read the wake-up descriptor");
    io->now = clock_ns();
}

/* The answers to all that was sent on `c`. */
static void answer_pipeline(const struct null_state *s, struct io *io, struct client_conn *c)
{
    const struct msghdr *m = pipeline_message(c->pipeline);
    size_t pieces = m->msg_iovlen;

    /* What was appended since then goes with it: it is answered as well. */
    io->total.n[COUNT_BYTES_OUT] += c->out_left;
    c->out_left = 0;

    if (!s->echo) {
        pipeline_clear(c->pipeline);
        io->events->received(io, c, s->answers, pieces * s->answer);
        return;
    }
    for (size_t i = 0; i < pieces && c->fd >= 0; i++) {
        struct iovec piece = m->msg_iov[0];
        pipeline_sent(c->pipeline, piece.iov_len);
        io->events->received(io, c, piece.iov_base, piece.iov_len);
        m = pipeline_message(c->pipeline);
    }
}

static void null_wait(struct io *io, uint64_t deadline)
{
    struct null_state *s = io->state;

    /* The answers that are due now. What is sent in return is answered the next time. */
    uint32_t n = s->count;
    uint64_t from = io_wait_begins(io);
    bool sleeps = n == 0 && deadline > io->now;
    if (sleeps)
        rest(io, deadline);
    io->now = clock_ns();
    io_wait_over(io, from, sleeps, n > 0);
    if (io->awake)
        io->awake(io->owner);
    while (n-- > 0) {
        struct client_conn *c = s->due[s->first];
        s->first = s->first + 1 < io->conn_count ? s->first + 1 : 0;
        s->count--;
        if (c->fd < 0 || c->on_its_way == 0)
            continue;
        if (c->pipeline)
            answer_pipeline(s, io, c);
        else if (s->echo)
            io->events->received(io, c, c->out, io->load->message);
        else
            io->events->received(io, c, answer, s->answer);
        io->now = clock_ns();
        io_mind_alarm(io);
    }
}

static void null_destroy(struct io *io)
{
    struct null_state *s = io->state;
    free(s->due);
    free(s->answers);
    free(s);
}

const struct engine engine_null = {
    .name = "null",
    .create = null_create,
    .connect = null_connect,
    .send = null_send,
    .close = null_close,
    .wait = null_wait,
    .destroy = null_destroy,
};
