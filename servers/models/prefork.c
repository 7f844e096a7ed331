/* prefork: a fixed number of processes, started before there is anybody to serve.
 *
 * How it waits   Each child for a connection on the one listening socket that all have inherited,
 *                then in recv() on that connection.
 * Who works      The child that got the connection: it serves its client to the end, then waits
 *                for the next one. The parent only watches: it replaces a child that dies (no
 *                child more often than once a second) and passes SIGTERM on.
 * It costs       2 system calls per request (recv, send), and no fork for a connection. An idle
 *                connection costs a child.
 * It breaks      At one connection more than there are children: it waits in the kernel's queue,
 *                unanswered, until a child is free. With keep-alive connections that may be for
 *                ever.
 *
 * How N processes wait for one event is an old problem. If each connection wakes all, one gets the
 * connection and the others have come for nothing: the thundering herd. --accept chooses:
 *
 *   block       All block in accept(). Linux queues these waiters as exclusive ones, so a
 *               connection wakes one child only (inet_csk_wait_for_connect(); the kernels that
 *               UNP, section 30.6, measured woke all). The cure that costs nothing.
 *   none        All wait in poll(), as a child with two descriptors to watch would, then call
 *               accept(). Waiters in poll() are not exclusive: this is the herd. Most of the late
 *               ones find the socket empty in poll() already, inside the kernel: see
 *               voluntary_switches. Some find it empty in accept(): see eagain.
 *   lock        A lock around accept(), Apache's way. One child waits for a connection, the others
 *               wait for the lock, which wakes one. The lock is a robust mutex in shared memory: a
 *               child that dies leaves the lock to the next one (EOWNERDEAD). The next one has
 *               nothing to repair, as accept() leaves nothing half done. To take the lock costs no
 *               system call while it is free. A lock of fcntl() survives a death as well, but
 *               takes two calls for each connection.
 *   exclusive   All wait in epoll_wait(), each in a set of its own, in which the socket has
 *               EPOLLEXCLUSIVE (Linux 4.5). One or a few are woken. The cure for loops.
 *
 * One process cannot block in accept() on two sockets. With several addresses the children of
 * block and lock wait in epoll_wait() on one shared set, then call accept(). The set is
 * level-triggered: it wakes one more child while a connection is not accepted, and a child that is
 * too late finds nobody. */
#include "servers/model.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/command_line.h"
#include "common/err.h"
#include "servers/counters.h"
#include "servers/drive/serve_blocking.h"
#include "servers/drive/workers.h"
#include "servers/net.h"

/* What a child does before an accept and after it. Each may be NULL. */
struct way {
    bool nonblocking;                      /* the listening socket */
    void (*set_up)(struct server *server); /* in the child */
    void (*before)(struct server *server); /* returns when accept() is to be tried */
    void (*after)(void);
};

/* In a child: */
static struct blocking_conn mine = {.fd = -1};
static int epoll;

static pthread_mutex_t *accept_lock; /* in memory that all children share */

static void wait_in_poll(struct server *server)
{
    struct pollfd entries[] = {{.fd = server->listen_fd, .events = POLLIN},
                               {.fd = server->stop_fd, .events = POLLIN}};
    int n = poll(entries, 2, -1);
    count_wakeup(server->counters, n > 0 ? (uint64_t)n : 0);
}

static void watch(int fd, uint32_t events)
{
    struct epoll_event e = {.events = events};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        die_errno("cannot watch a descriptor");
}

static void create_set(struct server *server)
{
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    /* Of several sockets each wakes all children: a child that is woken for one may take a
     * connection of another, and with EPOLLEXCLUSIVE a connection was left waiting. */
    uint32_t exclusive = server->socket_count == 1 ? (uint32_t)EPOLLEXCLUSIVE : 0;
    for (unsigned i = 0; i < server->socket_count; i++)
        watch(server->sockets[i], EPOLLIN | exclusive);
    watch(server->stop_fd, EPOLLIN);
}

static void wait_in_epoll(struct server *server)
{
    struct epoll_event ready[2];
    int n = epoll_wait(epoll, ready, 2, -1);
    count_wakeup(server->counters, n > 0 ? (uint64_t)n : 0);
}

static void create_lock(void)
{
    pthread_mutexattr_t attributes;
    accept_lock = mmap(NULL, sizeof *accept_lock, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (accept_lock == MAP_FAILED)
        die_errno("cannot map memory for a lock");
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    errno = pthread_mutex_init(accept_lock, &attributes);
    if (errno != 0)
        die_errno("cannot create a lock");
    pthread_mutexattr_destroy(&attributes);
}

static void take_lock(struct server *server)
{
    (void)server;
    if (pthread_mutex_lock(accept_lock) == EOWNERDEAD)
        pthread_mutex_consistent(accept_lock);
}

static void release_lock(void)
{
    pthread_mutex_unlock(accept_lock);
}

enum { BLOCK, NONE, LOCK, EXCLUSIVE };
static unsigned how = BLOCK;

static const struct way ways[] = {
    [BLOCK] = {.nonblocking = false},
    [NONE] = {.nonblocking = true, .before = wait_in_poll},
    [LOCK] = {.before = take_lock, .after = release_lock},
    [EXCLUSIVE] = {.nonblocking = true, .set_up = create_set, .before = wait_in_epoll},
};

static void be_child(struct server *server)
{
    const struct way *way = &ways[how];
    static const atomic_size_t none_open = 0; /* net_admit() counts those of all children */
    if (way->set_up)
        way->set_up(server);

    for (enum net_accept result = NET_RETRY; result != NET_STOPPED;) {
        int fd;
        if (way->before)
            way->before(server);
        if (!way->nonblocking)
            net_wait(server);
        result = server_stopping(server) ? NET_STOPPED
                                         : net_accept_admitted(server, &none_open, &fd);
        if (way->after)
            way->after();
        if (result != NET_ACCEPTED)
            continue;
        if (!way->nonblocking)
            count_wakeup(server->counters, 1);
        serve_blocking(server, server->counters, fd, &mine);
    }
}

/* A child that SIGTERM finds in accept() returns from it by EINTR. If the signal comes just
 * before the call, and is for this child alone, it serves one more connection; if it is for the
 * server, the socket is shut down next, which ends the call. */
static void stop_child(void)
{
    blocking_conn_drain(&mine);
}

static void serve(struct server *server)
{
    for (unsigned i = 0; ways[how].nonblocking && i < server->socket_count; i++)
        if (fcntl(server->sockets[i], F_SETFL, O_NONBLOCK) != 0)
            die_errno("cannot make the listening socket non-blocking");
    if (how == LOCK)
        create_lock();
    workers_as_processes(server, be_child, stop_child);
}

static const char *const names[] = {
    [BLOCK] = "block", [NONE] = "none", [LOCK] = "lock", [EXCLUSIVE] = "exclusive", NULL};

static const struct option_row options[] = {
    {OPTION_WORD, 0, "accept", "HOW",
     "how the children wait for a connection: block (in accept), none (in poll: all are "
     "woken), lock, exclusive (in epoll) (block)",
     OPTION_VARIABLE(how), .words = names},
    {.name = NULL},
};

const struct model model = {
    .name = "prefork",
    .summary = "a fixed number of processes that accept and serve one connection at a time",
    .workers = 64,
    .worker_serves_one = true,
    .options = options,
    .serve = serve,
    .stop = workers_stop,
    .abort = workers_abort,
};
