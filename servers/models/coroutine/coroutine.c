/* coroutine: code that reads as if it blocked, one coroutine a connection, over epoll.
 *
 * How it waits   A coroutine that cannot go on yields to the loop. The loop waits in epoll_wait(),
 *                edge-triggered, and resumes the coroutines whose sockets are ready.
 * Who works      The one thread, in turn for each coroutine that is resumed. With --workers N as
 *                many processes, each with its coroutines, its loop and, by SO_REUSEPORT, its
 *                listening socket. (Unix-domain sockets have none: there --workers is 1.)
 * It costs       Per request recv and send, and a share of epoll_wait: 2 + 1/batch system calls,
 *                the same as epoll-et. To switch stacks twice is no system call (with --switch
 *                ucontext it is two). An idle connection costs none, but the pages of its stack
 *                that were touched.
 * It breaks      By memory sooner than other loops. A stack that overflows hits its guard page and
 *                ends the server. One slow piece of work holds up all connections: coroutines take
 *                turns.
 *
 * The other loops keep a state machine (conn.c). Here the state is the position in the code.
 * converse() is the loop of serve_blocking.c, which thread and fork use, with calls that look as
 * if they blocked. The lesson of epoll-et holds within them: a short recv proves that the socket
 * is empty, so a coroutine yields before the next recv and not after one that fails. scheduler.c
 * decides who resumes whom, and when; the calls of epoll are there. */
#include "servers/model.h"

#include <string.h>
#include <sys/socket.h>

#include "common/command_line.h"
#include "common/stackful.h"
#include "servers/counters.h"
#include "servers/drive/workers.h"
#include "servers/models/coroutine/scheduler.h"

/* These return false when the connection is broken. Where the session is to be asked again, they
 * have done nothing. */
static bool read_request(struct conn *c)
{
    if (c->session->dry && !scheduler_wait(c, CONN_READ))
        return true;
    scheduler_give_way(c, CONN_READ);
    return conn_receive(c, scheduler_now());
}

static bool write_answer(struct conn *c)
{
    bool full = false;
    scheduler_give_way(c, CONN_WRITE);
    if (!conn_transmit(c, scheduler_now(), &full))
        return false;
    if (full)
        scheduler_wait(c, CONN_WRITE);
    return true;
}

static bool shut(struct conn *c)
{
    session_shut(c->session, scheduler_now());
    return shutdown(c->fd, SHUT_WR) == 0;
}

/* A connection from its first byte to its last. */
static void converse(struct conn *c)
{
    for (bool open = true; open;) {
        session_heed_stop(c->session, c->server);
        switch (session_next(c->session, scheduler_now())) {
        case SESSION_READ:
            open = read_request(c);
            break;
        case SESSION_WRITE:
            open = write_answer(c);
            break;
        case SESSION_WAIT:
            scheduler_wait(c, CONN_WAIT);
            break;
        case SESSION_SHUT:
            open = shut(c);
            break;
        case SESSION_CLOSE:
            return;
        }
    }
}

static void loop(struct server *server)
{
    scheduler_run(server, converse);
}

static void serve(struct server *server)
{
    if (server->workers > 1) {
        workers_as_processes(server, loop, NULL);
        return;
    }
    struct server one = *server;
    one.counters = counters_of_worker(0);
    counters_started(one.counters);
    loop(&one);
    one.counters->alive = 0;
}

static bool set_switch(void *unused, const char *text)
{
    (void)unused;
    bool is_asm = strcmp(text, "asm") == 0;
    return (is_asm || strcmp(text, "ucontext") == 0) &&
           coroutine_use(is_asm ? SWITCH_ASM : SWITCH_UCONTEXT);
}

static const struct option_row model_options[] = {
    {OPTION_CALL, 0, "switch", "HOW",
     "asm or ucontext: what changes stacks, a few instructions or swapcontext, "
     "with a system call (asm where it is built)",
     .call = set_switch, .expects = "a switch built in here: asm or ucontext"},
    {.name = NULL},
};

const struct model model = {
    .name = "coroutine",
    .summary = "a coroutine for each connection, blocking-looking code over epoll",
    .nonblocking_accept = true,
    .workers = 1,
    .listens_each = true,
    .options = model_options,
    .extra_counters = {"resumes"},
    .serve = serve,
    .stop = workers_stop,
    .abort = workers_abort,
};
