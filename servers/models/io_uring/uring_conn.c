#include "servers/models/io_uring/uring_conn.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "servers/app/count.h"
#include "servers/models/io_uring/uring_io.h"

struct io_uring_sqe *uring_conn_request(struct uring_loop *l, struct uring_conn *c)
{
    c->pending++;
    return uring_request(&l->ring);
}

void uring_close_slot(struct uring_loop *l, unsigned slot)
{
    struct io_uring_sqe *sqe = uring_request(&l->ring);
    io_uring_prep_close_direct(sqe, slot);
    l->slots_closing++;
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = URING_OTHER;
}

/* What is pending holds the socket open, whatever the table says, so it is cancelled first. But a
 * shutdown is left to a worker thread of the kernel, which looks into the slot only when it gets to
 * run: until then the slot must not be another connection's. */
void uring_conn_close(struct uring_loop *l, struct uring_conn *c)
{
    if (c->closed)
        return;
    if (c->pending > 0) {
        struct io_uring_sqe *sqe = uring_request(&l->ring);
        io_uring_prep_cancel_fd(sqe, (int)c->slot,
                                IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD_FIXED);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        sqe->user_data = URING_OTHER;
    }
    if (!c->shutting_down)
        uring_close_slot(l, c->slot);
    timers_remove(&l->timers, &c->timer);
    *(c->previous ? &c->previous->next : &l->conns) = c->next;
    if (c->next)
        c->next->previous = c->previous;
    l->count--;
    count(&l->counters->closed, 1);
    c->closed = true;
    l->dying++;
    uring_wait_for_batch(l, c); /* whoever called this has it in hand still */
}

/* What comes is dropped, so an end that has come is the end. */
static void shut(struct uring_loop *l, struct uring_conn *c)
{
    if (c->eof) {
        uring_conn_close(l, c);
        return;
    }
    struct io_uring_sqe *sqe = uring_conn_request(l, c);
    io_uring_prep_shutdown(sqe, (int)c->slot, SHUT_WR);
    uring_on_slot(sqe, c, URING_SHUT_DOWN);
    c->shutting_down = true;
    chain_clear(&c->held);
    session_shut(c->session, l->now);
}

/* May a part of the last answer that was copied still have to be sent? What must come after that
 * answer, the next one or a close, waits. */
static bool copy_unseen(const struct uring_loop *l, const struct uring_conn *c)
{
    return c->copied_in == l->ring.epoch;
}

/* One thing that the session wants. Returns false when it has to wait for a completion. */
static bool advance(struct uring_loop *l, struct uring_conn *c)
{
    session_heed_stop(c->session, l->server);
    enum session_want want = session_next(c->session, l->now);
    if (want != SESSION_READ && want != SESSION_WAIT && copy_unseen(l, c)) {
        if (want != SESSION_WRITE || !uring_join(l, c))
            uring_wait_for_batch(l, c);
        return false;
    }
    switch (want) {
    case SESSION_READ:
        if (uring_feed(l, c))
            return true;
        uring_receive(l, c);
        return false;
    case SESSION_WRITE:
        uring_transmit(l, c);
        return !c->sending;
    case SESSION_WAIT:
        return false;
    case SESSION_SHUT:
        shut(l, c);
        return !c->closed;
    case SESSION_CLOSE:
        break;
    }
    uring_conn_close(l, c);
    return false;
}

void uring_conn_step(struct uring_loop *l, struct uring_conn *c)
{
    if (c->sending)
        return;
    while (advance(l, c))
        continue;
    c->copy_request = NULL;
    if (!c->closed)
        uring_keep_time(l, c);
}

void uring_conn_go_on(struct uring_loop *l, struct uring_conn *c)
{
    if (!c->closed) {
        uring_conn_step(l, c);
    } else if (c->pending == 0) {
        session_close(c->session);
        chain_clear(&c->rest);
        chain_clear(&c->held);
        free(c);
        l->dying--;
    }
}

static void received(struct uring_loop *l, struct uring_conn *c, const struct io_uring_cqe *cqe)
{
    bool whole = uring_received(l, c, cqe);
    if (c->closed)
        return;
    if (!whole) {
        uring_conn_close(l, c);
        return;
    }
    if (c->session->want == SESSION_READ)
        uring_conn_step(l, c);
    if (!c->closed)
        uring_balance(l, c);
}

void uring_conn_copy_failed(struct uring_loop *l, struct uring_conn *c, int result)
{
    if (c->closed)
        return;
    if (uring_resend(l, c, result))
        uring_keep_time(l, c);
    else
        uring_conn_close(l, c);
}

void uring_conn_joined(struct uring_loop *l, struct uring_conn *c, int result)
{
    if (!c->closed && !uring_joined(l, c, result))
        uring_conn_close(l, c);
}

void uring_conn_completed(struct uring_loop *l, const struct io_uring_cqe *cqe)
{
    struct uring_conn *c = uring_of(cqe);
    if (!(cqe->flags & IORING_CQE_F_MORE))
        c->pending--;
    if (uring_kind(cqe) == URING_SHUT_DOWN) {
        c->shutting_down = false;
        if (c->closed)
            uring_close_slot(l, c->slot);
    }
    if (uring_kind(cqe) == URING_RECEIVE)
        received(l, c, cqe);
    else if (uring_kind(cqe) == URING_SENT && !uring_sent(l, c, cqe))
        uring_conn_close(l, c);
    else if (uring_kind(cqe) != URING_SHUT_DOWN && !c->closed)
        uring_conn_step(l, c);
    if (c->closed && c->pending == 0)
        uring_wait_for_batch(l, c);
}

bool uring_conn_open(struct uring_loop *l, unsigned slot)
{
    struct uring_conn *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    c->session = session_open(l->server->app, &l->server->app_options, l->counters, l->now);
    c->timer.index = TIMER_OFF;
    c->slot = slot;
    if (!c->session) {
        free(c);
        return false;
    }
    c->next = l->conns;
    if (l->conns)
        l->conns->previous = c;
    l->conns = c;
    l->count++;
    uring_receive(l, c);
    uring_keep_time(l, c);
    return true;
}

void uring_conn_time(struct uring_loop *l, struct uring_conn *c)
{
    if (!session_expired(c->session, l->now))
        uring_keep_time(l, c); /* it was moved meanwhile: see timers.h */
    else if (c->sending)
        uring_conn_close(l, c);
    else
        uring_conn_step(l, c);
}

void uring_conn_drain(struct uring_loop *l, struct uring_conn *c)
{
    session_dry(c->session, true);
    if (c->session->want == SESSION_READ)
        uring_conn_step(l, c);
}
