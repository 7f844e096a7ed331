/* coroutine: code that reads as if it blocked, C coroutines in one thread, over epoll.
 *
 * How it waits   A coroutine that cannot go on yields to the loop. The loop waits in epoll_wait(),
 *                and resumes the coroutines whose sockets are ready.
 * Who works      The one thread, in turn for each coroutine that is resumed.
 * It costs       Per request send and recv, and a share of epoll_wait: 2 + 1/batch system calls,
 *                as `epoll` does. To switch stacks is no system call. A request that waits costs
 *                no call, and the pages of its stack that were touched.
 * It breaks      As `epoll` does: when more answers come than one CPU can check.
 *
 * Compare fetch() with fetch_blocking(), which threads and processes use: the same lines in the
 * same order. Where that one is in a call that blocks, this one is in wait_for(). In `epoll` the
 * same state is a number, and conn_step() goes on by it: here it is the place in the code. It is
 * what async and await are in other languages, with nothing but a stack of its own for each. */
#include "clients/client.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/drive/loop.h"
#include "common/err.h"
#include "common/stackful.h"
#include "common/stacks.h"

#define BATCH 512

static struct loop loop;
static struct coroutine **coroutines; /* one for each connection */

static void wait_for(struct conn *c, enum conn_want want)
{
    uint32_t events = want == CONN_READ ? EPOLLIN : EPOLLOUT;
    struct epoll_event e = {.events = events, .data.ptr = c};
    int operation = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (events != c->watched && epoll_ctl(loop.set, operation, c->fd, &e) != 0) {
        conn_fail(c, OUTCOME_SYSTEM);
        return;
    }
    c->watched = events;
    coroutine_yield();
}

static void open_connection(struct conn *c)
{
    if (conn_socket(c, SOCK_NONBLOCK))
        conn_connect(c);
    if (c->state == CONN_CONNECTING)
        wait_for(c, CONN_WRITE);
    if (c->state == CONN_CONNECTING)
        conn_connected(c);
}

/* Each wait may end because the time of the request is over: the state says so. */
static void fetch(struct conn *c)
{
    if (c->state == CONN_CLOSED)
        open_connection(c);
    while (c->state == CONN_SENDING && !conn_send(c))
        wait_for(c, CONN_WRITE);
    while (c->state == CONN_RECEIVING) {
        wait_for(c, CONN_READ);
        if (c->state == CONN_RECEIVING)
            conn_receive(c);
    }
}

static void fetch_all(void *conn)
{
    struct conn *c = conn;
    while (conn_take(c))
        while (c->state != CONN_IDLE)
            fetch(c);
}

static void resume(struct conn *c)
{
    if (!coroutine_resume(coroutines[c - loop.conns]))
        loop_wait(&loop, c, CONN_OVER);
}

static void late(struct loop *l, struct conn *c)
{
    (void)l;
    conn_timed_out(c);
    resume(c);
}

static void run(struct job *job)
{
    struct epoll_event ready[BATCH];

    loop_init(&loop, job);
    coroutines = xcalloc(loop.count, sizeof *coroutines);
    if ((loop.set = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die_errno("cannot create an epoll instance");
    for (unsigned i = 0; i < loop.count; i++)
        if (!(coroutines[i] = coroutine_new(fetch_all, &loop.conns[i])))
            die_errno("cannot make coroutine %u of %u", i + 1, loop.count);
    for (unsigned i = 0; i < loop.count; i++)
        resume(&loop.conns[i]);
    while (loop_running(&loop)) {
        int n = epoll_wait(loop.set, ready, BATCH, loop_timeout_ms(&loop));
        loop_woke(n);
        for (int i = 0; i < n; i++)
            resume(ready[i].data.ptr);
        loop_each_late(&loop, late);
    }
    close(loop.set);
    stacks_free();
    free(coroutines);
    loop_free(&loop);
}

const struct client client = {
    .name = "coroutine",
    .summary = "a coroutine for each connection, blocking-looking code over epoll",
    .run = run,
};
