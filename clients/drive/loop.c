#include "clients/drive/loop.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/err.h"

void loop_init(struct loop *l, struct job *job)
{
    *l = (struct loop){.count = job->concurrency, .busy = job->concurrency, .set = -1};
    l->conns = xcalloc(l->count, sizeof *l->conns);
    for (unsigned i = 0; i < l->count; i++)
        conn_init(&l->conns[i], job, i);
    l->look_at = clock_after(clock_ns(), job->timeout);
}

void loop_start(struct loop *l, loop_set_want *set_want)
{
    l->set_want = set_want;
    for (unsigned i = 0; i < l->count; i++)
        set_want(l, &l->conns[i], conn_step(&l->conns[i]));
}

void loop_free(struct loop *l)
{
    for (unsigned i = 0; i < l->count; i++)
        conn_free(&l->conns[i]);
    free(l->conns);
}

void loop_wait(struct loop *l, struct conn *c, enum conn_want want)
{
    c->want = want;
    if (want == CONN_OVER)
        l->busy--;
}

int loop_timeout_ms(const struct loop *l)
{
    return clock_timeout_ms(clock_ns(), l->look_at);
}

void loop_woke(int n)
{
    if (n < 0 && errno != EINTR)
        die_errno("cannot wait for sockets");
}

/* All requests have the same time, so one that begins later is due later: the connections are
 * looked at no more often than requests fail, or once in that time. */
void loop_each_late(struct loop *l, void (*late)(struct loop *l, struct conn *c))
{
    uint64_t now = clock_ns();
    if (now < l->look_at)
        return;
    l->look_at = clock_after(now, l->conns->job->timeout);
    for (unsigned i = 0; i < l->count; i++) {
        struct conn *c = &l->conns[i];
        if (c->state != CONN_IDLE && c->deadline <= now)
            late(l, c);
        else if (c->state != CONN_IDLE && c->deadline < l->look_at)
            l->look_at = c->deadline;
    }
}

static void fail(struct loop *l, struct conn *c)
{
    conn_timed_out(c);
    l->set_want(l, c, conn_step(c));
}

void loop_turn(struct loop *l)
{
    loop_each_late(l, fail);
}
