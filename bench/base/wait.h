/* Waiting for several things at once, and for the user to say stop. */
#ifndef IOM_WAIT_H
#define IOM_WAIT_H

#include <stdbool.h>
#include <stdint.h>

enum { WAIT_TIMEOUT = -1, WAIT_INTERRUPTED = -2 };

/* Wait until one of the descriptors is readable (or hung up) and return its index; negative
 * descriptors are passed over. WAIT_TIMEOUT at `deadline`; WAIT_INTERRUPTED on SIGINT, SIGTERM
 * or SIGHUP, from then on in every call. */
int wait_readable(const int *fds, int count, uint64_t deadline);

/* From here on SIGINT, SIGTERM and SIGHUP are noted, not obeyed; and obeyed again. */
void wait_hold_signals(void);
void wait_release_signals(void);
bool wait_was_interrupted(void);

#endif
