/* The kernel's counters on a whole process tree (perf_event_open(2)). */
#ifndef IOM_PERF_H
#define IOM_PERF_H

#include <stdbool.h>
#include <sys/types.h>

enum perf_counter {
    PERF_TASK_CLOCK, /* nanoseconds of CPU */
    PERF_SWITCHES,   /* context switches */
    PERF_MIGRATIONS, /* moves to another CPU */
    PERF_FAULTS,     /* minor page faults: a page was there, but not in the page table */
    PERF_SYSCALLS,   /* system calls entered */
    PERF_COUNTERS
};

struct perf {
    int fd[PERF_COUNTERS]; /* -1: not to be had */
};

struct perf_values {
    double count[PERF_COUNTERS]; /* NaN: not to be had */
};

/* Which counters this machine lets this process have. `reason` says which counters are missing,
 * which are taken from elsewhere, and why; it is "" where nothing is missing. Opens and closes
 * each counter once, on this process. */
void perf_probe(bool available[PERF_COUNTERS], char *reason, size_t reason_size);

/* Open the counters on `pid`, a child that waits before its exec: they begin to count at the
 * exec (enable_on_exec) and follow every thread and process it makes (inherit). `syscalls` says
 * whether to open PERF_SYSCALLS too: counting costs the counted process time at each system
 * call. */
void perf_open(struct perf *p, pid_t pid, bool syscalls);

/* The counts so far. A reading adds up the living and the ended members of the tree. */
void perf_read(const struct perf *p, struct perf_values *out);

void perf_close(struct perf *p);

#endif
