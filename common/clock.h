/* Time as the suite uses it: nanoseconds in a uint64_t.
 *
 * Every interval is taken from CLOCK_MONOTONIC, so a step of the wall clock changes no
 * measurement. On machines whose clock source is the TSC a reading costs about 20 ns and no
 * system call (vdso(7)). */
#ifndef IOM_CLOCK_H
#define IOM_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* A moment that never comes: "no deadline". */
#define CLOCK_NEVER UINT64_MAX

static inline uint64_t timespec_ns(struct timespec t)
{
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline struct timespec ns_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
                             .tv_nsec = (long)(ns % NS_PER_S)};
}

/* Nanoseconds since some fixed moment in the past. */
static inline uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return timespec_ns(t);
}

/* The moment `delay` nanoseconds after `now`, CLOCK_NEVER where that does not fit. */
static inline uint64_t clock_after(uint64_t now, uint64_t delay)
{
    return delay > CLOCK_NEVER - now ? CLOCK_NEVER : now + delay;
}

/* The time to sleep from `now` until `deadline` as poll(2) and epoll_wait(2) take it:
 * milliseconds rounded up, so that a loop never wakes just before its timer and spins; -1 for
 * CLOCK_NEVER. */
int clock_timeout_ms(uint64_t now, uint64_t deadline);

#endif
