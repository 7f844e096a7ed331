/* How long a thread was ready to run and had no CPU. */
#ifndef IOM_RUN_DELAY_H
#define IOM_RUN_DELAY_H

#include <stdint.h>

/* Of the calling thread since it began, in ns; 0 where the kernel does not tell. The second figure
 * of /proc/thread-self/schedstat (Documentation/scheduler/sched-stats.rst in the Linux sources). */
uint64_t run_delay_ns(void);

/* What was added between two readings. 0 where the second could not be made: a run may be out of
 * descriptors by then. */
static inline uint64_t run_delay_between(uint64_t first, uint64_t second)
{
    return second > first ? second - first : 0;
}

#endif
