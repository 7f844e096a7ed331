#include "loadgen/engine/uring.h"

#include <poll.h>

#include "common/err.h"

/* What keeps the kernel from taking requests, no memory or a full completion queue, passes when
 * completions are moved on; if it does not, so many times over, this is the end. */
#define TRIES_MAX 1000

void uring_submit(struct io *io)
{
    struct uring_state *s = io->state;

    for (unsigned tries = 0; io_uring_sq_ready(&s->ring.io) > 0; tries++) {
        int result = io_uring_submit(&s->ring.io);
        io->total.n[COUNT_IO_URING_ENTER]++;
        if (result > 0)
            continue;
        errno = result < 0 ? -result : EAGAIN;
        if (!uring_passing(errno) || tries >= TRIES_MAX)
            die_errno("cannot submit requests");
        io_uring_get_events(&s->ring.io);
        io->total.n[COUNT_IO_URING_ENTER]++;
    }
}

struct io_uring_sqe *uring_request(struct io *io)
{
    struct uring_state *s = io->state;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.io);
    if (!sqe) {
        uring_submit(io);
        sqe = io_uring_get_sqe(&s->ring.io);
    }
    return sqe;
}

void uring_arm_poll(struct io *io, struct client_conn *c, enum uring_kind kind)
{
    struct uring_conn *u = uring_conn(io, c);

    if (u->armed & URING_BIT(kind))
        return;
    u->armed |= URING_BIT(kind);
    struct io_uring_sqe *sqe = uring_request(io);
    io_uring_prep_poll_add(sqe, uring_slot(io, c),
                           kind == WRITABLE ? POLLOUT : POLLIN | POLLRDHUP);
    sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = uring_tag(io, c, kind);
}

void uring_arm_receive(struct io *io, struct client_conn *c)
{
    struct uring_conn *u = uring_conn(io, c);

    if (u->plain) {
        uring_arm_poll(io, c, READABLE);
        return;
    }
    u->armed |= URING_BIT(RECEIVE);
    struct io_uring_sqe *sqe = uring_request(io);
    io_uring_prep_recv_multishot(sqe, uring_slot(io, c), NULL, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    sqe->user_data = uring_tag(io, c, RECEIVE);
}

void uring_cancel(struct io *io, struct client_conn *c, enum uring_kind kind)
{
    if (!(uring_conn(io, c)->armed & URING_BIT(kind)))
        return;
    struct io_uring_sqe *sqe = uring_request(io);
    io_uring_prep_cancel64(sqe, uring_tag(io, c, kind), 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = OTHER;
}
