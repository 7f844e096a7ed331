/* What the driver makes of itself before it measures: its limits, its CPUs, its priority. */
#ifndef IOM_OWN_PROCESS_H
#define IOM_OWN_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* Raise the limit of descriptors as far as it goes: servers and generator inherit it. Returns
 * it. */
uint64_t own_descriptors_raise(void);

/* Bind this process to `cpus`, ahead of what runs there: it sleeps through a window and must
 * read the counters the moment the window opens and closes. Children start without the
 * priority. Returns whether the priority was given. */
bool own_place_take(const cpu_set_t *cpus);
void own_priority_leave(void);

#endif
