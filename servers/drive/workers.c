#include "servers/drive/workers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/counters.h"
#include "servers/net.h"

/* No worker process is started more often than this. */
#define LEAST_LIFE NS_PER_S

struct worker {
    struct server server; /* its own view */
    atomic_int pid;       /* 0 when there is no such process */
    uint64_t started_at;  /* when the process was, or was last tried to be */
};

static struct worker *workers;
static atomic_uint worker_count;
static void (*run_worker)(struct server *worker);

static void create(struct server *server, void (*run)(struct server *worker))
{
    workers = xcalloc(server->workers, sizeof *workers);
    worker_count = server->workers;
    run_worker = run;
    for (unsigned i = 0; i < worker_count; i++) {
        struct server *s = &workers[i].server;
        *s = *server;
        s->counters = counters_of_worker(i);
        net_use(s, server->listeners, i % server->listeners->groups);
        s->worker = i;
    }
}

static void destroy(void)
{
    struct worker *old = workers;
    worker_count = 0; /* a signal's handler looks at this first */
    workers = NULL;
    free(old);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_ready = PTHREAD_COND_INITIALIZER;
static unsigned running, ready; /* threads; under the lock */
static int over_fd;             /* an eventfd, readable when none is running */

/* So many threads have ended, or were never started. */
static void count_out(unsigned threads)
{
    uint64_t one = 1;
    pthread_mutex_lock(&lock);
    running -= threads;
    bool is_last = running == 0;
    if (ready == running)
        pthread_cond_broadcast(&all_ready);
    pthread_mutex_unlock(&lock);
    if (is_last && write(over_fd, &one, sizeof one) < 0)
        die_errno("cannot write to an eventfd");
}

static void *thread_main(void *argument)
{
    struct server *worker = argument;
    run_worker(worker);
    buffer_clear_free_list();
    worker->counters->alive = 0;

    count_out(1);
    return NULL;
}

void workers_ready(void)
{
    pthread_mutex_lock(&lock);
    if (++ready == running)
        pthread_cond_broadcast(&all_ready);
    while (ready < running)
        pthread_cond_wait(&all_ready, &lock);
    pthread_mutex_unlock(&lock);
}

/* The threads begin with all signals blocked. A signal that comes meanwhile is handled in the wait
 * after each start and nowhere else, as with processes: ThreadSanitizer can lose one that comes
 * while a thread is being created. */
void workers_start_threads(struct server *server, void (*run)(struct server *worker))
{
    static const struct timespec at_once;
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);

    if ((over_fd = eventfd(0, EFD_CLOEXEC)) < 0)
        die_errno("cannot create an eventfd");

    create(server, run);
    running = worker_count;
    unsigned i = 0;
    /* One there is always: see workers.h on what is accepted after a stop. */
    for (; i < worker_count && (i == 0 || !server_stopping(server)); i++) {
        pthread_t thread;
        counters_started(workers[i].server.counters);
        errno = pthread_create(&thread, &attributes, thread_main, &workers[i].server);
        if (errno != 0)
            die_errno("cannot start thread %u of %u", i + 1, worker_count);
        ppoll(NULL, 0, &at_once, &old);
    }
    if (i < worker_count)
        count_out(worker_count - i);
    pthread_attr_destroy(&attributes);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

void workers_join_threads(void)
{
    /* Not in pthread_join(): ThreadSanitizer would put a signal off until that returns. */
    struct pollfd over = {.fd = over_fd, .events = POLLIN};
    uint64_t once;
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    while (ppoll(&over, 1, NULL, &old) != 1 || read(over_fd, &once, sizeof once) < 0)
        continue;
    close(over_fd);
    destroy();
    sigprocmask(SIG_SETMASK, &old, NULL);
}

void workers_as_threads(struct server *server, void (*run)(struct server *worker))
{
    workers_start_threads(server, run);
    workers_join_threads();
}

/* In a child: */
static struct server *own;
static void (*stop_own)(void);

/* It may come twice: from the parent, and as a signal to the whole group. */
static void on_child_stop(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    uint64_t one = 1;
    atomic_store(&own->told_to_stop, 1);
    ssize_t ignored = write(own->stop_fd, &one, sizeof one);
    (void)ignored;
    if (stop_own)
        stop_own();
    errno = saved;
}

/* Begins with all signals blocked. */
static _Noreturn void be_child(struct worker *w, pid_t parent, void (*stop)(void))
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it died before it could be watched */

    own = &w->server;
    stop_own = stop;
    worker_count = 0; /* the others are no children of this one */
    /* One of its own: what the parent's is written to, all children would see, and the other way
     * round. */
    if ((own->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
        die_errno("cannot create an eventfd");

    struct sigaction action = {.sa_handler = on_child_stop, .sa_flags = SA_ONSTACK};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGUSR1, SIG_IGN); /* the parent reports for all */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    run_worker(own);
    _exit(0);
}

/* Called with all signals blocked, so that their handlers see the table whole, and a child never
 * runs the parent's handlers. */
static bool start_child(struct worker *w, void (*stop)(void))
{
    pid_t parent = getpid();
    w->started_at = clock_ns();
    pid_t pid = fork();
    if (pid == 0)
        be_child(w, parent, stop);
    if (pid < 0)
        return false;
    w->pid = pid;
    counters_started(w->server.counters);
    return true;
}

static void tell_death(const struct worker *w, pid_t pid, int status)
{
    if (WIFSIGNALED(status))
        warn("worker %u (process %d) was ended by signal %d, and is replaced", w->server.worker,
             (int)pid, WTERMSIG(status));
    else
        warn("worker %u (process %d) ended with status %d, and is replaced", w->server.worker,
             (int)pid, WEXITSTATUS(status));
}

static void reap(const struct server *server)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (unsigned i = 0; i < worker_count; i++) {
            struct worker *w = &workers[i];
            if (w->pid != pid)
                continue;
            w->pid = 0;
            w->server.counters->alive = 0;
            counters_lost(w->server.counters);
            if (!server_stopping(server))
                tell_death(w, pid, status);
            break;
        }
    }
}

/* Start those that are missing and whose time has come. Returns when the next one's will have. */
static uint64_t replace(void (*stop)(void))
{
    uint64_t next = CLOCK_NEVER, now = clock_ns();
    for (unsigned i = 0; i < worker_count; i++) {
        struct worker *w = &workers[i];
        if (w->pid != 0)
            continue;
        uint64_t at = w->started_at + LEAST_LIFE;
        if (now >= at) {
            if (start_child(w, stop))
                continue;
            warn("cannot start worker %u again: %s", i, strerror(errno));
            at = now + LEAST_LIFE;
        }
        if (at < next)
            next = at;
    }
    return next;
}

static bool any_child(void)
{
    for (unsigned i = 0; i < worker_count; i++)
        if (workers[i].pid != 0)
            return true;
    return false;
}

/* Only to interrupt the wait: an ignored signal would not. */
static void on_child(int signal_number)
{
    (void)signal_number;
}

void workers_as_processes(struct server *server, void (*run)(struct server *worker),
                          void (*stop)(void))
{
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
    if (sigaction(SIGCHLD, &action, NULL) != 0)
        die_errno("cannot handle SIGCHLD");
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);

    create(server, run);
    /* A signal that comes meanwhile is handled after each start, not after the last one, and then
     * no further child is needed. */
    static const struct timespec at_once;
    for (unsigned i = 0; i < worker_count && !server_stopping(server); i++) {
        if (!start_child(&workers[i], stop))
            die_errno("cannot start worker process %u of %u", i + 1, worker_count);
        ppoll(NULL, 0, &at_once, &old);
    }

    for (;;) {
        reap(server);
        uint64_t next = CLOCK_NEVER;
        if (!server_stopping(server))
            next = replace(stop);
        else if (!any_child())
            break;
        /* Signals are handled here and above and nowhere else, so none is missed. */
        uint64_t now = clock_ns();
        struct timespec limit = ns_timespec(next > now ? next - now : 0);
        ppoll(NULL, 0, next == CLOCK_NEVER ? NULL : &limit, &old);
    }
    destroy();
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void signal_children(int signal_number)
{
    for (unsigned i = 0; i < worker_count; i++) {
        pid_t pid = workers[i].pid;
        if (pid != 0)
            kill(pid, signal_number);
    }
}

void workers_stop(void)
{
    signal_children(SIGTERM);
}

/* Waited for, so that their resource use is in the account. */
void workers_abort(void)
{
    signal_children(SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}
