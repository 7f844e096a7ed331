#include "uring_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "counters.h"

/* Answers up to this size are copied to the arena. The session's buffer is free again at once and
 * serves the next connection of the batch, and no completion is needed to say so. */
#define COPY_MAX 4096u

/* The most that one send takes from the session: a slow reader is to be seen to make progress. */
#define PIECE_MAX ((size_t)64 << 10)

/* Below this the pinning of pages costs more than the copy. */
#define ZEROCOPY_MIN ((size_t)16 << 10)

/* Receiving is stopped when so much waits for the session to take it. A batch may bring more before
 * that takes effect, but no more than there are provided buffers. */
#define HELD_MAX 65536u

static void step(struct uring_loop *l, struct uring_conn *c);

static void count_extra(struct uring_loop *l, int which)
{
    count(&l->counters->extra[which], 1);
}

static uint64_t deadline(const struct uring_loop *l, const struct uring_conn *c)
{
    if (c->lingering)
        return c->linger_end;
    if (c->want == SESSION_WAIT)
        return c->session->wake_at;
    return clock_after(c->active_at, l->server->idle_timeout);
}

/* See timers.h: the heap's time may be too early. */
static bool keep_time(struct uring_loop *l, struct uring_conn *c)
{
    uint64_t at = deadline(l, c);
    if (at == CLOCK_NEVER || (c->timer.index != TIMER_OFF && c->timer.at <= at))
        return true;
    return timers_set(&l->timers, &c->timer, at) == 0;
}

static struct io_uring_sqe *request(struct uring_loop *l, struct uring_conn *c)
{
    c->pending++;
    return uring_request(&l->ring);
}

static void receive(struct uring_loop *l, struct uring_conn *c)
{
    if (c->receiving || c->eof)
        return;
    struct io_uring_sqe *sqe = request(l, c);
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

/* Go on with `c` when the sends of this batch are known to have succeeded. */
static void wait_for_batch(struct uring_loop *l, struct uring_conn *c)
{
    l->hurry |= !c->closed;
    if (c->waits)
        return;
    c->waits = true;
    c->next_waiting = l->waiting;
    l->waiting = c;
}

/* Free a closed one, unless something pending refers to it. */
static void release(struct uring_loop *l, struct uring_conn *c)
{
    if (c->pending > 0)
        return;
    session_close(c->session);
    free(c->rest);
    free(c->held);
    free(c);
    l->dying--;
}

void uring_close_slot(struct uring_loop *l, unsigned slot)
{
    struct io_uring_sqe *sqe = uring_request(&l->ring);
    io_uring_prep_close_direct(sqe, slot);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = URING_OTHER;
}

/* What is pending holds the socket open, whatever the table says, so it is cancelled first. */
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
    uring_close_slot(l, c->slot);
    timers_remove(&l->timers, &c->timer);
    *(c->previous ? &c->previous->next : &l->conns) = c->next;
    if (c->next)
        c->next->previous = c->previous;
    l->count--;
    count(&l->counters->closed, 1);
    c->closed = true;
    l->dying++;
    wait_for_batch(l, c); /* whoever called this has it in hand still */
}

static bool hold(struct uring_conn *c, const uint8_t *data, uint32_t n)
{
    if (c->held_end + n > c->held_size) {
        uint32_t size = c->held_size ? c->held_size : 4096;
        while (size < c->held_end + n)
            size *= 2;
        uint8_t *bigger = realloc(c->held, size);
        if (!bigger)
            return false;
        c->held = bigger;
        c->held_size = size;
    }
    memcpy(c->held + c->held_end, data, n);
    c->held_end += n;
    return true;
}

static void drop_held(struct uring_conn *c)
{
    free(c->held);
    c->held = NULL;
    c->held_start = c->held_end = c->held_size = 0;
}

/* Hand data to the session, which wants it. Returns how much it took, 0 when memory is out. */
static uint32_t feed(struct uring_loop *l, struct uring_conn *c, const uint8_t *data,
                     uint32_t n)
{
    struct session *s = c->session;
    bool was_idle = session_idle(s);
    size_t room;
    void *space = session_space(s, &room);
    if (!space)
        return 0;
    if (n > room)
        n = (uint32_t)room;
    memcpy(space, data, n);
    session_received(s, n);
    if (was_idle)
        c->active_at = l->now;
    return n;
}

/* What was held back, and then the end, if that has come. Returns false when there is neither; if
 * memory is out the session fails. */
static bool feed_held(struct uring_loop *l, struct uring_conn *c)
{
    struct session *s = c->session;
    if (c->held_start < c->held_end) {
        uint32_t n = feed(l, c, c->held + c->held_start, c->held_end - c->held_start);
        c->held_start += n;
        s->failed |= n == 0;
        if (c->held_start == c->held_end)
            drop_held(c);
        return true;
    }
    if (!c->eof)
        return false;
    session_eof(s);
    return true;
}

/* Send and be told when it is done; the data stays where it is until then. */
static void send_piece(struct uring_loop *l, struct uring_conn *c, const uint8_t *data,
                       size_t n)
{
    struct io_uring_sqe *sqe = request(l, c);
    if (l->zerocopy && n >= ZEROCOPY_MIN) {
        io_uring_prep_send_zc(sqe, (int)c->slot, data, n, MSG_NOSIGNAL | MSG_WAITALL, 0);
        count_extra(l, URING_ZEROCOPY_SENDS);
    } else {
        io_uring_prep_send(sqe, (int)c->slot, data, n, MSG_NOSIGNAL | MSG_WAITALL);
    }
    uring_on_slot(sqe, c, URING_SENT);
    c->sending = true;
    c->piece = n;
}

/* Send a copy, and hear of it only if it does not go out whole and at once. MSG_DONTWAIT has the
 * kernel say so when the request is submitted, and MSG_WAITALL makes a part of it a failure, which
 * IOSQE_CQE_SKIP_SUCCESS does not keep quiet. A thread of the kernel that submits does so later: not
 * with --sqpoll. */
static bool send_copy(struct uring_loop *l, struct uring_conn *c, const uint8_t *data, size_t n)
{
    uint8_t *copy = n <= COPY_MAX && !l->ring.sqpoll ? uring_arena(&l->ring, n) : NULL;
    if (!copy)
        return false;
    memcpy(copy, data, n);
    struct io_uring_sqe *sqe = uring_request(&l->ring);
    io_uring_prep_send(sqe, (int)c->slot, copy, n, MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    uring_on_slot(sqe, c, URING_COPY_SENT);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    c->copy = copy;
    c->copy_length = (uint32_t)n;
    c->copied_in = l->ring.epoch;
    return true;
}

static void transmit(struct uring_loop *l, struct uring_conn *c)
{
    size_t n;
    const uint8_t *data = session_output(c->session, &n);
    if (send_copy(l, c, data, n)) {
        session_sent(c->session, n);
        c->active_at = l->now;
    } else {
        send_piece(l, c, data, n < PIECE_MAX ? n : PIECE_MAX);
    }
}

/* See SESSION_LINGER. What comes is dropped, so an end that has come is the end. */
static void linger(struct uring_loop *l, struct uring_conn *c)
{
    if (c->eof) {
        uring_conn_close(l, c);
        return;
    }
    struct io_uring_sqe *sqe = request(l, c);
    io_uring_prep_shutdown(sqe, (int)c->slot, SHUT_WR);
    uring_on_slot(sqe, c, URING_SHUT_DOWN);
    c->lingering = true;
    c->linger_end = l->now + LINGER_TIME;
    drop_held(c);
    receive(l, c);
}

static enum session_want next(struct uring_loop *l, struct uring_conn *c)
{
    uint32_t progress = c->session->progress;
    enum session_want want = session_next(c->session, l->now);
    if (c->session->progress != progress)
        c->active_at = l->now;
    c->want = (uint8_t)want;
    return want;
}

/* One thing that the session wants. Returns false when it has to wait for a completion. */
static bool advance(struct uring_loop *l, struct uring_conn *c)
{
    enum session_want want = next(l, c);
    bool needs_batch = want != SESSION_READ && want != SESSION_WAIT;
    if (needs_batch && c->copied_in == l->ring.epoch) {
        wait_for_batch(l, c);
        return false;
    }
    switch (want) {
    case SESSION_READ:
        if (feed_held(l, c))
            return true;
        if (l->draining && session_idle(c->session))
            uring_conn_close(l, c);
        else
            receive(l, c);
        return false;
    case SESSION_WRITE:
        transmit(l, c);
        return !c->sending;
    case SESSION_WAIT:
        return false;
    case SESSION_LINGER:
        linger(l, c);
        return false;
    case SESSION_CLOSE:
        break;
    }
    uring_conn_close(l, c);
    return false;
}

static void step(struct uring_loop *l, struct uring_conn *c)
{
    if (c->sending || c->lingering)
        return;
    while (advance(l, c))
        continue;
    if (!c->closed && !keep_time(l, c))
        uring_conn_close(l, c);
}

void uring_conn_go_on(struct uring_loop *l)
{
    struct uring_conn *c = l->waiting;
    l->waiting = NULL;
    while (c) {
        struct uring_conn *after = c->next_waiting;
        c->waits = false;
        if (c->closed)
            release(l, c);
        else
            step(l, c);
        c = after;
    }
}

/* Take what has come, if the session wants it; else it waits. False when memory is out. */
static bool take(struct uring_loop *l, struct uring_conn *c, const uint8_t *data, uint32_t n)
{
    uint32_t taken = 0;
    if (c->want == SESSION_READ && !c->sending && c->held_end == 0) {
        taken = feed(l, c, data, n);
        if (taken == 0)
            return false;
    }
    return taken == n || hold(c, data + taken, n - taken);
}

static void received(struct uring_loop *l, struct uring_conn *c, int result, uint32_t flags)
{
    if (!(flags & IORING_CQE_F_MORE))
        c->receiving = false;
    bool broken = false;
    if (result > 0 && !c->lingering && !c->closed)
        broken = !take(l, c, uring_buffer(&l->ring, flags), (uint32_t)result);
    uring_recycle(&l->ring, flags);
    if (c->closed)
        return;
    if (result == 0)
        c->eof = true;
    else if (result == -ENOBUFS)
        count_extra(l, URING_NO_BUFFERS);
    else if (result < 0 && result != -ECANCELED)
        broken = true;
    if (broken || (c->lingering && c->eof)) {
        uring_conn_close(l, c);
        return;
    }
    if (c->want == SESSION_READ)
        step(l, c);
    if (c->closed)
        return;
    if (c->held_end - c->held_start > HELD_MAX)
        stop_receiving(l, c);
    else
        receive(l, c);
}

/* Another part, or all, of what the session or the arena has. */
static void sent(struct uring_loop *l, struct uring_conn *c, int result, uint32_t flags)
{
    if (flags & IORING_CQE_F_NOTIF) {
        c->notifying = false;
    } else {
        c->sent = result;
        c->notifying = flags & IORING_CQE_F_MORE;
    }
    if (c->notifying || c->closed)
        return;
    c->sending = false;
    if (c->sent <= 0) {
        uring_conn_close(l, c);
        return;
    }
    c->active_at = l->now;
    if (c->rest) {
        c->rest_length -= (uint32_t)c->sent;
        if (c->rest_length > 0) {
            memmove(c->rest, c->rest + c->sent, c->rest_length);
            send_piece(l, c, c->rest, c->rest_length);
            return;
        }
        free(c->rest);
        c->rest = NULL;
    } else {
        session_sent(c->session, (size_t)c->sent);
    }
    step(l, c);
}

/* `result` bytes of the copy were sent, or a negative errno. The rest leaves the arena. */
void uring_conn_copy_failed(struct uring_loop *l, struct uring_conn *c, int result)
{
    uint32_t done = result > 0 ? (uint32_t)result : 0;
    if (c->closed)
        return;
    count_extra(l, URING_SHORT_SENDS);
    count(&l->counters->eagain, result == -EAGAIN);
    c->rest_length = c->copy_length - done;
    c->rest = result >= 0 || result == -EAGAIN ? malloc(c->rest_length) : NULL;
    if (!c->rest) {
        uring_conn_close(l, c);
        return;
    }
    memcpy(c->rest, c->copy + done, c->rest_length);
    send_piece(l, c, c->rest, c->rest_length);
    if (!keep_time(l, c))
        uring_conn_close(l, c);
}

void uring_conn_completed(struct uring_loop *l, const struct io_uring_cqe *cqe)
{
    struct uring_conn *c = uring_of(cqe);
    if (!(cqe->flags & IORING_CQE_F_MORE))
        c->pending--;
    if (uring_kind(cqe) == URING_RECEIVE)
        received(l, c, cqe->res, cqe->flags);
    else if (uring_kind(cqe) == URING_SENT)
        sent(l, c, cqe->res, cqe->flags);
    if (c->closed && c->pending == 0)
        wait_for_batch(l, c);
}

bool uring_conn_open(struct uring_loop *l, unsigned slot)
{
    struct uring_conn *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    c->session = session_open(l->server->app, &l->server->app_options, l->counters);
    c->timer.index = TIMER_OFF;
    c->slot = slot;
    c->want = SESSION_READ;
    c->active_at = l->now;
    if (!c->session || !keep_time(l, c)) {
        if (c->session)
            session_close(c->session);
        free(c);
        return false;
    }
    c->next = l->conns;
    if (l->conns)
        l->conns->previous = c;
    l->conns = c;
    l->count++;
    receive(l, c);
    return true;
}

void uring_conn_time(struct uring_loop *l, struct uring_conn *c)
{
    if (deadline(l, c) > l->now) {
        if (!keep_time(l, c))
            uring_conn_close(l, c);
        return;
    }
    if (!c->lingering && c->want != SESSION_WAIT) {
        count(&l->counters->timeouts, 1);
        bool reading = c->want == SESSION_READ && !c->sending;
        if (!reading || !session_timed_out(c->session)) {
            uring_conn_close(l, c);
            return;
        }
    }
    c->active_at = l->now;
    if (c->lingering)
        uring_conn_close(l, c);
    else
        step(l, c);
}

void uring_conn_drain(struct uring_loop *l, struct uring_conn *c)
{
    if (c->want == SESSION_READ && !c->sending && !c->lingering && session_idle(c->session))
        uring_conn_close(l, c);
}
