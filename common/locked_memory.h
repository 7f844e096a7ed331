/* Memory that a user may lock, and rings of io_uring.
 *
 * What a ring takes counts against RLIMIT_MEMLOCK, over all processes of its user; root is free of
 * that limit (README of liburing, "ulimit settings"). The kernel gives the memory back only some
 * time after the ring was closed. So a ring can fail for what the ring before it still holds, which
 * may be of another process. */
#ifndef IOM_LOCKED_MEMORY_H
#define IOM_LOCKED_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Is a call to be made once more? `result` is what the call returned: 0 or more, or a negative
 * errno. The answer is yes after ENOMEM, for 5 s from the first one. `*since` is the time of the
 * first one, in ns of clock_ns(); it is 0 before, and is written here. Sleeps for 5 ms before it
 * says yes. */
bool locked_memory_may_come(int result, uint64_t *since);

#endif
