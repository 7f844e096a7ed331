/* fork: a process for each connection.
 *
 * How it waits   The parent in accept(), each child in recv() on its one connection.
 * Who works      The child: it serves its client to the end and exits. The parent never touches
 * it. It costs       2 system calls per request (recv, send). Per connection a fork, an exit
 * and a wait: hundreds of microseconds, mostly for copying page tables and taking the faults of
 *                copy-on-write. An idle connection costs a process: kernel stack, page tables
 * and the pages it has written. It breaks      Where connections are short, as the fork is then
 * the work; and at the limit of processes (RLIMIT_NPROC, pid_max).
 *
 * A child that is over stays a zombie until its parent waits for it, so SIGCHLD is handled.
 * Several children may end while the signal is pending once: the handler reaps until none is
 * left (UNP, section 5.10). PR_SET_PDEATHSIG ends the children of a parent that was killed. */
#include "model.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "counters.h"
#include "net.h"
#include "serve_blocking.h"

#define CHILDREN_MAX 32000

static struct child {
    pid_t pid;
    struct counters *counters;
} children[CHILDREN_MAX]; /* a free place has pid 0 */
static atomic_size_t alive;
static size_t places; /* in use, with gaps */

static struct blocking_conn mine = {.fd = -1}; /* in a child: its connection */

static void reap(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
        for (size_t i = 0; i < places; i++) {
            if (children[i].pid != pid)
                continue;
            counters_give(children[i].counters);
            children[i].pid = 0;
            alive--;
            break;
        }
    }
    errno = saved;
}

static _Noreturn void be_child(struct server *server, struct counters *counters, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGUSR1, SIG_IGN); /* the parent reports for all */
    close(server->listen_fd);
    server->listen_fd = -1;
    serve_blocking(server, counters, fd, &mine);
    _exit(0);
}

/* Called with SIGCHLD blocked, so that the handler sees the table whole. */
static void start_child(struct server *server, const sigset_t *unblocked, int fd)
{
    struct counters *counters = counters_take();
    size_t i = 0;
    while (i < places && children[i].pid != 0)
        i++;

    pid_t pid = counters ? fork() : -1;
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, unblocked, NULL);
        be_child(server, counters, fd);
    }
    if (pid < 0) {
        if (counters)
            counters_give(counters);
        net_refuse(server, fd);
        return;
    }
    children[i] = (struct child){.pid = pid, .counters = counters};
    if (i == places)
        places++;
    alive++;
    close(fd);
}

static void serve(struct server *server)
{
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
    sigset_t child, old;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigaction(SIGCHLD, &action, NULL) != 0)
        die_errno("cannot handle SIGCHLD");

    int fd;
    while ((fd = net_accept_wait(server, &alive)) >= 0) {
        sigprocmask(SIG_BLOCK, &child, &old);
        start_child(server, &old, fd);
        sigprocmask(SIG_SETMASK, &old, NULL);
    }

    sigprocmask(SIG_BLOCK, &child, &old);
    for (size_t i = 0; i < places; i++)
        if (children[i].pid != 0)
            kill(children[i].pid, SIGTERM);
    while (alive > 0)
        sigsuspend(&old);
}

/* In a child; in the parent `mine` is not open, and serve() passes the signal on. */
static void stop(void)
{
    blocking_conn_drain(&mine);
}

const struct model model = {
    .name = "fork",
    .summary = "a process for each connection",
    .max_connections = CHILDREN_MAX,
    .counters_per_connection = true,
    .serve = serve,
    .stop = stop,
};
