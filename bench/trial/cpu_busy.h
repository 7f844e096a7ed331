/* How busy some CPUs are, by whatever programs. */
#ifndef IOM_CPU_BUSY_H
#define IOM_CPU_BUSY_H

#include <sched.h>
#include <stdbool.h>

/* A reading of /proc/stat (proc_stat(5)) over a set of CPUs; NaN where the file leaves one of these
 * out, as it can in a container. */
struct cpu_busy {
    double sampled_ns;  /* as the kernel books it: what it found running at each tick */
    double not_idle_ns; /* time that passed less time idle, from an arbitrary moment */
    /* for which a CPU was ready to run and the hypervisor ran somebody else */
    double stolen_ns;
};

struct cpu_busy cpu_busy_read(const cpu_set_t *set);

/* Whether /proc/stat tells of every CPU of a set. */
bool cpu_busy_told(const cpu_set_t *set);

/* Nanoseconds for which the CPUs were busy between two readings, stolen time included, in steps of
 * a clock tick a CPU, 10 ms mostly.
 *
 * Both sums err: samples are few in a short window; and where the kernel measures idling exactly,
 * waking from it counts as not idle, some microseconds each time, which adds up where programs
 * take turns. What somebody used shows in both, so the smaller is returned. */
double cpu_busy_ns(const struct cpu_busy *from, const struct cpu_busy *to);

#endif
