/* libuv: the event library under Node.js, one thread, a callback for each read that is
 * complete.
 *
 * How it waits   In uv_run(), which on Linux waits in epoll_wait(), level-triggered.
 * Who works      The one thread, in the callbacks.
 * It costs       Per request recv (libuv calls read) and send (it calls write), and a share of
 *                epoll_wait: 2 + 1/batch system calls, and the library's own bookkeeping. An
 * idle connection costs none. It breaks      Not with numbers: descriptors and memory are the
 * limit. One slow callback holds up all others.
 *
 * libuv does the reading and writing itself: it asks for memory (alloc), then hands over what
 * was read, and takes what is to be written until that is done. So the session is driven from
 * here and conn.c is not used. Writing is tried at once (uv_try_write) and queued only if the
 * socket is full. Out of descriptors libuv accepts with one held in reserve and closes at once,
 * and tells nobody: such connections are in no counter. */
#include "model.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

#include "buffer.h"
#include "common/addr.h"
#include "common/clock.h"
#include "common/err.h"
#include "conn.h"
#include "counters.h"

struct peer {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
    uv_timer_t timer;
    union {
        uv_write_t write;
        uv_shutdown_t shutdown;
    } request;
    struct session *session;
    uint64_t active_at, deadline, timer_at;
    size_t queued; /* bytes given to uv_write() that are not written yet */
    bool was_idle, reading, lingering, closing;
    struct peer *next, *previous;
};

static struct server *server;
static struct peer *peers;
static size_t count_peers;
static uint64_t events; /* callbacks since the last wait */
static bool draining;   /* idle connections are closed from now on */

static union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
} listener;
static bool is_unix;
static uv_poll_t stop_watcher;
static uv_timer_t drain_timer;
static uv_check_t turn;

static void step(struct peer *p);

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct peer *p = handle->data;
    count(&server->counters->closed, 1);
    session_close(p->session);
    uv_close((uv_handle_t *)&p->timer, on_closed);
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
    uv_close(&p->socket.handle, on_socket_closed);
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
    uv_update_time(p->timer.loop); /* timers count from the loop's clock, which may be behind */
    uv_timer_start(&p->timer, on_timer, (uint64_t)clock_timeout_ms(clock_ns(), deadline), 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct peer *p = timer->data;
    uint64_t now = clock_ns();
    events++;
    if (p->deadline > now) {
        keep_time(p, p->deadline);
        return;
    }
    if (p->lingering) {
        close_peer(p);
        return;
    }
    if (p->reading) {
        count(&server->counters->timeouts, 1);
        if (!session_timed_out(p->session)) {
            close_peer(p);
            return;
        }
    } else if (p->queued) {
        count(&server->counters->timeouts, 1);
        close_peer(p);
        return;
    }
    p->active_at = now;
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
            p->active_at = clock_ns();
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
    p->active_at = clock_ns();
    step(p);
}

/* Returns false when the rest will be written later, or never. */
static bool transmit(struct peer *p)
{
    size_t length;
    const uint8_t *data = session_output(p->session, &length);
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)data, (unsigned)length);
    int n = uv_try_write(&p->socket.stream, &piece, 1);
    if (n >= 0) {
        session_sent(p->session, (size_t)n);
        p->active_at = clock_ns();
        return true;
    }
    if (n == UV_EAGAIN) {
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
    keep_time(p, clock_ns() + LINGER_TIME);
}

static void step(struct peer *p)
{
    struct session *s = p->session;
    for (;;) {
        if (p->closing || p->lingering || p->queued)
            return;
        switch (session_next(s, clock_ns())) {
        case SESSION_READ:
            if (draining && session_idle(s)) {
                close_peer(p);
                return;
            }
            read_more(p, true);
            keep_time(p, clock_after(p->active_at, server->idle_timeout));
            return;
        case SESSION_WRITE:
            if (transmit(p))
                break;
            read_more(p, false);
            keep_time(p, clock_after(p->active_at, server->idle_timeout));
            return;
        case SESSION_WAIT:
            read_more(p, false);
            keep_time(p, s->wake_at);
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
    if (!uv_is_closing(&listener.handle))
        uv_close(&listener.handle, NULL);
}

static void close_unused(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct counters *c = server->counters;
    events++;
    if (status < 0) {
        /* A listening socket that was shut down would fail for ever, and libuv tries for ever.
         */
        if (server->stopping)
            stop_listening();
        else
            count(&c->accept_errors, 1);
        return;
    }
    struct peer *p = calloc(1, sizeof *p);
    if (!p)
        return; /* libuv keeps the connection and stops accepting until someone takes it */
    if (is_unix)
        uv_pipe_init(stream->loop, &p->socket.pipe, 0);
    else
        uv_tcp_init(stream->loop, &p->socket.tcp);
    p->socket.handle.data = p;
    if (uv_accept(stream, &p->socket.stream) != 0) {
        count(&c->accept_errors, 1);
        uv_close(&p->socket.handle, close_unused);
        return;
    }
    count(&c->accepted, 1);
    bool full = server->max_connections != 0 && count_peers >= server->max_connections;
    p->session = full ? NULL : session_open(server->app, &server->app_options, c);
    if (!p->session) {
        count(&c->refused, 1);
        count(&c->closed, 1);
        uv_close(&p->socket.handle, close_unused);
        return;
    }
    uv_timer_init(stream->loop, &p->timer);
    p->timer.data = p;
    p->active_at = clock_ns();
    p->next = peers;
    if (peers)
        peers->previous = p;
    peers = p;
    count_peers++;
    step(p);
}

/* One turn after SIGTERM: whoever has sent a request by now is being answered, the idle ones
 * go. */
static void close_idle(uv_timer_t *timer)
{
    draining = true;
    uv_close((uv_handle_t *)timer, NULL);
    for (struct peer *p = peers, *next; p; p = next) {
        next = p->next;
        if (p->reading && !p->lingering && session_idle(p->session))
            close_peer(p);
    }
}

/* The handler of SIGTERM has made stop_fd readable. What is left open from here on are the
 * connections, and uv_run() returns when the last of them is closed. */
static void on_stop(uv_poll_t *w, int status, int ready)
{
    (void)status;
    (void)ready;
    uv_close((uv_handle_t *)w, NULL);
    stop_listening();
    for (struct peer *p = peers; p; p = p->next)
        session_drain(p->session);
    uv_timer_start(&drain_timer, close_idle, 1, 0);
}

static void on_turn(uv_check_t *check)
{
    (void)check;
    count_wakeup(server->counters, events);
    events = 0;
}

static void serve(struct server *given)
{
    static uv_loop_t loop;
    struct addr address;
    server = given;

    int error = uv_loop_init(&loop);
    is_unix = addr_local(server->listen_fd, &address) && addr_family(&address) == AF_UNIX;
    if (error == 0 && is_unix) {
        uv_pipe_init(&loop, &listener.pipe, 0);
        error = uv_pipe_open(&listener.pipe, server->listen_fd);
    } else if (error == 0) {
        uv_tcp_init(&loop, &listener.tcp);
        error = uv_tcp_open(&listener.tcp, server->listen_fd);
    }
    if (error == 0)
        error = uv_listen(&listener.stream, server->backlog, on_connection);
    if (error != 0)
        die("libuv: cannot serve: %s", uv_strerror(error));

    uv_timer_init(&loop, &drain_timer);
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
    .nonblocking_accept = true,
    .serve = serve,
};
