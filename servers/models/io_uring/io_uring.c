/* io-uring: completions: what is to be done is handed to the kernel, which says when it is done.
 *
 * How it waits   In io_uring_enter(), one call that submits the requests which a batch of
 *                completions gave rise to and waits for the next.
 * Who works      The one thread for the sessions; the kernel does the reading and writing, within
 *                that call (with --sqpoll a thread of the kernel does the sending).
 * It costs       Per request a share of io_uring_enter, and nothing else: 1/batch system calls. An
 *                idle connection costs none.
 * It breaks      Where it is not allowed: many containers and some systems switch it off. Else as
 *                every loop with one thread: one slow piece of work holds up all connections.
 *
 * Accepting is one request for all connections (multishot). They get no file descriptor but a slot
 * in a table of the ring, so nobody looks one up, and EMFILE cannot happen; when the table is full,
 * the kernel has taken the connection before it finds out, and drops it: it counts as refused.
 *
 * Receiving is one request a connection, which stays armed. When data comes the kernel picks a
 * buffer from a ring of them that all connections share, so an idle one has none; what was read is
 * copied from there to the session, and the buffer goes back.
 *
 * --no-multishot makes each of these requests one for one event, --no-batching makes a turn of each
 * completion: what programs do that are ported to io_uring call by call.
 *
 * Sending is a request that needs no completion where the answer is small: only a failure is told.
 * What must wait for what is in uring_conn.c, and how the ring is set up in uring.c. */
#include "servers/models/io_uring/uring.h"

#include <errno.h>
#include <poll.h>

#include "common/command_line.h"
#include "servers/app/count.h"
#include "servers/net.h"

/* Before idle connections are closed the loop goes on until a turn finds nothing, or so often. */
#define LAST_TURNS 100

static bool want_sqpoll, want_zerocopy, want_single_shots, want_single_completions;
static bool accepting[ADDRESSES_MAX]; /* is the request for that socket armed? */
static struct uring ring;

/* One thing that the session wants. False when something has to come first. */
static bool advance(struct uring_conn *c)
{
    struct session *s = c->base.session;
    session_heed_stop(s, c->base.server);
    switch (session_next(s, ring.reactor.now)) {
    case SESSION_READ:
        return uring_feed(&ring, c);
    case SESSION_WRITE:
        return uring_send(&ring, c);
    case SESSION_WAIT:
        break;
    case SESSION_SHUT:
        if (uring_is_sent(&ring, c))
            uring_shut(&ring, c);
        break;
    case SESSION_CLOSE:
        if (uring_is_sent(&ring, c))
            uring_conn_close(&ring, c);
        break;
    }
    return false;
}

static void step(struct conn *base)
{
    struct uring_conn *c = (struct uring_conn *)base;
    while (c->output == URING_FREE && !c->closed && advance(c))
        continue;
    uring_end_step(&ring, c);
}

static void arm_accept(const struct server *server)
{
    for (unsigned i = 0; i < server->socket_count; i++) {
        if (accepting[i])
            continue;
        struct io_uring_sqe *sqe = uring_request(&ring);
        if (ring.multishot)
            io_uring_prep_multishot_accept_direct(sqe, server->sockets[i], NULL, NULL, 0);
        else /* liburing adds the 1 */
            io_uring_prep_accept_direct(sqe, server->sockets[i], NULL, NULL, 0,
                                        IORING_FILE_INDEX_ALLOC - 1);
        sqe->user_data = (uint64_t)i << URING_KIND_BITS | URING_ACCEPT;
        accepting[i] = true;
    }
}

/* `slot` may be a negative errno: ENFILE where the kernel had no slot for a connection. */
static void accepted(struct reactor *r, int slot)
{
    size_t most = r->server->max_connections;
    if (slot < 0 && !(slot == -ENFILE && ring.slots_used >= ring.slots)) {
        if (slot == -EMFILE || slot == -ENFILE || slot == -ENOBUFS || slot == -ENOMEM) {
            count(&r->counters->accept_errors, 1);
            reactor_rest(r);
        }
        return;
    }
    count(&r->counters->accepted, 1);
    if (slot >= 0) {
        bool wanted = !r->stopped_accepting && (most == 0 || r->count < most);
        struct uring_conn *c = wanted ? (struct uring_conn *)reactor_add(r, -1) : NULL;
        ring.slots_used++;
        if (c) {
            c->slot = (unsigned)slot;
            uring_end_step(&ring, c);
            return;
        }
        uring_close_slot(&ring, (unsigned)slot);
    }
    count(&r->counters->refused, 1);
    count(&r->counters->closed, 1);
}

static void completed(const struct io_uring_cqe *cqe)
{
    struct uring_conn *c = uring_of(cqe);
    switch (uring_kind(cqe)) {
    case URING_ACCEPT:
        if (!(cqe->flags & IORING_CQE_F_MORE))
            accepting[cqe->user_data >> URING_KIND_BITS] = false;
        accepted(&ring.reactor, cqe->res);
        break;
    case URING_RECEIVE:
        uring_received(&ring, c, cqe);
        step(&c->base);
        uring_recycle(&ring, cqe);
        break;
    case URING_SEND:
        uring_sent(&ring, c, cqe);
        step(&c->base);
        break;
    case URING_STOP:
        ring.reactor.stopped_accepting = true;
        break;
    case URING_SEND_KEPT: /* uring_see_failed() has seen to it */
    case URING_OTHER:
        break;
    }
}

static void go_on(void)
{
    struct uring_waiting waited = ring.waiting;
    SLIST_INIT(&ring.waiting);
    for (struct uring_conn *c; (c = SLIST_FIRST(&waited));) {
        SLIST_REMOVE_HEAD(&waited, next_waiting);
        c->waits = false;
        if (!c->closed)
            step(&c->base);
        else if (c->pending == 0) /* else it waits again when the last has completed */
            uring_conn_free(&ring, c);
    }
}

/* One batch: submit what is queued, sleep until something completes (if `wait`), and work that off.
 * Returns how many completions it was. */
static unsigned turn(struct reactor *r, bool wait)
{
    struct io_uring_cqe *cqe;
    uring_enter(&ring, wait && SLIST_EMPTY(&ring.waiting), reactor_timeout_ms(r));
    unsigned head, n = io_uring_cq_ready(&ring.io);
    /* At the end all are looked at, or the last requests would be taken for not sent. */
    if (want_single_completions && wait && n > 1)
        n = 1;
    unsigned left = n;
    reactor_woke(r, (int)n);
    if (uring_see_failed(&ring))
        go_on();
    io_uring_for_each_cqe(&ring.io, head, cqe)
    {
        if (left-- == 0)
            break; /* the rest has come meanwhile */
        completed(cqe);
    }
    io_uring_cq_advance(&ring.io, n);
    ring.seen -= n;
    for (struct conn *c; (c = reactor_expired(r)); step(c))
        if (((struct uring_conn *)c)->output != URING_FREE)
            uring_conn_close(&ring, (struct uring_conn *)c);
    return n;
}

static void serve(struct server *server)
{
    struct reactor *r = &ring.reactor;
    unsigned last_turns = LAST_TURNS;
    ring.sqpoll = want_sqpoll;
    ring.multishot = !want_single_shots;
    /* Sockets that cannot send without copying say so; of Unix-domain ones that is known. */
    ring.zerocopy = want_zerocopy && !server->is_unix;
    uring_open(&ring, server->max_connections);
    reactor_init(r, server, sizeof(struct uring_conn));
    struct io_uring_sqe *sqe = uring_request(&ring);
    io_uring_prep_poll_add(sqe, server->stop_fd, POLLIN);
    sqe->user_data = URING_STOP;

    while (reactor_running(r) || ring.dying > 0) {
        if (reactor_accepting(r))
            arm_accept(server);
        bool last_call = r->stopped_accepting && !r->draining;
        unsigned n = turn(r, !last_call);
        if (last_call && (n == 0 || --last_turns == 0))
            reactor_close_idle(r, step);
    }
    uring_close(&ring);
    reactor_free(r);
}

static bool unsupported(char *why, size_t size)
{
    return !uring_is_allowed(want_sqpoll, want_zerocopy, why, size);
}

static const struct option_row options[] = {
    {OPTION_FLAG, 0, "sqpoll", NULL,
     "a thread of the kernel takes the requests: no call to submit them, and another CPU to "
     "look for them",
     OPTION_VARIABLE(want_sqpoll)},
    {OPTION_FLAG, 0, "zerocopy", NULL, "send pieces of 16 KiB and more without copying (TCP)",
     OPTION_VARIABLE(want_zerocopy)},
    {OPTION_FLAG, 0, "no-multishot", NULL,
     "a request for each connection to accept and for each piece to receive, instead of one that "
     "goes on",
     OPTION_VARIABLE(want_single_shots)},
    {OPTION_FLAG, 0, "no-batching", NULL,
     "a call for each completion, instead of a call for all that there are",
     OPTION_VARIABLE(want_single_completions)},
    {.name = NULL},
};

const struct model model = {
    .name = "io-uring",
    .summary = "one thread, completions from io_uring",
    .no_workers = "it is one ring in one thread; epoll-multi is the model with several loops",
    .options = options,
    .extra_counters = {"enters", "short_sends", "out_of_buffers", "zerocopy_sends"},
    .unsupported = unsupported,
    .serve = serve,
};
