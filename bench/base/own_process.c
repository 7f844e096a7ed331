#include "bench/base/own_process.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "common/err.h"

uint64_t own_descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die_errno("cannot read the limit of open descriptors");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        warn("cannot raise the limit of open descriptors: %s", strerror(errno));
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

bool own_place_take(const cpu_set_t *cpus)
{
    if (sched_setaffinity(0, sizeof *cpus, cpus) != 0)
        warn("cannot bind to the load generator's CPUs: %s", strerror(errno));
    struct sched_param priority = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
}

void own_priority_leave(void)
{
    struct sched_param none = {0};
    sched_setscheduler(0, SCHED_OTHER, &none);
}
