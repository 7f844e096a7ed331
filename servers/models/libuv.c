/* libuv: the event library under Node.js, one thread, a callback for each read that is complete.
 *
 * How it waits   In uv_run(), which on Linux waits in epoll_wait(), level-triggered.
 * Who works      The one thread, in the callbacks.
 * It costs       Per request recv (libuv calls read) and send (it calls write), and a share of
 *                epoll_wait: 2 + 1/batch system calls, and the library's own bookkeeping. An idle
 *                connection costs none.
 * It breaks      Not with numbers: descriptors and memory are the limit. One slow callback holds
 *                up all others.
 *
 * libuv does the reading and writing itself: it asks for memory (alloc), then hands over what was
 * read, and takes what is to be written until that is done. So the session is driven from here
 * and conn.c is not used. Writing is tried at once (uv_try_write) and queued only if the socket
 * is full. The time is the loop's, which libuv reads once a turn. Out of descriptors libuv
 * accepts with one held in reserve and closes at once, and tells nobody: such connections are in
 * no counter. */
#include "servers/model.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/counters.h"
#include "servers/drive/reactor.h"
#include "servers/net.h"

/* After so many pieces in a row the rest is queued, for the other connections to have a turn. */
#define PIECES_PER_STEP 16

union socket {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct peer {
    union socket socket;
    uv_timer_t timer;
    union {
        uv_write_t write;
        uv_shutdown_t shutdown;
    } request;
    struct session *session;
    uint64_t active_at, deadline, timer_at;
    size_t queued;    /* bytes given to uv_write() that are not written yet */
    unsigned handles; /* of the two above, those that are not closed yet */
    bool was_idle, reading, lingering, closing;
    bool last_chance; /* its time is over; what has come by the next turn still counts */
    struct peer *next, *previous;
};

static struct server *server;
static uv_loop_t loop;
static struct peer *peers;
static size_t count_peers;
static uint64_t events;    /* callbacks of sockets since the last wait */
static unsigned last_call; /* turns until idle connections are closed, once the server stops */
static bool stopping, draining; /* it does; that moment has come */

static union socket spare; /* accepts what is to be refused */
static bool spare_is_closing;
static unsigned accepts; /* in this turn */
/* A listening socket. libuv accepts until it fails, or until a connection is not taken over by
 * uv_accept(): that one it keeps, and no further one before it is. */
static struct listener {
    union socket socket;
    bool waits; /* it keeps one */
} listeners[ADDRESSES_MAX];
static uv_poll_t stop_watcher;
static uv_idle_t no_wait;
static uv_check_t turn;

static void step(struct peer *p);

/* As clock_ns() counts; up to a turn old, in whole milliseconds, and never ahead. */
static uint64_t loop_time(void)
{
    return uv_now(&loop) * NS_PER_MS;
}

static void init_socket(union socket *s)
{
    if (server->is_unix)
        uv_pipe_init(&loop, &s->pipe, 0);
    else
        uv_tcp_init(&loop, &s->tcp);
}

static void on_closed(uv_handle_t *handle)
{
    struct peer *p = handle->data;
    if (--p->handles > 0)
        return;
    count(&server->counters->closed, 1);
    session_close(p->session);
    free(p);
}

static void close_peer(struct peer *p)
{
    if (p->closing)
        return;
    p->closing = true;
    *(p->previous ? &p->previous->next : &peers) = p->next;
    if (p->next)
        p->next->previous = p->previous;
    count_peers--;
    uv_close(&p->socket.handle, on_closed);
    uv_close((uv_handle_t *)&p->timer, on_closed);
}

static void on_timer(uv_timer_t *timer);

/* The timer is moved only if it has to fire earlier; if it fires too early it is put back. */
static void keep_time(struct peer *p, uint64_t deadline)
{
    p->deadline = deadline;
    if (deadline == CLOCK_NEVER)
        return;
    if (uv_is_active((uv_handle_t *)&p->timer) && p->timer_at <= deadline)
        return;
    p->timer_at = deadline;
    uv_timer_start(&p->timer, on_timer, (uint64_t)clock_timeout_ms(loop_time(), deadline), 0);
}

/* No progress for the idle timeout. Returns false when the session has no last word. */
static bool timed_out(struct peer *p)
{
    count(&server->counters->timeouts, 1);
    return p->reading && session_timed_out(p->session);
}

static void on_timer(uv_timer_t *timer)
{
    struct peer *p = timer->data;
    if (p->deadline > loop_time()) {
        keep_time(p, p->deadline);
        return;
    }
    /* libuv runs timers before it looks at sockets, and the loop may have been busy meanwhile. */
    if (p->reading && !p->lingering && !p->last_chance) {
        p->last_chance = true;
        uv_timer_start(&p->timer, on_timer, 0, 0);
        return;
    }
    bool idle = p->reading || p->queued;
    if (p->lingering || (idle && !timed_out(p))) {
        close_peer(p);
        return;
    }
    p->active_at = loop_time();
    step(p);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *space)
{
    struct peer *p = handle->data;
    (void)suggested;
    p->was_idle = session_idle(p->session);
    size_t room = 0;
    space->base = session_space(p->session, &room);
    space->len = space->base ? room : 0; /* none: libuv calls on_read with UV_ENOBUFS */
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *space)
{
    struct peer *p = stream->data;
    (void)space;
    events++;
    if (p->lingering) {
        if (n < 0)
            close_peer(p);
        return; /* what was read is dropped: the session is not told of it */
    }
    if (n > 0) {
        session_received(p->session, (size_t)n);
        if (p->was_idle)
            p->active_at = loop_time();
    } else if (n == UV_EOF) {
        session_eof(p->session);
    } else if (n < 0) {
        close_peer(p);
        return;
    }
    step(p);
}

static void read_more(struct peer *p, bool more)
{
    if (more == p->reading)
        return;
    p->reading = more;
    if (!more)
        uv_read_stop(&p->socket.stream);
    else if (uv_read_start(&p->socket.stream, on_alloc, on_read) != 0)
        close_peer(p);
}

static void on_written(uv_write_t *request, int status)
{
    struct peer *p = request->data;
    events++;
    if (p->closing)
        return;
    if (status < 0) {
        close_peer(p);
        return;
    }
    session_sent(p->session, p->queued);
    p->queued = 0;
    p->active_at = loop_time();
    step(p);
}

/* Write a piece of the output: at once if `now`, else as soon as the loop comes round to it.
 * Returns false when there is nothing to do but to wait. A piece is small enough for a slow reader
 * to be seen to make progress. */
static bool transmit(struct peer *p, bool now)
{
    size_t length;
    const uint8_t *data = session_output(p->session, &length);
    if (length > BUFFER_SIZE)
        length = BUFFER_SIZE;
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)data, (unsigned)length);
    int n = now ? uv_try_write(&p->socket.stream, &piece, 1) : UV_EAGAIN;
    if (n >= 0) {
        session_sent(p->session, (size_t)n);
        p->active_at = loop_time();
        return true;
    }
    if (n == UV_EAGAIN) {
        if (now)
            count(&server->counters->eagain, 1);
        p->queued = length;
        p->request.write.data = p;
        if (uv_write(&p->request.write, &p->socket.stream, &piece, 1, on_written) == 0)
            return false;
        p->queued = 0;
    }
    close_peer(p);
    return false;
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

/* See SESSION_LINGER. */
static void linger(struct peer *p)
{
    p->lingering = true;
    if (p->session->in) /* or there would be no room for what is to be dropped */
        p->session->in->start = p->session->in->end = 0;
    p->request.shutdown.data = p;
    if (uv_shutdown(&p->request.shutdown, &p->socket.stream, on_shut_down) != 0) {
        close_peer(p);
        return;
    }
    read_more(p, true);
    keep_time(p, loop_time() + LINGER_TIME);
}

static enum session_want next(struct peer *p)
{
    uint32_t progress = p->session->progress;
    session_heed_stop(p->session, server);
    enum session_want want = session_next(p->session, loop_time());
    if (p->session->progress != progress)
        p->active_at = loop_time();
    return want;
}

static void step(struct peer *p)
{
    p->last_chance = false;
    for (unsigned pieces = 0;; pieces++) {
        if (p->closing || p->lingering || p->queued)
            return;
        switch (next(p)) {
        case SESSION_READ:
            if (draining && session_idle(p->session)) {
                close_peer(p);
                return;
            }
            read_more(p, true);
            keep_time(p, clock_after(p->active_at, server->idle_timeout));
            return;
        case SESSION_WRITE:
            if (transmit(p, pieces < PIECES_PER_STEP))
                break;
            read_more(p, false);
            keep_time(p, clock_after(p->active_at, server->idle_timeout));
            return;
        case SESSION_WAIT:
            read_more(p, false);
            keep_time(p, p->session->wake_at);
            return;
        case SESSION_CLOSE:
            close_peer(p);
            return;
        case SESSION_LINGER:
            linger(p);
            return;
        }
    }
}

static void stop_listening(void)
{
    for (unsigned i = 0; i < server->socket_count; i++) {
        if (uv_is_closing(&listeners[i].socket.handle))
            continue;
        count(&server->counters->unaccepted, listeners[i].waits);
        listeners[i].waits = false;
        uv_close(&listeners[i].socket.handle, NULL);
    }
}

static void take(struct listener *l);

static void take_those_that_wait(void)
{
    for (unsigned i = 0; i < server->socket_count; i++)
        if (listeners[i].waits)
            take(&listeners[i]);
}

static void on_spare_closed(uv_handle_t *handle)
{
    (void)handle;
    spare_is_closing = false;
    take_those_that_wait();
}

/* Accept and close, without taking memory. Until the last one is closed the next one waits. */
static void refuse(struct listener *l)
{
    l->waits = spare_is_closing;
    if (l->waits)
        return;
    init_socket(&spare);
    if (uv_accept(&l->socket.stream, &spare.stream) == 0) {
        count(&server->counters->accepted, 1);
        count(&server->counters->refused, 1);
        count(&server->counters->closed, 1);
    }
    spare_is_closing = true;
    uv_close(&spare.handle, on_spare_closed);
}

static void add_peer(struct listener *l, struct peer *p)
{
    init_socket(&p->socket);
    uv_timer_init(&loop, &p->timer);
    p->socket.handle.data = p->timer.data = p;
    p->handles = 2;
    p->active_at = loop_time();
    p->next = peers;
    if (peers)
        peers->previous = p;
    peers = p;
    count_peers++;
    count(&server->counters->accepted, 1);
    if (uv_accept(&l->socket.stream, &p->socket.stream) == 0)
        step(p);
    else
        close_peer(p);
}

static void do_nothing(uv_idle_t *handle)
{
    (void)handle;
}

/* Not more than its share in one turn; the next one comes at once. */
static void take(struct listener *l)
{
    l->waits = accepts == ACCEPTS_PER_TURN;
    if (l->waits) {
        count(&server->counters->accept_bursts, 1);
        uv_idle_start(&no_wait, do_nothing);
        return;
    }
    accepts++;
    bool full = server->max_connections != 0 && count_peers >= server->max_connections;
    struct peer *p = full ? NULL : calloc(1, sizeof *p);
    if (p)
        p->session = session_open(server->app, &server->app_options, server->counters);
    if (!p || !p->session) {
        free(p);
        refuse(l);
        return;
    }
    add_peer(l, p);
}

static void on_connection(uv_stream_t *stream, int status)
{
    events++;
    if (status >= 0)
        take(stream->data);
    else if (server_stopping(server))
        stop_listening(); /* shut down, it would fail for ever, and libuv tries for ever */
    else
        count(&server->counters->accept_errors, 1);
}

static void close_idle(void)
{
    draining = true;
    uv_close((uv_handle_t *)&no_wait, NULL);
    for (struct peer *p = peers, *after; p; p = after) {
        after = p->next;
        if (p->reading && !p->lingering && session_idle(p->session))
            close_peer(p);
    }
}

/* After each wait and the callbacks of what was ready. */
static void on_turn(uv_check_t *check)
{
    (void)check;
    count_wakeup(server->counters, events);
    events = 0;
    accepts = 0;
    if (!stopping)
        uv_idle_stop(&no_wait);
    take_those_that_wait();
    if (last_call > 0 && --last_call == 0)
        close_idle();
}

/* The handler of SIGTERM has made stop_fd readable. Requests that have come by now are read in this
 * turn or in the next, which an idle handle keeps from waiting; then the idle connections go. What
 * is left open are the busy ones, and uv_run() returns when the last of them is closed. */
static void on_stop(uv_poll_t *w, int status, int ready)
{
    (void)status;
    (void)ready;
    stopping = true;
    uv_close((uv_handle_t *)w, NULL);
    stop_listening();
    for (struct peer *p = peers; p; p = p->next)
        session_drain(p->session);
    uv_idle_start(&no_wait, do_nothing);
    last_call = 2; /* on_turn() comes at the end of this one too */
}

static void open_listener(struct listener *l, int fd)
{
    init_socket(&l->socket);
    l->socket.handle.data = l;
    int error =
        server->is_unix ? uv_pipe_open(&l->socket.pipe, fd) : uv_tcp_open(&l->socket.tcp, fd);
    if (error == 0)
        error = uv_listen(&l->socket.stream, server->backlog, on_connection);
    if (error != 0)
        die("libuv: cannot listen: %s", uv_strerror(error));
}

static void serve(struct server *given)
{
    server = given;
    /* Whatever the environment says: what is measured is this model. */
    unsetenv("UV_USE_IO_URING");
    int error = uv_loop_init(&loop);
    if (error != 0)
        die("libuv: cannot create an event loop: %s", uv_strerror(error));
    for (unsigned i = 0; i < server->socket_count; i++)
        open_listener(&listeners[i], server->sockets[i]);

    uv_idle_init(&loop, &no_wait);
    uv_poll_init(&loop, &stop_watcher, server->stop_fd);
    uv_poll_start(&stop_watcher, UV_READABLE, on_stop);
    uv_check_init(&loop, &turn);
    uv_check_start(&turn, on_turn);
    uv_unref((uv_handle_t *)&turn);

    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&turn, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    buffer_clear_free_list();
}

const struct model model = {
    .name = "libuv",
    .summary = "one thread, callbacks of the libuv event library",
    .no_workers = "it is one loop in one thread; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .serve = serve,
};
