/* coroutine: code that reads as if it blocked, one coroutine a connection, over epoll.
 *
 * How it waits   A coroutine that cannot go on yields to the loop, which waits in epoll_wait(),
 *                edge-triggered, and resumes those whose sockets are ready.
 * Who works      The one thread, in turn for each coroutine that is resumed. With --workers N as
 *                many processes, each with its coroutines, its loop and, by SO_REUSEPORT, its
 *                listening socket.
 * It costs       Per request recv and send, and a share of epoll_wait: 2 + 1/batch system calls,
 *                the same as epoll-et. To switch stacks twice is no system call (with --switch
 *                ucontext it is two). An idle connection costs none, but the pages of its stack
 *                that were touched.
 * It breaks      By memory sooner than other loops. A stack that overflows hits its guard page, and
 *                that is the end of the server. One slow piece of work holds up all connections:
 *                coroutines do not run at once, they take turns.
 *
 * What the other loops keep in a state machine (conn.c) is here where a reader expects it: in the
 * position in the code. converse() is the loop of serve_blocking.c, the one of thread and fork,
 * with calls that look as if they blocked: read_request(), write_answer(), sleep_until(), linger().
 * The lesson of epoll-et holds within them: a short recv proves that the socket is empty, so to
 * yield comes before the next recv and not after one that fails. Who resumes whom, and when, is the
 * business of scheduler.c, where the calls of epoll are. */
#include "servers/model.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "servers/app/buffer.h"
#include "servers/counters.h"
#include "servers/drive/workers.h"
#include "servers/models/coroutine/scheduler.h"
#include "servers/models/coroutine/stackful.h"

/* Wait until there may be something to read. False if the connection is over. */
static bool await_input(struct conn *c)
{
    struct session *s = c->session;
    while (c->drained) {
        if (s->draining && session_idle(s))
            return false;
        if (scheduler_wait(c, CONN_READ) == RESUME_TIME) {
            count(&s->counters->timeouts, 1);
            c->active_at = scheduler_now();
            return session_timed_out(s);
        }
    }
    return true;
}

/* The receive and its verdict: false if the connection is broken. */
static bool receive(struct conn *c, void *space, size_t room, ssize_t *n)
{
    *n = conn_recv(c, space, room);
    if (*n < 0)
        count(&c->session->counters->eagain, errno == EAGAIN);
    return *n >= 0 || errno == EAGAIN;
}

static bool read_request(struct conn *c)
{
    struct session *s = c->session;
    size_t room;
    ssize_t n;

    if (!await_input(c))
        return false;
    if (c->drained)
        return true; /* no input, but a timeout that the session has a word to say to */
    scheduler_give_way(c, CONN_READ);
    bool was_idle = session_idle(s);
    void *space = session_space(s, &room);
    if (!space || !receive(c, space, room, &n))
        return false;
    if (n > 0)
        session_received(s, (size_t)n);
    else if (n == 0)
        session_eof(s);
    if (n > 0 && was_idle)
        c->active_at = scheduler_now();
    return true;
}

static bool write_answer(struct conn *c)
{
    struct session *s = c->session;
    size_t length;

    scheduler_give_way(c, CONN_WRITE);
    const uint8_t *data = session_output(s, &length);
    ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
    if (n >= 0) {
        session_sent(s, (size_t)n);
        c->active_at = scheduler_now();
        return true;
    }
    if (errno != EAGAIN)
        return false;
    count(&s->counters->eagain, 1);
    if (scheduler_wait(c, CONN_WRITE) != RESUME_TIME)
        return true;
    count(&s->counters->timeouts, 1);
    return false;
}

static bool sleep_until(struct conn *c)
{
    bool over = scheduler_wait(c, CONN_WAIT) == RESUME_GONE;
    c->active_at = scheduler_now();
    return !over;
}

/* See SESSION_LINGER. */
static void linger(struct conn *c)
{
    ssize_t n = 0;
    if (shutdown(c->fd, SHUT_WR) != 0)
        return;
    c->lingering = true;
    c->linger_end = scheduler_now() + LINGER_TIME;
    do {
        while (c->drained)
            if (scheduler_wait(c, CONN_READ) == RESUME_TIME)
                return;
        scheduler_give_way(c, CONN_READ);
        struct buffer *sink = buffer_take();
        bool whole = sink && receive(c, sink->data, BUFFER_SIZE, &n);
        buffer_give(sink);
        if (!whole)
            return;
    } while (n != 0);
}

/* A connection from its first byte to its last. */
static void converse(struct conn *c)
{
    struct session *s = c->session;

    for (bool open = true; open;) {
        uint32_t progress = s->progress;
        conn_heed_stop(c);
        enum session_want want = session_next(s, scheduler_now());
        if (s->progress != progress)
            c->active_at = scheduler_now();
        switch (want) {
        case SESSION_READ:
            open = read_request(c);
            break;
        case SESSION_WRITE:
            open = write_answer(c);
            break;
        case SESSION_WAIT:
            open = sleep_until(c);
            break;
        case SESSION_LINGER:
            linger(c);
            return;
        case SESSION_CLOSE:
            return;
        }
    }
}

static void loop(struct server *server)
{
    scheduler_run(server, converse);
}

static void serve(struct server *server)
{
    if (server->workers > 1) {
        workers_as_processes(server, loop, NULL);
        return;
    }
    struct server one = *server;
    one.counters = counters_of_worker(0);
    counters_started(one.counters);
    loop(&one);
    one.counters->alive = 0;
}

static bool set_switch(void *unused, const char *text)
{
    (void)unused;
    bool is_asm = strcmp(text, "asm") == 0;
    return (is_asm || strcmp(text, "ucontext") == 0) &&
           coroutine_use(is_asm ? SWITCH_ASM : SWITCH_UCONTEXT);
}

static const struct option_row model_options[] = {
    {OPTION_CALL, 0, "switch", "HOW",
     "asm or ucontext: what changes stacks, a few instructions or swapcontext, with a system "
     "call (asm where it is built)",
     .call = set_switch, .expects = "a switch built in here: asm or ucontext"},
    {.name = NULL},
};

const struct model model = {
    .name = "coroutine",
    .summary = "a coroutine for each connection, blocking-looking code over epoll",
    .nonblocking_accept = true,
    .workers = 1,
    .listens_each = true,
    .options = model_options,
    .extra_counters = {"resumes"},
    .serve = serve,
    .stop = workers_stop,
    .abort = workers_abort,
};
