/* How the io_uring engine sends.
 *
 * A send asks for no completion when it succeeds (IOSQE_CQE_SKIP_SUCCESS), so a request neither
 * ends a wait nor costs an event. That needs two more flags. MSG_WAITALL makes a send that took
 * only a part count as failed, so that it does post a completion, with the number of bytes taken;
 * without it the rest would silently be missing. MSG_DONTWAIT makes the outcome known at once:
 * without it a send that does not fit would wait in the kernel, nobody here could tell, and the
 * next request might overtake it. So no send is ever pending, and the completion of one that
 * failed is there when the call that submitted it returns, before any answer can be looked at.
 * The rest is sent as the epoll engine does it: send(2) whenever the socket has room, told by a
 * poll. Requests that are unlikely to fit go that way from the start.
 *
 * A pipeline goes out as one request with many pieces, one a turn of the loop: how it ended is
 * known before the next one is made. */
#include <sys/socket.h>

#include "loadgen/engine/ring_engine.h"

/* A request longer than this is not sent through the ring. Above what the kernel takes at one
 * time of a Unix-domain socket (net.core.wmem_default), so that the tests see sends that do not
 * fit. */
#define RING_SEND_MAX ((size_t)256 << 10)

void ring_send_plainly(struct io *io, struct client_conn *c)
{
    if (!engine_send(io, c))
        ring_arm_poll(io, c, WRITABLE);
}

/* Send several requests at once. What is queued stays at the head of the pipeline until it is
 * known to be sent, for the kernel reads the pieces when the request is submitted. This is
 * called once between two waits, so the one before it was submitted, and if it had failed
 * ring_send_failed() would have been told. */
static void send_pipeline(struct io *io, struct client_conn *c)
{
    struct ring_conn *u = ring_conn(io, c);

    pipeline_sent(c->pipeline, u->queued);
    u->queued = 0;
    if (u->armed & RING_BIT(WRITABLE))
        return;
    if (c->out_left > RING_SEND_MAX) {
        ring_send_plainly(io, c);
        return;
    }
    struct io_uring_sqe *sqe = ring_request(io);
    io_uring_prep_sendmsg(sqe, ring_slot(io, c), pipeline_message(c->pipeline),
                          MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = ring_tag(io, c, SEND);
    u->queued = (uint32_t)c->out_left;
    engine_count_sent(io, c->out_left);
    c->out_left = 0;
}

void ring_send(struct io *io, struct client_conn *c)
{
    struct ring_conn *u = ring_conn(io, c);

    if (c->pipeline) {
        send_pipeline(io, c);
        return;
    }
    if (c->out_left > RING_SEND_MAX) {
        ring_send_plainly(io, c);
        return;
    }
    struct io_uring_sqe *sqe = ring_request(io);
    io_uring_prep_send(sqe, ring_slot(io, c), c->out, c->out_left,
                       MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = ring_tag(io, c, SEND);
    u->queued = (uint32_t)c->out_left;
    engine_count_sent(io, c->out_left);
    c->out += c->out_left;
    c->out_left = 0;
}

void ring_send_failed(struct io *io, struct client_conn *c, int result)
{
    struct ring_conn *u = ring_conn(io, c);
    size_t sent = result > 0 ? (size_t)result : 0;
    size_t left = u->queued - sent;

    /* Sent bytes are counted when they are queued. A count that went back might go below what it
     * was when the window opened. */
    io->unpaid += left;
    u->queued = 0;
    bool passing = result >= 0 || ring_passing(-result);
    if (!passing)
        io->events->send_failed(io, c, -result);
    if (c->fd < 0)
        return;
    io->total.n[COUNT_EAGAIN] += passing;
    if (c->pipeline)
        pipeline_sent(c->pipeline, sent);
    else
        c->out -= left;
    c->out_left += left;
    if (passing)
        ring_arm_poll(io, c, WRITABLE);
}
