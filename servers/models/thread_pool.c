/* thread-pool: a fixed number of threads, and a queue of connections before them.
 *
 * How it waits   The main thread in accept(), each free worker for the queue, each busy one in
 *                recv() on its connection.
 * Who works      The worker that took the connection from the queue: it serves its client to the
 *                end, in straight-line code.
 * It costs       2 system calls per request (recv, send), and a context switch whenever the next
 *                request belongs to another connection. Per connection a trip through the queue: a
 *                futex call or two, to wake a worker. An idle connection costs a worker.
 * It breaks      At one connection more than there are workers: it waits in the queue, accepted
 *                and unanswered. At --queue more the queue is full: then the main thread stops
 *                accepting, and the next ones wait in the kernel's queue (--backlog). When that is
 *                full too, the kernel drops the clients' SYNs. Nothing is refused and nothing
 *                grows: the pressure goes back to where it comes from. The counters show it:
 *                `queued` now, `max_queued` at most, `queue_full` times.
 *
 * A queue without a bound would only move the waiting into the server, where it costs memory and
 * hides. On SIGTERM the connections in the queue are served like the others: what has come is
 * answered, then they are closed.
 *
 * The lock is held for moving one number in or out, never while anybody serves or accepts. */
#include "servers/model.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/command_line.h"
#include "common/err.h"
#include "servers/counters.h"
#include "servers/drive/serve_blocking.h"
#include "servers/drive/workers.h"
#include "servers/net.h"

enum { QUEUED, MAX_QUEUED, QUEUE_FULL }; /* in counters.extra[] of the main thread */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t emptied = PTHREAD_COND_INITIALIZER;

/* A ring of descriptors; under the lock, as are the counters above. */
static uint64_t capacity = 1024;
static int *queue;
static uint64_t first, length;
static bool closed; /* there will be no more */

static struct blocking_conn conns[WORKERS_MAX]; /* what each worker serves */
static struct counters *mine;                   /* the main thread's */

/* Called with the lock held. */
static void show_length(void)
{
    atomic_store(&mine->extra[QUEUED], length);
    if (length > mine->extra[MAX_QUEUED])
        atomic_store(&mine->extra[MAX_QUEUED], length);
}

static void add(int fd)
{
    pthread_mutex_lock(&lock);
    queue[(first + length++) % capacity] = fd;
    show_length();
    pthread_mutex_unlock(&lock);
    pthread_cond_signal(&filled); /* not before: the woken one wants the lock at once */
}

/* Returns -1 when there will be no more. */
static int take(void)
{
    int fd = -1;
    bool was_full;
    pthread_mutex_lock(&lock);
    while (length == 0 && !closed)
        pthread_cond_wait(&filled, &lock);
    was_full = length == capacity;
    if (length > 0) {
        fd = queue[first];
        first = (first + 1) % capacity;
        length--;
        show_length();
    }
    pthread_mutex_unlock(&lock);
    if (was_full)
        pthread_cond_signal(&emptied);
    return fd;
}

static void close_queue(void)
{
    pthread_mutex_lock(&lock);
    closed = true;
    pthread_cond_broadcast(&filled);
    pthread_mutex_unlock(&lock);
}

static void work(struct server *server)
{
    int fd;
    while ((fd = take()) >= 0)
        serve_blocking(server, server->counters, fd, &conns[server->worker]);
}

/* Stop accepting while the queue is full. */
static void wait_for_room(void)
{
    pthread_mutex_lock(&lock);
    if (length == capacity)
        count(&mine->extra[QUEUE_FULL], 1);
    while (length == capacity)
        pthread_cond_wait(&emptied, &lock);
    pthread_mutex_unlock(&lock);
}

static void serve(struct server *server)
{
    static const atomic_size_t none_open = 0; /* net_admit() counts for itself */
    queue = xcalloc(capacity, sizeof *queue);
    mine = server->counters;
    workers_start_threads(server, work);

    /* Connections that are queued when the server stops are served like the others: what has come
     * is answered. So a full queue empties, wait_for_room() returns, and net_accept_wait() says
     * that the server stops. */
    int fd;
    while (wait_for_room(), (fd = net_accept_wait(server, &none_open)) >= 0)
        add(fd);
    close_queue();
    workers_join_threads();
    free(queue);
}

/* The workers find out what they have to do as in `thread`; this is called in a signal handler. */
static void stop(void)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        blocking_conn_drain(&conns[i]);
}

static const struct option_row options[] = {
    {OPTION_NUMBER, 0, "queue", "N",
     "accepted connections that may wait for a worker; "
     "beyond them the server accepts no more (1024)",
     OPTION_VARIABLE(capacity), .low = 1, .high = 1000000},
    {.name = NULL},
};

const struct model model = {
    .name = "thread-pool",
    .summary = "a fixed number of threads that take connections from a bounded queue",
    .workers = 64,
    .worker_serves_one = true,
    .options = options,
    .extra_counters = {"queued", "max_queued", "queue_full"},
    .serve = serve,
    .stop = stop,
};
