/* CPU time that the quotas of control groups keep from this process.
 *
 * A group with a quota (cpu.max of cgroup v2, cpu.cfs_quota_us of v1) may run for so long in each
 * period, of 100 ms mostly; then all its threads stand still until the next one. The kernel counts
 * the periods and those in which that happened (Documentation/admin-guide/cgroup-v2.rst,
 * "cpu.stat", and Documentation/scheduler/sched-bwc.rst). A quota may be set on the group of this
 * process or on any above it, so every level is read, of both versions where a machine has both. */
#ifndef IOM_CGROUP_H
#define IOM_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one group counted since it was made. */
struct cgroup_throttling {
    uint64_t periods;      /* in which the group had something to run */
    uint64_t throttled;    /* periods in which the quota ended before the period did */
    uint64_t throttled_ns; /* the time that it stood still, of all its CPUs together */
};

/* Levels beyond so many are not read. */
#define CGROUP_LEVELS 32

/* The groups of this process with a CPU controller, each with the ones above it. */
struct cgroup_reading {
    size_t count; /* 0: there is no CPU controller, or /proc or /sys does not tell */
    struct cgroup_throttling levels[CGROUP_LEVELS];
};

/* Read what the groups of this process have counted until now. Allocates and frees memory. */
void cgroup_read(struct cgroup_reading *out);

/* The same for a machine whose /proc/self and whose root are somewhere else: for tests. `root` is
 * put before each mount point that `proc_self`/mountinfo names. */
void cgroup_read_at(struct cgroup_reading *out, const char *proc_self, const char *root);

/* What happened between two readings in the group that was throttled in most periods; all zero
 * where none was. A process that changed its group between them gives all zero too. */
struct cgroup_throttling cgroup_throttled(const struct cgroup_reading *from,
                                          const struct cgroup_reading *to);

#endif
