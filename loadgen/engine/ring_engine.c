/* Engine on io_uring: completions instead of readiness (io_uring(7), io_uring_enter(2)).
 *
 * A request costs, in the normal case, a share of one io_uring_enter and nothing else. That call
 * submits the requests that follow from a batch of answers, and waits for the next batch.
 *
 * Receiving. One multishot receive for each connection is armed when the connection comes up, and
 * stays. When data comes, the kernel picks one of the thread's buffers, posts a completion, and
 * goes on. So no connection needs memory of its own. A completion without IORING_CQE_F_MORE says
 * that the receive is over: the stream has ended, there was an error, or the buffers ran out
 * (ENOBUFS). Without buffers nothing is lost: the data is still in the socket, and the receive is
 * armed once more.
 *
 * Where answers are large, copying them costs more than calls do, and many small buffers cost more
 * than one buffer that stays in the cache. Such a connection receives plainly: a one-shot poll
 * through the ring, recv(2) into one buffer of the thread, and the poll again. So does every
 * connection where the kernel knows no multishot receive.
 *
 * Sending is in ring_send.c: a send through the ring that posts no completion when it succeeds.
 *
 * Closing. Only two kinds of request are ever pending for a connection, receives and polls, and
 * neither refers to the connection's memory. Each completion brings back a tag: the number of the
 * connection, its generation, and the kind. Closing begins a new generation, so a late completion
 * of the old one is dropped, but for its buffer. A pending request keeps the socket open, so
 * closing cancels the requests by their tags.
 *
 * Sockets are registered: a request names its socket by its slot, the connection's number, and the
 * kernel need not take and drop a reference each time. The slot also keeps a request of an old
 * connection from reaching a new connection that got the same descriptor: the slot is emptied
 * through the ring, in order, and filled again only after all that was queued is submitted.
 *
 * Time. A request counts as sent when it was queued, a little before the kernel sends it. In an
 * open loop an answer counts as received when its batch was handed over; in a closed loop, when
 * the engine comes to it. So the latency is never understated; it includes the time that a request
 * waits for the rest of its batch. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/cli/options.h"
#include "loadgen/engine/dial.h"
#include "loadgen/engine/ring_engine.h"

/* An answer that fills so many provided buffers one after another is large. */
#define FULL_BUFFERS 4

/* Whether the alarm is due is looked at after so many events of a batch. */
#define MIND_EVERY 16

static void close_conn(struct io *io, struct client_conn *c)
{
    struct ring_state *s = io->state;
    struct ring_conn *u = ring_conn(io, c);

    if (c->fd < 0)
        return;
    if (u->registered) {
        ring_cancel(io, c, RECEIVE);
        ring_cancel(io, c, READABLE);
        ring_cancel(io, c, WRITABLE);
        struct io_uring_sqe *sqe = ring_request(io);
        io_uring_prep_close_direct(sqe, (unsigned)ring_slot(io, c));
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        sqe->user_data = OTHER;
        s->closing = true;
    }
    u->registered = false;
    u->armed = 0;
    u->generation++;
    u->queued = 0;
    engine_close_socket(io, c->fd);
    c->fd = -1;
}

/* Put the socket of `c` into its slot. */
static void enter_slot(struct io *io, struct client_conn *c)
{
    struct ring_state *s = io->state;
    struct ring_conn *u = ring_conn(io, c);

    if (s->closing)
        ring_submit(io);
    s->closing = false;
    int result =
        io_uring_register_files_update(&s->ring.io, (unsigned)ring_slot(io, c), &c->fd, 1);
    if (result < 0) {
        errno = -result;
        die_errno("cannot register a connection");
    }
    u->registered = true;
    u->full = 0;
    u->plain = s->all_plain;
}

/* The connecting itself is not the ring's: it would let a Unix-domain socket whose server's queue
 * is full wait in a kernel thread, instead of saying so. */
static int connect_conn(struct io *io, struct client_conn *c)
{
    int error = dial(io->sources, &io->source, &io->options->url.addr, 0, &c->fd);

    if (error && error != EINPROGRESS)
        return error;
    enter_slot(io, c);
    if (error)
        ring_arm_poll(io, c, WRITABLE);
    else
        ring_arm_receive(io, c);
    return error;
}

/* A provided buffer was filled by `size` bytes; after some full ones the connection is taken
 * for one with large answers. */
static void note_size(struct io *io, struct client_conn *c, size_t size)
{
    struct ring_conn *u = ring_conn(io, c);

    if (size < RING_BUFFER_SIZE)
        u->full = 0;
    else if (!u->plain && ++u->full == FULL_BUFFERS) {
        u->plain = true;
        ring_cancel(io, c, RECEIVE);
    }
}

/* An event of the multishot receive. */
static void received(struct io *io, struct client_conn *c, int result, uint32_t flags)
{
    struct ring_state *s = io->state;
    struct ring_conn *u = ring_conn(io, c);
    uint32_t generation = u->generation;

    if (!(flags & IORING_CQE_F_MORE))
        u->armed &= (uint8_t)~RING_BIT(RECEIVE);
    if (result > 0) {
        io->events->received(io, c, ring_buffer(&s->ring, flags), (size_t)result);
        if (u->generation != generation)
            return;
        note_size(io, c, (size_t)result);
    } else if (result == 0) {
        io->events->ended(io, c);
        return;
    } else if (result != -ENOBUFS && result != -ECANCELED && !ring_passing(-result)) {
        io->events->failed(io, c, -result);
        return;
    }
    if (!(flags & IORING_CQE_F_MORE))
        ring_arm_receive(io, c);
}

/* The socket can be read: once, or to the end where that is near. */
static void receive_plainly(struct io *io, struct client_conn *c)
{
    struct ring_state *s = io->state;

    do {
        ssize_t n = recv(c->fd, s->buffer, sizeof s->buffer, 0);
        int error = errno;
        io->total.n[COUNT_RECV]++;
        io->now = clock_ns();
        if (n > 0) {
            io->events->received(io, c, s->buffer, (size_t)n);
        } else if (n == 0) {
            io->events->ended(io, c);
            return;
        } else if (error == EAGAIN) {
            io->total.n[COUNT_EAGAIN]++;
            break;
        } else if (error != EINTR) {
            io->events->failed(io, c, error);
            return;
        }
    } while (c->fd >= 0 && c->server_closed);
    if (c->fd >= 0)
        ring_arm_poll(io, c, READABLE);
}

/* The socket has room, or is connected, or could not be. */
static void writable(struct io *io, struct client_conn *c)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (c->state != CONN_CONNECTING) {
        ring_send_plainly(io, c);
        return;
    }
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        io->events->refused(io, c, error);
        return;
    }
    ring_arm_receive(io, c);
    io->events->connected(io, c);
}

static void polled(struct io *io, struct client_conn *c, enum ring_kind kind, int result)
{
    ring_conn(io, c)->armed &= (uint8_t)~RING_BIT(kind);
    if (result < 0 && result != -ECANCELED && !ring_passing(-result)) {
        errno = -result;
        die_errno("cannot watch a connection");
    }
    if (kind == WRITABLE) {
        writable(io, c);
        return;
    }
    if (result > 0 && (result & (POLLRDHUP | POLLHUP | POLLERR)))
        c->server_closed = true;
    receive_plainly(io, c);
}

static void watch_wake_fd(struct io *io)
{
    struct io_uring_sqe *sqe = ring_request(io);
    io_uring_prep_poll_add(sqe, io->wake_fd, POLLIN);
    sqe->user_data = WAKE;
}

static void woken(struct io *io)
{
    uint64_t count;
    if (read(io->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        die_errno("cannot read the wake-up descriptor");
    watch_wake_fd(io);
}

/* What must be known before anything in the batch is acted upon: requests that were not sent,
 * and streams that have ended, for their end may come after the last answer in the same batch,
 * and then no request may be sent between. */
static void look_ahead(struct io *io, const struct io_uring_cqe *cqe)
{
    enum ring_kind kind = ring_kind(cqe->user_data);
    bool ended = kind == RECEIVE && !(cqe->flags & IORING_CQE_F_MORE) && cqe->res <= 0 &&
                 cqe->res != -ENOBUFS && cqe->res != -ECANCELED && !ring_passing(-cqe->res);

    if (kind != SEND && !ended)
        return;
    struct client_conn *c = ring_conn_of(io, cqe->user_data);
    if (!c)
        return;
    if (ended)
        c->server_closed = true;
    else
        ring_send_failed(io, c, cqe->res);
}

static void handle(struct io *io, const struct io_uring_cqe *cqe)
{
    struct ring_state *s = io->state;
    enum ring_kind kind = ring_kind(cqe->user_data);

    /* In a closed loop the clock goes on with each request that follows from the batch. So what an
     * answer waits behind others of its batch is in its own latency: the next request of its
     * connection begins only then, and no other latency has that time. */
    if (io->options->rate_milli > 0)
        io->now = s->now;
    if (kind == WAKE) {
        woken(io);
    } else if (kind <= WRITABLE) {
        struct client_conn *c = ring_conn_of(io, cqe->user_data);
        /* Something in this batch for a connection whose request was begun in this batch. */
        bool begun = c && c->on_its_way > 0 && conn_oldest(c)->sent > s->now;
        if (begun)
            io->now = clock_ns();
        /* Data that was there before the request: a second answer to the one before it. */
        if (begun && kind == RECEIVE && cqe->res > 0)
            io->events->unasked(io, c);
        else if (c && kind == RECEIVE)
            received(io, c, cqe->res, cqe->flags);
        else if (c)
            polled(io, c, kind, cqe->res);
    }
    /* Whatever it was for, it may hold a buffer. */
    ring_recycle(&s->ring, cqe->flags);
}

/* How many completions to wait for. Of a connection there comes one, however many of its requests
 * they answer. */
static uint32_t wait_for(const struct io *io)
{
    uint64_t most = io->in_flight < io->conn_count ? io->in_flight : io->conn_count;
    return coalesce_batch(&io->coalesce, most);
}

/* False where a signal ended it: what there was may not have been reported. */
static bool submit_and_wait(struct io *io, uint64_t deadline)
{
    struct ring_state *s = io->state;
    uint32_t batch = wait_for(io);
    struct __kernel_timespec limit;
    struct io_uring_cqe *first;
    int result;

    if (deadline <= io->now) {
        result = io_uring_submit_and_get_events(&s->ring.io);
    } else {
        uint64_t left = deadline - io->now;
        bool bounded = batch > 1 && left > COALESCE_WAIT_NS;
        if (bounded)
            left = COALESCE_WAIT_NS;
        limit.tv_sec = (long long)(left / NS_PER_S);
        limit.tv_nsec = (long long)(left % NS_PER_S);
        result = io_uring_submit_and_wait_timeout(
            &s->ring.io, &first, batch, deadline == CLOCK_NEVER && !bounded ? NULL : &limit,
            NULL);
        if (bounded && result == -ETIME)
            coalesce_fell_short(&io->coalesce, io_uring_cq_ready(&s->ring.io));
    }
    io->total.n[COUNT_IO_URING_ENTER]++;
    if (result < 0 && !ring_passing(-result)) {
        errno = -result;
        die_errno("cannot wait for completions");
    }
    return result != -EINTR;
}

/* Handle what the first `n` of the batch say. */
static void handle_batch(struct io *io, unsigned n)
{
    struct ring_state *s = io->state;

    for (unsigned i = 0; i < n; i++)
        look_ahead(io, s->batch[i]);
    for (unsigned i = 0; i < n; i++) {
        handle(io, s->batch[i]);
        if (io->alarm && i % MIND_EVERY == MIND_EVERY - 1) {
            io->now = clock_ns();
            if (io_mind_alarm(io))
                ring_submit(io);
        }
    }
    io_uring_cq_advance(&s->ring.io, n);
}

static void wait_events(struct io *io, uint64_t deadline)
{
    struct ring_state *s = io->state;
    unsigned n;
    uint64_t from = io_wait_begins(io);
    bool sleeps = deadline > io->now;
    bool sends = io_uring_sq_ready(&s->ring.io) > 0;

    /* One call completes 20 requests or so that have become ready, and leaves the others for the
     * next one (IO_LOCAL_TW_DEFAULT_MAX in io_uring/io_uring.c): any event may not be the last. */
    io->more = !submit_and_wait(io, deadline);
    io->now = s->now = clock_ns();
    io_wait_over(io, from, sleeps, sends || io_uring_cq_ready(&s->ring.io) > 0);
    coalesce_waited(&io->coalesce, io->now);
    if (io->awake)
        io->awake(io->owner);
    /* A pipeline's send must be over before the next one is queued. */
    if (io->options->pipeline > 1 && io_uring_sq_ready(&s->ring.io) > 0)
        ring_submit(io);
    do {
        n = io_uring_peek_batch_cqe(&s->ring.io, s->batch, RING_BATCH);
        io->more |= n > 0;
        handle_batch(io, n);
        /* And it must be known how it ended. */
    } while (n == RING_BATCH && io->options->pipeline > 1);
}

static bool available(char *why, size_t size)
{
    struct ring ring;
    if (!ring_open(&ring, 1, why, size))
        return false;
    ring_close(&ring);
    return true;
}

static void create(struct io *io)
{
    const struct options *o = io->options;
    struct ring_state *s = xmalloc(sizeof *s);
    char why[160];

    if (!ring_open(&s->ring, io->conn_count, why, sizeof why))
        die("thread %u: %s", io->thread, why);
    io->state = s;
    s->conns = xcalloc(io->conn_count, sizeof *s->conns);
    s->closing = false;
    s->all_plain = !s->ring.multishot || (o->url.protocol == URL_ECHO &&
                                          o->payload >= FULL_BUFFERS * RING_BUFFER_SIZE);
    coalesce_init(&io->coalesce, o->coalesce && !o->spin && o->rate_milli == 0);
    watch_wake_fd(io);
}

static void destroy(struct io *io)
{
    struct ring_state *s = io->state;

    ring_submit(io);
    ring_close(&s->ring);
    free(s->conns);
    free(s);
}

const struct engine engine_ring = {
    .name = "io_uring",
    .available = available,
    .create = create,
    .connect = connect_conn,
    .send = ring_send,
    .close = close_conn,
    .wait = wait_events,
    .destroy = destroy,
};
