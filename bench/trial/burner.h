/* Programs that take CPU time and do nothing: a neighbour, or so that a CPU is never idle. */
#ifndef IOM_BURNER_H
#define IOM_BURNER_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

/* Burn on `cpus`, one process for each. `policy`: SCHED_OTHER takes turns with whoever runs there;
 * SCHED_IDLE runs only where the CPU would be idle (sched(7)). */
struct burner {
    pid_t *pids;
    int count;
};

/* Returns when all burn. Ends the program where one cannot. */
void burner_start(struct burner *b, const cpu_set_t *cpus, int policy);

/* End it. Returns the CPU time that it used, in ns. */
uint64_t burner_stop(struct burner *b);

#endif
