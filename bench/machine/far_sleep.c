/* Connections whose far end is on the other CPU, each with a thread or a process that sleeps in
 * recv (with the timeout SO_RCVTIMEO), is woken by the message, and sends an answer to the far
 * end, which is awake. The figure is the CPU time of all that, for an answer. Less recv_64_far
 * and send_64_far, that is what going to sleep and coming back cost: the switch to another whose
 * stack and connection are not in the nearest cache, the timer, and the queue of waiters.
 *
 * sleep_round_64_far: 64 threads. sleep_round_64_processes_far: 64 processes.
 * sleep_round_1_far: one thread and one connection, so that the CPU is idle between two messages.
 * */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/machine/far.h"

static struct {
    struct far far;
    bool processes;
    pthread_t threads[FAR_PAIRS];
    pid_t pids[FAR_PAIRS];
    size_t count;
} sleepers;

/* Until the connection is shut down. Where the machine has no CPU for the probes, a minute may pass
 * between two messages: then recv() has timed out, and nothing has ended. */
static void *answer(void *connection)
{
    int fd = *(const int *)connection;
    char message[FAR_BYTES];
    for (;;) {
        ssize_t n = recv(fd, message, sizeof message, 0);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n <= 0 || send(fd, message, sizeof message, MSG_NOSIGNAL) <= 0)
            return NULL;
    }
}

static void close_sleepers(void *state)
{
    (void)state;
    for (size_t i = 0; i < sleepers.count; i++) {
        shutdown(sleepers.far.pairs.fds[i][0], SHUT_RDWR);
        if (sleepers.processes)
            waitpid(sleepers.pids[i], NULL, 0);
        else
            pthread_join(sleepers.threads[i], NULL);
    }
    far_close(&sleepers.far);
}

static bool start_process(size_t i, int *fd)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            answer(fd);
        _exit(0);
    }
    sleepers.pids[i] = pid;
    return pid > 0;
}

static bool start_thread(size_t i, int *fd)
{
    errno = pthread_create(&sleepers.threads[i], NULL, answer, fd);
    return errno == 0;
}

static void *open_sleepers(const struct probe_site *site, size_t count, bool processes,
                           char *why, size_t why_size)
{
    const struct timeval limit = {.tv_sec = 60};
    sleepers.processes = processes;
    if (!far_open(&sleepers.far, site, count, why, why_size))
        return NULL;
    for (; sleepers.count < count; sleepers.count++) {
        int *fd = &sleepers.far.pairs.fds[sleepers.count][0];
        setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (processes ? start_process(sleepers.count, fd) : start_thread(sleepers.count, fd))
            continue;
        probe_refused(why, why_size,
                      processes ? "cannot start 64 processes" : "cannot start 64 threads");
        close_sleepers(&sleepers);
        return NULL;
    }
    return &sleepers;
}

static void *open_threads(const struct probe_site *site, char *why, size_t why_size)
{
    return open_sleepers(site, FAR_PAIRS, false, why, why_size);
}

static void *open_processes(const struct probe_site *site, char *why, size_t why_size)
{
    return open_sleepers(site, FAR_PAIRS, true, why, why_size);
}

static void *open_one(const struct probe_site *site, char *why, size_t why_size)
{
    return open_sleepers(site, 1, false, why, why_size);
}

static double clock_of(clockid_t clock)
{
    struct timespec t;
    return clock_gettime(clock, &t) == 0 ? (double)t.tv_sec * 1e9 + (double)t.tv_nsec : NAN;
}

/* CPU time of all sleepers. */
static double sleepers_ns(void)
{
    double sum = 0;
    clockid_t clock;
    if (!sleepers.processes)
        return clock_of(CLOCK_PROCESS_CPUTIME_ID) - far_cpu_ns();
    for (size_t i = 0; i < sleepers.count; i++)
        sum += clock_getcpuclockid(sleepers.pids[i], &clock) == 0 ? clock_of(clock) : NAN;
    return sum;
}

static double batch_sleep(void *state, unsigned n)
{
    (void)state;
    n = n < FAR_ROUNDS ? FAR_ROUNDS : n;
    if (!far_begin(&sleepers.far, 1, true) || !far_end(&sleepers.far))
        return NAN;
    double begin = sleepers_ns();
    if (!far_begin(&sleepers.far, n, true) || !far_end(&sleepers.far))
        return NAN;
    return (sleepers_ns() - begin) / n / (double)sleepers.count;
}

const struct probe_kind probes_far_sleep = {
    .open = open_threads,
    .close = close_sleepers,
    .apart = true,
    .probes = {{UNIT_SLEEP_ROUND_64_FAR, batch_sleep}},
    .count = 1,
};

const struct probe_kind probes_far_sleep_processes = {
    .open = open_processes,
    .close = close_sleepers,
    .apart = true,
    .probes = {{UNIT_SLEEP_ROUND_64_PROCESSES_FAR, batch_sleep}},
    .count = 1,
};

const struct probe_kind probes_far_sleep_one = {
    .open = open_one,
    .close = close_sleepers,
    .apart = true,
    .probes = {{UNIT_SLEEP_ROUND_1_FAR, batch_sleep}},
    .count = 1,
};
