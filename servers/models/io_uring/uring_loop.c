#include "servers/models/io_uring/uring_loop.h"

#include <stddef.h>

#include "common/clock.h"
#include "servers/app/count.h"
#include "servers/models/io_uring/uring_conn.h"

void uring_wait_for_batch(struct uring_loop *l, struct uring_conn *c)
{
    l->hurry |= !c->closed;
    if (c->waits)
        return;
    c->waits = true;
    c->next_waiting = l->waiting;
    l->waiting = c;
}

static void go_on(struct uring_loop *l)
{
    struct uring_conn *c = l->waiting;
    l->waiting = NULL;
    while (c) {
        struct uring_conn *after = c->next_waiting;
        c->waits = false;
        uring_conn_go_on(l, c);
        c = after;
    }
}

void uring_keep_time(struct uring_loop *l, struct uring_conn *c)
{
    uint64_t at = session_deadline(c->session);
    if (at == CLOCK_NEVER || (c->timer.index != TIMER_OFF && c->timer.at <= at))
        return;
    if (timers_set(&l->timers, &c->timer, at) != 0)
        uring_conn_close(l, c);
}

/* One timeout is pending, for a time that is not later than the earliest deadline. */
static void arm_timer(struct uring_loop *l)
{
    /* With --sqpoll a request may be read a little later: several, used in turn. */
    static struct __kernel_timespec at[16];
    static unsigned used;

    uint64_t next = timers_next(&l->timers);
    if (l->wake_at < next)
        next = l->wake_at;
    if (next >= l->timer_at)
        return;
    struct __kernel_timespec *t = &at[used++ % (sizeof at / sizeof at[0])];
    t->tv_sec = (int64_t)(next / NS_PER_S);
    t->tv_nsec = (long long)(next % NS_PER_S);
    struct io_uring_sqe *sqe = uring_request(&l->ring);
    if (l->timer_at == CLOCK_NEVER) {
        io_uring_prep_timeout(sqe, t, 0, IORING_TIMEOUT_ABS);
        sqe->user_data = uring_tag(NULL, URING_TIMER);
    } else {
        io_uring_prep_timeout_update(sqe, t, uring_tag(NULL, URING_TIMER), IORING_TIMEOUT_ABS);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        sqe->user_data = URING_OTHER; /* where it fails it has just fired */
    }
    l->timer_at = next;
}

static void expire(struct uring_loop *l)
{
    for (struct timer *t; (t = timers_due(&l->timers, l->now));)
        uring_conn_time(
            l, (struct uring_conn *)(void *)((char *)t - offsetof(struct uring_conn, timer)));
}

/* Handle what sends of copies have to say, among the completions that have come since the last
 * call. They are handled before all others: the next answer must not overtake a failed send. After
 * that the copies are no longer needed, unless the kernel holds more completions than the queue has
 * room for: then returns false. */
static bool see_copies(struct uring_loop *l)
{
    struct io_uring *io = &l->ring.io;
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;

    io_uring_for_each_cqe(io, head, cqe)
    {
        if (n++ < l->seen)
            continue;
        if (uring_kind(cqe) == URING_COPY_SENT)
            uring_conn_copy_failed(l, uring_of(cqe), cqe->res);
        else if (uring_kind(cqe) == URING_JOINED)
            uring_conn_joined(l, uring_of(cqe), cqe->res);
    }
    l->seen = n;
    if (io_uring_cq_has_overflow(io))
        return false;
    uring_batch_done(&l->ring);
    return true;
}

bool uring_flush(struct uring_loop *l)
{
    count(&l->counters->extra[URING_ENTERS], 1);
    return io_uring_submit(&l->ring.io) >= 0 && io_uring_sq_ready(&l->ring.io) == 0 &&
           see_copies(l);
}

/* What is in the completion queue. */
static unsigned work_off(struct uring_loop *l,
                         void (*other)(struct uring_loop *l, const struct io_uring_cqe *cqe))
{
    struct io_uring *io = &l->ring.io;
    struct io_uring_cqe *cqe;
    unsigned head;

    bool go = see_copies(l);
    unsigned n = l->seen, left = n;
    if (go)
        go_on(l);
    io_uring_for_each_cqe(io, head, cqe)
    {
        if (left-- == 0)
            break;
        enum uring_kind kind = uring_kind(cqe);
        if (kind == URING_RECEIVE || kind == URING_JOINED || kind == URING_SENT ||
            kind == URING_SHUT_DOWN)
            uring_conn_completed(l, cqe);
        else if (kind == URING_TIMER)
            l->timer_at = CLOCK_NEVER;
        else if (kind != URING_OTHER && kind != URING_COPY_SENT)
            other(l, cqe);
    }
    io_uring_cq_advance(io, n);
    l->seen -= n;
    return n;
}

unsigned uring_turn(struct uring_loop *l, bool sleep,
                    void (*other)(struct uring_loop *l, const struct io_uring_cqe *cqe))
{
    arm_timer(l);
    count(&l->counters->extra[URING_ENTERS], 1);
    bool at_end = l->draining && l->waiting;
    uring_enter(&l->ring, sleep && !l->hurry && !at_end);
    l->slots_used -= l->slots_closing;
    l->slots_closing = 0;
    l->hurry = false;
    l->now = clock_ns();
    unsigned n = work_off(l, other);
    count_wakeup(l->counters, n);
    expire(l);
    return n;
}
