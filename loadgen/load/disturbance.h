/* Time that was taken from the generator while it measured.
 *
 * In an open loop a generator that did not run shows in the lateness of its requests. In a closed
 * loop it shows nowhere: the generator asks less, and the server looks slow. So the main thread
 * sleeps for short times and notes when it woke late. And the kernel is asked how often a CPU quota
 * stopped the process (common/cgroup.h), and how much of its CPUs a hypervisor gave to others
 * (steal in proc_stat(5)). */
#ifndef IOM_DISTURBANCE_H
#define IOM_DISTURBANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cgroup.h"

/* How often the main thread wakes, and how late it must be to count as standing still. */
#define DISTURBANCE_BEAT_MS 50
#define DISTURBANCE_LATE_NS UINT64_C(50000000)

#define DISTURBANCE_GAPS 64

/* The CPUs that this process may run on, in clock ticks. */
struct stolen_reading {
    uint64_t stolen, all;
    uint32_t seen, cpus; /* that /proc/stat has a line for, and in all */
};

struct disturbance {
    struct cgroup_reading groups_before, groups_after;
    struct stolen_reading stolen_before, stolen_after;
    struct gap {
        uint64_t from, to;
    } gaps[DISTURBANCE_GAPS]; /* in which it stood still; of more than so many the longest */
    uint32_t gap_count;
    uint64_t woke_at; /* the main thread, and later by the time in which it was held up */
    bool seen_open, seen_closed; /* the window */
};

/* Take the first readings; before the workers start. */
void disturbance_begin(struct disturbance *d);

/* The main thread woke at `now`, and wanted to wake `wanted_ms` after it woke before, at the latest
 * (-1: it did not mind). `open`: the window has opened. `closed`: the window is over. */
void disturbance_slept(struct disturbance *d, int wanted_ms, uint64_t now, bool open,
                       bool closed);

/* Awake, the main thread spent `ns` on what is told during the run. That is no disturbance: a slow
 * reader of --csv or of the line of progress may have held it up, and the workers go on. */
void disturbance_held_up(struct disturbance *d, uint64_t ns);

/* Take the last readings, unless that was done when the window closed. */
void disturbance_end(struct disturbance *d);

/* Nanoseconds of the window between `from` and `to` in which it stood still. */
uint64_t disturbance_still_ns(const struct disturbance *d, uint64_t from, uint64_t to);

/* The part of the CPUs' time that was stolen; 0 where nobody knows. */
double disturbance_stolen(const struct disturbance *d);

#endif
