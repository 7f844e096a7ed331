/* LD_PRELOAD: a wall clock that somebody sets again and again.
 *
 * Every reading of the wall clock is an hour ahead of or behind the true time in turn, which
 * no clock adjustment could make worse. CLOCK_MONOTONIC and its kin are left alone, as they
 * are by settimeofday(2). Timers and sleeps on the wall clock, which a jump would end or hold
 * up, are refused. When the program ends, one line is added to the file that WALL_CLOCK_LOG
 * names: how often the wall clock was read, and how often something waited for it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define JUMP_S 3600

static atomic_ulong readings, waits;

static time_t jump(void)
{
    return atomic_fetch_add(&readings, 1) % 2 ? JUMP_S : -JUMP_S;
}

static bool is_wall_clock(clockid_t id)
{
    return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI ||
           id == CLOCK_REALTIME_ALARM;
}

/* The function that this one stands before. A pointer to an object may not be cast to one to a
 * function in ISO C; dlsym(3) says how it is done all the same. */
#define NEXT(pointer, name) (*(void **)&(pointer) = dlsym(RTLD_NEXT, name))

int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*next)(clockid_t, struct timespec *);
    if (!next)
        NEXT(next, "clock_gettime");
    int status = next(id, t);
    if (status == 0 && is_wall_clock(id))
        t->tv_sec += jump();
    return status;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *where)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where)
        *where = now.tv_sec;
    return now.tv_sec;
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *t, struct timespec *left)
{
    static int (*next)(clockid_t, int, const struct timespec *, struct timespec *);
    if (is_wall_clock(id) && (flags & TIMER_ABSTIME)) {
        atomic_fetch_add(&waits, 1);
        return EINVAL;
    }
    if (!next)
        NEXT(next, "clock_nanosleep");
    return next(id, flags, t, left);
}

int timerfd_create(clockid_t id, int flags)
{
    static int (*next)(clockid_t, int);
    if (is_wall_clock(id)) {
        atomic_fetch_add(&waits, 1);
        errno = EINVAL;
        return -1;
    }
    if (!next)
        NEXT(next, "timerfd_create");
    return next(id, flags);
}

int timer_create(clockid_t id, struct sigevent *restrict event, timer_t *restrict timer)
{
    static int (*next)(clockid_t, struct sigevent *, timer_t *);
    if (is_wall_clock(id)) {
        atomic_fetch_add(&waits, 1);
        errno = EINVAL;
        return -1;
    }
    if (!next)
        NEXT(next, "timer_create");
    return next(id, event, timer);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("WALL_CLOCK_LOG");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    dprintf(fd, "{\"readings\":%lu,\"waits\":%lu}\n", atomic_load(&readings),
            atomic_load(&waits));
    close(fd);
}
