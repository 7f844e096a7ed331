/* libuv: the event library under Node.js, one thread, a callback for each thing that is done.
 *
 * How it waits   In uv_run(), which on Linux waits in epoll_wait(), level-triggered.
 * Who works      The one thread, in the callbacks.
 * It costs       Per request write, read and an epoll_ctl, by which the library ends what it began
 *                for the write, and a share of epoll_wait: 3 + 1/batch system calls. A request
 *                that waits costs none.
 * It breaks      As `epoll` does.
 *
 * It is written as users of the library write a client: a handle and a timer for each
 * connection, a callback for each step, and each callback begins the next step. libuv connects
 * without blocking, and reads SO_ERROR itself. A handle that is closed can be made anew only
 * when on_closed() has been called, so a connection goes on from there. */
#include "clients/client.h"

#include <stdlib.h>
#include <uv.h>

#include "clients/drive/conn.h"
#include "common/clock.h"
#include "common/err.h"

#define SPACE 65536

struct fetcher {
    struct conn conn;
    uv_tcp_t tcp;
    bool has_tcp; /* it is open, or it is being closed */
    uv_connect_t connecting;
    uv_write_t *writing; /* of the request that is under way; NULL: it is sent */
    uv_timer_t timer;
};

static uv_loop_t loop;
static void go_on(struct fetcher *f);

static void on_closed(uv_handle_t *handle)
{
    struct fetcher *f = handle->data;
    f->has_tcp = false;
    go_on(f);
}

/* What is closed calls back once more, with an error. Nobody listens then. */
static bool is_closing(const struct fetcher *f)
{
    return uv_is_closing((const uv_handle_t *)&f->tcp);
}

/* The library tells in the next round of the loop what it has sent at once. By then the answer can
 * have come, and the next request can be under way. */
static void on_written(uv_write_t *request, int status)
{
    struct fetcher *f = request->data;
    bool is_news = f->writing == request;
    if (is_news)
        f->writing = NULL;
    free(request);
    if (!is_news || is_closing(f))
        return;
    if (status < 0)
        conn_broken(&f->conn, -status);
    else
        conn_sent(&f->conn, f->conn.length);
    go_on(f);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *space)
{
    static char shared[SPACE]; /* on_read() is the next call, and keeps nothing */
    (void)handle, (void)suggested;
    *space = uv_buf_init(shared, SPACE);
}

/* All of the request is with the kernel, though on_written() has not been called. That happens
 * where more is ready than the 1,024 events that the library takes at once: it asks for the others,
 * and tells afterwards what was written. */
static bool is_sent(const struct fetcher *f)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&f->tcp) == 0;
}

/* It is called as long as the connection is open. Bytes that come before the request is sent answer
 * nothing. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *space)
{
    struct fetcher *f = stream->data;
    if (n == 0)
        return; /* EAGAIN */
    if (f->conn.state == CONN_SENDING && is_sent(f)) {
        f->writing = NULL;
        conn_sent(&f->conn, f->conn.length);
    }
    if (n > 0 && f->conn.state == CONN_SENDING)
        conn_fail(&f->conn, OUTCOME_CORRUPT);
    else if (n > 0 || n == UV_EOF)
        conn_received(&f->conn, space->base, n > 0 ? (size_t)n : 0);
    else
        conn_broken(&f->conn, (int)-n);
    go_on(f);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct fetcher *f = request->data;
    if (is_closing(f))
        return;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&f->tcp, on_alloc, on_read);
    if (status < 0)
        conn_broken(&f->conn, -status);
    else
        conn_up(&f->conn);
    go_on(f);
}

static void on_late(uv_timer_t *timer)
{
    struct fetcher *f = timer->data;
    if (f->conn.state == CONN_IDLE)
        return; /* it has ended, and its handle is being closed */
    conn_timed_out(&f->conn);
    go_on(f);
}

static int begin_connecting(struct fetcher *f)
{
    int error = uv_tcp_init(&loop, &f->tcp);
    if (error != 0)
        return error;
    f->has_tcp = true;
    f->tcp.data = f->connecting.data = f;
    uv_tcp_nodelay(&f->tcp, 1);
    f->conn.state = CONN_CONNECTING;
    return uv_tcp_connect(&f->connecting, &f->tcp, addr_sockaddr(&f->conn.job->url.addr),
                          on_connected);
}

static int begin_sending(struct fetcher *f)
{
    uv_buf_t request = uv_buf_init(f->conn.request, (unsigned)f->conn.length);
    f->writing = xmalloc(sizeof *f->writing);
    f->writing->data = f;
    int error = uv_write(f->writing, (uv_stream_t *)&f->tcp, &request, 1, on_written);
    if (error != 0) { /* then nobody calls back */
        free(f->writing);
        f->writing = NULL;
    }
    return error;
}

/* Begin the next step. Returns an error of libuv. */
static int begin_step(struct fetcher *f)
{
    if (f->conn.state == CONN_CLOSED)
        return begin_connecting(f);
    if (f->conn.state == CONN_SENDING)
        return begin_sending(f);
    return 0; /* the answer comes to on_read() */
}

static bool take(struct fetcher *f)
{
    if (!conn_take(&f->conn))
        return false;
    uv_update_time(&loop); /* a timer counts from the time that the loop has read last */
    uv_timer_start(&f->timer, on_late, f->conn.job->timeout / NS_PER_MS + 1, 0);
    return true;
}

static void go_on(struct fetcher *f)
{
    struct conn *c = &f->conn;
    int error = 0;
    do {
        if (error != 0)
            conn_broken(c, -error);
        if (f->has_tcp && is_closing(f))
            return; /* on_closed() goes on */
        bool is_over = c->state == CONN_IDLE && !take(f);
        if (f->has_tcp && !c->open && (is_over || c->state == CONN_CLOSED)) {
            uv_close((uv_handle_t *)&f->tcp, on_closed);
            return;
        }
        if (is_over) {
            uv_close((uv_handle_t *)&f->timer, NULL);
            return;
        }
        error = begin_step(f);
    } while (error != 0);
}

static void run(struct job *job)
{
    struct fetcher *fetchers = xcalloc(job->concurrency, sizeof *fetchers);
    /* Whatever the environment says: what is measured is this model. */
    unsetenv("UV_USE_IO_URING");
    int error = uv_loop_init(&loop);
    if (error != 0)
        die("libuv: cannot create an event loop: %s", uv_strerror(error));
    for (unsigned i = 0; i < job->concurrency; i++) {
        struct fetcher *f = &fetchers[i];
        conn_init(&f->conn, job, i);
        uv_timer_init(&loop, &f->timer);
        f->timer.data = f;
        go_on(f);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    for (unsigned i = 0; i < job->concurrency; i++)
        conn_free(&fetchers[i].conn);
    free(fetchers);
}

const struct client client = {
    .name = "libuv",
    .summary = "one thread, callbacks of the libuv event library",
    .run = run,
};
