/* Waking a thread that sleeps on the other CPU, by futex(2).
 *
 * wake_cross_cpu: the time of the FUTEX_WAKE that wakes a sleeper, less the time of one that finds
 * nobody to wake: what the call takes longer for having somebody to wake, which is what a send
 * over loopback takes longer where its receiver sleeps. The kernel says whether it woke somebody;
 * only those calls count, and of a batch the medians do. Before each the sleeper's CPU is left in
 * peace for PAUSE, so that it is idle unless other programs use it.
 * wake_round_trip: wake the sleeper, sleep, and be woken by it, nothing taken off: two wake-ups,
 * four system calls, and two CPUs that come out of their idle state. */
#include <errno.h>
#include <linux/futex.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/stats.h"
#include "bench/machine/probe.h"
#include "common/clock.h"

#define PAUSE (50 * NS_PER_US)

enum { WAKES_MIN = 5, WAKES_MAX = 64 }; /* in a batch */

static struct {
    int cpu;
    pthread_t thread;
    /* The sleeper waits for another value of `bell`. Each has a line of the cache for itself. */
    _Alignas(64) atomic_int bell;
    _Alignas(64) atomic_int heard; /* the last value of `bell` that the sleeper has seen */
    _Alignas(64) atomic_int nobody;
    atomic_bool answers; /* the sleeper wakes whoever waits for `heard` */
    atomic_bool ends;
} sleeper;

static long wait_on(atomic_int *word, int value)
{
    return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static long wake_one(atomic_int *word)
{
    return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *sleep_on(void *none)
{
    int seen = 0;
    while (!atomic_load(&sleeper.ends)) {
        if (atomic_load(&sleeper.bell) == seen) {
            wait_on(&sleeper.bell, seen);
            continue;
        }
        seen = atomic_load(&sleeper.bell);
        atomic_store(&sleeper.heard, seen);
        if (atomic_load(&sleeper.answers))
            wake_one(&sleeper.heard);
    }
    return none;
}

static void *open_wake(const struct probe_site *site, char *why, size_t why_size)
{
    if (site->other_cpu < 0) {
        snprintf(why, why_size, "server and load generator share one CPU");
        return NULL;
    }
    pthread_attr_t attributes;
    cpu_set_t other;
    CPU_ZERO(&other);
    CPU_SET((size_t)site->other_cpu, &other);
    pthread_attr_init(&attributes);
    pthread_attr_setaffinity_np(&attributes, sizeof other, &other);
    errno = pthread_create(&sleeper.thread, &attributes, sleep_on, NULL);
    int reason = errno;
    pthread_attr_destroy(&attributes);
    errno = reason;
    return errno == 0 ? &sleeper
                      : probe_refused(why, why_size, "cannot start a thread on the other CPU");
}

static void ring(void)
{
    atomic_fetch_add(&sleeper.bell, 1);
}

static void close_wake(void *state)
{
    (void)state;
    atomic_store(&sleeper.ends, true);
    ring();
    wake_one(&sleeper.bell);
    pthread_join(sleeper.thread, NULL);
}

/* Until the sleeper has heard the bell, and PAUSE more. */
static void leave_in_peace(void)
{
    while (atomic_load(&sleeper.heard) != atomic_load(&sleeper.bell))
        ;
    for (uint64_t until = clock_ns() + PAUSE; clock_ns() < until;)
        ;
}

static double batch_wake(void *state, unsigned n)
{
    (void)state;
    double somebody[WAKES_MAX], nobody[WAKES_MAX];
    unsigned woken = 0;
    atomic_store(&sleeper.answers, false);
    n = n < WAKES_MIN ? WAKES_MIN : n > WAKES_MAX ? WAKES_MAX : n;
    while (woken < n) {
        leave_in_peace();
        uint64_t begin = clock_ns();
        wake_one(&sleeper.nobody);
        nobody[woken] = (double)(clock_ns() - begin);
        ring();
        begin = clock_ns();
        bool slept = wake_one(&sleeper.bell) == 1;
        somebody[woken] = (double)(clock_ns() - begin);
        woken += slept;
    }
    /* Below nothing is a disturbance. */
    return fmax(0, stats_spread(somebody, n).median - stats_spread(nobody, n).median);
}

static double batch_round(void *state, unsigned n)
{
    (void)state;
    leave_in_peace();
    atomic_store(&sleeper.answers, true);
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        int before = atomic_load(&sleeper.heard);
        ring();
        wake_one(&sleeper.bell);
        while (atomic_load(&sleeper.heard) == before)
            wait_on(&sleeper.heard, before);
    }
    return (double)(clock_ns() - begin) / n;
}

const struct probe_kind probes_wake = {
    .open = open_wake,
    .close = close_wake,
    .apart = true,
    .probes = {{UNIT_WAKE_CROSS_CPU, batch_wake}, {UNIT_WAKE_ROUND_TRIP, batch_round}},
    .count = 2,
};
