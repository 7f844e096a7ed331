/* The kernel's counters on a whole process tree (perf_event_open(2)). */
#ifndef IOM_PERF_H
#define IOM_PERF_H

#include <stdbool.h>
#include <sys/types.h>

/* The name by which the kernel knows the threads of the load generator (proc_pid_comm(5)). */
#define PERF_GENERATOR "iomodels-load"

enum perf_counter {
    PERF_TASK_CLOCK, /* nanoseconds of CPU */
    PERF_SWITCHES,   /* context switches */
    PERF_MIGRATIONS, /* moves to another CPU */
    PERF_FAULTS,     /* minor page faults: a page was there, but not in the page table */
    PERF_SYSCALLS,   /* system calls entered */
    PERF_WAKINGS,    /* times that it woke a thread of the load generator */
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
 * exec (enable_on_exec) and follow every thread and process it makes (inherit).
 * `tracing` says whether to open PERF_SYSCALLS and PERF_WAKINGS too: these two cost time at each
 * system call, and at each wake-up on the whole machine. */
void perf_open(struct perf *p, pid_t pid, bool tracing);

/* Open none. */
void perf_none(struct perf *p);

/* Open PERF_WAKINGS alone, on a process that runs already. Returns a descriptor, or -1. */
int perf_open_wakings(pid_t pid);

/* The counts so far. A reading adds up the living and the ended members of the tree. */
void perf_read(const struct perf *p, struct perf_values *out);

void perf_close(struct perf *p);

#endif
