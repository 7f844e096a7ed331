/* Memory that a user may lock, and rings of io_uring.
 *
 * What a ring takes counts against RLIMIT_MEMLOCK, over all processes of its user; root is free of
 * that limit (README of liburing, "ulimit settings"). The kernel gives the memory back some time
 * after the ring was closed, 20 to 30 ms on Linux 6.18. So a ring can fail only because of what the
 * ring before it, of another process even, still holds. */
#ifndef IOM_LOCKED_MEMORY_H
#define IOM_LOCKED_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Is a call that returned `result`, 0 or more or a negative errno, to be made once more? It is
 * where it failed for memory (ENOMEM), and for less than 5 s. `since`, in ns of clock_ns(), is 0
 * before the first call and is kept here. Sleeps for 5 ms before it says yes. See
 * common/ring_setup.h, which uses it. */
bool locked_memory_may_come(int result, uint64_t *since);

#endif
