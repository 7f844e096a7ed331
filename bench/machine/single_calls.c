/* Calls of single models.
 *
 * accept_empty: accept on a listening socket to which nobody connects. Unlike a recv that finds
 * nothing it has made a socket and a file by then, and takes both down again.
 * signal_take: sigtimedwait of a realtime signal that is queued. Queuing is not in the figure: it
 * is the kernel that queues signals for a server, in the name of the sender. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/machine/pairs.h"
#include "bench/machine/probe.h"
#include "common/clock.h"

/* RLIMIT_SIGPENDING may be small. */
enum { QUEUED = 16 };

static struct {
    int listener;
    sigset_t signals;
} extra;

static void *open_extra(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    sigemptyset(&extra.signals);
    sigaddset(&extra.signals, SIGRTMIN + 1);
    extra.listener = pairs_listen(1);
    if (extra.listener < 0)
        return probe_refused(why, why_size, "cannot listen");
    fcntl(extra.listener, F_SETFL, O_NONBLOCK);
    pthread_sigmask(SIG_BLOCK, &extra.signals, NULL);
    return &extra;
}

static void close_extra(void *state)
{
    (void)state;
    close(extra.listener);
}

static double batch_accept(void *state, unsigned n)
{
    (void)state;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        if (accept4(extra.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) >= 0 ||
            errno != EAGAIN)
            return NAN;
    return (double)(clock_ns() - begin) / n;
}

static double batch_signal(void *state, unsigned n)
{
    (void)state;
    const struct timespec none = {0};
    siginfo_t info;
    double total = 0;
    for (unsigned i = 0; i < n; i++) {
        for (int k = 0; k < QUEUED; k++)
            if (sigqueue(getpid(), SIGRTMIN + 1, (union sigval){0}) != 0)
                return NAN;
        uint64_t begin = clock_ns();
        for (int k = 0; k < QUEUED; k++)
            if (sigtimedwait(&extra.signals, &info, &none) < 0)
                return NAN;
        total += (double)(clock_ns() - begin) / QUEUED;
    }
    return total / n;
}

const struct probe_kind probes_calls = {
    .open = open_extra,
    .close = close_extra,
    .apart = true,
    .probes = {{UNIT_ACCEPT_EMPTY, batch_accept}, {UNIT_SIGNAL_TAKE, batch_signal}},
    .count = 2,
};
