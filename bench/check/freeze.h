/* Whether a server does something, and stopping it so that clients come all at once. */
#ifndef IOM_CHECK_FREEZE_H
#define IOM_CHECK_FREEZE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether any thread of the process or of those below it runs, or waits for a CPU. */
bool freeze_runs(pid_t root);

/* CPU time, in ns, that the processes which are there have used until now. */
uint64_t freeze_cpu_ns(pid_t root);

/* Stop all of them (SIGSTOP) and wait until all stand; false at the deadline. Then let them go
 * on. */
bool freeze_begin(pid_t root, uint64_t deadline);
void freeze_end(pid_t root);

#endif
