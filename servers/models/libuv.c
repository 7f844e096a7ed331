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
 * libuv does the reading and the writing itself, so this file drives the session. */
#include "servers/model.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/drive/reactor.h"
#include "servers/net.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of callbacks */

/* After so many pieces in a row the rest is queued, for the other connections to have a turn. */
#define PIECES_PER_STEP 16

struct client {
    struct conn conn;
    union uv_any_handle socket;
    uv_write_t request;
    size_t queued; /* bytes given to uv_write() that are not written yet */
};

/* libuv accepts until it fails, or until a connection is not taken over by uv_accept(): that one
 * the listener keeps, and no further one before it is taken. */
static struct listener {
    union uv_any_handle socket;
    bool waits; /* it keeps one */
} listeners[ADDRESSES_MAX];

static struct reactor reactor;
static uv_loop_t loop;
static uv_poll_t stop_watcher;
static uv_timer_t alarm_clock; /* for the earliest deadline of all */
static uv_check_t turn;
static uv_idle_t no_wait;  /* keeps the loop from waiting */
static int events;         /* callbacks of sockets since the last wait */
static unsigned last_call; /* turns until idle connections are closed, once the server stops */

/* The loop's clock, as clock_ns() counts; up to a turn old, in whole ms, and never ahead. */
static uint64_t update_now(void)
{
    return reactor.now = uv_now(&loop) * NS_PER_MS;
}

static void init_socket(union uv_any_handle *s, void *owner)
{
    if (reactor.server->is_unix)
        uv_pipe_init(&loop, &s->pipe, 0);
    else
        uv_tcp_init(&loop, &s->tcp);
    s->handle.data = owner;
}

static void on_closed(uv_handle_t *handle)
{
    conn_close(handle->data);
}

static void close_client(struct conn *conn)
{
    reactor_forget(&reactor, conn);
    uv_close(&((struct client *)conn)->socket.handle, on_closed);
}

static void step(struct conn *conn);

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *space)
{
    struct client *c = stream->data;
    events++;
    if (n > 0)
        session_received(c->conn.session, (size_t)n, update_now());
    else if (n == UV_EOF)
        session_eof(c->conn.session);
    else if (n < 0)
        session_abort(c->conn.session);
    step(&c->conn);
}

static void on_written(uv_write_t *request, int status)
{
    struct client *c = request->handle->data;
    events++;
    if (uv_is_closing(&c->socket.handle))
        return;
    if (status < 0)
        session_abort(c->conn.session);
    else
        session_sent(c->conn.session, c->queued, update_now());
    c->queued = 0;
    step(&c->conn);
}

/* Write a piece of the output: at once if `now`, else as soon as the loop comes round to it.
 * Returns false when it is queued. A piece is small enough for a slow reader to be seen to make
 * progress. */
static bool transmit(struct client *c, bool now)
{
    size_t length;
    const uint8_t *data = session_output(c->conn.session, &length);
    if (length > BUFFER_SIZE)
        length = BUFFER_SIZE;
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)data, (unsigned)length);
    int n = now ? uv_try_write(&c->socket.stream, &piece, 1) : UV_EAGAIN;
    count(&reactor.counters->eagain, now && n == UV_EAGAIN);
    if (n >= 0)
        session_sent(c->conn.session, (size_t)n, update_now());
    else if (n == UV_EAGAIN &&
             uv_write(&c->request, &c->socket.stream, &piece, 1, on_written) == 0)
        c->queued = length;
    else
        session_abort(c->conn.session);
    return c->queued == 0;
}

static void shut_down(struct client *c)
{
    uv_os_fd_t fd;
    if (uv_fileno(&c->socket.handle, &fd) != 0 || shutdown(fd, SHUT_WR) != 0)
        session_abort(c->conn.session);
    session_shut(c->conn.session, update_now());
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *space)
{
    struct client *c = handle->data;
    space->base =
        session_space(c->conn.session, &space->len); /* NULL: on_read has UV_ENOBUFS */
}

/* Go on until there is something to wait for. */
static void step(struct conn *conn)
{
    struct client *c = (struct client *)conn;
    enum session_want want;
    unsigned pieces = 0;
    do {
        session_heed_stop(conn->session, reactor.server);
        want = session_next(conn->session, update_now());
        if (want == SESSION_SHUT)
            shut_down(c);
    } while (want == SESSION_SHUT ||
             (want == SESSION_WRITE && transmit(c, pieces++ < PIECES_PER_STEP)));
    if (want == SESSION_CLOSE) {
        close_client(conn);
        return;
    }
    reactor_keep_time(&reactor, conn);
    uv_stream_t *stream = &c->socket.stream;
    int error =
        want == SESSION_READ ? uv_read_start(stream, on_alloc, on_read) : uv_read_stop(stream);
    if (error != 0 && error != UV_EALREADY)
        close_client(conn);
}

/* Not more than its share in one turn; the others wait for the next one. */
static void accept_one(struct listener *l)
{
    size_t most = reactor.server->max_connections;
    update_now();
    bool is_share_taken = reactor.accepts == ACCEPTS_PER_TURN;
    struct client *c = is_share_taken ? NULL : (struct client *)reactor_add(&reactor, -1);
    l->waits = !c;
    count(&reactor.counters->accept_bursts, is_share_taken);
    if (!c)
        return;
    reactor.accepts++;
    count(&reactor.counters->accepted, 1);
    init_socket(&c->socket, c);
    if (uv_accept(&l->socket.stream, &c->socket.stream) != 0 ||
        (most != 0 && reactor.count > most)) {
        count(&reactor.counters->refused, 1);
        session_abort(c->conn.session);
    }
    step(&c->conn);
}

static void stop_listening(void)
{
    for (unsigned i = 0; i < reactor.server->socket_count; i++) {
        if (uv_is_closing(&listeners[i].socket.handle))
            continue;
        count(&reactor.counters->unaccepted, listeners[i].waits);
        listeners[i].waits = false;
        uv_close(&listeners[i].socket.handle, NULL);
    }
}

static void on_connection(uv_stream_t *stream, int status)
{
    events++;
    if (status >= 0)
        accept_one(stream->data);
    else if (server_stopping(reactor.server))
        stop_listening(); /* shut down, it would fail for ever, and libuv tries for ever */
    else
        count(&reactor.counters->accept_errors, 1);
}

static void do_nothing(uv_idle_t *handle)
{
}

/* libuv runs timers before it looks at sockets: on_turn() comes after that. */
static void on_alarm(uv_timer_t *timer)
{
    reactor.wake_at = CLOCK_NEVER;
    uv_idle_start(&no_wait, do_nothing);
}

/* After each wait and the callbacks of sockets: nothing that came in time is overlooked. */
static void on_turn(uv_check_t *check)
{
    reactor_woke(&reactor, events);
    events = 0;
    update_now();
    if (last_call == 0)
        uv_idle_stop(&no_wait);
    for (struct conn *c; (c = reactor_expired(&reactor));)
        step(c);
    for (unsigned i = 0; i < reactor.server->socket_count; i++)
        if (listeners[i].waits)
            accept_one(&listeners[i]);
    if (last_call > 0 && --last_call == 0)
        reactor_close_idle(&reactor, step);
    int ms = reactor_alarm_ms(&reactor);
    if (!reactor_running(&reactor))
        uv_timer_stop(&alarm_clock);
    else if (ms >= 0)
        uv_timer_start(&alarm_clock, on_alarm, (uint64_t)ms, 0);
}

/* The handler of SIGTERM has made stop_fd readable. Requests that came before are read in
 * this turn or in the next, which does not wait. Then the idle connections go. */
static void on_stop(uv_poll_t *w, int status, int ready)
{
    uv_close((uv_handle_t *)w, NULL);
    stop_listening();
    uv_idle_start(&no_wait, do_nothing);
    last_call = 2; /* on_turn() comes at the end of this one too */
}

static void open_listener(struct listener *l, int fd)
{
    init_socket(&l->socket, l);
    int error = reactor.server->is_unix ? uv_pipe_open(&l->socket.pipe, fd)
                                        : uv_tcp_open(&l->socket.tcp, fd);
    if (error == 0)
        error = uv_listen(&l->socket.stream, reactor.server->backlog, on_connection);
    if (error != 0)
        die("libuv: cannot listen: %s", uv_strerror(error));
}

static void serve(struct server *server)
{
    /* Whatever the environment says: what is measured is this model. */
    unsetenv("UV_USE_IO_URING");
    reactor_init(&reactor, server, sizeof(struct client));
    int error = uv_loop_init(&loop);
    if (error != 0)
        die("libuv: cannot create an event loop: %s", uv_strerror(error));
    for (unsigned i = 0; i < server->socket_count; i++)
        open_listener(&listeners[i], server->sockets[i]);
    uv_idle_init(&loop, &no_wait);
    uv_poll_init(&loop, &stop_watcher, server->stop_fd);
    uv_poll_start(&stop_watcher, UV_READABLE, on_stop);
    uv_timer_init(&loop, &alarm_clock);
    uv_check_init(&loop, &turn);
    uv_check_start(&turn, on_turn);
    uv_unref((uv_handle_t *)&turn);

    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&turn, NULL);
    uv_close((uv_handle_t *)&alarm_clock, NULL);
    uv_close((uv_handle_t *)&no_wait, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    reactor_free(&reactor);
}

const struct model model = {
    .name = "libuv",
    .summary = "one thread, callbacks of the libuv event library",
    .no_workers = "it is one loop in one thread; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .serve = serve,
};
