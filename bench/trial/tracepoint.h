/* Events of the kernel that perf can count, by the names that tracefs gives them. */
#ifndef IOM_TRACEPOINT_H
#define IOM_TRACEPOINT_H

#include <stdbool.h>
#include <stdint.h>

/* The number of an event such as "sched/sched_waking", which tracefs tells where it is mounted and
 * may be read. False with errno: EACCES where it may not be read; ENOENT where it is not there, or
 * this kernel has no such event. */
bool tracepoint_id(const char *event, uint64_t *id);

/* What a counter of perf_event_open(2) counted so far; NaN where `fd` is below 0 or cannot be read.
 */
double counter_read(int fd);

#endif
