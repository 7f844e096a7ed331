/* nonblocking: a busy loop that tries every socket in turn, for ever.
 *
 * How it waits   It does not. Every socket is non-blocking (O_NONBLOCK), and the loop tries each:
 *                a socket that has nothing answers EAGAIN, and the loop goes on to the next.
 * Who works      The one thread. It uses all of a CPU, with no client at all as with thousands.
 * It costs       Per request recv, send, and all the tries in vain until the request came. An idle
 *                connection costs a system call in each pass of the loop. The counters show the
 *                yield: `tries` are the sockets that were tried, `hits` those that had something.
 * It breaks      With idle connections: each makes every pass longer, and so the time until a busy
 *                one has its turn. And where others need the CPU.
 *
 * The calls that wait were made for this: to ask the kernel about all sockets costs one system
 * call, or none while nothing happens, instead of one for each socket. Still this loop answers
 * quickly when it has few connections, all busy, and a CPU to itself: the loop never sleeps, so
 * nobody has to wake it. So user-space network stacks (DPDK) and trading systems poll.
 *
 * No call here waits, so `wakeups` and `events` stay 0. Two things the loop looks at without a
 * system call: the clock, by the vDSO, and the flag that SIGTERM sets. */
#include "servers/model.h"

#include "common/clock.h"
#include "servers/app/count.h"
#include "servers/drive/reactor.h"

enum { TRIES, HITS }; /* in counters.extra[] */

static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    if (want == CONN_DONE)
        reactor_close(r, c);
    else
        reactor_wait(r, c, want);
}

static void count_try(struct reactor *r, bool hit)
{
    count(&r->counters->extra[TRIES], 1);
    count(&r->counters->extra[HITS], hit);
}

static void accept_all(struct reactor *r)
{
    struct conn *c;
    r->accepts = 0;
    do {
        c = reactor_accept(r);
        count_try(r, c != NULL);
        if (c)
            set_want(r, c, CONN_READ);
    } while (c);
}

/* What was sent may have filled the socket: that step has met EAGAIN, but not in vain. */
static void try_one(struct reactor *r, struct conn *c)
{
    const struct counters *n = r->counters;
    uint64_t futile = n->eagain, bytes = n->bytes_in + n->bytes_out;
    enum conn_want want = conn_step(c, r->now);
    count_try(r, n->eagain == futile || n->bytes_in + n->bytes_out != bytes);
    set_want(r, c, want);
}

static void serve(struct server *server)
{
    struct reactor r;
    reactor_init(&r, server, sizeof(struct conn));

    while (reactor_running(&r)) {
        r.now = clock_ns();
        if (reactor_accepting(&r))
            accept_all(&r);
        for (struct conn *c = LIST_FIRST(&r.conns), *next; c; c = next) {
            next = LIST_NEXT(c, link);
            if (c->want != CONN_WAIT)
                try_one(&r, c);
        }
        reactor_turn(&r, set_want);
    }
    reactor_free(&r);
}

const struct model model = {
    .name = "nonblocking",
    .summary = "one thread that tries every socket in turn and never waits",
    .no_workers = "it is one busy loop, which takes all of a CPU; several would take several",
    .nonblocking_accept = true,
    .extra_counters = {"tries", "hits"},
    .serve = serve,
};
