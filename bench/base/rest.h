/* Whether a process and all below it sleep: then nothing more comes of what was sent to them. */
#ifndef IOM_REST_H
#define IOM_REST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether `in` holds for the state of any task of `root` or of its descendants, the letter of
 * /proc/PID/task/TID/stat (proc(5)). */
bool rest_any(pid_t root, bool (*in)(char state));

/* Whether every task of `root` and of its descendants sleeps now, by /proc/PID/task/TID/stat
 * (proc(5)). A task that a tracer holds does not sleep. */
bool rest_now(pid_t root);

/* How long one look lasts, and how many in turn must find all asleep. */
enum { REST_LOOKS = 3, REST_PAUSE_MS = 2 };

/* Wait until all slept at REST_LOOKS looks in turn, at most until `deadline` (of clock_ns()). False
 * where they did not: a busy loop never rests. */
bool rest_wait(pid_t root, uint64_t deadline);

#endif
