/* LD_PRELOAD: a monotonic clock that is 2.5 s further on with each reading, as if the machine had
 * been paused in between. So between any two steps of a program every span of seconds is over. */
#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

#define LEAP_NS 2500000000

int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*next)(clockid_t, struct timespec *);
    static atomic_llong readings;

    /* See NEXT() in tests/reference_server/wall_clock.c. */
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
    int status = next(id, t);
    if (id == CLOCK_MONOTONIC && status == 0) {
        long long ns = t->tv_nsec + LEAP_NS * ++readings;
        t->tv_sec += (time_t)(ns / 1000000000);
        t->tv_nsec = (long)(ns % 1000000000);
    }
    return status;
}
