/* How busy some CPUs are, whoever keeps them so. */
#ifndef IOM_CPU_BUSY_H
#define IOM_CPU_BUSY_H

#include <sched.h>

/* Nanoseconds that the CPUs of `set` have spent on anything but idling since the machine
 * started, stolen time included (proc_stat(5)). In steps of a clock tick, 10 ms mostly. NaN
 * where /proc/stat does not say. */
double cpu_busy_ns(const cpu_set_t *set);

#endif
