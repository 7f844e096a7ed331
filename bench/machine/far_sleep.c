/* sleep_round_64_far: 64 threads on one CPU, each with a connection whose far end is on the other
 * CPU. A thread sleeps in recv (with the timeout SO_RCVTIMEO), is woken by the message, and sends an
 * answer to the far end, which is awake. The figure is the CPU time of all that. Less recv_64_far and
 * send_64_far, that is what going to sleep and coming back cost: the switch to another thread whose
 * stack and connection are not in the nearest cache, the timer, and the queue of waiters. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "bench/machine/far.h"

static struct {
    struct far far;
    pthread_t threads[FAR_PAIRS];
    size_t count;
} sleepers;

/* Until the connection is shut down. */
static void *answer(void *connection)
{
    int fd = *(const int *)connection;
    char message[FAR_BYTES];
    while (recv(fd, message, sizeof message, 0) > 0 &&
           send(fd, message, sizeof message, MSG_NOSIGNAL) > 0)
        ;
    return NULL;
}

static void close_sleepers(void *state)
{
    (void)state;
    for (size_t i = 0; i < sleepers.count; i++) {
        shutdown(sleepers.far.pairs.fds[i][0], SHUT_RDWR);
        pthread_join(sleepers.threads[i], NULL);
    }
    far_close(&sleepers.far);
}

static void *open_sleepers(const struct probe_site *site, char *why, size_t why_size)
{
    const struct timeval limit = {.tv_sec = 60};
    if (!far_open(&sleepers.far, site, why, why_size))
        return NULL;
    for (; sleepers.count < FAR_PAIRS; sleepers.count++) {
        int *fd = &sleepers.far.pairs.fds[sleepers.count][0];
        setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        errno = pthread_create(&sleepers.threads[sleepers.count], NULL, answer, fd);
        if (errno != 0) {
            probe_refused(why, why_size, "cannot start 64 threads");
            close_sleepers(&sleepers);
            return NULL;
        }
    }
    return &sleepers;
}

static double all_threads_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double batch_sleep(void *state, unsigned n)
{
    (void)state;
    n = n < FAR_ROUNDS ? FAR_ROUNDS : n;
    if (!far_begin(&sleepers.far, 1, true) || !far_end(&sleepers.far))
        return NAN;
    double begin = all_threads_ns() - far_cpu_ns();
    if (!far_begin(&sleepers.far, n, true) || !far_end(&sleepers.far))
        return NAN;
    return (all_threads_ns() - far_cpu_ns() - begin) / n / FAR_PAIRS;
}

const struct probe_kind probes_far_sleep = {
    .open = open_sleepers,
    .close = close_sleepers,
    .apart = true,
    .probes = {{UNIT_SLEEP_ROUND_64_FAR, batch_sleep}},
    .count = 1,
};
