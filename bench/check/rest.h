/* Whether a server has done all that it can do now. */
#ifndef IOM_CHECK_REST_H
#define IOM_CHECK_REST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether any thread of the process or of those below it runs, or waits for a CPU. */
bool rest_runs(pid_t root);

/* Stop all of them (SIGSTOP) and wait until all stand; false at the deadline. Then let them go
 * on. */
bool rest_freeze(pid_t root, uint64_t deadline);
void rest_thaw(pid_t root);

#endif
