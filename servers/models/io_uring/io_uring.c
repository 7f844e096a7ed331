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
 * copied from there to the session, and the buffer goes back. If the session takes no input, some
 * is held, and beyond that the request is cancelled: the client feels it as from the others. Out of
 * buffers (ENOBUFS) nothing is lost, and the request is armed again.
 *
 * Sending. An answer of up to 17 KiB is kept, as a copy where it is small, and sent without a
 * completion, unless it does not go out whole and at once; that is known when the call that
 * submitted it returns, and looked at before anything else. What must come after it, the next
 * answer or a close, waits until then. What the session has behind it already goes out by the same
 * request, which then has a completion. A large piece is sent from where it lies, and its
 * completion awaited. With --zerocopy pages are pinned instead of copied (IORING_OP_SEND_ZC), and a
 * second completion says when the client has acknowledged them: only then they are the session's
 * again.
 *
 * Time is one request too: the earliest deadline of all. */
#include "servers/model.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/app/count.h"
#include "servers/models/io_uring/uring_conn.h"
#include "servers/net.h"
#include "servers/options.h"

/* The table of sockets takes 8 bytes of the kernel's memory for each. */
#define SLOTS_MAX 65536u

/* Slots beyond the most connections, for those that are to be refused. */
#define SLOTS_SPARE 64

/* Before idle connections are closed the loop goes on until a turn finds nothing, or so often. */
#define LAST_TURNS 100

static bool want_sqpoll, want_zerocopy;

static struct uring_loop loop;
/* Where connections come in: a request to accept for each listening socket. Aligned for the low
 * bits of user_data. */
static struct listener {
    bool armed;
} __attribute__((aligned(16))) listeners[ADDRESSES_MAX];
static unsigned last_call; /* turns until idle connections are closed, once it stops */
static bool stopping;

static void arm_accept(void)
{
    if (loop.wake_at <= loop.now)
        loop.wake_at = CLOCK_NEVER;
    bool rests = loop.wake_at != CLOCK_NEVER;
    for (unsigned i = 0; i < loop.server->socket_count && !stopping && !rests; i++) {
        if (listeners[i].armed)
            continue;
        struct io_uring_sqe *sqe = uring_request(&loop.ring);
        io_uring_prep_multishot_accept_direct(sqe, loop.server->sockets[i], NULL, NULL, 0);
        sqe->user_data = uring_tag(&listeners[i], URING_ACCEPT);
        listeners[i].armed = true;
    }
}

static void refused(void)
{
    count(&loop.counters->refused, 1);
    count(&loop.counters->closed, 1);
}

static void accepted(struct listener *listener, int result, uint32_t flags)
{
    struct server *server = loop.server;
    if (!(flags & IORING_CQE_F_MORE))
        listener->armed = false;
    if (result >= 0) {
        count(&loop.counters->accepted, 1);
        loop.slots_used++;
        bool full = server->max_connections != 0 && loop.count >= server->max_connections;
        if (stopping || full || !uring_conn_open(&loop, (unsigned)result)) {
            uring_close_slot(&loop, (unsigned)result);
            refused();
        }
    } else if (result == -ENFILE && loop.slots_used >= loop.ring.slots) {
        count(&loop.counters->accepted, 1);
        refused();
    } else if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS ||
               result == -ENOMEM) {
        count(&loop.counters->accept_errors, 1);
        loop.wake_at = loop.now + ACCEPT_REST;
    }
}

static void told_to_stop(void)
{
    stopping = true;
    last_call = LAST_TURNS;
    for (struct uring_conn *c = loop.conns; c; c = c->next)
        session_drain(c->session);
}

/* Requests that came before the signal have been read. */
static void close_idle(void)
{
    last_call = 0;
    loop.draining = true;
    for (struct uring_conn *c = loop.conns, *next; c; c = next) {
        next = c->next;
        uring_conn_drain(&loop, c);
    }
}

static void completed(struct uring_loop *l, const struct io_uring_cqe *cqe)
{
    (void)l;
    if (uring_kind(cqe) == URING_ACCEPT)
        accepted(uring_of(cqe), cqe->res, cqe->flags);
    else
        told_to_stop();
}

static unsigned table_size(size_t max_connections)
{
    struct rlimit limit;
    size_t size = max_connections ? max_connections + SLOTS_SPARE : SLOTS_MAX;
    /* The kernel allows a table as large as that of descriptors, although these are none. */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < size)
        size = limit.rlim_cur;
    return (unsigned)size;
}

static void serve(struct server *server)
{
    loop.server = server;
    loop.counters = server->counters;
    loop.now = clock_ns();
    loop.timer_at = loop.wake_at = CLOCK_NEVER;
    /* Sockets that cannot, say so; of Unix-domain ones that is known. */
    loop.zerocopy = want_zerocopy && !server->is_unix;
    struct io_uring_sqe *sqe = uring_request(&loop.ring);
    io_uring_prep_poll_add(sqe, server->stop_fd, POLLIN);
    sqe->user_data = uring_tag(NULL, URING_STOP);

    while (!loop.draining || loop.count > 0 || loop.dying > 0) {
        arm_accept();
        unsigned n = uring_turn(&loop, last_call == 0, completed);
        if (last_call > 0 && (--last_call == 0 || n == 0))
            close_idle();
    }
    uring_close(&loop.ring);
    timers_free(&loop.timers);
    buffer_clear_free_list();
}

/* Opens the ring that serve() uses: one that is tried and closed would prove nothing of the
 * next. */
static bool unsupported(const struct options *options, char *why, size_t size)
{
    if (!uring_open(&loop.ring, table_size(options->max_connections), want_sqpoll, why, size))
        return true;
    if (!want_zerocopy || uring_can_zerocopy(&loop.ring))
        return false;
    uring_close(&loop.ring);
    snprintf(why, size, "--zerocopy: this kernel cannot send without copying");
    return true;
}

static const struct option_row options[] = {
    {OPTION_FLAG, 0, "sqpoll", NULL,
     "a thread of the kernel takes the requests: no call to submit them, and another CPU to "
     "look for them",
     OPTION_VARIABLE(want_sqpoll)},
    {OPTION_FLAG, 0, "zerocopy", NULL, "send pieces of 16 KiB and more without copying (TCP)",
     OPTION_VARIABLE(want_zerocopy)},
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
