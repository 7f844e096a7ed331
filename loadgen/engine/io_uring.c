/* Engine on io_uring: completions instead of readiness (io_uring(7), io_uring_enter(2)).
 *
 * Per request in the normal case: the share of one io_uring_enter, which submits the requests
 * that a batch of answers gave rise to and waits for the next batch. Nothing else.
 *
 * Receiving. One multishot receive a connection is armed when it comes up and stays. When data
 * comes, the kernel picks one of the thread's buffers, posts a completion, and goes on; so
 * there is no memory a connection. A completion without IORING_CQE_F_MORE says that the receive
 * is over: the end of the stream, an error, or that the buffers ran out (ENOBUFS). Then nothing
 * was lost, the data is still in the socket, and the receive is armed once more.
 *
 * Where answers are large, copying them costs more than calls do, and going through many small
 * buffers more than one that stays in the cache. Such a connection receives plainly: a one-shot
 * poll through the ring, recv(2) into one buffer of the thread, and the poll again. So does
 * every connection where the kernel knows no multishot receive.
 *
 * Sending is in uring_send.c: a send through the ring that posts no completion when it succeeds.
 *
 * Closing. Only two kinds of request are ever pending for a connection, receives and polls, and
 * neither refers to its memory. The number of the connection, its generation and the kind are
 * in the tag that comes back with each completion; closing begins a new generation, so what
 * comes late for the old one is dropped, but for its buffer. A pending request keeps the socket
 * open, so closing cancels them by their tags.
 *
 * Sockets are registered: a request then names its socket by its slot, the connection's number,
 * and the kernel need not take and drop a reference each time. It also keeps what is queued for
 * an old connection from reaching a new one that got the same descriptor: the slot is emptied
 * through the ring, in order, and filled again only after all that was queued is submitted.
 *
 * Time. An answer counts as received when the batch that it is in was handed over, a request as
 * sent when it was queued, a little before the kernel sends it. So the latency is never
 * understated; it includes the waiting of a request for the rest of its batch. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/engine/uring.h"
#include "loadgen/load/run.h"
#include "loadgen/load/worker.h"

/* An answer that fills so many provided buffers one after another is large. */
#define FULL_BUFFERS 4

/* In an open loop the schedule is looked at after so many events of a batch. */
#define MIND_EVERY 16

static void uring_close(struct worker *w, struct client_conn *c)
{
    struct uring_state *s = w->engine_state;
    struct uring_conn *u = uring_conn(w, c);

    if (c->fd < 0)
        return;
    if (u->registered) {
        uring_cancel(w, c, RECEIVE);
        uring_cancel(w, c, READABLE);
        uring_cancel(w, c, WRITABLE);
        struct io_uring_sqe *sqe = uring_request(w);
        io_uring_prep_close_direct(sqe, (unsigned)uring_slot(w, c));
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        sqe->user_data = OTHER;
        s->closing = true;
    }
    u->registered = false;
    u->armed = 0;
    u->generation++;
    u->queued = 0;
    engine_close_socket(w, c->fd);
    c->fd = -1;
}

/* Put the socket of `c` into its slot. */
static void enter_slot(struct worker *w, struct client_conn *c)
{
    struct uring_state *s = w->engine_state;
    struct uring_conn *u = uring_conn(w, c);

    if (s->closing)
        uring_submit(w);
    s->closing = false;
    int result =
        io_uring_register_files_update(&s->ring.io, (unsigned)uring_slot(w, c), &c->fd, 1);
    if (result < 0) {
        errno = -result;
        die_errno("cannot register a connection");
    }
    u->registered = true;
    u->full = 0;
    u->plain = s->all_plain;
}

/* The connecting itself is not the ring's: it would let a Unix-domain socket whose peer's queue
 * is full wait in a kernel thread, instead of saying so. */
static int uring_connect(struct worker *w, struct client_conn *c)
{
    int error = engine_open(w, c);

    if (error && error != EINPROGRESS)
        return error;
    enter_slot(w, c);
    if (error)
        uring_arm_poll(w, c, WRITABLE);
    else
        uring_arm_receive(w, c);
    return error;
}

/* A provided buffer was filled by `size` bytes; after some full ones the connection is taken
 * for one with large answers. */
static void note_size(struct worker *w, struct client_conn *c, size_t size)
{
    struct uring_conn *u = uring_conn(w, c);

    if (size < RING_BUFFER_SIZE)
        u->full = 0;
    else if (!u->plain && ++u->full == FULL_BUFFERS) {
        u->plain = true;
        uring_cancel(w, c, RECEIVE);
    }
}

/* An event of the multishot receive. */
static void received(struct worker *w, struct client_conn *c, int result, uint32_t flags)
{
    struct uring_state *s = w->engine_state;
    struct uring_conn *u = uring_conn(w, c);
    uint32_t generation = u->generation;

    if (!(flags & IORING_CQE_F_MORE))
        u->armed &= (uint8_t)~URING_BIT(RECEIVE);
    if (result > 0) {
        conn_received(w, c, ring_buffer(&s->ring, flags), (size_t)result);
        if (u->generation != generation)
            return;
        note_size(w, c, (size_t)result);
    } else if (result == 0) {
        conn_ended(w, c);
        return;
    } else if (result != -ENOBUFS && result != -ECANCELED && !uring_passing(-result)) {
        conn_error(w, c, -result);
        return;
    }
    if (!(flags & IORING_CQE_F_MORE))
        uring_arm_receive(w, c);
}

/* The socket can be read: once, or to the end where that is near. */
static void receive_plainly(struct worker *w, struct client_conn *c)
{
    struct uring_state *s = w->engine_state;

    do {
        ssize_t n = recv(c->fd, s->buffer, sizeof s->buffer, 0);
        int error = errno;
        w->total.n[COUNT_RECV]++;
        w->now = clock_ns();
        if (n > 0) {
            conn_received(w, c, s->buffer, (size_t)n);
        } else if (n == 0) {
            conn_ended(w, c);
            return;
        } else if (error == EAGAIN) {
            w->total.n[COUNT_EAGAIN]++;
            break;
        } else if (error != EINTR) {
            conn_error(w, c, error);
            return;
        }
    } while (c->fd >= 0 && c->peer_closed);
    if (c->fd >= 0)
        uring_arm_poll(w, c, READABLE);
}

/* The socket has room, or is connected, or could not be. */
static void writable(struct worker *w, struct client_conn *c)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (c->state != CONN_CONNECTING) {
        uring_send_plainly(w, c);
        return;
    }
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        conn_refused(w, c, error);
        return;
    }
    uring_arm_receive(w, c);
    conn_connected(w, c);
}

static void polled(struct worker *w, struct client_conn *c, enum uring_kind kind, int result)
{
    uring_conn(w, c)->armed &= (uint8_t)~URING_BIT(kind);
    if (result < 0 && result != -ECANCELED && !uring_passing(-result)) {
        errno = -result;
        die_errno("cannot watch a connection");
    }
    if (kind == WRITABLE) {
        writable(w, c);
        return;
    }
    if (result > 0 && (result & (POLLRDHUP | POLLHUP | POLLERR)))
        c->peer_closed = true;
    receive_plainly(w, c);
}

static void watch_wake_fd(struct worker *w)
{
    struct io_uring_sqe *sqe = uring_request(w);
    io_uring_prep_poll_add(sqe, w->wake_fd, POLLIN);
    sqe->user_data = WAKE;
}

static void woken(struct worker *w)
{
    uint64_t count;
    if (read(w->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        die_errno("cannot read the wake-up descriptor");
    watch_wake_fd(w);
}

/* What must be known before anything in the batch is acted upon: requests that were not sent,
 * and streams that have ended, for their end may come after the last answer in the same batch,
 * and then no request may be sent between. */
static void look_ahead(struct worker *w, const struct io_uring_cqe *cqe)
{
    enum uring_kind kind = uring_kind(cqe->user_data);
    bool ended = kind == RECEIVE && !(cqe->flags & IORING_CQE_F_MORE) && cqe->res <= 0 &&
                 cqe->res != -ENOBUFS && cqe->res != -ECANCELED && !uring_passing(-cqe->res);

    if (kind != SEND && !ended)
        return;
    struct client_conn *c = uring_conn_of(w, cqe->user_data);
    if (!c)
        return;
    if (ended)
        c->peer_closed = true;
    else
        uring_send_failed(w, c, cqe->res);
}

static void handle(struct worker *w, const struct io_uring_cqe *cqe)
{
    struct uring_state *s = w->engine_state;
    enum uring_kind kind = uring_kind(cqe->user_data);

    w->now = s->now;
    if (kind == WAKE) {
        woken(w);
    } else if (kind <= WRITABLE) {
        struct client_conn *c = uring_conn_of(w, cqe->user_data);
        /* Something in this batch for a connection whose request was begun in this batch. */
        bool begun = c && c->on_its_way > 0 && conn_oldest(c)->sent > w->now;
        if (begun)
            w->now = clock_ns();
        /* Data that was there before the request: a second answer to the one before it. */
        if (begun && kind == RECEIVE && cqe->res > 0)
            conn_unasked(w, c);
        else if (c && kind == RECEIVE)
            received(w, c, cqe->res, cqe->flags);
        else if (c)
            polled(w, c, kind, cqe->res);
    }
    /* Whatever it was for, it may hold a buffer. */
    ring_recycle(&s->ring, cqe->flags);
}

/* How many completions to wait for. Of a connection there comes one, however many of its requests
 * they answer. */
static uint32_t wait_for(const struct worker *w)
{
    uint64_t most = w->in_flight_count < w->conn_count ? w->in_flight_count : w->conn_count;
    return coalesce_batch(&w->coalesce, most);
}

/* False where a signal ended it: what there was may not have been reported. */
static bool submit_and_wait(struct worker *w, uint64_t deadline)
{
    struct uring_state *s = w->engine_state;
    uint32_t batch = wait_for(w);
    struct __kernel_timespec limit;
    struct io_uring_cqe *first;
    int result;

    if (deadline <= w->now) {
        result = io_uring_submit_and_get_events(&s->ring.io);
    } else {
        uint64_t left = deadline - w->now;
        bool bounded = batch > 1 && left > COALESCE_WAIT_NS;
        if (bounded)
            left = COALESCE_WAIT_NS;
        limit.tv_sec = (long long)(left / NS_PER_S);
        limit.tv_nsec = (long long)(left % NS_PER_S);
        result = io_uring_submit_and_wait_timeout(
            &s->ring.io, &first, batch, deadline == CLOCK_NEVER && !bounded ? NULL : &limit,
            NULL);
        if (bounded && result == -ETIME)
            coalesce_fell_short(&w->coalesce, io_uring_cq_ready(&s->ring.io));
    }
    w->total.n[COUNT_IO_URING_ENTER]++;
    if (result < 0 && !uring_passing(-result)) {
        errno = -result;
        die_errno("cannot wait for completions");
    }
    return result != -EINTR;
}

/* Handle what the first `n` of the batch say. */
static void handle_batch(struct worker *w, unsigned n)
{
    struct uring_state *s = w->engine_state;

    for (unsigned i = 0; i < n; i++)
        look_ahead(w, s->batch[i]);
    for (unsigned i = 0; i < n; i++) {
        handle(w, s->batch[i]);
        if (w->open && i % MIND_EVERY == MIND_EVERY - 1) {
            w->now = clock_ns();
            if (open_loop_mind(w, w->open, w->now))
                uring_submit(w);
        }
    }
    io_uring_cq_advance(&s->ring.io, n);
}

static void uring_wait(struct worker *w, uint64_t deadline)
{
    struct uring_state *s = w->engine_state;
    unsigned n;

    /* One call completes 20 requests or so that have become ready, and leaves the others for the
     * next one (IO_LOCAL_TW_DEFAULT_MAX in io_uring/io_uring.c): any event may not be the last. */
    w->more = !submit_and_wait(w, deadline);
    w->now = s->now = clock_ns();
    coalesce_waited(&w->coalesce, w->now);
    if (w->open)
        open_loop_awake(w->open, w->now);
    /* A pipeline's send must be over before the next one is queued. */
    if (w->depth > 1 && io_uring_sq_ready(&s->ring.io) > 0)
        uring_submit(w);
    do {
        n = io_uring_peek_batch_cqe(&s->ring.io, s->batch, URING_BATCH);
        w->more |= n > 0;
        handle_batch(w, n);
        /* And it must be known how it ended. */
    } while (n == URING_BATCH && w->depth > 1);
}

static bool uring_available(char *why, size_t size)
{
    struct ring ring;
    if (!ring_open(&ring, 1, why, size))
        return false;
    ring_close(&ring);
    return true;
}

static void uring_create(struct worker *w)
{
    const struct options *o = w->run->options;
    struct uring_state *s = xmalloc(sizeof *s);
    char why[160];

    if (!ring_open(&s->ring, w->conn_count, why, sizeof why))
        die("thread %u: %s", w->index, why);
    w->engine_state = s;
    s->conns = xcalloc(w->conn_count, sizeof *s->conns);
    s->unpaid = 0;
    s->closing = false;
    s->is_unix = addr_family(&o->url.addr) == AF_UNIX;
    s->all_plain = !s->ring.multishot || (o->url.protocol == URL_ECHO &&
                                          o->payload >= FULL_BUFFERS * RING_BUFFER_SIZE);
    coalesce_init(&w->coalesce, o->coalesce && !w->open);
    watch_wake_fd(w);
}

static void uring_destroy(struct worker *w)
{
    struct uring_state *s = w->engine_state;

    uring_submit(w);
    ring_close(&s->ring);
    free(s->conns);
    free(s);
}

const struct engine engine_io_uring = {
    .name = "io_uring",
    .available = uring_available,
    .create = uring_create,
    .connect = uring_connect,
    .send = uring_send,
    .close = uring_close,
    .wait = uring_wait,
    .destroy = uring_destroy,
};
