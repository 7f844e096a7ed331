#include "loadgen/engine/ring_engine.h"

#include <poll.h>

#include "common/err.h"

/* What keeps the kernel from taking requests, no memory or a full completion queue, passes when
 * completions are moved on; if it does not, so many times over, this is the end. */
#define TRIES_MAX 1000

void ring_submit(struct io *io)
{
    struct ring_state *s = io->state;

    for (unsigned tries = 0; io_uring_sq_ready(&s->ring.io) > 0; tries++) {
        int result = io_uring_submit(&s->ring.io);
        io->total.n[COUNT_IO_URING_ENTER]++;
        if (result > 0)
            continue;
        errno = result < 0 ? -result : EAGAIN;
        if (!ring_passing(errno) || tries >= TRIES_MAX)
            die_errno("cannot submit requests");
        io_uring_get_events(&s->ring.io);
        io->total.n[COUNT_IO_URING_ENTER]++;
    }
}

struct io_uring_sqe *ring_request(struct io *io)
{
    struct ring_state *s = io->state;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.io);
    if (!sqe) {
        ring_submit(io);
        sqe = io_uring_get_sqe(&s->ring.io);
    }
    return sqe;
}

void ring_arm_poll(struct io *io, struct client_conn *c, enum ring_kind kind)
{
    struct ring_conn *u = ring_conn(io, c);

    if (u->armed & RING_BIT(kind))
        return;
    u->armed |= RING_BIT(kind);
    struct io_uring_sqe *sqe = ring_request(io);
    io_uring_prep_poll_add(sqe, ring_slot(io, c),
                           kind == WRITABLE ? POLLOUT : POLLIN | POLLRDHUP);
    sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = ring_tag(io, c, kind);
}

void ring_arm_receive(struct io *io, struct client_conn *c)
{
    struct ring_conn *u = ring_conn(io, c);

    if (u->plain) {
        ring_arm_poll(io, c, READABLE);
        return;
    }
    u->armed |= RING_BIT(RECEIVE);
    struct io_uring_sqe *sqe = ring_request(io);
    io_uring_prep_recv_multishot(sqe, ring_slot(io, c), NULL, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    sqe->user_data = ring_tag(io, c, RECEIVE);
}

void ring_cancel(struct io *io, struct client_conn *c, enum ring_kind kind)
{
    if (!(ring_conn(io, c)->armed & RING_BIT(kind)))
        return;
    struct io_uring_sqe *sqe = ring_request(io);
    io_uring_prep_cancel64(sqe, ring_tag(io, c, kind), 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = OTHER;
}
