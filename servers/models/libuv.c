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
 * libuv does the reading and the writing itself, so the session is driven from here. Out of
 * descriptors libuv accepts with one held in reserve, closes at once, and tells nobody: such
 * connections are in no counter. */
#include "servers/model.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
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

struct client {
    union socket socket;
    uv_timer_t timer;
    union {
        uv_write_t write;
        uv_shutdown_t shutdown;
    } request;
    struct session *session;
    uint64_t timer_at;
    size_t queued;    /* bytes given to uv_write() that are not written yet */
    unsigned handles; /* of the two above, those that are not closed yet */
    bool reading;
    bool last_chance; /* its time is over; what has come by the next turn still counts */
    LIST_ENTRY(client) link;
};

static struct server *server;
static uv_loop_t loop;
static LIST_HEAD(, client) clients;
static size_t count_clients;
static uint64_t events;    /* callbacks of sockets since the last wait */
static unsigned accepts;   /* in this turn */
static unsigned last_call; /* turns until idle connections are closed, once the server stops */
static bool stopping;

/* libuv accepts until it fails, or until a connection is not taken over by uv_accept(): that one
 * the listener keeps, and no further one before it is taken. */
static struct listener {
    union socket socket;
    bool waits; /* it keeps one */
} listeners[ADDRESSES_MAX];
static uv_poll_t stop_watcher;
static uv_idle_t no_wait;
static uv_check_t turn;

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
    struct client *c = handle->data;
    if (--c->handles > 0)
        return;
    count(&server->counters->closed, 1);
    if (c->session)
        session_close(c->session);
    free(c);
}

static void close_client(struct client *c)
{
    LIST_REMOVE(c, link);
    count_clients--;
    uv_close(&c->socket.handle, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void on_written(uv_write_t *request, int status);

/* Write a piece of the output: at once if `now`, else as soon as the loop comes round to it.
 * Returns false when it is queued. A piece is small enough for a slow reader to be seen to make
 * progress. */
static bool transmit(struct client *c, bool now)
{
    size_t length;
    const uint8_t *data = session_output(c->session, &length);
    if (length > BUFFER_SIZE)
        length = BUFFER_SIZE;
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)data, (unsigned)length);
    int n = now ? uv_try_write(&c->socket.stream, &piece, 1) : UV_EAGAIN;
    if (n >= 0) {
        session_sent(c->session, (size_t)n, loop_time());
        return true;
    }
    count(&server->counters->eagain, now && n == UV_EAGAIN);
    c->request.write.data = c;
    if (n == UV_EAGAIN &&
        uv_write(&c->request.write, &c->socket.stream, &piece, 1, on_written) == 0) {
        c->queued = length;
        return false;
    }
    session_abort(c->session);
    return true;
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

static void shut_down(struct client *c)
{
    if (uv_shutdown(&c->request.shutdown, &c->socket.stream, on_shut_down) == 0)
        session_shut(c->session, loop_time());
    else
        session_abort(c->session);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *space)
{
    struct client *c = handle->data;
    (void)suggested;
    size_t room = 0;
    space->base = session_space(c->session, &room);
    space->len = space->base ? room : 0; /* none: libuv calls on_read with UV_ENOBUFS */
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *space);

static void read_more(struct client *c, bool more)
{
    if (c->reading && !more)
        uv_read_stop(&c->socket.stream);
    else if (!c->reading && more && uv_read_start(&c->socket.stream, on_alloc, on_read) != 0)
        close_client(c);
    c->reading = more;
}

static void on_timer(uv_timer_t *timer);

/* The timer is moved only if it has to fire earlier; if it fires too early it is put back. */
static void keep_time(struct client *c)
{
    uint64_t at = session_deadline(c->session);
    if (at == CLOCK_NEVER || (uv_is_active((uv_handle_t *)&c->timer) && c->timer_at <= at))
        return;
    c->timer_at = at;
    uv_timer_start(&c->timer, on_timer, (uint64_t)clock_timeout_ms(loop_time(), at), 0);
}

/* Go on until there is something to wait for. */
static enum session_want go_on(struct client *c)
{
    for (unsigned pieces = 0;; pieces++) {
        session_heed_stop(c->session, server);
        enum session_want want = session_next(c->session, loop_time());
        if (want == SESSION_SHUT)
            shut_down(c);
        else if (want != SESSION_WRITE || !transmit(c, pieces < PIECES_PER_STEP))
            return want;
    }
}

static void step(struct client *c)
{
    c->last_chance = false;
    enum session_want want = go_on(c);
    if (want == SESSION_CLOSE) {
        close_client(c);
        return;
    }
    keep_time(c);
    read_more(c, want == SESSION_READ);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *space)
{
    struct client *c = stream->data;
    (void)space;
    events++;
    if (n > 0)
        session_received(c->session, (size_t)n, loop_time());
    else if (n == UV_EOF)
        session_eof(c->session);
    else if (n < 0)
        session_abort(c->session);
    step(c);
}

static void on_written(uv_write_t *request, int status)
{
    struct client *c = request->data;
    events++;
    if (uv_is_closing(&c->socket.handle))
        return;
    if (status < 0)
        session_abort(c->session);
    else
        session_sent(c->session, c->queued, loop_time());
    c->queued = 0;
    step(c);
}

static void on_timer(uv_timer_t *timer)
{
    struct client *c = timer->data;
    /* libuv runs timers before it looks at sockets, and the loop may have been busy meanwhile. */
    if (c->reading && !c->last_chance && session_deadline(c->session) <= loop_time()) {
        c->last_chance = true;
        uv_timer_start(&c->timer, on_timer, 0, 0);
    } else if (session_expired(c->session, loop_time())) {
        step(c);
    } else {
        keep_time(c);
    }
}

static void do_nothing(uv_idle_t *handle)
{
    (void)handle;
}

/* Not more than its share in one turn; the next turn comes at once. Without memory the connection
 * waits for one of the next turns. */
static void accept_one(struct listener *l)
{
    bool is_share_taken = accepts == ACCEPTS_PER_TURN;
    struct client *c = is_share_taken ? NULL : calloc(1, sizeof *c);
    l->waits = !c;
    count(&server->counters->accept_bursts, is_share_taken);
    if (is_share_taken)
        uv_idle_start(&no_wait, do_nothing);
    if (!c)
        return;
    accepts++;
    init_socket(&c->socket);
    uv_timer_init(&loop, &c->timer);
    c->socket.handle.data = c->timer.data = c;
    c->handles = 2;
    LIST_INSERT_HEAD(&clients, c, link);
    count(&server->counters->accepted, 1);
    bool full = server->max_connections != 0 && count_clients >= server->max_connections;
    count_clients++;
    if (uv_accept(&l->socket.stream, &c->socket.stream) == 0 && !full)
        c->session =
            session_open(server->app, &server->app_options, server->counters, loop_time());
    if (c->session) {
        step(c);
    } else {
        count(&server->counters->refused, 1);
        close_client(c);
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

static void on_connection(uv_stream_t *stream, int status)
{
    events++;
    if (status >= 0)
        accept_one(stream->data);
    else if (server_stopping(server))
        stop_listening(); /* shut down, it would fail for ever, and libuv tries for ever */
    else
        count(&server->counters->accept_errors, 1);
}

static void close_idle(void)
{
    uv_close((uv_handle_t *)&no_wait, NULL);
    for (struct client *c = LIST_FIRST(&clients), *next; c; c = next) {
        next = LIST_NEXT(c, link);
        session_drain(c->session);
        session_dry(c->session, true);
        if (c->reading)
            step(c);
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
    for (unsigned i = 0; i < server->socket_count; i++)
        if (listeners[i].waits)
            accept_one(&listeners[i]);
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
