/* Engine with no sockets and no server (--null): what is sent is answered at once, from memory.
 * Everything else, the loop, the requests, the checks and the counts, is what the other engines
 * have as well, so this is the generator's own ceiling.
 *
 * HTTP is answered by a short fixed 200, to a HEAD without its body, echo by what was sent.
 * Requests are counted as they are handed over whole: one a send, or one a piece of a pipeline. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/load/run.h"
#include "loadgen/load/worker.h"

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

static void null_create(struct worker *w)
{
    struct null_state *s = xcalloc(1, sizeof *s);

    s->due = xcalloc(w->conn_count, sizeof(struct client_conn *));
    s->echo = w->run->options->url.protocol == URL_ECHO;
    s->answer = sizeof answer - 1 - (w->load->head ? ANSWER_BODY : 0);
    s->answers = xmalloc(w->depth * s->answer);
    for (uint32_t i = 0; i < w->depth; i++)
        memcpy(s->answers + i * s->answer, answer, s->answer);
    w->engine_state = s;
}

static int null_connect(struct worker *w, struct client_conn *c)
{
    (void)w;
    c->fd = 0; /* no descriptor: only that it is open */
    return 0;
}

static void null_send(struct worker *w, struct client_conn *c)
{
    struct null_state *s = w->engine_state;

    w->total.n[COUNT_BYTES_OUT] += c->out_left;
    c->out_left = 0;
    uint32_t place = s->first + s->count++;
    s->due[place < w->conn_count ? place : place - w->conn_count] = c;
}

static void null_close(struct worker *w, struct client_conn *c)
{
    (void)w;
    c->fd = -1;
}

/* Sleep until `deadline` or until the main thread wakes us. */
static void rest(struct worker *w, uint64_t deadline)
{
    struct pollfd fd = {.fd = w->wake_fd, .events = POLLIN};
    struct timespec left = ns_timespec(deadline > w->now ? deadline - w->now : 0);
    uint64_t count;

    if (ppoll(&fd, 1, deadline == CLOCK_NEVER ? NULL : &left, NULL) < 0 && errno != EINTR)
        die_errno("cannot wait");
    if (fd.revents && read(w->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        die_errno("cannot read the wake-up descriptor");
    w->now = clock_ns();
}

/* The answers to all that was sent on `c`. */
static void answer_pipeline(const struct null_state *s, struct worker *w, struct client_conn *c)
{
    const struct msghdr *m = pipeline_message(c->pipeline);
    size_t pieces = m->msg_iovlen;

    /* What was appended since then goes with it: it is answered as well. */
    w->total.n[COUNT_BYTES_OUT] += c->out_left;
    c->out_left = 0;

    if (!s->echo) {
        pipeline_clear(c->pipeline);
        conn_received(w, c, s->answers, pieces * s->answer);
        return;
    }
    for (size_t i = 0; i < pieces && c->fd >= 0; i++) {
        struct iovec piece = m->msg_iov[0];
        pipeline_sent(c->pipeline, piece.iov_len);
        conn_received(w, c, piece.iov_base, piece.iov_len);
        m = pipeline_message(c->pipeline);
    }
}

static void null_wait(struct worker *w, uint64_t deadline)
{
    struct null_state *s = w->engine_state;

    /* Those that are due now; what is sent in return is for the next time. */
    uint32_t n = s->count;
    if (n == 0 && deadline > w->now)
        rest(w, deadline);
    w->now = clock_ns();
    if (w->open)
        open_loop_awake(w->open, w->now);
    while (n-- > 0) {
        struct client_conn *c = s->due[s->first];
        s->first = s->first + 1 < w->conn_count ? s->first + 1 : 0;
        s->count--;
        if (c->fd < 0 || c->on_its_way == 0)
            continue;
        if (c->pipeline)
            answer_pipeline(s, w, c);
        else if (s->echo)
            conn_received(w, c, c->out, w->load->message);
        else
            conn_received(w, c, answer, s->answer);
        w->now = clock_ns();
        if (w->open)
            open_loop_mind(w, w->open, w->now);
    }
}

static void null_destroy(struct worker *w)
{
    struct null_state *s = w->engine_state;
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
