#include "servers/models/io_uring/uring_io.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "servers/app/buffer.h"
#include "servers/app/count.h"

/* Answers up to this size are kept until the batch is submitted, and need no completion. */
#define KEEP_MAX (17u << 10)

/* Of these the small ones are copied to the arena, where they lie close together. The others keep
 * the block that they were written to. */
#define COPY_MAX 4096u

/* The most that one send takes from the session: a slow reader is to be seen to make progress. */
#define PIECE_MAX ((size_t)64 << 10)

/* Below this the pinning of pages costs more than the copy. */
#define ZEROCOPY_MIN ((size_t)16 << 10)

/* Receiving is stopped when so much waits for the session to take it. A batch may bring more before
 * that takes effect, but no more than there are provided buffers. */
#define HELD_MAX BUFFER_SIZE

void uring_receive(struct uring_loop *l, struct uring_conn *c)
{
    if (c->receiving || c->eof)
        return;
    struct io_uring_sqe *sqe = uring_conn_request(l, c);
    io_uring_prep_recv_multishot(sqe, (int)c->slot, NULL, 0, 0);
    uring_on_slot(sqe, c, URING_RECEIVE);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    c->receiving = true;
    c->cancelling = false;
}

static void stop_receiving(struct uring_loop *l, struct uring_conn *c)
{
    if (!c->receiving || c->cancelling)
        return;
    struct io_uring_sqe *sqe = uring_request(&l->ring);
    io_uring_prep_cancel64(sqe, uring_tag(c, URING_RECEIVE), 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = URING_OTHER;
    c->cancelling = true;
}

/* Hand data to the session, which wants it. Returns how much it took, 0 when memory is out. */
static uint32_t feed(struct uring_loop *l, struct uring_conn *c, const uint8_t *data,
                     uint32_t n)
{
    struct session *s = c->session;
    size_t room;
    void *space = session_space(s, &room);
    if (!space)
        return 0;
    if (n > room)
        n = (uint32_t)room;
    memcpy(space, data, n);
    session_received(s, n, l->now);
    return n;
}

bool uring_feed(struct uring_loop *l, struct uring_conn *c)
{
    struct session *s = c->session;
    if (c->held.length > 0) {
        size_t n;
        const uint8_t *data = chain_front(&c->held, &n);
        uint32_t taken = feed(l, c, data, (uint32_t)n);
        chain_drop(&c->held, taken);
        if (taken == 0)
            session_abort(s);
        return true;
    }
    if (!c->eof)
        return false;
    session_eof(s);
    return true;
}

/* Take what has come, if the session wants it; else it waits. False when memory is out. */
static bool take(struct uring_loop *l, struct uring_conn *c, const uint8_t *data, uint32_t n)
{
    uint32_t taken = 0;
    if (c->session->want == SESSION_READ && !c->sending && c->held.length == 0) {
        taken = feed(l, c, data, n);
        if (taken == 0)
            return false;
    }
    return chain_append(&c->held, data + taken, n - taken);
}

bool uring_received(struct uring_loop *l, struct uring_conn *c, const struct io_uring_cqe *cqe)
{
    bool whole = true;
    if (!(cqe->flags & IORING_CQE_F_MORE))
        c->receiving = false;
    if (cqe->res > 0 && !c->closed)
        whole = take(l, c, uring_buffer(&l->ring, cqe->flags), (uint32_t)cqe->res);
    uring_recycle(&l->ring, cqe->flags);
    if (cqe->res == 0)
        c->eof = true;
    else if (cqe->res == -ENOBUFS)
        count(&l->counters->extra[URING_NO_BUFFERS], 1);
    else if (cqe->res < 0 && cqe->res != -ECANCELED)
        return false;
    return whole;
}

void uring_balance(struct uring_loop *l, struct uring_conn *c)
{
    if (c->held.length > HELD_MAX)
        stop_receiving(l, c);
    else
        uring_receive(l, c);
}

static bool without_copy(const struct uring_loop *l, const struct uring_conn *c, size_t n)
{
    return l->zerocopy && !c->must_copy && n >= ZEROCOPY_MIN;
}

/* Send and be told when it is done; the data stays where it is until then. */
static void send_piece(struct uring_loop *l, struct uring_conn *c, const uint8_t *data,
                       size_t n)
{
    struct io_uring_sqe *sqe = uring_conn_request(l, c);
    if (without_copy(l, c, n)) {
        io_uring_prep_send_zc(sqe, (int)c->slot, data, n, MSG_NOSIGNAL | MSG_WAITALL, 0);
        count(&l->counters->extra[URING_ZEROCOPY_SENDS], 1);
    } else {
        io_uring_prep_send(sqe, (int)c->slot, data, n, MSG_NOSIGNAL | MSG_WAITALL);
    }
    uring_on_slot(sqe, c, URING_SENT);
    c->sending = true;
}

/* Take output from the session, which goes on as if it were sent. */
static const uint8_t *keep(struct uring_loop *l, struct uring_conn *c, const uint8_t *data,
                           size_t n)
{
    struct buffer *block = n > COPY_MAX ? session_take_output(c->session, l->now) : NULL;
    if (block)
        return uring_keep_block(&l->ring, block);
    data = uring_keep_copy(&l->ring, data, n);
    session_sent(c->session, n, l->now);
    return data;
}

/* Send a copy, and hear of it only if it does not go out whole and at once. MSG_DONTWAIT has the
 * kernel say so when the request is submitted, and MSG_WAITALL makes a part of it a failure, which
 * IOSQE_CQE_SKIP_SUCCESS does not keep quiet. A thread of the kernel that submits does so later:
 * not with --sqpoll. */
static bool send_copy(struct uring_loop *l, struct uring_conn *c, const uint8_t *data, size_t n)
{
    if (n > KEEP_MAX || l->ring.sqpoll || without_copy(l, c, n))
        return false;
    if (!uring_has_room(&l->ring, n) && !(uring_flush(l) && uring_has_room(&l->ring, n)))
        return false;
    const uint8_t *copy = keep(l, c, data, n);
    struct io_uring_sqe *sqe = uring_request(&l->ring);
    io_uring_prep_send(sqe, (int)c->slot, copy, n, MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    uring_on_slot(sqe, c, URING_COPY_SENT);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    c->copy = copy;
    c->copy_length = (uint32_t)n;
    c->copied_in = l->ring.epoch;
    c->copy_request = sqe;
    return true;
}

/* The copy stays only until the batch is seen to, so this request is not to wait either. */
bool uring_join(struct uring_loop *l, struct uring_conn *c)
{
    size_t n;
    const uint8_t *data = session_output(c->session, &n);
    struct io_uring_sqe *sqe = c->copy_request;
    if (!sqe || without_copy(l, c, n))
        return false;
    c->parts[0] = (struct iovec){(void *)(uintptr_t)c->copy, c->copy_length};
    c->parts[1] = (struct iovec){(void *)(uintptr_t)data, n < PIECE_MAX ? n : PIECE_MAX};
    c->message = (struct msghdr){.msg_iov = c->parts, .msg_iovlen = 2};
    io_uring_prep_sendmsg(sqe, (int)c->slot, &c->message, MSG_NOSIGNAL | MSG_DONTWAIT);
    uring_on_slot(sqe, c, URING_JOINED);
    c->pending++;
    c->sending = true;
    c->copied_in = 0; /* a completion comes, whatever was sent */
    return true;
}

void uring_transmit(struct uring_loop *l, struct uring_conn *c)
{
    size_t n;
    const uint8_t *data = session_output(c->session, &n);
    if (!send_copy(l, c, data, n))
        send_piece(l, c, data, n < PIECE_MAX ? n : PIECE_MAX);
}

static void send_rest(struct uring_loop *l, struct uring_conn *c)
{
    size_t n;
    const uint8_t *data = chain_front(&c->rest, &n);
    send_piece(l, c, data, n);
}

/* A rest of what was copied is sent before the session has its say. */
static void rest_sent(struct uring_loop *l, struct uring_conn *c)
{
    chain_drop(&c->rest, (size_t)c->sent);
    if (c->rest.length > 0)
        send_rest(l, c);
}

/* Pinned pages count against RLIMIT_MEMLOCK, notifications against net.core.optmem_max. */
static bool zerocopy_refused(const struct uring_loop *l, const struct uring_conn *c)
{
    int error = -c->sent;
    return l->zerocopy && !c->must_copy && c->rest.length == 0 &&
           (error == ENOMEM || error == ENOBUFS || error == EOPNOTSUPP);
}

bool uring_sent(struct uring_loop *l, struct uring_conn *c, const struct io_uring_cqe *cqe)
{
    if (cqe->flags & IORING_CQE_F_NOTIF) {
        c->notifying = false;
    } else {
        c->sent = cqe->res;
        c->notifying = cqe->flags & IORING_CQE_F_MORE;
    }
    if (c->notifying || c->closed)
        return true;
    c->sending = false;
    if (zerocopy_refused(l, c)) {
        c->must_copy = true; /* the session is asked for the same output again */
        return true;
    }
    if (c->sent <= 0)
        return false;
    session_alive(c->session, l->now);
    if (c->rest.length > 0)
        rest_sent(l, c);
    else
        session_sent(c->session, (size_t)c->sent, l->now);
    return true;
}

bool uring_resend(struct uring_loop *l, struct uring_conn *c, int result)
{
    uint32_t done = result > 0 ? (uint32_t)result : 0;
    count(&l->counters->extra[URING_SHORT_SENDS], 1);
    count(&l->counters->eagain, result == -EAGAIN);
    if (result < 0 && result != -EAGAIN)
        return false;
    if (!chain_append(&c->rest, c->copy + done, c->copy_length - done))
        return false;
    send_rest(l, c);
    session_unsent(c->session);
    return true;
}

bool uring_joined(struct uring_loop *l, struct uring_conn *c, int result)
{
    if (result < (int)c->copy_length)
        return uring_resend(l, c, result);
    c->sending = false;
    session_alive(c->session, l->now);
    if (result > (int)c->copy_length)
        session_sent(c->session, (size_t)result - c->copy_length, l->now);
    return true;
}
