/* fork: a process for each connection.
 *
 * How it waits   The parent in accept(), each child in recv() on its one connection.
 * Who works      The child: it serves its client to the end and exits. The parent never touches
 *                the client. The scheduler of the kernel does the multiplexing.
 * It costs       2 system calls per request (recv, send). Per connection a fork, an exit and a
 *                wait: hundreds of microseconds, mostly for copying page tables and for the faults
 *                of copy-on-write. An idle connection costs a process: kernel stack, page tables
 *                and the pages it has written.
 * It breaks      Where connections are short: the fork is then the work. And at the limit of
 *                processes (RLIMIT_NPROC, pid_max, a container's pids.max; 32,000 here): then the
 *                connection is closed and counted as refused. Descriptors are no limit: the parent
 *                keeps none, and each child has a table of its own.
 *
 * A child that has ended stays a zombie until its parent waits for it, so SIGCHLD is handled.
 * Several children may end while the signal is pending once: the handler reaps until none is left
 * (UNP, section 5.10). PR_SET_PDEATHSIG ends the children of a parent that was killed. */
#include "servers/model.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "servers/counters.h"
#include "servers/drive/serve_blocking.h"
#include "servers/net.h"

#define CHILDREN_MAX 32000

static struct child {
    pid_t pid;
    struct counters *counters;
    uint64_t closed;      /* what the counter was before the child */
} children[CHILDREN_MAX]; /* a free place has pid 0 */
static atomic_size_t alive;
static size_t places; /* in use, with gaps */

/* In a child: */
static struct blocking_conn mine = {.fd = -1};
static struct server *mine_of;

static void reap(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
        for (size_t i = 0; i < places; i++) {
            if (children[i].pid != pid)
                continue;
            if (children[i].counters->closed == children[i].closed) /* it was killed */
                count(&counters_main()->lost, 1);
            counters_give(children[i].counters);
            children[i].pid = 0;
            alive--;
            break;
        }
    }
    errno = saved;
}

/* The signal comes from the parent, and perhaps as one to the whole group too. */
static void stop_child(int signal_number)
{
    (void)signal_number;
    atomic_store(&mine_of->told_to_stop, 1);
    blocking_conn_drain(&mine);
}

static _Noreturn void be_child(struct server *server, struct counters *counters, pid_t parent,
                               const sigset_t *unblocked, int fd)
{
    struct sigaction action = {.sa_handler = stop_child};
    mine_of = server;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGUSR1, SIG_IGN); /* the parent reports for all */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it died before it could be watched */
    sigprocmask(SIG_SETMASK, unblocked, NULL);
    net_close(server);
    serve_blocking(server, counters, fd, &mine);
    _exit(0);
}

/* Called with the signals blocked, so that their handlers see the table whole, and a child never
 * runs the parent's handlers. */
static void start_child(struct server *server, const sigset_t *unblocked, int fd)
{
    struct counters *counters = counters_take();
    size_t i = 0;
    while (i < places && children[i].pid != 0)
        i++;

    uint64_t closed = counters ? counters->closed : 0;
    pid_t parent = getpid(), pid = counters ? fork() : -1;
    if (pid == 0)
        be_child(server, counters, parent, unblocked, fd);
    if (pid < 0) {
        if (counters)
            counters_give(counters);
        net_refuse(server, fd);
        return;
    }
    children[i] = (struct child){.pid = pid, .counters = counters, .closed = closed};
    if (i == places)
        places++;
    alive++;
    close(fd);
}

static void signal_children(int signal_number)
{
    for (size_t i = 0; i < places; i++)
        if (children[i].pid != 0)
            kill(children[i].pid, signal_number);
}

static void serve(struct server *server)
{
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
    sigset_t blocked, old;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    if (sigaction(SIGCHLD, &action, NULL) != 0)
        die_errno("cannot handle SIGCHLD");

    int fd;
    while ((fd = net_accept_wait(server, &alive)) >= 0) {
        sigprocmask(SIG_BLOCK, &blocked, &old);
        start_child(server, &old, fd);
        sigprocmask(SIG_SETMASK, &old, NULL);
    }

    sigprocmask(SIG_BLOCK, &blocked, &old);
    signal_children(SIGTERM);
    while (alive > 0)
        sigsuspend(&old);
}

/* Children that are cut short are waited for, so that what they used is in the account. */
static void abort_children(void)
{
    signal_children(SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

const struct model model = {
    .name = "fork",
    .summary = "a process for each connection",
    .no_workers =
        "it has a process for each connection; prefork is the model with a number of them",
    .max_connections = CHILDREN_MAX,
    .counters_per_connection = true,
    .serve = serve,
    .abort = abort_children,
};
