#include "loadgen/engine/uring.h"

#include <poll.h>

#include "common/err.h"

/* What keeps the kernel from taking requests, no memory or a full completion queue, passes when
 * completions are moved on; if it does not, so many times over, this is the end. */
#define TRIES_MAX 1000

void uring_submit(struct worker *w)
{
    struct uring_state *s = w->engine_state;

    for (unsigned tries = 0; io_uring_sq_ready(&s->ring.io) > 0; tries++) {
        int result = io_uring_submit(&s->ring.io);
        w->total.n[COUNT_IO_URING_ENTER]++;
        if (result > 0)
            continue;
        errno = result < 0 ? -result : EAGAIN;
        if (!uring_passing(errno) || tries >= TRIES_MAX)
            die_errno("cannot submit requests");
        io_uring_get_events(&s->ring.io);
        w->total.n[COUNT_IO_URING_ENTER]++;
    }
}

struct io_uring_sqe *uring_request(struct worker *w)
{
    struct uring_state *s = w->engine_state;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.io);
    if (!sqe) {
        uring_submit(w);
        sqe = io_uring_get_sqe(&s->ring.io);
    }
    return sqe;
}

void uring_arm_poll(struct worker *w, struct client_conn *c, enum uring_kind kind)
{
    struct uring_conn *u = uring_conn(w, c);

    if (u->armed & URING_BIT(kind))
        return;
    u->armed |= URING_BIT(kind);
    struct io_uring_sqe *sqe = uring_request(w);
    io_uring_prep_poll_add(sqe, uring_slot(w, c),
                           kind == WRITABLE ? POLLOUT : POLLIN | POLLRDHUP);
    sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = uring_tag(w, c, kind);
}

void uring_arm_receive(struct worker *w, struct client_conn *c)
{
    struct uring_conn *u = uring_conn(w, c);

    if (u->plain) {
        uring_arm_poll(w, c, READABLE);
        return;
    }
    u->armed |= URING_BIT(RECEIVE);
    struct io_uring_sqe *sqe = uring_request(w);
    io_uring_prep_recv_multishot(sqe, uring_slot(w, c), NULL, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    sqe->user_data = uring_tag(w, c, RECEIVE);
}

void uring_cancel(struct worker *w, struct client_conn *c, enum uring_kind kind)
{
    if (!(uring_conn(w, c)->armed & URING_BIT(kind)))
        return;
    struct io_uring_sqe *sqe = uring_request(w);
    io_uring_prep_cancel64(sqe, uring_tag(w, c, kind), 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = OTHER;
}
