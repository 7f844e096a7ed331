/* reactor-pool: one thread waits for all connections, others serve them.
 *
 * How it waits   The main thread in epoll_wait() for all; each worker for the queue of connections
 *                that are ready.
 * Who works      The worker that took the connection from the queue: it reads, runs the app and
 *                answers, then has the kernel watch the connection again. The next request may go
 *                to another worker.
 * It costs       Per request recv, send, epoll_ctl to re-arm and a share of epoll_wait: 3 +
 *                1/batch. Where a worker sleeps, a futex call or two wake it. An idle connection
 *                costs none, and no thread.
 * It breaks      Not with numbers. Where requests are small the hand-over costs more than the
 *                work: one loop is faster then. The pool pays where requests are long: /cpu/US
 *                holds up one worker, and no other connection, until there are as many such
 *                requests as workers.
 *
 * EPOLLONESHOT (epoll_ctl(2)) makes the pool possible: a descriptor that was reported is not
 * reported again before it is re-armed, so no two workers get the same connection. Timers are a
 * second source of events, and epoll does not know them. So a connection whose state is BUSY has
 * one owner: the worker that took it, or the main thread once the worker has handed it back.
 * Nobody else touches the connection. One that is not BUSY waits in epoll, or for its timer.
 *
 * The list, the timers and closing are the main thread's. To a connection that a worker has, the
 * main thread does one thing: it sets a bit in the state, EVENT or TIMER. A worker that wants to
 * let go and finds a bit looks at the connection again. A worker cannot close a connection or set
 * an earlier timer: it hands the connection back to the main thread. So there is one lock, the
 * queue's. */
#include "servers/model.h"

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/count.h"
#include "servers/drive/reactor.h"
#include "servers/drive/task_queue.h"
#include "servers/drive/workers.h"

#define BATCH 512

enum { QUEUED, MAX_QUEUED, HANDED_BACK }; /* in counters.extra[] of the main thread */

enum {
    BUSY = 1,  /* it has an owner */
    EVENT = 2, /* its socket is ready, or the server stops: step */
    TIMER = 4, /* its timer is over, and in the heap no more */
};

/* A connection, as it goes from one thread to another. */
struct job {
    struct conn conn;
    struct task task;
    struct job *next; /* the next job that is handed back */
    atomic_uint state;
};

static struct {
    struct reactor reactor; /* the main thread's */
    struct task_queue queue;
    int bell; /* rings when something is handed back */
    _Atomic(struct job *) handed_back;
} pool;

static int control(int operation, int fd, uint32_t events, void *tag)
{
    struct epoll_event e = {.events = events, .data.ptr = tag};
    return epoll_ctl(pool.reactor.set, operation, fd, &e);
}

/* Have the connection reported when it is ready, and let go of it. False where a bit has been set
 * meanwhile, or the connection is to be closed: the caller still has it. */
static bool release(struct job *j)
{
    struct conn *c = &j->conn;
    unsigned busy = BUSY;
    uint32_t events = c->want == CONN_WRITE ? EPOLLOUT : EPOLLIN;
    if (c->want != CONN_WAIT && control(EPOLL_CTL_MOD, c->fd, events | EPOLLONESHOT, j) != 0) {
        c->want = CONN_DONE;
        return false;
    }
    return atomic_compare_exchange_strong(&j->state, &busy, 0);
}

/* The main thread's: something has happened to the connection. */
static void notify(struct job *j, unsigned bit)
{
    if (!(atomic_fetch_or(&j->state, BUSY | bit) & BUSY))
        task_queue_add(&pool.queue, &j->task);
}

/* A worker's: give the connection to the main thread. */
static void hand_back(struct job *j)
{
    uint64_t one = 1;
    struct job *head = pool.handed_back;
    do
        j->next = head;
    while (!atomic_compare_exchange_weak(&pool.handed_back, &head, j));
    /* The worker that comes second need not ring: the main thread takes them all. */
    if (!head && write(pool.bell, &one, sizeof one) < 0)
        die_errno("cannot write to an eventfd");
}

/* One look at a connection, by the worker that owns it. Returns false where it has to go back to
 * the main thread. */
static bool serve_job(struct job *j)
{
    struct conn *c = &j->conn;
    unsigned bits = atomic_exchange(&j->state, BUSY);
    uint64_t now = clock_ns();
    enum conn_want want = c->want;

    if ((bits & EVENT) && (want == CONN_READ || want == CONN_WRITE))
        want = conn_step(c, now);
    if ((bits & TIMER) && want != CONN_DONE && session_expired(c->session, now))
        want = conn_step(c, now);
    c->want = (uint8_t)want;
    return want != CONN_DONE && !(bits & TIMER) && session_deadline(c->session) >= c->timer.at;
}

static void work(struct server *server)
{
    for (struct task *next; (next = task_queue_take(&pool.queue, server->counters));) {
        struct job *j = (struct job *)(void *)((char *)next - offsetof(struct job, task));
        j->conn.session->counters = server->counters; /* each counter has one writer */
        do {
            if (!serve_job(j)) {
                hand_back(j);
                break;
            }
        } while (!release(j));
    }
}

static void accept_all(struct reactor *r)
{
    for (struct conn *c; (c = reactor_accept(r));)
        if (control(EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLONESHOT, c) != 0)
            reactor_refuse(r, c);
}

static void take_back(struct reactor *r)
{
    for (struct job *j = atomic_exchange(&pool.handed_back, NULL), *next; j; j = next) {
        struct conn *c = &j->conn;
        next = j->next;
        count(&r->counters->extra[HANDED_BACK], 1);
        if (c->want == CONN_DONE) {
            c->session->counters = r->counters;
            reactor_close(r, c);
            continue;
        }
        reactor_wait(r, c, c->want);
        if (c->timer.index == TIMER_OFF)
            c->timer.at = CLOCK_NEVER; /* for the worker that compares it */
        if (!release(j))
            task_queue_add(&pool.queue, &j->task);
    }
}

/* The timers of connections that workers have may be over too: so nobody but the owner looks
 * whether the deadline was moved meanwhile. */
static void expire(struct reactor *r)
{
    for (struct conn *c; (c = reactor_due(r));)
        notify((struct job *)c, TIMER);
}

static void watch_listener(const struct reactor *r, bool *watched)
{
    bool want = reactor_accepting(r);
    int operation = want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    if (want != *watched && control(operation, r->server->listen_fd, EPOLLIN, NULL) != 0)
        die_errno("cannot watch the listening socket");
    *watched = want;
}

static void react(struct reactor *r)
{
    struct epoll_event ready[BATCH];
    bool listener_watched = false;

    while (reactor_running(r)) {
        watch_listener(r, &listener_watched);
        int n = epoll_wait(r->set, ready, BATCH, reactor_timeout_ms(r));
        reactor_woke(r, n);

        bool accept_ready = false;
        for (int i = 0; i < n; i++) {
            void *tag = ready[i].data.ptr;
            if (tag == NULL)
                accept_ready = true;
            else if (tag != r->server && tag != &pool.bell)
                notify(tag, EVENT);
        }
        take_back(r); /* after all events: they may be of one that is closed here */
        if (accept_ready)
            accept_all(r);
        expire(r);
        if (reactor_must_drain(r))
            for (struct conn *c = LIST_FIRST(&r->conns); c; c = LIST_NEXT(c, link))
                notify((struct job *)c, EVENT);
    }
}

static void serve(struct server *server)
{
    struct reactor *r = &pool.reactor;
    counter *extra = server->counters->extra;
    reactor_init(r, server, sizeof(struct job));
    task_queue_init(&pool.queue, &extra[QUEUED], &extra[MAX_QUEUED]);
    if ((r->set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    if ((pool.bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
        die_errno("cannot create an eventfd");
    /* Edge-triggered, each write is reported once, and nobody has to read. */
    if (control(EPOLL_CTL_ADD, pool.bell, EPOLLIN | EPOLLET, &pool.bell) != 0 ||
        control(EPOLL_CTL_ADD, server->stop_fd, EPOLLIN | EPOLLONESHOT, server) != 0)
        die_errno("cannot watch an eventfd");

    workers_start_threads(server, work);
    react(r);

    task_queue_close(&pool.queue);
    workers_join_threads();
    close(pool.bell);
    close(r->set);
    reactor_free(r);
}

const struct model model = {
    .name = "reactor-pool",
    .summary =
        "one thread waits in epoll with EPOLLONESHOT, workers read, run the app and answer",
    .nonblocking_accept = true,
    .workers = 4,
    .extra_counters = {"queued", "max_queued", "handed_back"},
    .serve = serve,
};
