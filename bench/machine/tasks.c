/* Making threads and processes.
 *
 * thread_create_join: pthread_create(3) of a thread that returns at once, and pthread_join(3).
 * glibc keeps the stack for the next one, as it does in a server.
 * fork_wait: fork(2) of a small process, whose child calls _exit(2) at once, and waitpid(2). The
 * page faults by which parent and child part their memory are in the figure. A server with more
 * memory pays more.
 * All run on one CPU. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine/probe.h"
#include "common/clock.h"

static char nothing;

static void *open_tasks(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    (void)why;
    (void)why_size;
    return &nothing;
}

static void close_tasks(void *state)
{
    (void)state;
}

static void *end_at_once(void *none)
{
    return none;
}

static double batch_thread(void *state, unsigned n)
{
    (void)state;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        pthread_t thread;
        errno = pthread_create(&thread, NULL, end_at_once, NULL);
        if (errno != 0)
            return NAN;
        pthread_join(thread, NULL);
    }
    return (double)(clock_ns() - begin) / n;
}

static double batch_fork(void *state, unsigned n)
{
    (void)state;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        if (pid < 0 || waitpid(pid, NULL, 0) != pid)
            return NAN;
    }
    return (double)(clock_ns() - begin) / n;
}

const struct probe_kind probes_tasks = {
    .open = open_tasks,
    .close = close_tasks,
    .apart = true,
    .probes = {{UNIT_THREAD_CREATE_JOIN, batch_thread}, {UNIT_FORK_WAIT, batch_fork}},
    .count = 2,
};
