/* A connection, and what must wait for what. The following can happen:
 *
 *  1. An answer is small. It is kept until the batch is submitted and has no completion: the next
 *     that is heard of the connection is its next request. From 4 KiB on an answer keeps the block
 *     that it was written to, below it is copied: the answers of a batch then lie close together.
 *  2. The session has more behind a kept answer, say the rest of a body. The same request sends
 *     both, and has a completion. The answer is the connection's now, in `block`.
 *  3. A kept answer is not sent whole and at once: the client does not read. MSG_DONTWAIT has the
 *     kernel find that out while it takes the request. MSG_WAITALL makes a part a failure, which
 *     IOSQE_CQE_SKIP_SUCCESS does not keep quiet. So the completion is there when the call that
 *     submitted returns, and is looked at before all others. The rest becomes `block`, and is sent
 *     with a completion. (With --sqpoll a thread submits, and later: there nothing is kept.)
 *  4. The session wants to send or to close while 3 may still happen. It waits for the next epoch.
 *  5. The batch has no room for an answer. It is submitted, 3 is seen to, and an epoch begins.
 *  6. The queue has no room for all completions. Then 3 is not known, and the epoch goes on.
 *  7. Input comes that the session does not want. It is held, and beyond 64 KiB the receive is
 *     cancelled, until the session has taken what is held.
 *  8. The connection is closed and requests are pending. They hold the socket open, whatever the
 *     table says, so they are cancelled. The struct stays until they have completed and 3 is known.
 *  9. A shutdown is pending. A worker thread of the kernel looks into the slot for it only when
 *     that thread gets to run: a connection that is broken meanwhile is closed after that.
 * 10. A send without copying has two completions. With the second the pages are the session's
 *     again. Where it is refused the session is asked for the same output again: that is copied. */
#include "servers/models/io_uring/uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "servers/app/count.h"

#define KEEP_MAX     (17u << 10) /* the largest that is kept: a body of 16 KiB and its head */
#define COPY_MAX     4096u       /* the largest that is copied for that */
#define PIECE_MAX    (64u << 10) /* of one send: a slow reader is to be seen to make progress */
#define ZEROCOPY_MIN (16u << 10) /* below this pinning the pages costs more than the copy */

/* A request on its socket, whose completion is waited for, or not. */
static void on_slot(struct io_uring_sqe *sqe, struct uring_conn *c, enum uring_kind kind)
{
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = (uint64_t)(uintptr_t)c | kind;
    if (kind == URING_SEND_KEPT)
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    else
        c->pending++;
}

static void wait_for_epoch(struct uring *u, struct uring_conn *c)
{
    if (!c->waits)
        SLIST_INSERT_HEAD(&u->waiting, c, next_waiting);
    c->waits = true;
}

static void completed(struct uring *u, struct uring_conn *c, const struct io_uring_cqe *cqe)
{
    if (!(cqe->flags & IORING_CQE_F_MORE))
        c->pending--;
    if (c->closed && c->pending == 0)
        wait_for_epoch(u, c);
}

void uring_close_slot(struct uring *u, unsigned slot)
{
    struct io_uring_sqe *sqe = uring_request(u);
    io_uring_prep_close_direct(sqe, slot);
    uring_forget(sqe);
    u->slots_closing++;
}

void uring_conn_close(struct uring *u, struct uring_conn *c)
{
    session_abort(c->base.session);
    if (c->closed || c->output == URING_SHUTTING)
        return;
    if (c->pending > 0) {
        struct io_uring_sqe *sqe = uring_request(u);
        io_uring_prep_cancel_fd(sqe, (int)c->slot,
                                IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD_FIXED);
        uring_forget(sqe);
    }
    uring_close_slot(u, c->slot);
    reactor_forget(&u->reactor, &c->base);
    count(&u->reactor.counters->closed, 1);
    c->closed = true;
    u->dying++;
    wait_for_epoch(u, c); /* the caller uses it still */
}

void uring_conn_free(struct uring *u, struct uring_conn *c)
{
    buffer_give(c->block);
    chain_clear(&c->held);
    session_close(c->base.session);
    free(c);
    u->dying--;
}

void uring_shut(struct uring *u, struct uring_conn *c)
{
    struct io_uring_sqe *sqe = uring_request(u);
    io_uring_prep_shutdown(sqe, (int)c->slot, SHUT_WR);
    on_slot(sqe, c, URING_SEND);
    c->output = URING_SHUTTING;
    chain_clear(&c->held);
    session_shut(c->base.session, u->reactor.now);
}

/* Arm the receive, or cancel it where too much is held. */
static void balance(struct uring *u, struct uring_conn *c)
{
    bool full = c->held.length > BUFFER_SIZE;
    if (c->input != (full ? URING_ARMED : URING_DEAF))
        return;
    struct io_uring_sqe *sqe = uring_request(u);
    if (full) {
        io_uring_prep_cancel64(sqe, (uint64_t)(uintptr_t)c | URING_RECEIVE, 0);
        uring_forget(sqe);
        c->input = URING_ENDING;
    } else {
        if (u->multishot)
            io_uring_prep_recv_multishot(sqe, (int)c->slot, NULL, 0, 0);
        else
            io_uring_prep_recv(sqe, (int)c->slot, NULL, URING_BUFFER_SIZE, 0);
        on_slot(sqe, c, URING_RECEIVE);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = 0;
        c->input = URING_ARMED;
    }
}

bool uring_feed(struct uring *u, struct uring_conn *c)
{
    struct session *s = c->base.session;
    size_t room, n = c->fresh_length;
    bool old = c->held.length > 0;
    const uint8_t *data = old ? chain_front(&c->held, &n) : c->fresh;
    if (n == 0 && c->input == URING_EOF)
        session_eof(s);
    if (n == 0)
        return c->input == URING_EOF;
    void *space = session_space(s, &room);
    if (!space) {
        session_abort(s);
        return true;
    }
    n = n < room ? n : room;
    memcpy(space, data, n);
    session_received(s, n, u->reactor.now);
    if (old)
        chain_drop(&c->held, n);
    c->fresh += old ? 0 : n;
    c->fresh_length -= old ? 0 : n;
    return true;
}

void uring_received(struct uring *u, struct uring_conn *c, const struct io_uring_cqe *cqe)
{
    int n = cqe->res;
    completed(u, c, cqe);
    if (!(cqe->flags & IORING_CQE_F_MORE))
        c->input = n == 0 ? URING_EOF : URING_DEAF;
    if (n > 0) {
        c->fresh = u->buffers + (cqe->flags >> IORING_CQE_BUFFER_SHIFT) * URING_BUFFER_SIZE;
        c->fresh_length = (size_t)n;
    } else if (n == -ENOBUFS) { /* the data can wait */
        count(&u->reactor.counters->extra[URING_NO_BUFFERS], 1);
    } else if (n < 0 && n != -ECANCELED) {
        uring_conn_close(u, c);
    }
}

static bool without_copy(const struct uring *u, const struct uring_conn *c, size_t n)
{
    return u->zerocopy && !c->must_copy && n >= ZEROCOPY_MIN;
}

/* Send from where it lies. */
static void send_piece(struct uring *u, struct uring_conn *c, const uint8_t *data, size_t n)
{
    struct io_uring_sqe *sqe = uring_request(u);
    if (without_copy(u, c, n)) {
        io_uring_prep_send_zc(sqe, (int)c->slot, data, n, MSG_NOSIGNAL | MSG_WAITALL, 0);
        count(&u->reactor.counters->extra[URING_ZEROCOPY_SENDS], 1);
    } else {
        io_uring_prep_send(sqe, (int)c->slot, data, n, MSG_NOSIGNAL | MSG_WAITALL);
    }
    on_slot(sqe, c, URING_SEND);
    c->output = URING_SENDING;
}

/* Make what is kept, from `start` on, the connection's own. False when memory is out. */
static bool make_block(struct uring_conn *c, size_t start)
{
    if (!c->block && !(c->block = buffer_take()))
        return false;
    c->block->end = (uint32_t)(c->kept_length - start);
    memcpy(c->block->data, c->kept + start, c->block->end);
    return true;
}

/* 3. `result` bytes were sent, or it is a negative errno. */
static void resend(struct uring *u, struct uring_conn *c, int result)
{
    if (c->closed)
        return;
    count(&u->reactor.counters->extra[URING_SHORT_SENDS], 1);
    count(&u->reactor.counters->eagain, result == -EAGAIN);
    if ((result < 0 && result != -EAGAIN) || !make_block(c, result > 0 ? (size_t)result : 0)) {
        uring_conn_close(u, c);
        return;
    }
    send_piece(u, c, c->block->data, c->block->end);
    session_unsent(c->base.session);
    reactor_keep_time(&u->reactor, &c->base);
}

bool uring_see_failed(struct uring *u)
{
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;

    io_uring_for_each_cqe(&u->io, head, cqe)
    {
        if (n++ >= u->seen && uring_kind(cqe) == URING_SEND_KEPT)
            resend(u, uring_of(cqe), cqe->res);
    }
    u->seen = n;
    if (io_uring_cq_has_overflow(&u->io)) /* 6. */
        return false;
    for (struct buffer *b; (b = SLIST_FIRST(&u->blocks));) {
        SLIST_REMOVE_HEAD(&u->blocks, link);
        buffer_give(b);
    }
    u->kept = 0;
    u->epoch++;
    return true;
}

/* 5. */
static bool has_room(struct uring *u, size_t n)
{
    if (n <= URING_KEPT_MAX - u->kept)
        return true;
    count(&u->reactor.counters->extra[URING_ENTERS], 1);
    return io_uring_submit(&u->io) >= 0 && io_uring_sq_ready(&u->io) == 0 &&
           uring_see_failed(u);
}

/* 1. */
static bool keep(struct uring *u, struct uring_conn *c, const uint8_t *data, size_t n)
{
    if (n > KEEP_MAX || u->sqpoll || without_copy(u, c, n) || !has_room(u, n))
        return false;
    if (n > COPY_MAX)
        c->block = session_take_output(c->base.session, u->reactor.now);
    c->kept = data;
    if (!c->block) {
        c->kept = memcpy(u->arena + u->kept, data, n);
        session_sent(c->base.session, n, u->reactor.now);
    }
    u->kept += n;
    c->kept_length = (uint32_t)n;
    c->kept_in = u->epoch;
    c->kept_request = uring_request(u);
    io_uring_prep_send(c->kept_request, (int)c->slot, c->kept, n,
                       MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    on_slot(c->kept_request, c, URING_SEND_KEPT);
    return true;
}

/* 2. */
static bool join(struct uring *u, struct uring_conn *c, const uint8_t *data, size_t n)
{
    if (!c->kept_request || without_copy(u, c, n) || (!c->block && !make_block(c, 0)))
        return false;
    c->parts[0] = (struct iovec){c->block->data + c->block->start, c->kept_length};
    c->parts[1] = (struct iovec){(void *)(uintptr_t)data, n};
    c->message = (struct msghdr){.msg_iov = c->parts, .msg_iovlen = 2};
    io_uring_prep_sendmsg(c->kept_request, (int)c->slot, &c->message,
                          MSG_NOSIGNAL | MSG_WAITALL);
    on_slot(c->kept_request, c, URING_SEND);
    c->kept_request = NULL;
    c->kept_in = 0;
    u->kept -= c->kept_length;
    c->output = URING_SENDING;
    return true;
}

bool uring_is_sent(struct uring *u, struct uring_conn *c)
{
    if (c->kept_in == u->epoch)
        wait_for_epoch(u, c);
    return c->kept_in != u->epoch;
}

bool uring_send(struct uring *u, struct uring_conn *c)
{
    size_t n;
    const uint8_t *data = session_output(c->base.session, &n);
    size_t piece = n < PIECE_MAX ? n : PIECE_MAX;
    if (join(u, c, data, piece) || !uring_is_sent(u, c))
        return false;
    if (keep(u, c, data, n))
        return true;
    send_piece(u, c, data, piece);
    return false;
}

/* With MSG_WAITALL a connection that has sent a part is broken. Of the session's own output that is
 * found out with the next piece. */
void uring_sent(struct uring *u, struct uring_conn *c, const struct io_uring_cqe *cqe)
{
    bool was_shut = c->output == URING_SHUTTING;
    completed(u, c, cqe);
    if (!(cqe->flags & IORING_CQE_F_NOTIF))
        c->sent = cqe->res;
    c->output = cqe->flags & IORING_CQE_F_MORE ? URING_PINNED : URING_FREE;
    if (c->closed || was_shut || c->output == URING_PINNED)
        return;
    int first = c->block ? (int)(c->block->end - c->block->start) : 0;
    if (!c->block && without_copy(u, c, ZEROCOPY_MIN) &&
        (c->sent == -ENOMEM || c->sent == -ENOBUFS || c->sent == -EOPNOTSUPP)) {
        /* Pinned pages count against RLIMIT_MEMLOCK, notifications against net.core.optmem_max. */
        c->must_copy = true;
    } else if (c->sent <= 0 || c->sent < first) {
        uring_conn_close(u, c);
    } else {
        buffer_give(c->block);
        c->block = NULL;
        session_alive(c->base.session, u->reactor.now);
        if (c->sent > first)
            session_sent(c->base.session, (size_t)(c->sent - first), u->reactor.now);
    }
}

void uring_end_step(struct uring *u, struct uring_conn *c)
{
    if (c->kept_request && c->block) {
        SLIST_INSERT_HEAD(&u->blocks, c->block, link);
        c->block = NULL;
    }
    c->kept_request = NULL;
    if (!chain_append(&c->held, c->fresh, c->fresh_length))
        uring_conn_close(u, c);
    c->fresh_length = 0;
    if (c->closed)
        return;
    balance(u, c);
    if (c->output != URING_SHUTTING) /* 9. */
        reactor_keep_time(&u->reactor, &c->base);
}
