/* Which system calls a server makes, each by its name:
 * the tracepoints syscalls:sys_enter_NAME, on the whole process tree.
 *
 * One counter a name, so that a call costs the counted process only its own tracepoint. One
 * counter with a filter for each number, on raw_syscalls:sys_enter, would try all filters at each
 * call. */
#ifndef IOM_CALLS_H
#define IOM_CALLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench/base/system_calls.h"

struct calls {
    bool open; /* else there are none, and `fd` says nothing */
    int fd[CALL_COUNT];
};

struct call_counts {
    double calls[CALL_COUNT]; /* NaN: not counted; 0 for a call that this kernel has not */
};

/* Open the counters on `pid`, a child that waits before its exec, as perf_open() does. */
void calls_open(struct calls *c, pid_t pid);

/* Hold the tracepoints until calls_close(): counters that count nothing, on this process. The
 * kernel waits for all CPUs each time the last counter of a tracepoint is closed, some 30 ms for
 * each name; while others are open calls_close() takes no time. Every system call of the machine
 * is slower meanwhile. */
void calls_hold(struct calls *c);

/* The counts so far; all NaN where there are no counters. */
void calls_read(const struct calls *c, struct call_counts *out);

/* Add what was counted between two readings to `sum`. */
void calls_add(const struct call_counts *first, const struct call_counts *last,
               struct call_counts *sum);

void calls_close(struct calls *c);

#endif
