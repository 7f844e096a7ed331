/* sigio: signal-driven I/O: one thread, a queued real-time signal for everything that happens.
 *
 * How it waits   In sigtimedwait(), with the signals blocked, so no handler runs. Each socket has
 *                O_ASYNC, this thread as its owner (F_SETOWN_EX) and a real-time signal
 *                (F_SETSIG). The kernel queues one signal, with the descriptor (si_fd) and what
 *                happened (si_band), for each segment that arrives, each connection, each end, and
 *                for room to write again.
 * Who works      The one thread, for one signal after the other.
 * It costs       Per request rt_sigtimedwait, recv and send: 3 system calls, for signals are
 *                fetched one at a time. A connection costs three fcntl more. An idle one costs
 *                none.
 * It breaks      When more signals are pending than RLIMIT_SIGPENDING allows the user: see below.
 *                One slow piece of work holds up all connections, as in every one-thread loop.
 *
 * A signal reports a change, once, as edge-triggered epoll does; so the loop reads a socket until
 * the socket is empty. But epoll merges what happens before it is asked, and signals stand in a
 * queue: a descriptor may be closed, and its number given to the next connection, while signals
 * for the old one are still to come. So a signal is a hint: the loop tries recv or send, and
 * believes their result. A stale hint costs a recv that finds nothing.
 *
 * The end of input may lie behind a short recv. The end has a signal of its own, so one recv for
 * each signal finds all. Where two came before one recv, the loop reads until EAGAIN.
 *
 * When the queue is full the kernel drops the signal and sends a plain SIGIO instead, which comes
 * first, having the lower number. Then the loop throws away all that is queued, and asks poll()
 * after every socket: signal-driven I/O needs another way of waiting to fall back upon. */
#include "servers/model.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/count.h"
#include "servers/drive/reactor.h"
#include "servers/net.h"

/* So many signals are handled between two shares of new connections. */
#define SIGNALS_PER_SHARE 64

#define SOCKET_SIGNAL SIGRTMIN
#define STOP_SIGNAL   (SIGRTMIN + 1)

static struct place {
    struct conn *conn; /* of this descriptor, NULL for none */
    bool in_line;      /* its turn is queued */
} * by_fd;
static size_t by_fd_size;
static struct f_owner_ex owner; /* of all sockets: this thread */
static unsigned signals_since;  /* signals since connections were last accepted */
static counter *extra;          /* the model's own: */
enum { SIGNALS, OVERFLOWS, STALE };
static volatile sig_atomic_t
    blocked; /* 1 once the signals are: a stop only ends the wait then */

/* From now on the changes of `fd` are signalled. A listening socket does not hand O_ASYNC down. */
static bool watch(int fd)
{
    return fcntl(fd, F_SETSIG, SOCKET_SIGNAL) == 0 && fcntl(fd, F_SETOWN_EX, &owner) == 0 &&
           fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC) == 0;
}

static bool enter(struct conn *c)
{
    size_t fd = (size_t)c->fd;
    if (fd >= by_fd_size) {
        size_t size = fd < 64 ? 128 : 2 * fd;
        struct place *bigger = realloc(by_fd, size * sizeof *bigger);
        if (!bigger)
            return false;
        memset(bigger + by_fd_size, 0, (size - by_fd_size) * sizeof *bigger);
        by_fd = bigger;
        by_fd_size = size;
    }
    if (!watch(c->fd))
        return false;
    by_fd[fd] = (struct place){.conn = c};
    return true;
}

/* Stand behind the others, by a signal like theirs. A full queue loses this signal too. */
static void stand_in_line(struct conn *c)
{
    by_fd[c->fd].in_line = true;
    union sigval value = {.sival_int = c->fd};
    if (pthread_sigqueue(pthread_self(), SOCKET_SIGNAL, value) != 0)
        raise(SIGIO);
}

static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    want = conn_use_up(c, want, r->now);
    if (want == CONN_DONE) {
        by_fd[c->fd].conn = NULL;
        reactor_close(r, c);
        return;
    }
    if (c->yielded && !by_fd[c->fd].in_line)
        stand_in_line(c);
    c->yielded = false;
    reactor_wait(r, c, want);
}

static void accept_all(struct reactor *r)
{
    bool is_share_taken = r->more_to_accept && r->accepts > 0;
    for (struct conn *c; !is_share_taken && (c = reactor_accept(r));) {
        conn_reported(c, true); /* earlier bytes have had no signal */
        if (enter(c))
            set_want(r, c, CONN_READ);
        else
            reactor_refuse(r, c);
    }
}

/* Something happened, or the report of it is stale. Of a connection that waits for its timer only a
 * hang-up matters, and that is believed when poll() says so. */
static void reported(struct reactor *r, struct conn *c, short events)
{
    enum conn_want want = c->want;
    conn_reported(c, !c->session->dry || (events & (POLLPRI | POLLHUP | POLLERR)));
    struct pollfd p = {.fd = c->fd};
    if (want == CONN_WAIT && (events & (POLLHUP | POLLERR)) && poll(&p, 1, 0) == 1)
        want = CONN_DONE;
    if (by_fd[c->fd].in_line && want != CONN_DONE)
        return;
    if (want == CONN_WRITE && (events & (POLLOUT | POLLHUP | POLLERR)))
        want = conn_step(c, r->now);
    set_want(r, c, want);
}

/* Signals were lost. To ignore a signal throws away those that are queued; poll() says the same. */
static void ask_after_all(struct reactor *r)
{
    nfds_t n = 0;
    count(&extra[OVERFLOWS], 1);
    signal(SOCKET_SIGNAL, SIG_IGN);
    signal(SOCKET_SIGNAL, SIG_DFL);
    struct pollfd *all = xmalloc((r->count + 1) * sizeof *all);
    for (struct conn *c = LIST_FIRST(&r->conns); c; c = LIST_NEXT(c, link)) {
        all[n++] = (struct pollfd){.fd = c->fd, .events = POLLIN | POLLPRI | POLLOUT};
        by_fd[c->fd].in_line = false;
    }
    if (poll(all, n, 0) < 0)
        die_errno("cannot poll %zu connections", r->count);
    for (nfds_t i = 0; i < n; i++) {
        struct conn *c = by_fd[all[i].fd].conn;
        conn_reported(c, true);
        if (all[i].revents)
            reported(r, c, all[i].revents);
    }
    free(all);
    accept_all(r);
}

/* A turn handles one signal, and a storm of connections queues as many signals. So the next share
 * is accepted when all that was queued is handled, or many signals are. */
static int wait_for_signal(struct reactor *r, const sigset_t *set, siginfo_t *info)
{
    int ms = r->more_to_accept && reactor_accepting(r) ? 0 : reactor_timeout_ms(r);
    struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * (long)NS_PER_MS};
    unsigned accepts = r->accepts;
    int n = sigtimedwait(set, info, ms < 0 ? NULL : &limit);
    bool none = n < 0 && errno == EAGAIN;
    reactor_woke(r, n > 0 ? 1 : none ? 0 : n);
    signals_since = none || !r->more_to_accept ? 0 : signals_since + 1;
    if (signals_since % SIGNALS_PER_SHARE != 0)
        r->accepts = accepts;
    return n;
}

static void handle(struct reactor *r, int signal_number, const siginfo_t *info)
{
    if (signal_number == SIGIO)
        ask_after_all(r);
    if (signal_number != SOCKET_SIGNAL)
        return;
    bool own = info->si_code == SI_QUEUE;
    size_t fd = (size_t)(own ? info->si_value.sival_int : info->si_fd);
    struct conn *c = fd < by_fd_size ? by_fd[fd].conn : NULL;
    count(&extra[SIGNALS], !own);
    if (own && c) {
        by_fd[fd].in_line = false;
        set_want(r, c, c->want == CONN_WRITE ? conn_step(c, r->now) : c->want);
    } else if (net_listens_on(r->server, (int)fd)) {
        accept_all(r);
    } else if (c) {
        reported(r, c, (short)info->si_band);
    } else {
        count(&extra[STALE], 1);
    }
}

static void serve(struct server *server)
{
    struct reactor r;
    sigset_t set;
    bool rested = true; /* of a client before O_ASYNC there was no signal */
    reactor_init(&r, server, sizeof(struct conn));
    extra = server->counters->extra;
    owner = (struct f_owner_ex){.type = F_OWNER_TID, .pid = gettid()};
    sigemptyset(&set);
    sigaddset(&set, SOCKET_SIGNAL);
    sigaddset(&set, STOP_SIGNAL);
    sigaddset(&set, SIGIO);
    sigprocmask(SIG_BLOCK, &set, NULL);
    blocked = 1;
    if (server_stopping(server))
        kill(getpid(), STOP_SIGNAL);
    for (unsigned i = 0; i < server->socket_count; i++)
        if (!watch(server->sockets[i]))
            die_errno("cannot have signals sent for the listening socket");

    while (reactor_running(&r)) {
        if ((rested || (r.more_to_accept && r.accepts == 0)) && reactor_accepting(&r))
            accept_all(&r);
        rested = !reactor_accepting(&r);
        siginfo_t info;
        handle(&r, wait_for_signal(&r, &set, &info), &info);
        reactor_turn(&r, set_want);
    }
    free(by_fd);
    reactor_free(&r);
}

/* SIGTERM may come just before the wait: a pending signal ends the wait all the same. By kill(2),
 * for raise(3) is refused where no signal may be queued. */
static void stop(void)
{
    if (blocked)
        kill(getpid(), STOP_SIGNAL);
}

const struct model model = {
    .name = "sigio",
    .summary = "one thread, a queued real-time signal for each event",
    .nonblocking_accept = true,
    .no_workers = "it is one loop in one thread; epoll-multi is the model with several",
    .extra_counters = {"signals", "overflows", "stale_signals"},
    .serve = serve,
    .stop = stop,
};
