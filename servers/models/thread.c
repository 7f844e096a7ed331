/* thread: a thread for each connection.
 *
 * How it waits   The main thread in accept(), each other thread in recv() on its one connection.
 * Who works      The connection's thread: straight-line code. The scheduler does the multiplexing.
 * It costs       2 system calls per request (recv, send), and a context switch whenever the next
 *                request belongs to another connection. Per connection a clone and an exit, some
 *                tens of microseconds. An idle connection costs a stack (only touched pages are
 *                resident), a kernel stack and a buffer.
 * It breaks      At the limit of threads (threads-max, pid_max, a container's pids.max; 32,000
 *                here): then pthread_create fails, and the connection is closed and counted as
 *                refused. All connections share one table of descriptors, so EMFILE can come:
 *                accepting then rests for 20 ms at a time, and the connections wait in the
 *                backlog.
 *
 * The threads are detached: nobody joins them, each cleans up behind itself. While they serve they
 * share nothing: each has its session, its buffers and its counters. The one lock is taken when a
 * connection begins and when it ends. The default stack of 8 MiB would do too, as it is only
 * address space, but 10,000 of them are 80 GB of it. */
#include "servers/model.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "servers/app/buffer.h"
#include "servers/counters.h"
#include "servers/drive/serve_blocking.h"
#include "servers/net.h"

#define STACK_SIZE (128 * 1024)

struct worker {
    struct server *server;
    struct counters *counters;
    struct blocking_conn conn;
    int fd;
    LIST_ENTRY(worker) link;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t nobody_left = PTHREAD_COND_INITIALIZER;
/* Those that live; under the lock, as the free counters are. */
static LIST_HEAD(, worker) workers;
static atomic_size_t alive;

static void enter(struct worker *w)
{
    LIST_INSERT_HEAD(&workers, w, link);
    alive++;
}

static void leave(struct worker *w)
{
    LIST_REMOVE(w, link);
    counters_give(w->counters);
    if (--alive == 0)
        pthread_cond_signal(&nobody_left);
}

static void *work(void *argument)
{
    struct worker *w = argument;
    serve_blocking(w->server, w->counters, w->fd, &w->conn);
    buffer_clear_free_list();

    pthread_mutex_lock(&lock);
    leave(w);
    pthread_mutex_unlock(&lock);
    free(w);
    return NULL;
}

/* Called with the lock held. Returns false when there is no memory or no thread to be had. */
static bool start_worker(struct server *server, const pthread_attr_t *attributes, int fd)
{
    struct worker *w = calloc(1, sizeof *w);
    struct counters *counters = w ? counters_take() : NULL;
    if (!counters) {
        free(w);
        return false;
    }
    *w = (struct worker){.server = server, .counters = counters, .fd = fd, .conn = {.fd = -1}};
    enter(w);

    pthread_t thread;
    if (pthread_create(&thread, attributes, work, w) == 0)
        return true;
    leave(w);
    free(w);
    return false;
}

static void serve(struct server *server)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);

    sigset_t all;
    sigfillset(&all);
    pthread_attr_setsigmask_np(&attributes, &all); /* signals are the main thread's */

    int fd;
    while ((fd = net_accept_wait(server, &alive)) >= 0) {
        pthread_mutex_lock(&lock);
        bool started = start_worker(server, &attributes, fd);
        pthread_mutex_unlock(&lock);
        if (!started)
            net_refuse(server, fd);
    }

    pthread_mutex_lock(&lock);
    for (struct worker *w = LIST_FIRST(&workers); w; w = LIST_NEXT(w, link))
        blocking_conn_drain(&w->conn);
    while (alive > 0)
        pthread_cond_wait(&nobody_left, &lock);
    pthread_mutex_unlock(&lock);
    pthread_attr_destroy(&attributes);
}

const struct model model = {
    .name = "thread",
    .summary = "a detached thread for each connection",
    .no_workers =
        "it has a thread for each connection; thread-pool is the model with a number of them",
    .max_connections = 32000,
    .counters_per_connection = true,
    .serve = serve,
};
