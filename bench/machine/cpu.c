/* What a CPU does by itself: entering the kernel, telling the time, copying, setting a timer.
 *
 * syscall: getppid(2), which every kernel answers from memory. glibc keeps no copy of the answer.
 * memcpy_kib: from one block to another that both stay in the first cache.
 * timer_set: a timer that is not the next one to fire, as a server's idle timeouts are: the
 * hardware's timer is not set anew. */
#include <math.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/machine/probe.h"
#include "common/clock.h"

static int timer = -1;

static void *open_cpu(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return timer >= 0 ? &timer : probe_refused(why, why_size, "cannot make a timer");
}

static void close_cpu(void *state)
{
    close(*(int *)state);
}

static double batch_syscall(void *state, unsigned n)
{
    (void)state;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        syscall(SYS_getppid);
    return (double)(clock_ns() - begin) / n;
}

static double batch_clock(void *state, unsigned n)
{
    (void)state;
    struct timespec t;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)(clock_ns() - begin) / n;
}

static double batch_memcpy(void *state, unsigned n)
{
    (void)state;
    static char from[1024], to[1024];
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        memcpy(to, from, sizeof to);
        /* The compiler must not find out that nobody reads the copy. */
        __asm__ volatile("" : : "r"(to), "r"(from) : "memory");
    }
    return (double)(clock_ns() - begin) / n;
}

static double batch_timer(void *state, unsigned n)
{
    struct itimerspec when = {.it_value = {.tv_sec = 1}};
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        when.it_value.tv_nsec = i & 0xffff;
        if (timerfd_settime(*(int *)state, 0, &when, NULL) != 0)
            return NAN;
    }
    return (double)(clock_ns() - begin) / n;
}

const struct probe_kind probes_cpu = {
    .open = open_cpu,
    .close = close_cpu,
    .probes = {{UNIT_SYSCALL, batch_syscall},
               {UNIT_CLOCK_GETTIME, batch_clock},
               {UNIT_MEMCPY_KIB, batch_memcpy},
               {UNIT_TIMER_SET, batch_timer}},
    .count = 4,
};
